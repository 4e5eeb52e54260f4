/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who has a serial port: takes it for us, or names the owner. */
#pragma once

#include "base/error.h"

/* Takes TIOCEXCL and flock on @fd; respects a UUCP lock file of a living process. PORT_LOCKED names the owner where it
 * can be known (/proc shows other users' files to root only). The flock goes with the fd. */
gboolean sqns_port_lock (int fd, const char *devnode, GError **error);

/* Before closing: TIOCEXCL would outlive the fd on a pseudo-terminal. */
void sqns_port_unlock (int fd);

/* "minicom (pid 1234)" of a process that has @devnode open, NULL when none is to be seen. Reads all of /proc: only for
 * error messages. Caller frees. */
char *sqns_port_owner (const char *devnode);
