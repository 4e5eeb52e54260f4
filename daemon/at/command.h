/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One AT command and its reply over a port. */
#pragma once

#include "base/monitor.h"
#include "serial/port.h"

/* What came of a command. @reply NULL: no answer within its time, @error says so; both borrowed. "ERROR" is a reply.
 * Makes one transition. */
typedef void (*SqnsAnswered) (SqnsSsm *ssm, gpointer data, const SqnsAtReply *reply, const GError *error);

/* A step of @ssm: sends @command and CR, waits for the final result. An unsynced port is resynced first, with a probing
 * AT. Any error but TIMEOUT fails the machine. */
void sqns_at_ask (SqnsSsm *ssm, SqnsPort *port, const char *command, guint timeout_ms, SqnsAnswered answered);

/* The same for what is the caller's alone: the port's monitor hears nothing of it, whatever the settings say. */
void
sqns_at_ask_discreetly (SqnsSsm *ssm, SqnsPort *port, const char *command, guint timeout_ms, SqnsAnswered answered);

/* Any final result: the match of a probing "AT". For SqnsExchange; @user_data is not used. */
SqnsMatch sqns_command_match_final (const guint8 *data, gsize len, gsize *consumed, gpointer user_data);
