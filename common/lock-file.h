/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lock files of serial ports, as minicom, cu and pppd make them. */
#pragma once

#include <glib.h>

/* Who has locked @devnode by @locks/LCK..ttyUSB0 ("/var/lock"): "cu (pid 1234)", with its @pid (nullable). The file
 * holds a pid, as text or as four bytes. NULL without such a file, when its process is gone or is the caller, and when
 * it could not open the port, or is not whose file it is: anybody may write into that folder. Caller frees. */
char *sqns_lock_file_owner (const char *proc, const char *locks, const char *devnode, int *pid);

/* The number in a lock file of @len bytes: "      1234\n", or that of an old UUCP in the machine's order. 0: neither.
 * Pure. */
int sqns_lock_file_parse (const char *text, gsize len);
