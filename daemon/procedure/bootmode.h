/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Boots the modem into another mode (AT+SMSWBOOT) and waits until it says that it is there. */
#pragma once

#include "procedure/link.h"

#define SQNS_BOOT_RECOVERY_S 180u
#define SQNS_BOOT_APPLICATION_S                                                                                        \
  900u /* 10 min have been seen to be normal after NB-IoT images (field-failures.md row 6) */

/* @target: RECOVERY or FFF. Asks with ",1", falls back to ",0" and AT^RESET (field-failures.md row 5), believes
 * AT+SMOD? alone. Errors: MODEM_REFUSED, TIMEOUT after @deadline_s, DEVICE_LOST, CANCELLED. */
void sqns_bootmode_async (SqnsLink *link,
                          SqnsMode target,
                          guint deadline_s,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data);
gboolean sqns_bootmode_finish (SqnsLink *link, GAsyncResult *result, GError **error);
