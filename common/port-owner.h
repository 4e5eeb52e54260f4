/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which process has a serial port open, as far as /proc shows. Never blocks on what strangers control: their files
 * are not opened, and their file systems are not asked. */
#pragma once

#include <sys/types.h>

#include <glib.h>

/* A tty by its device number. For a pseudo-terminal the number alone is ambiguous: each container has a /dev/pts/0
 * of its own. */
typedef struct {
  dev_t number;
  dev_t devpts; /* the file system of a pseudo-terminal's slave; 0 for other ttys */
} SqnsTtyId;

/* FALSE: @devnode is not a character device, or does not exist. Follows links. */
gboolean sqns_tty_id_of (const char *devnode, SqnsTtyId *id);

/* One walk through /proc, in pieces; its result serves any number of ports. */
typedef struct _SqnsPortScan SqnsPortScan;

/* @proc: the folder, "/proc". The calling process is left out. */
SqnsPortScan *sqns_port_scan_new (const char *proc);
void sqns_port_scan_free (SqnsPortScan *scan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqnsPortScan, sqns_port_scan_free)

/* Continues until @until_us (monotonic; G_MAXINT64: to the end). FALSE: the walk is complete. */
gboolean sqns_port_scan_step (SqnsPortScan *scan, gint64 until_us);

/* A process that has @id open, "minicom (pid 1234)", and its @pid (nullable); NULL when none was seen. The holder of
 * a pseudo-terminal's master plays the board, and does not count. Caller frees. */
char *sqns_port_scan_owner (SqnsPortScan *scan, const SqnsTtyId *id, int *pid);

/* FALSE: the caller may not examine all processes, for instance those of other users. */
gboolean sqns_port_scan_saw_all (SqnsPortScan *scan);

/* A whole walk for one port. For programs that may take their time. */
char *sqns_port_owner_of (const char *proc, const SqnsTtyId *id, int *pid);

/* "minicom (pid 1234)", fit for a terminal whatever the process calls itself. Caller frees. */
char *sqns_process_name (const char *proc, int pid);
