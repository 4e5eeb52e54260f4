/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who has a serial port open, as far as /proc and lock files tell. */
#pragma once

#include <sys/types.h>

#include <glib.h>

/* Of a process that has the device @rdev open, "minicom (pid 1234)", with its @pid (nullable); NULL when none is to be
 * seen: /proc shows other users' files to root only. Who holds the other end of a pseudo-terminal does not count, nor
 * does the calling process. @proc: the folder, "/proc". Reads all of it: only for error messages. Caller frees. */
char *sqns_port_owner_of (const char *proc, dev_t rdev, int *pid);

/* minicom, cu and pppd speak by @locks/LCK..ttyUSB0 ("/var/lock"), which holds the owner's pid as text. NULL when there
 * is no such file for @devnode, or its process is gone or is the caller. */
char *sqns_port_lock_file_owner (const char *proc, const char *locks, const char *devnode, int *pid);
