/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a modem is called. */
#pragma once

#include "sqns-dbus.h"

/* A board that is gone is known by its id alone: another one may be at its tty by now. A port that somebody added is
 * its tty, there or not. */
gboolean sqns_modem_is_at_tty (SqnsDbusModem *modem);

/* "ttyUSB0": the shortest name that a person knows it by. Caller frees. */
char *sqns_modem_name (SqnsDbusModem *modem);
