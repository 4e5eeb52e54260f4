/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose a name on the bus is: asked on a connection of its own, which takes no descriptors. */
#pragma once

#include <glib.h>
#include <poll.h>
#include <sys/types.h>

typedef struct _SqnsCallers SqnsCallers;

/* Begins to connect to the bus at @address. */
SqnsCallers *sqns_callers_new (const char *address);
/* What the connection waits for, and what to do once it has come. */
struct pollfd sqns_callers_poll (SqnsCallers *callers);
void sqns_callers_process (SqnsCallers *callers);
/* Waits for the bus, which may take some seconds at most. FALSE: nobody can tell, or it has left. */
gboolean sqns_callers_find_uid (SqnsCallers *callers, const char *name, uid_t *uid);
