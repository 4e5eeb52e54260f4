/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stays with jobs until they end, or until the person lets go of them. */
#pragma once

#include "client/core/connection.h"

typedef struct _SqnsFollow SqnsFollow;

/* @own: the jobs were started here, so a second Ctrl-C asks to cancel them; else the first one ends it. One at a time
 * for @conn. */
SqnsFollow *sqns_follow_new (SqnsCtl *ctl, SqnsConnection *conn, gboolean own);
void sqns_follow_free (SqnsFollow *follow);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqnsFollow, sqns_follow_free)

/* The jobs are still being asked for: sqns_follow_run() then waits for sqns_follow_started() or sqns_follow_abort().
 * @only_start: the run ends with the former, the ids are printed, the code is DONE. */
void sqns_follow_expect (SqnsFollow *follow, gboolean only_start);
void sqns_follow_add (SqnsFollow *follow, SqnsDbusJob *job);
void sqns_follow_started (SqnsFollow *follow);
void sqns_follow_abort (SqnsFollow *follow, const GError *error);

/* Prints what there is to print, JSON too. Returns the most severe exit code of all jobs, or DETACHED after Ctrl-C,
 * with the ids printed; UNKNOWN when a job waits to be resumed. Errors: of sqns_follow_abort(); TIMEOUT and DEVICE_LOST
 * when
 * --timeout ended before the jobs did or the daemon vanished: they may well continue. */
SqnsExit sqns_follow_run (SqnsFollow *follow, GError **error);
