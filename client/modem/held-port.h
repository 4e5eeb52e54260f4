/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who has a modem's port open, as far as the user of sqnsctl may see. That is mostly who started that program, and sees
 * more than the daemon, which may not look into other users' processes. */
#pragma once

#include "client/core/connection.h"

/* The folder that stands for / when /sys, /proc, /run, /dev and /var are read: the environment's SQNS_SYSROOT, or "".
 */
const char *sqns_host_root (void);

/* "python3 (pid 1234)"; NULL: nobody who can be seen, but the daemon, or the port is on another machine. Caller frees.
 */
char *sqns_held_port_owner (SqnsConnection *conn, SqnsDbusModem *modem);

/* Before work on a modem is ordered that needs its port at once. PORT_LOCKED, which names the program. */
gboolean sqns_held_port_check (SqnsConnection *conn, SqnsDbusModem *modem, GError **error);

/* Of jobs that are to be ordered. One port that is held is refused; of several, and when they begin @later, it is only
 * said: the daemon sees what is so then, and the others go on. */
gboolean sqns_held_port_check_all (SqnsConnection *conn, GPtrArray *modems, gboolean later, GError **error);
