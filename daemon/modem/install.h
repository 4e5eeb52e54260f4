/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waits while the modem writes an uploaded image, until it reports how that went. */
#pragma once

#include "link/link.h"

typedef enum {
  SQNS_INSTALL_WRITTEN, /* an image that was written as it came (ON_THE_FLY) */
  SQNS_INSTALL_STORED, /* an image that was stored (FFF method): AT+SMUPGRADE first, then the modem comes back by itself
                        */
} SqnsInstallHow;

/* Polls AT, then AT+SMUPGRADE?. A modem that answers but gives no report for 5 minutes counts as done: its version,
 * read after the reboot, has the last word. One that still says "available" was reset before it began, and gets the
 * command again. Errors: MODEM_REFUSED with the modem's reason, PROTOCOL when it does not install what it has stored,
 * TIMEOUT, DEVICE_LOST, CANCELLED. */
void sqns_install_async (
    SqnsLink *link, SqnsInstallHow how, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
gboolean sqns_install_finish (SqnsLink *link, GAsyncResult *result, GError **error);
