/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The name of a modem. */
#pragma once

#include "sqns-dbus.h"

/* A board that is gone is known by its id only: another one may be at its tty by now. A port that was added by hand is
 * always its tty. */
gboolean sqns_modem_is_at_tty (SqnsDbusModem *modem);

/* "ttyUSB0": the shortest familiar name. Caller frees. */
char *sqns_modem_name (SqnsDbusModem *modem);
