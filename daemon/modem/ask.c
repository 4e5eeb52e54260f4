/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The AT dialogue of a machine that runs on a link. */
#include "modem/ask.h"

SqnsLink *
sqns_modem_link (SqnsSsm *ssm)
{
  return g_task_get_source_object (sqns_ssm_task (ssm));
}

void
sqns_modem_ask (SqnsSsm *ssm, const char *command, guint timeout_ms, SqnsAnswered answered)
{
  sqns_at_ask (ssm, sqns_link_port (sqns_modem_link (ssm)), command, timeout_ms, answered);
}
