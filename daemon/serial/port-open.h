/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opens a port that no other program has open. */
#pragma once

#include "serial/port.h"

/* Opens @devnode at @speed baud, 8N1 raw, no flow control, HUPCL off, DTR and RTS left alone; takes TIOCEXCL and flock,
 * and looks whether another program has the port open, which may have locked nothing. Until that is known, the line is
 * as it was and no byte was read or sent. Takes some ms.
 * Errors: NOT_FOUND (no such file), PORT_LOCKED (names the owner where it can be known), FAILED (not a tty, no
 * permission), DEVICE_LOST. */
void sqns_port_open_async (const char *devnode, guint speed, GAsyncReadyCallback callback, gpointer user_data);
SqnsPort *sqns_port_open_finish (GAsyncResult *result, GError **error);
