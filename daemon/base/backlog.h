/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A queue of work that may come by the hundred: a little of it is done in each turn of the main loop, in order, so that
 * other work is not held up. All of it in one idle callback took 56 ms of CPU at once for 256 jobs, in slices 25 ms. */
#pragma once

#include <glib.h>

/* The share of one kind of work in a turn; the rest is left to the next. A limit of time and not of number, as a busy
 * machine is slower. */
#define SQNS_BACKLOG_TURN_US ((gint64)4000)

typedef struct _SqnsBacklog SqnsBacklog;

/* @work: called from the main loop with each item and @user_data; may push, remove and free. */
SqnsBacklog *sqns_backlog_new (GFunc work, gpointer user_data);
/* @forget (nullable) is called for what was not done. */
void sqns_backlog_free (SqnsBacklog *backlog, GDestroyNotify forget);

void sqns_backlog_push (SqnsBacklog *backlog, gpointer item);
/* FALSE: it is not in there. */
gboolean sqns_backlog_remove (SqnsBacklog *backlog, gconstpointer item);
