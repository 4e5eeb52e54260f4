/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Quietens the modem's application before an upgrade, and tells it afterwards that one succeeded (protocol.md §3). */
#pragma once

#include "link/link.h"

typedef enum {
  SQNS_NOTICE_STARTED, /* radio off, no power saving, upgrade announced */
  SQNS_NOTICE_SUCCESS,
} SqnsNotice;

/* An ERROR to any of the commands is not fatal, nor is silence to one. Errors: DEVICE_LOST, CANCELLED, TIMEOUT (the
 * modem stopped answering altogether). */
void sqns_prepare_async (
    SqnsLink *link, SqnsNotice notice, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
gboolean sqns_prepare_finish (SqnsLink *link, GAsyncResult *result, GError **error);
