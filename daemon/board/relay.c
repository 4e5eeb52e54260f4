/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starts and leaves the relay on the board, and tells it the modem's baud. */
#include "board/relay.h"

#include "base/deadlines.h"
#include "base/ssm.h"
#include "board/repl-session.h"
#include "codec/repl.h"

#include <string.h>

/* the words of data/board/relay.py; 16 bytes that no image and no AT dialogue holds */
static const char ping_word[] = "\x1dSQNS-RELAY-PING";
static const char quit_word[] = "\x1dSQNS-RELAY-QUIT";
#define SPEED_WORD "\x1dSQNS-BAUD%06u"

typedef enum {
  START_SCRIPT,
  START_PING,
  START_N_STATES,
} StartState;
static const char *const start_names[] = { "script", "ping" };
G_STATIC_ASSERT (G_N_ELEMENTS (start_names) == START_N_STATES);

typedef enum {
  SPEED_ASK,
  SPEED_N_STATES,
} SpeedState;
static const char *const speed_names[] = { "ask" };
G_STATIC_ASSERT (G_N_ELEMENTS (speed_names) == SPEED_N_STATES);

typedef enum {
  QUIT_FIND, /* only for a relay that may not be there */
  QUIT_WORD,
  QUIT_PROMPT,
  QUIT_N_STATES,
} QuitState;
static const char *const quit_names[] = { "find", "word", "prompt" };
G_STATIC_ASSERT (G_N_ELEMENTS (quit_names) == QUIT_N_STATES);

typedef struct {
  SqnsPort *port;
  const SqnsMonitor *monitor;
  SqnsRelayConfig config;
  char *pins;
  guint tries;
  char *word; /* that sets the speed */
  char *echo; /* the line that answers it */
  gboolean find;
} Relay;

static Relay *
relay_new (SqnsPort *port, const SqnsMonitor *monitor)
{
  Relay *relay = g_new0 (Relay, 1);
  relay->port = g_object_ref (port);
  relay->monitor = monitor;
  return relay;
}

static void
relay_free (gpointer data)
{
  Relay *relay = data;
  g_object_unref (relay->port);
  g_free (relay->pins);
  g_free (relay->word);
  g_free (relay->echo);
  g_free (relay);
}

static SqnsMatch
match_pong (const guint8 *data, gsize len, gsize *consumed, gpointer user_data)
{
  return sqns_at_find_line (data, len, "sqns relay", consumed) ? SQNS_MATCH_DONE : SQNS_MATCH_MORE;
}

static SqnsMatch
match_left (const guint8 *data, gsize len, gsize *consumed, gpointer user_data)
{
  return sqns_at_find_line (data, len, "sqns end", consumed) ? SQNS_MATCH_DONE : SQNS_MATCH_MORE;
}

static void
on_script (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Relay *relay = sqns_ssm_data (ssm);
  GError *error = NULL;
  g_autoptr (SqnsScriptResult) script = sqns_repl_run_finish (result, &error);

  if (script == NULL)
    sqns_ssm_fail_error (ssm, error);
  else if (*script->errors)
    sqns_ssm_fail (ssm, SQNS_ERROR_PROTOCOL, "the board cannot run the relay: %s",
                   sqns_repl_error_line (script->errors));
  else
    sqns_ssm_next_or_fail (ssm, sqns_port_set_speed (relay->port, relay->config.host_speed, &error), error);
}

static void
on_ping (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Relay *relay = sqns_ssm_data (ssm);
  GError *error = NULL;

  if (!sqns_port_resync_finish (relay->port, result, &error) && sqns_error_is_timeout (error) && --relay->tries > 0)
    {
      g_error_free (error);
      sqns_ssm_goto (ssm, START_PING);
      return;
    }
  if (error != NULL)
    g_prefix_error (&error, "the relay on the board is not heard: ");
  sqns_ssm_next_or_fail (ssm, error == NULL, error);
}

static void
start_state (SqnsSsm *ssm, guint state, gpointer data)
{
  static const SqnsExchange ping = {
    .request = (const guint8 *)ping_word,
    .request_len = sizeof ping_word - 1,
    .match = match_pong,
    .timeout_ms = SQNS_RELAY_PING_MS,
  };
  Relay *relay = data;
  g_autofree char *host = g_strdup_printf ("%u", relay->config.host_speed);
  g_autofree char *modem = g_strdup_printf ("%u", relay->config.modem_speed);
  const char *substitutions[] = { "HOST_SPEED", host, "MODEM_SPEED", modem, "PINS", relay->pins, NULL };

  switch ((StartState)state)
    {
    case START_SCRIPT:
      sqns_repl_run_async (relay->port, relay->monitor, "relay.py", substitutions, SQNS_SCRIPT_ACCEPT_MS, TRUE,
                           sqns_ssm_cancellable (ssm), on_script, ssm);
      break;
    case START_PING:
      sqns_port_resync_async (relay->port, SQNS_RELAY_QUIET_MS, &ping, sqns_ssm_cancellable (ssm), on_ping, ssm);
      break;
    case START_N_STATES:
      g_assert_not_reached ();
    }
}

void
sqns_relay_start_async (SqnsPort *port,
                        const SqnsMonitor *monitor,
                        const SqnsRelayConfig *config,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  static const SqnsSsmClass klass = { "start-relay", start_names, START_N_STATES, START_N_STATES, start_state };
  Relay *relay = relay_new (port, monitor);

  relay->config = *config;
  relay->pins = g_strdup (config->pins);
  relay->tries = SQNS_RELAY_PING_TRIES;
  sqns_ssm_run (&klass, g_task_new (port, cancellable, callback, user_data), relay, relay_free);
}

gboolean
sqns_relay_start_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* --- the modem's speed --- */

static SqnsMatch
match_speed (const guint8 *data, gsize len, gsize *consumed, gpointer user_data)
{
  Relay *relay = user_data;
  return sqns_at_find_line (data, len, relay->echo, consumed) ? SQNS_MATCH_DONE : SQNS_MATCH_MORE;
}

static void
on_speed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Relay *relay = sqns_ssm_data (ssm);
  GError *error = NULL;

  if (!sqns_port_resync_finish (relay->port, result, &error) && sqns_error_is_timeout (error) && --relay->tries > 0)
    {
      g_error_free (error);
      sqns_ssm_goto (ssm, SPEED_ASK);
      return;
    }
  if (error != NULL)
    g_prefix_error (&error, "the relay on the board does not change its speed: ");
  sqns_ssm_next_or_fail (ssm, error == NULL, error);
}

static void
speed_state (SqnsSsm *ssm, guint state, gpointer data)
{
  Relay *relay = data;
  SqnsExchange exchange = {
    .request = (const guint8 *)relay->word,
    .request_len = strlen (relay->word),
    .match = match_speed,
    .match_data = relay,
    .timeout_ms = SQNS_RELAY_PING_MS,
  };

  switch ((SpeedState)state)
    {
    case SPEED_ASK:
      sqns_monitor_remark (relay->monitor, "asks the relay for %u baud at the modem", relay->config.modem_speed);
      sqns_port_resync_async (relay->port, SQNS_RELAY_QUIET_MS, &exchange, sqns_ssm_cancellable (ssm), on_speed, ssm);
      break;
    case SPEED_N_STATES:
      g_assert_not_reached ();
    }
}

void
sqns_relay_set_speed_async (SqnsPort *port,
                            const SqnsMonitor *monitor,
                            guint modem_speed,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  static const SqnsSsmClass klass = { "speed-relay", speed_names, SPEED_N_STATES, SPEED_N_STATES, speed_state };
  Relay *relay = relay_new (port, monitor);

  g_assert (modem_speed < 1000000); /* the word has six digits for it */
  relay->config.modem_speed = modem_speed;
  relay->word = g_strdup_printf (SPEED_WORD, modem_speed);
  relay->echo = g_strdup_printf ("sqns baud %06u", modem_speed);
  relay->tries = SQNS_RELAY_SPEED_TRIES;
  sqns_ssm_run (&klass, g_task_new (port, cancellable, callback, user_data), relay, relay_free);
}

gboolean
sqns_relay_set_speed_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* --- the end --- */

static void
on_found (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Relay *relay = sqns_ssm_data (ssm);
  g_autoptr (GError) error = NULL;

  gboolean there = sqns_port_resync_finish (relay->port, result, &error);
  if (there || sqns_error_is_timeout (error))
    sqns_ssm_set_result (ssm, g_memdup2 (&there, sizeof there), g_free);
  if (there)
    {
      sqns_monitor_remark (relay->monitor, "a relay runs that somebody has left");
      sqns_ssm_next (ssm);
    }
  else if (sqns_error_is_timeout (error))
    sqns_ssm_complete (ssm);
  else
    sqns_ssm_fail_error (ssm, g_steal_pointer (&error));
}

static void
on_word (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Relay *relay = sqns_ssm_data (ssm);
  GError *error = NULL;

  /* its answer is waited for, that the speed does not change while the word is on the wire; one that was reset
   * meanwhile gives none */
  if (!sqns_port_resync_finish (relay->port, result, &error) && !sqns_error_is_timeout (error))
    sqns_ssm_fail_error (ssm, error);
  else
    {
      g_clear_error (&error);
      sqns_ssm_next_in_ms (ssm, SQNS_RELAY_QUIET_MS);
    }
}

static void
on_prompt (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Relay *relay = sqns_ssm_data (user_data);
  GError *error = NULL;
  gboolean ok = sqns_port_resync_finish (relay->port, result, &error);
  if (!ok && sqns_error_is_timeout (error) && --relay->tries > 0)
    {
      /* the word may have been damaged on its way, and the relay runs on */
      g_error_free (error);
      sqns_ssm_goto (user_data, QUIT_WORD);
    }
  else
    sqns_ssm_next_or_fail (user_data, ok, error);
}

static void
say_quit (SqnsSsm *ssm)
{
  static const SqnsExchange word = {
    .request = (const guint8 *)quit_word,
    .request_len = sizeof quit_word - 1,
    .match = match_left,
    .timeout_ms = SQNS_RELAY_PING_MS,
  };
  Relay *relay = sqns_ssm_data (ssm);
  GError *error = NULL;

  sqns_monitor_remark (relay->monitor, "leaves the relay");
  if (relay->config.host_speed == 0)
    relay->config.host_speed = sqns_port_speed (relay->port);
  if (sqns_port_set_speed (relay->port, relay->config.host_speed, &error))
    sqns_port_resync_async (relay->port, SQNS_RELAY_QUIET_MS, &word, NULL, on_word, ssm);
  else
    sqns_ssm_fail_error (ssm, error);
}

static void
quit_state (SqnsSsm *ssm, guint state, gpointer data)
{
  static const SqnsExchange prompt = {
    .request = (const guint8 *)"\x03\x02",
    .request_len = 2,
    .match = sqns_repl_match_prompt,
    .timeout_ms = SQNS_RELAY_PROMPT_MS,
  };
  static const SqnsExchange ping = {
    .request = (const guint8 *)ping_word,
    .request_len = sizeof ping_word - 1,
    .match = match_pong,
    .timeout_ms = SQNS_RELAY_STRAY_MS,
  };
  Relay *relay = data;
  GError *error = NULL;

  switch ((QuitState)state)
    {
    case QUIT_FIND:
      if (relay->find && sqns_port_set_speed (relay->port, SQNS_MODEM_SPEED, &error))
        sqns_port_resync_async (relay->port, SQNS_RELAY_QUIET_MS, &ping, sqns_ssm_cancellable (ssm), on_found, ssm);
      else
        sqns_ssm_next_or_fail (ssm, error == NULL, error);
      break;
    case QUIT_WORD:
      say_quit (ssm);
      break;
    case QUIT_PROMPT:
      if (sqns_port_set_speed (relay->port, SQNS_REPL_SPEED, &error))
        sqns_port_resync_async (relay->port, 2 * SQNS_RELAY_QUIET_MS, &prompt, NULL, on_prompt, ssm);
      else
        sqns_ssm_fail_error (ssm, error);
      break;
    case QUIT_N_STATES:
      g_assert_not_reached ();
    }
}

static void
quit (Relay *relay, GTask *task)
{
  static const SqnsSsmClass klass = { "quit-relay", quit_names, QUIT_N_STATES, QUIT_N_STATES, quit_state };

  relay->tries = SQNS_RELAY_QUIT_TRIES;
  sqns_ssm_run (&klass, task, relay, relay_free);
}

void
sqns_relay_quit_async (SqnsPort *port, const SqnsMonitor *monitor, GAsyncReadyCallback callback, gpointer user_data)
{
  quit (relay_new (port, monitor), g_task_new (port, NULL, callback, user_data));
}

gboolean
sqns_relay_quit_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
sqns_relay_end_stray_async (SqnsPort *port,
                            const SqnsMonitor *monitor,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  Relay *relay = relay_new (port, monitor);

  relay->find = TRUE;
  quit (relay, g_task_new (port, cancellable, callback, user_data));
}

gboolean
sqns_relay_end_stray_finish (GAsyncResult *result, gboolean *ended, GError **error)
{
  g_autofree gboolean *found = g_task_propagate_pointer (G_TASK (result), error);
  if (found == NULL)
    return FALSE;
  *ended = *found;
  return TRUE;
}
