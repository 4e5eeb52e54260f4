/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The daemon's connection to the bus, through a separate process that keeps strangers' descriptors out: closing one
 * may block for ever in a file system that its owner runs, even when a process exits. In place of each descriptor of
 * a call the daemon gets a channel (gate/channel.h); those that were held back are missing. */
#pragma once

#include <gio/gio.h>

typedef struct _SqnsGate SqnsGate;

/* Forks the process. Must be called while the daemon has a single thread. Errors: FAILED. */
SqnsGate *sqns_gate_start (GError **error);

/* Connects to the bus at @address: a stream for g_dbus_connection_new_sync(), owned by the caller. Call it once.
 * @max_readers: calls with descriptors that a user may have pending, 0 = no limit for each user. @max_size: of a
 * file, in bytes. */
GIOStream *sqns_gate_connect (SqnsGate *gate, const char *address, guint max_readers, gsize max_size, GError **error);

/* Hangs up at once and for good, whatever state the process is in. */
void sqns_gate_free (SqnsGate *gate);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqnsGate, sqns_gate_free)
