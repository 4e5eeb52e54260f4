/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waits for jobs to end, or for the person to detach. Progress is shown on stderr: bars on a terminal, else a line per
 * step; with --quiet only unexpected waits. */
#pragma once

#include "client/core/connection.h"

typedef struct _SqnsFollow SqnsFollow;

/* @own: this command starts the jobs, so a second Ctrl-C cancels them; else the first one ends the wait. One at a time
 * per @conn. */
SqnsFollow *sqns_follow_new (SqnsCtl *ctl, SqnsConnection *conn, gboolean own);
void sqns_follow_free (SqnsFollow *follow);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqnsFollow, sqns_follow_free)

/* While jobs are being requested: runs the main context until *@done. FALSE: the person or --timeout ended the wait
 * before; sqns_follow_run() reports that. */
gboolean sqns_follow_await (SqnsFollow *follow, const gboolean *done);

/* Adds the job at @path. Errors: NOT_FOUND. */
gboolean sqns_follow_add (SqnsFollow *follow, const char *path, GError **error);

/* All jobs are added. @only_start: sqns_follow_run() returns DONE at once and prints the ids. */
void sqns_follow_started (SqnsFollow *follow, gboolean only_start);

/* Prints the results, also as JSON. Returns the most severe exit code of all jobs; DETACHED after Ctrl-C, with the ids
 * printed; UNKNOWN when a job waits to be resumed. Errors: TIMEOUT after --timeout, DEVICE_LOST when the daemon is
 * gone: the jobs may continue. */
SqnsExit sqns_follow_run (SqnsFollow *follow, GError **error);
