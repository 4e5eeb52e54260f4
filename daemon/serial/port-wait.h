/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What ports wait for: bytes, room for bytes, a deadline; all of them in one epoll and one timer of the default main
 * context. With a GSource for each, every turn of the main loop would look at the hundreds of ports at which nothing
 * has happened. */
#pragma once

#include <glib.h>

typedef struct _SqnsPortWait SqnsPortWait;

typedef enum {
  SQNS_PORT_READABLE, /* or hung up: read() tells */
  SQNS_PORT_WRITABLE, /* said once, then asked for again */
  SQNS_PORT_DEADLINE, /* said once */
} SqnsPortEvent;
/* May free its own wait and those of others. */
typedef void (*SqnsPortWaitFunc) (SqnsPortEvent event, gpointer user_data);

/* Waits for bytes on @fd at once. NULL with @errno set when the kernel refuses. Free it before @fd is closed. */
SqnsPortWait *sqns_port_wait_new (int fd, SqnsPortWaitFunc func, gpointer user_data);
void sqns_port_wait_free (SqnsPortWait *self);
void sqns_port_wait_for_room (SqnsPortWait *self, gboolean wanted);
/* @at_us: monotonic time, -1: none. The one before is forgotten. */
void sqns_port_wait_until (SqnsPortWait *self, gint64 at_us);
