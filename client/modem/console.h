/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A stream to a modem's AT channel, lent by the daemon. */
#pragma once

#include "client/core/connection.h"
#include "codec/at.h"

/* A stream socket, the caller's to close; -1 with @error: what the daemon says, NOT_SUPPORTED over ssh. */
int sqns_console_open (SqnsConnection *conn, SqnsDbusModem *modem, GError **error);

/* Why the daemon has ended the stream: a job took the modem (BUSY), the board or the daemon has gone. Waits some
 * seconds for the bus to tell; never NULL. */
GError *sqns_console_why_closed (SqnsConnection *conn, SqnsDbusModem *modem);

/* As sqns_at_parse(); of a command that dials CONNECT ends the answer, too (SQNS_AT_OK, it stays among the lines), and
 * NO CARRIER, BUSY and their like do (SQNS_AT_CME_ERROR, with it as the text). */
SqnsAtFinal sqns_console_parse (const char *command, const guint8 *data, gsize len, SqnsAtReply *reply);

/* Sends @command and a CR to @fd, a socket, and fills @reply when the final line is there; it is the caller's to clear.
 * Blocks. @timeout_ms: for all of it. Errors: TIMEOUT, DEVICE_LOST when the stream ends, FAILED. */
gboolean sqns_console_exchange (int fd, const char *command, int timeout_ms, SqnsAtReply *reply, GError **error);
