/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lends a person the way to a board's modem: a byte stream to its AT channel. */
#pragma once

#include "model/device.h"
#include "model/operations.h"

/* Opens a link that can be left again and its stream. The device stays claimed until the far end is closed, the board
 * is lost or sqns_device_interrupt() is called; the link is then closed and the device released. @operations: static.
 * Errors: BUSY, those of link. */
void sqns_console_open_async (SqnsDevice *device,
                              const SqnsOperations *operations,
                              GAsyncReadyCallback callback,
                              gpointer user_data);
/* The far end's fd, owned by the caller; -1 with @error. */
int sqns_console_open_finish (SqnsDevice *device, GAsyncResult *result, GError **error);
