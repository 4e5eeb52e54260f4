/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Work that may come by the hundred at once, and can wait for a moment: a little of it in each turn of the main loop,
 * in the order in which it came, so that nobody else is kept waiting. */
#pragma once

#include <glib.h>

/* Of one turn, for one kind of work: what takes longer goes on in the next. A limit of time and not of number, as a
 * busy machine is slower. */
#define SQNS_BACKLOG_TURN_US ((gint64)4000)

typedef struct _SqnsBacklog SqnsBacklog;

/* @work: called from the main loop with each item and @user_data; may push, remove and free. */
SqnsBacklog *sqns_backlog_new (GFunc work, gpointer user_data);
/* @forget (nullable): called for what was not worked off. */
void sqns_backlog_free (SqnsBacklog *backlog, GDestroyNotify forget);

void sqns_backlog_push (SqnsBacklog *backlog, gpointer item);
/* FALSE: it is not in there. */
gboolean sqns_backlog_remove (SqnsBacklog *backlog, gconstpointer item);
