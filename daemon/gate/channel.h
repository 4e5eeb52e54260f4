/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a caller's descriptor has become on its way through the gate: a socket that its content comes out of. As long as
 * it is open the descriptor is, in the process that has it, and counts as one of its user's. */
#pragma once

#include "gate/parcel.h"

#include <gio/gio.h>

/* Asks for what is behind @channel, which stays open and the caller's. Errors: CANCELLED; TIMEOUT, when nothing came
 * for
 * @timeout_ms; FAILED. */
void sqns_channel_receive_async (
    int channel, guint timeout_ms, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
/* @fd: of a file in memory that is the caller's to close; -1: none came with the parcel. */
gboolean sqns_channel_receive_finish (GAsyncResult *result, SqnsParcel *parcel, int *fd, GError **error);
