/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The daemon's way to the bus, through a process of its own that keeps strangers' descriptors out: closing one may wait
 * for ever for a file system that its owner runs, also in a process that ends. In place of each descriptor of a call
 * the daemon finds a channel (gate/channel.h); what was held back is missing. */
#pragma once

#include <gio/gio.h>

typedef struct _SqnsGate SqnsGate;

/* Forks the process. Only while this one has a single thread. Errors: FAILED. */
SqnsGate *sqns_gate_start (GError **error);

/* Connects to the bus at @address: a stream for g_dbus_connection_new_sync(), owned by the caller. To be called once.
 * @max_readers: calls with descriptors that a user may have on their way, 0: no bound for each. @max_size: bytes of a
 * file that is read. */
GIOStream *sqns_gate_connect (SqnsGate *gate, const char *address, guint max_readers, gsize max_size, GError **error);

/* Hangs up, at once and for good, whatever became of the process. */
void sqns_gate_free (SqnsGate *gate);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqnsGate, sqns_gate_free)
