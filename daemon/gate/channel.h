/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The daemon's end of a caller's descriptor: a socket through which the file's content comes. While it is open, the
 * reader keeps the descriptor, and the delivery counts towards its user's limit. */
#pragma once

#include "gate/parcel.h"

#include <gio/gio.h>

/* Asks for the content behind @channel, which stays open and the caller's. Errors: CANCELLED; TIMEOUT after
 * @timeout_ms; FAILED. */
void sqns_channel_receive_async (
    int channel, guint timeout_ms, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
/* @fd: a file in memory, the caller's to close; -1: the parcel has none. */
gboolean sqns_channel_receive_finish (GAsyncResult *result, SqnsParcel *parcel, int *fd, GError **error);
