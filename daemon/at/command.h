/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One AT command and its reply over a port. */
#pragma once

#include "base/monitor.h"
#include "serial/port.h"

/* Sends @command and CR, waits for the final result. An unsynced port is resynced first, with a probing AT. "ERROR" is
 * a reply, not a GError. Errors: those of an exchange. @monitor is borrowed until the task returns. */
void sqns_command_async (SqnsPort *port,
                         const SqnsMonitor *monitor,
                         const char *command,
                         guint timeout_ms,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data);
/* @reply is initialised in any case and cleared by the caller with sqns_at_reply_clear(). */
gboolean sqns_command_finish (SqnsPort *port, GAsyncResult *result, SqnsAtReply *reply, GError **error);

/* Any final result: the match of a probing "AT". For SqnsExchange; @user_data is not used. */
SqnsMatch sqns_command_match_final (const guint8 *data, gsize len, gsize *consumed, gpointer user_data);
