/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was observed of a board and of its modem. */
#include "base/observation.h"

void
sqns_modem_status_free (SqnsModemStatus *status)
{
  if (status == NULL)
    return;
  g_free (status->ue);
  g_free (status);
}
