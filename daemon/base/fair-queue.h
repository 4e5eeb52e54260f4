/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests that wait for their turn: owners are served in turn, however many requests each has. */
#pragma once

#include <glib.h>

typedef struct _SqnsFairQueue SqnsFairQueue;

/* @max: the most items that may wait. */
SqnsFairQueue *sqns_fair_queue_new (guint max);
/* @forget: called for each item that still waits. */
void sqns_fair_queue_free (SqnsFairQueue *queue, GDestroyNotify forget);

/* @owner: copied. Returns NULL, or the item that is displaced: the youngest of the owner with the most items, which
 * is @item itself when @owner would have as many. The caller answers it. */
gpointer sqns_fair_queue_push (SqnsFairQueue *queue, const char *owner, gpointer item);

/* The oldest item of the owner that has waited longest; NULL: none waits. */
gpointer sqns_fair_queue_pop (SqnsFairQueue *queue);

guint sqns_fair_queue_length (const SqnsFairQueue *queue);
