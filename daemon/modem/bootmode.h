/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Boots the modem into another mode (AT+SMSWBOOT) and waits until it reports that mode. */
#pragma once

#include "link/link.h"

/* @target: RECOVERY, FFH or FFF; UNKNOWN: no command is sent; waits while the modem says UPDATER or nothing.
 * Asks with ",1", falls back to ",0" and AT^RESET (field-failures.md row 5), believes AT+SMOD? alone. A link whose
 * speed can be set follows the modem to 115200 and back. Errors: MODEM_REFUSED, TIMEOUT after @deadline_s, DEVICE_LOST,
 * CANCELLED. */
void sqns_bootmode_async (SqnsLink *link,
                          SqnsMode target,
                          guint deadline_s,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data);
gboolean sqns_bootmode_finish (SqnsLink *link, GAsyncResult *result, GError **error);
