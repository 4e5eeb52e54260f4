/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waits for jobs to end, or for the person to detach. */
#pragma once

#include "client/core/connection.h"

typedef struct _SqnsFollow SqnsFollow;

/* @own: this command started the jobs, so a second Ctrl-C cancels them; else the first one ends the wait. One at a time
 * per @conn. */
SqnsFollow *sqns_follow_new (SqnsCtl *ctl, SqnsConnection *conn, gboolean own);
void sqns_follow_free (SqnsFollow *follow);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqnsFollow, sqns_follow_free)

/* The jobs are being requested: sqns_follow_run() waits for sqns_follow_started() or sqns_follow_abort(). @only_start:
 * sqns_follow_started() ends the run with DONE and prints the ids. */
void sqns_follow_expect (SqnsFollow *follow, gboolean only_start);
void sqns_follow_add (SqnsFollow *follow, SqnsDbusJob *job);
void sqns_follow_started (SqnsFollow *follow);
void sqns_follow_abort (SqnsFollow *follow, const GError *error);

/* Prints the results, also as JSON. Returns the most severe exit code of all jobs; DETACHED after Ctrl-C, with the ids
 * printed; UNKNOWN when a job waits to be resumed. Errors: that of sqns_follow_abort(); TIMEOUT after --timeout,
 * DEVICE_LOST when the daemon is gone: the jobs may continue. */
SqnsExit sqns_follow_run (SqnsFollow *follow, GError **error);
