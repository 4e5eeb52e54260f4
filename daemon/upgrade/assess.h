/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds out what the modem is after a failure. */
#pragma once

#include "link/link.h"

/* Probes the modem, also at the other speed if the link can: it may be on its way into the boot ROM or out of it. With
 * @restore, a modem in recovery is booted into its application, which must still be there. Cannot fail or be cancelled.
 */
void sqns_assess_async (SqnsLink *link, gboolean restore, GAsyncReadyCallback callback, gpointer user_data);
/* *@contact: SILENT when the modem was asked and does not answer, NONE when it could not be asked. */
SqnsMode sqns_assess_finish (SqnsLink *link, GAsyncResult *result, SqnsContact *contact);
