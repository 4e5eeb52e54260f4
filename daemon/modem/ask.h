/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The AT dialogue of a machine that runs on a link: its task's source object. */
#pragma once

#include "at/command.h"
#include "link/link.h"

SqnsLink *sqns_modem_link (SqnsSsm *ssm); /* owned by the task */

/* A command as a step, as sqns_at_ask(). */
void sqns_modem_ask (SqnsSsm *ssm, const char *command, guint timeout_ms, SqnsAnswered answered);
