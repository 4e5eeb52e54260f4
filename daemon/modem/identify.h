/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asks a linked modem for its IMEI and the numbers of its SIM. */
#pragma once

#include "codec/identity.h"
#include "link/link.h"

/* Only application mode knows these commands; another mode, or no SIM, is no error: what the modem does not report is
 * NULL. Nothing of the dialogue goes to the link's monitor but that it took place. Errors: DEVICE_LOST, TIMEOUT (the
 * modem stopped answering), CANCELLED. */
void sqns_identify_async (SqnsLink *link, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
SqnsIdentity *sqns_identify_finish (SqnsLink *link, GAsyncResult *result, GError **error); /* transfer full */
