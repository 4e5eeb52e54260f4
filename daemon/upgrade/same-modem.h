/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the modem is still the one that the job was begun on: another board may come back under the name of one that
 * was pulled out. It tells by its IMEI, of which only a salted hash is kept. */
#pragma once

#include "link/link.h"
#include "plan/upgrade-state.h"

/* Asks a running application. Keeps the salt and the hash in @checkpoint, which must outlive the call. A modem that
 * does not tell its IMEI, or a different one each time, is taken for the same. Errors: WRONG_STATE, it is another one;
 * DEVICE_LOST, PROTOCOL, CANCELLED. */
void sqns_same_modem_async (SqnsLink *link,
                            SqnsCheckpoint *checkpoint,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data);
gboolean sqns_same_modem_finish (SqnsLink *link, GAsyncResult *result, GError **error);
