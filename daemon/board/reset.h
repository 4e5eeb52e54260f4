/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Resets a board's module (its ESP32): by its prompt, else by the board's PIC. The modem is not reset by it
 * (protocol.md §1). */
#pragma once

#include "base/monitor.h"

#include <gio/gio.h>

/* Opens @devnode for it. @pic: the board has one. The board boots as after its button, its own program included.
 * Errors: PORT_LOCKED, NOT_FOUND, DEVICE_LOST, NOT_SUPPORTED (@kind is direct: there is no module), NEEDS_HAND (no
 * prompt is to be had and there is no PIC that could do it: the button must be pressed), PROTOCOL (the board did not
 * take the command), CANCELLED. */
void sqns_board_reset_async (const char *devnode,
                             SqnsLinkKind kind,
                             gboolean pic,
                             const SqnsMonitor *monitor,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
gboolean sqns_board_reset_finish (GAsyncResult *result, GError **error);
