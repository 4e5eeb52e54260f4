/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The program that has a modem's port open, as far as the user of sqnsctl may see. The user, who mostly started that
 * program, sees more than the daemon, which may not inspect other users' processes. */
#pragma once

#include "client/core/connection.h"

/* The root folder for /sys, /proc, /run, /dev and /var: $SQNS_SYSROOT, or "". */
const char *sqns_host_root (void);

/* "python3 (pid 1234)"; NULL: no visible program but the daemon, or the port is on another machine. Caller frees. */
char *sqns_held_port_owner (SqnsConnection *conn, SqnsDbusModem *modem);

/* For a call that needs the port at once. Errors: PORT_LOCKED, which names the program. */
gboolean sqns_held_port_check (SqnsConnection *conn, SqnsDbusModem *modem, GError **error);

/* For new jobs. A single held port is refused; with several modems, or when the jobs begin @later, it is only
 * reported. */
gboolean sqns_held_port_check_all (SqnsConnection *conn, GPtrArray *modems, gboolean later, GError **error);
