/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds the modem of an IMEI by asking the modems: the daemon keeps no numbers that could be looked up. */
#pragma once

#include "client/core/connection.h"

/* Asks every board that is there and that no job uses, all at the same time (Identify); that interrupts programs which
 * run on the boards, and needs the right to it. Each modem is asked once in a run of the program. NULL with NOT_FOUND,
 * also when several match; the message names boards that could not be asked. Transfer full. */
SqnsDbusModem *sqns_imei_search (SqnsConnection *conn, GPtrArray *modems, const char *imei, GError **error);
