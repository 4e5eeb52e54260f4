/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Locks of a serial port. */
#pragma once

#include "common/error.h"

/* Takes TIOCEXCL and flock on @fd; respects a UUCP lock file of a living process. PORT_LOCKED names the owner only
 * where a lock file does: who else has the port open is found by sqns_port_holder_async(), lock or no lock. A TIOCEXCL
 * that stands already says nothing: root walks through it, and on a pseudo-terminal it outlives a program that was
 * killed. The flock goes with the fd. */
gboolean sqns_port_lock (int fd, const char *devnode, GError **error);

/* Before closing: TIOCEXCL would outlive the fd on a pseudo-terminal. */
void sqns_port_unlock (int fd);
