/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Resets a board's module (its ESP32): by its prompt, else by the board's PIC. The modem is not reset by it
 * (protocol.md §1). */
#pragma once

#include "link/link.h"

/* Opens @config's port for it; only devnode, kind and pic count. The board boots as after its button, its own program
 * included. Errors: PORT_LOCKED, NOT_FOUND, DEVICE_LOST, NOT_SUPPORTED (a direct link: there is no module), NEEDS_HAND
 * (no prompt is to be had and there is no PIC that could do it: the button must be pressed), PROTOCOL (the board did
 * not take the command), CANCELLED. */
void sqns_reboot_async (const SqnsLinkConfig *config,
                        const SqnsMonitor *monitor,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data);
gboolean sqns_reboot_finish (GAsyncResult *result, GError **error);
