/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loads an updater ELF into a modem whose boot ROM waits for one (FFH), until the updater answers (protocol.md §3). */
#pragma once

#include "link/link.h"

/* @elf: an updater that sqns_elf_check_updater() found right; a reference is taken. The modem must be in FFH, at the
 * link's speed. A link that can is raised to 921600 by AT+IPR first. Afterwards the modem says SMOD 1 (or is in another
 * mode that is not FFH), at the link's speed. Errors: MODEM_REFUSED (AT+STP, it was not in FFH, or it is there still
 * afterwards), PROTOCOL (the upload failed), TIMEOUT (the boot ROM or the updater does not answer), DEVICE_LOST,
 * CANCELLED. */
void sqns_load_updater_async (
    SqnsLink *link, GBytes *elf, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
gboolean sqns_load_updater_finish (SqnsLink *link, GAsyncResult *result, GError **error);
