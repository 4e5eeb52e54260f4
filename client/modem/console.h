/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A stream to a modem's AT channel, lent by the daemon. */
#pragma once

#include "client/core/connection.h"

/* A stream socket, the caller's to close; -1 with @error: what the daemon says, NOT_SUPPORTED over ssh. */
int sqns_console_open (SqnsConnection *conn, SqnsDbusModem *modem, GError **error);

/* Why the daemon has ended the stream: a job took the modem (BUSY), the board or the daemon has gone. Waits some
 * seconds for the bus to tell; never NULL. */
GError *sqns_console_why_closed (SqnsConnection *conn, SqnsDbusModem *modem);
