/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The users behind the unique names of a bus: asked for over a connection of its own, which accepts no descriptors. */
#pragma once

#include <glib.h>
#include <poll.h>
#include <sys/types.h>

typedef struct _SqnsCallers SqnsCallers;

/* Starts to connect to the bus at @address. */
SqnsCallers *sqns_callers_new (const char *address);
/* What to poll the connection for, and what to call when that is ready. */
struct pollfd sqns_callers_poll (SqnsCallers *callers);
void sqns_callers_process (SqnsCallers *callers);
/* Blocks for a few seconds at most. FALSE: the bus does not know, or the connection is lost. */
gboolean sqns_callers_find_uid (SqnsCallers *callers, const char *name, uid_t *uid);
