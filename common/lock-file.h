/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lock files of serial ports, as minicom, cu and pppd make them. */
#pragma once

#include <glib.h>

/* The process that has locked @devnode with a file in @locks ("/var/lock"): "cu (pid 1234)", and its @pid
 * (nullable). The file LCK..ttyUSB0 holds a pid, as text or as four bytes. NULL if there is no such file, if the
 * process is gone or is the caller, and if the process could not open the port or does not belong to the owner of
 * the file: anybody may write to that folder. Caller frees. */
char *sqns_lock_file_owner (const char *proc, const char *locks, const char *devnode, int *pid);

/* Parses the @len bytes of a lock file: "      1234\n", or four bytes in the machine's order as old UUCPs write. 0:
 * neither. Pure. */
int sqns_lock_file_parse (const char *text, gsize len);
