/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the modem is still the one that the job began with: another board may appear under the name of one that was
 * unplugged. Compares the IMEI, of which only a salted hash is stored. */
#pragma once

#include "link/link.h"
#include "plan/upgrade-state.h"

/* Asks a running application. Stores the salt and the hash in @checkpoint, which must outlive the call. A modem that
 * does not report its IMEI, or a different one each time, counts as the same. Errors: WRONG_STATE for another modem;
 * DEVICE_LOST, PROTOCOL, CANCELLED. */
void sqns_same_modem_async (SqnsLink *link,
                            SqnsCheckpoint *checkpoint,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data);
gboolean sqns_same_modem_finish (SqnsLink *link, GAsyncResult *result, GError **error);
