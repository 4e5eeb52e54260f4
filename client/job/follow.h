/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stays with jobs until they end, or until the person lets go of them. */
#pragma once

#include "client/core/connection.h"

typedef struct _SqnsFollow SqnsFollow;

/* @own: the jobs were started here, so a second Ctrl-C asks to cancel them; else the first one ends it. */
SqnsFollow *sqns_follow_new (SqnsCtl *ctl, SqnsConnection *conn, gboolean own);
void sqns_follow_free (SqnsFollow *follow);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqnsFollow, sqns_follow_free)

/* The jobs are still being asked for: sqns_follow_run() then waits for sqns_follow_started() or sqns_follow_abort(). */
void sqns_follow_expect (SqnsFollow *follow);
void sqns_follow_add (SqnsFollow *follow, SqnsDbusJob *job);
void sqns_follow_started (SqnsFollow *follow);
void sqns_follow_abort (SqnsFollow *follow, const GError *error);

/* The run ends with sqns_follow_started(): the ids are printed, the code is DONE. */
void sqns_follow_only_start (SqnsFollow *follow);

/* Prints what there is to print, JSON too. Returns the most severe exit code of all jobs, or
 * DETACHED: Ctrl-C; the ids are printed;
 * UNKNOWN: --timeout ended before the jobs did, or the daemon vanished: they may well go on. */
SqnsExit sqns_follow_run (SqnsFollow *follow);
