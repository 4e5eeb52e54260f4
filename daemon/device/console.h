/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lends a person the way to a board's modem: a byte stream to its AT channel. */
#pragma once

#include "device/device.h"
#include "device/backend.h"

/* Opens a link that can be left again and its stream. The device stays claimed until the far end is closed, the board
 * is lost, sqns_device_interrupt() or sqns_console_close() is called; the link is then closed and the device
 * released. @backend: static. @uid: of the user who asks. Errors: BUSY, those of link. */
void sqns_console_open_async (
    SqnsDevice *device, const SqnsBackend *backend, guint uid, GAsyncReadyCallback callback, gpointer user_data);
/* The far end's fd, owned by the caller; -1 with @error. */
int sqns_console_open_finish (SqnsDevice *device, GAsyncResult *result, GError **error);

/* Takes the console away that is open on @device, or is being opened: the person reads @why ("job ... takes this
 * modem") on the stream, which ends then; the device is released as soon as the link is left. An open that has not
 * ended yet fails with BUSY. Nothing where there is no console. */
void sqns_console_close (SqnsDevice *device, const char *why);

/* @uid has a console on @device, or is getting one. */
gboolean sqns_console_is_of (SqnsDevice *device, guint uid);

/* A person has left the console on @device, and its link is being left: the device is about to be released. FALSE when
 * it was taken away for somebody else. */
gboolean sqns_console_is_closing (SqnsDevice *device);
