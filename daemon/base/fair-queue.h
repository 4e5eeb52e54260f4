/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Questions that wait for their turn: each who asks gets one after the other, however many somebody asks. */
#pragma once

#include <glib.h>

typedef struct _SqnsFairQueue SqnsFairQueue;

/* @max: items that wait. */
SqnsFairQueue *sqns_fair_queue_new (guint max);
/* @forget: called for what still waits. */
void sqns_fair_queue_free (SqnsFairQueue *queue, GDestroyNotify forget);

/* @owner: who asks, a copy is made. NULL, or the item that there is no place for: the youngest of whoever has the most
 * waiting, which is @item itself when @owner would not have less than they. The caller answers it. */
gpointer sqns_fair_queue_push (SqnsFairQueue *queue, const char *owner, gpointer item);

/* The oldest item of whoever has waited longest for a turn; NULL: none waits. */
gpointer sqns_fair_queue_pop (SqnsFairQueue *queue);

guint sqns_fair_queue_length (const SqnsFairQueue *queue);
