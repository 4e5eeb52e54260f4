/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A socket to a port: bytes are copied both ways. */
#pragma once

#include "serial/port.h"

typedef struct _SqnsLinkConsole SqnsLinkConsole;

/* Until the far end is closed, the port is lost, or sqns_link_console_end(): @closed is called once then, and the
 * console is gone. *@far: the far end, owned by the caller. NULL with @error. */
SqnsLinkConsole *
sqns_link_console_new (SqnsPort *port, GDestroyNotify closed, gpointer user_data, int *far, GError **error);

/* Ends it from this side: what has come from the port and @farewell (nullable) go to the far end as far as it takes
 * them at once. */
void sqns_link_console_end (SqnsLinkConsole *console, const char *farewell);
