/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A stream to a modem's AT channel, lent by the daemon. */
#pragma once

#include "client/core/connection.h"
#include "codec/at.h"

/* A stream socket, the caller's to close; -1 with @error: what the daemon says, NOT_SUPPORTED over ssh. */
int sqns_console_open (SqnsConnection *conn, SqnsDbusModem *modem, GError **error);

/* Why the daemon closed the stream: a job took the modem (BUSY), the board or the daemon is gone. Waits a few seconds
 * for the signals; never NULL. */
GError *sqns_console_why_closed (SqnsConnection *conn, SqnsDbusModem *modem);

/* As sqns_at_parse(). The response to a command that dials also ends with CONNECT (SQNS_AT_OK; it stays among the
 * lines), or with NO CARRIER, BUSY and the like (SQNS_AT_CME_ERROR with that text). */
SqnsAtFinal sqns_console_parse (const char *command, const guint8 *data, gsize len, SqnsAtReply *reply);

/* Sends @command and a CR to the socket @fd, blocks for the final line, and fills @reply, which the caller clears.
 * @timeout_ms: for the whole exchange. Errors: TIMEOUT; DEVICE_LOST when the stream ends; PROTOCOL. */
gboolean sqns_console_exchange (int fd, const char *command, int timeout_ms, SqnsAtReply *reply, GError **error);
