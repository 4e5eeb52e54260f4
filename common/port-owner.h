/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who has a serial port open, as far as /proc tells. What strangers control is looked at in ways that
 * cannot block: no file of theirs is opened, and none is asked for on its file system. */
#pragma once

#include <sys/types.h>

#include <glib.h>

/* A tty by its device number. A number of a pseudo-terminal says which one it is only together with its devpts: each
 * container has a /dev/pts/0 of its own. */
typedef struct {
  dev_t number;
  dev_t devpts; /* the file system that a pseudo-terminal's slave is on; 0: it is none */
} SqnsTtyId;

/* FALSE: @devnode is no character device, or is not there. Follows links. */
gboolean sqns_tty_id_of (const char *devnode, SqnsTtyId *id);

/* One walk through /proc, in pieces: what it finds holds for any number of ports. */
typedef struct _SqnsPortScan SqnsPortScan;

/* @proc: the folder, "/proc". The calling process does not count. */
SqnsPortScan *sqns_port_scan_new (const char *proc);
void sqns_port_scan_free (SqnsPortScan *scan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqnsPortScan, sqns_port_scan_free)

/* Goes on until @until_us (monotonic; G_MAXINT64: to the end). FALSE: it has come to its end. */
gboolean sqns_port_scan_step (SqnsPortScan *scan, gint64 until_us);

/* "minicom (pid 1234)" of a process that has @id open, with its @pid (nullable); NULL when none was seen. Who holds the
 * other end of a pseudo-terminal plays the board, and does not count. Caller frees. */
char *sqns_port_scan_owner (SqnsPortScan *scan, const SqnsTtyId *id, int *pid);

/* FALSE: there are processes that the calling one may not look into, as those of other users. */
gboolean sqns_port_scan_saw_all (SqnsPortScan *scan);

/* A whole scan for one port, at once: for programs that may take their time. */
char *sqns_port_owner_of (const char *proc, const SqnsTtyId *id, int *pid);

/* "minicom (pid 1234)", fit for a terminal, whatever it calls itself. Caller frees. */
char *sqns_process_name (const char *proc, int pid);
