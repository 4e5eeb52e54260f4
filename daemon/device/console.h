/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A byte stream from a user to the AT channel of a board's modem. */
#pragma once

#include "device/device.h"

/* Opens a link that can be left again and its stream. The device stays claimed until the far end is closed, the board
 * is lost, sqns_device_interrupt() or sqns_console_close() is called; the link is then closed and the device
 * released. @uid: the user's. Errors: BUSY, those of link. */
void sqns_console_open_async (SqnsDevice *device, guint uid, GAsyncReadyCallback callback, gpointer user_data);
/* The far end's fd, owned by the caller; -1 with @error. */
int sqns_console_open_finish (SqnsDevice *device, GAsyncResult *result, GError **error);

/* Closes the console on @device for somebody else: the user reads @why ("job ... takes this modem") at the end of the
 * stream; the device is released as soon as the link is closed. A pending open fails with BUSY. Does nothing where
 * there is no console. */
void sqns_console_close (SqnsDevice *device, const char *why);

/* @uid has a console on @device, or is opening one. */
gboolean sqns_console_is_of (SqnsDevice *device, guint uid);

/* The user has left the console, and the device is about to be released. FALSE when sqns_console_close() ended it. */
gboolean sqns_console_is_closing (SqnsDevice *device);
