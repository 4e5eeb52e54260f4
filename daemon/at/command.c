/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One AT command and its reply over a port. */
#include "at/command.h"
#include "base/deadlines.h"

#include <string.h>

typedef struct {
  SqnsSsm *ssm;
  SqnsAnswered answered;
  SqnsPort *port;
  const SqnsMonitor *monitor;
  char *line; /* with CR */
  char *command;
  guint timeout_ms;
  SqnsAtReply reply;
} Command;

/* A late reply to another command begins with its echo. Without echo there is no telling. */
static gboolean
is_of_another (const SqnsAtReply *reply)
{
  const char *first = reply->lines->len > 0 ? reply->lines->pdata[0] : "";
  return g_str_has_prefix (first, "AT");
}

static SqnsMatch
match_reply (const guint8 *data, gsize len, gsize *consumed, gpointer user_data)
{
  Command *command = user_data;
  gsize skipped = 0;

  sqns_at_reply_clear (&command->reply);
  if (len > SQNS_AT_MAX_REPLY)
    {
      *consumed = len - SQNS_AT_MAX_REPLY; /* noise: only its end can still be a reply */
      return SQNS_MATCH_MORE;
    }
  while (sqns_at_parse (command->command, data + skipped, len - skipped, &command->reply) != SQNS_AT_PENDING)
    {
      skipped += command->reply.consumed;
      *consumed = skipped;
      if (!is_of_another (&command->reply))
        return SQNS_MATCH_DONE;
      sqns_monitor_remark (command->monitor, "ignoring a late answer to another command");
      sqns_at_reply_clear (&command->reply);
    }
  return SQNS_MATCH_MORE;
}

SqnsMatch
sqns_command_match_final (const guint8 *data, gsize len, gsize *consumed, gpointer user_data)
{
  SqnsAtReply reply = { 0 };
  SqnsAtFinal final = sqns_at_parse ("AT", data, len, &reply);
  *consumed = reply.consumed;
  sqns_at_reply_clear (&reply);
  return final == SQNS_AT_PENDING ? SQNS_MATCH_MORE : SQNS_MATCH_DONE;
}

static void
trace_reply (Command *command)
{
  for (guint i = 0; i < command->reply.unsolicited->len; i++)
    {
      const char *line = command->reply.unsolicited->pdata[i];
      sqns_monitor_trace (command->monitor, '<', (const guint8 *)line, strlen (line));
    }
  for (guint i = 0; i < command->reply.lines->len; i++)
    {
      const char *line = command->reply.lines->pdata[i];
      sqns_monitor_trace (command->monitor, '<', (const guint8 *)line, strlen (line));
    }
  const char *final = command->reply.error_text                   ? command->reply.error_text
                      : command->reply.final == SQNS_AT_ERROR     ? "ERROR"
                      : command->reply.final == SQNS_AT_CME_ERROR ? "+CME ERROR"
                                                                  : "OK";
  sqns_monitor_trace (command->monitor, '<', (const guint8 *) final, strlen (final));
}

/* Takes @command and @error (nullable). */
static void
end (Command *command, GError *error)
{
  if (error != NULL)
    g_prefix_error (&error, "%s: ", command->command);
  if (error == NULL || sqns_error_is_timeout (error))
    command->answered (command->ssm, sqns_ssm_data (command->ssm), error == NULL ? &command->reply : NULL, error);
  else
    sqns_ssm_fail_error (command->ssm, g_steal_pointer (&error));
  g_clear_error (&error);
  sqns_at_reply_clear (&command->reply);
  g_free (command->line);
  g_free (command->command);
  g_free (command);
}

static void
on_exchanged (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Command *command = user_data;
  GError *error = NULL;

  if (sqns_port_exchange_finish (command->port, result, &error))
    trace_reply (command);
  else
    {
      gsize heard;
      const guint8 *data = sqns_port_heard (command->port, &heard);
      if (heard > 0)
        sqns_monitor_trace (command->monitor, '<', data, heard);
      sqns_monitor_remark (command->monitor, "%s: %s", command->command, error->message);
    }
  end (command, error);
}

static void
send_command (Command *command)
{
  const SqnsExchange exchange = {
    .request = (const guint8 *)command->line,
    .request_len = strlen (command->line),
    .match = match_reply,
    .match_data = command,
    .timeout_ms = command->timeout_ms,
  };
  sqns_monitor_trace (command->monitor, '>', (const guint8 *)command->command, strlen (command->command));
  sqns_port_exchange_async (command->port, 0, &exchange, sqns_ssm_cancellable (command->ssm), on_exchanged, command);
}

static void
on_resynced (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Command *command = user_data;
  GError *error = NULL;

  if (sqns_port_exchange_finish (command->port, result, &error))
    send_command (command);
  else
    end (command, error);
}

static const SqnsMonitor nowhere = { NULL, NULL };

static void
ask (SqnsSsm *ssm, SqnsPort *port, const char *text, guint timeout_ms, SqnsAnswered answered, gboolean discreet)
{
  const SqnsExchange probe = {
    .request = (const guint8 *)"AT\r",
    .request_len = 3,
    .match = sqns_command_match_final,
    .timeout_ms = MIN (timeout_ms, SQNS_RESYNC_MS),
  };
  Command *command = g_new0 (Command, 1);

  command->ssm = ssm;
  command->answered = answered;
  command->port = port;
  command->monitor = discreet ? &nowhere : sqns_port_monitor (port);
  command->command = g_strdup (text);
  command->line = g_strconcat (text, "\r", NULL);
  command->timeout_ms = timeout_ms;
  if (sqns_port_is_synced (port))
    send_command (command);
  else
    sqns_port_exchange_async (port, SQNS_RESYNC_QUIET_MS, &probe, sqns_ssm_cancellable (ssm), on_resynced, command);
}

void
sqns_at_ask (SqnsSsm *ssm, SqnsPort *port, const char *command, guint timeout_ms, SqnsAnswered answered)
{
  ask (ssm, port, command, timeout_ms, answered, FALSE);
}

void
sqns_at_ask_discreetly (SqnsSsm *ssm, SqnsPort *port, const char *command, guint timeout_ms, SqnsAnswered answered)
{
  ask (ssm, port, command, timeout_ms, answered, TRUE);
}
