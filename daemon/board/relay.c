/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starts and leaves the relay on the board, and tells it the modem's baud. */
#include "board/relay.h"

#include "base/deadlines.h"
#include "board/repl-session.h"
#include "codec/at.h"

#include <string.h>

/* The words of data/board/relay.py, 16 bytes that no image and no AT dialogue holds, and the lines that answer them. */
#define PING_WORD "\x1dSQNS-RELAY-PING"
#define PING_LINE "sqns relay"
#define SPEED_WORD "\x1dSQNS-BAUD%06u"
#define SPEED_LINE "sqns baud %06u"
#define QUIT_WORD "\x1dSQNS-RELAY-QUIT"
#define QUIT_LINE "sqns end"

static SqnsMatch
match_line (const guint8 *data, gsize len, gsize *consumed, gpointer line)
{
  return sqns_at_find_line (data, len, line, consumed) ? SQNS_MATCH_DONE : SQNS_MATCH_MORE;
}

/* At @speed baud to the board (0: as it is), until @line answers it. */
static void
send_word (
    SqnsSsm *ssm, SqnsPort *port, guint speed, const char *word, const char *line, guint timeout_ms, SqnsSsmDone done)
{
  const SqnsExchange exchange = {
    .request = (const guint8 *)word,
    .request_len = strlen (word),
    .speed = speed,
    .match = match_line,
    .match_data = (gpointer)line,
    .timeout_ms = timeout_ms,
  };
  sqns_port_ask (ssm, port, SQNS_RELAY_QUIET_MS, &exchange, done);
}

/* --- the start --- */

typedef enum {
  START_SCRIPT,
  START_PING,
} StartState;
#define START_N_STATES (START_PING + 1)
static const char *const start_names[START_N_STATES] = { "script", "ping" };

typedef struct {
  SqnsPort *port;
  SqnsRelayConfig config;
  guint tries;
  SqnsScriptResult result;
} Start;

static void
start_free (gpointer data)
{
  Start *start = data;
  sqns_script_result_clear (&start->result);
  g_free (start);
}

static void
on_script (SqnsSsm *ssm, gpointer data, const GError *error)
{
  Start *start = data;
  if (!sqns_script_failed (ssm, &start->result, error, SQNS_ERROR_PROTOCOL, "the board cannot run the relay"))
    sqns_ssm_next (ssm);
}

static void
on_ping (SqnsSsm *ssm, gpointer data, const GError *error)
{
  Start *start = data;

  if (error == NULL)
    sqns_ssm_next (ssm);
  else if (--start->tries > 0)
    sqns_ssm_goto (ssm, START_PING);
  else
    sqns_ssm_fail (ssm, error->code, "the relay on the board does not answer: %s", error->message);
}

static void
start_state (SqnsSsm *ssm, guint state, gpointer data)
{
  Start *start = data;
  g_autofree char *host = g_strdup_printf ("%u", start->config.host_speed);
  g_autofree char *modem = g_strdup_printf ("%u", start->config.modem_speed);
  const char *substitutions[] = { "HOST_SPEED", host, "MODEM_SPEED", modem, "PINS", start->config.pins, NULL };
  const SqnsScript script = { "relay.py", substitutions, SQNS_SCRIPT_ACCEPT_MS, TRUE };

  switch ((StartState)state)
    {
    case START_SCRIPT:
      sqns_repl_run (ssm, start->port, &script, &start->result, on_script);
      break;
    case START_PING:
      send_word (ssm, start->port, start->config.host_speed, PING_WORD, PING_LINE, SQNS_RELAY_PING_MS, on_ping);
      break;
    }
}

void
sqns_relay_start (SqnsSsm *ssm, SqnsPort *port, const SqnsRelayConfig *config, SqnsSsmDone done)
{
  static const SqnsSsmClass klass = { "start-relay", start_names, START_N_STATES, START_N_STATES, start_state };
  const Start start = { .port = port, .config = *config, .tries = SQNS_RELAY_PING_TRIES };
  sqns_ssm_run_step (ssm, &klass, g_memdup2 (&start, sizeof start), start_free, done);
}

void
sqns_relay_find (SqnsSsm *ssm, SqnsPort *port, SqnsSsmDone done)
{
  send_word (ssm, port, SQNS_MODEM_SPEED, PING_WORD, PING_LINE, SQNS_RELAY_STRAY_MS, done);
}

/* --- the modem's speed --- */

static const char *const speed_names[] = { "ask" };

typedef struct {
  SqnsPort *port;
  guint speed;
  guint tries;
  char word[24];
  char line[24];
} Speed;

static void
on_speed (SqnsSsm *ssm, gpointer data, const GError *error)
{
  Speed *speed = data;

  if (error == NULL)
    sqns_ssm_next (ssm);
  else if (--speed->tries > 0)
    sqns_ssm_goto (ssm, 0);
  else
    sqns_ssm_fail (ssm, error->code, "cannot change the speed of the relay on the board: %s", error->message);
}

static void
speed_state (SqnsSsm *ssm, guint state, gpointer data)
{
  Speed *speed = data;

  sqns_port_remark (speed->port, "setting the relay to %u baud at the modem", speed->speed);
  send_word (ssm, speed->port, 0, speed->word, speed->line, SQNS_RELAY_PING_MS, on_speed);
}

void
sqns_relay_set_speed_async (
    SqnsPort *port, guint modem_speed, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  static const SqnsSsmClass klass = { "speed-relay", speed_names, 1, 1, speed_state };
  Speed *speed = g_new0 (Speed, 1);

  g_assert (modem_speed < 1000000); /* the word has six digits for it */
  *speed = (Speed){ port, modem_speed, SQNS_RELAY_SPEED_TRIES };
  g_snprintf (speed->word, sizeof speed->word, SPEED_WORD, modem_speed);
  g_snprintf (speed->line, sizeof speed->line, SPEED_LINE, modem_speed);
  sqns_ssm_run (&klass, g_task_new (port, cancellable, callback, user_data), speed, g_free);
}

gboolean
sqns_relay_set_speed_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* --- the end --- */

typedef enum {
  QUIT_SEND,
  QUIT_PROMPT,
} QuitState;
#define QUIT_N_STATES (QUIT_PROMPT + 1)
static const char *const quit_names[QUIT_N_STATES] = { "word", "prompt" };

typedef struct {
  SqnsPort *port;
  guint host_speed;
  guint tries;
} Quit;

/* The answer is waited for, so that the speed does not change while the word is on the wire; a relay that was reset
 * meanwhile gives none. */
static void
on_word (SqnsSsm *ssm, gpointer data, const GError *error)
{
  sqns_ssm_next_in_ms (ssm, SQNS_RELAY_QUIET_MS);
}

/* Without a prompt the word may have been damaged on its way, and the relay runs on. */
static void
on_prompt (SqnsSsm *ssm, gpointer data, const GError *error)
{
  Quit *quit = data;

  if (error == NULL)
    sqns_ssm_next (ssm);
  else if (--quit->tries > 0)
    sqns_ssm_goto (ssm, QUIT_SEND);
  else
    sqns_ssm_fail_error (ssm, g_error_copy (error));
}

static void
quit_state (SqnsSsm *ssm, guint state, gpointer data)
{
  static const SqnsExchange prompt = {
    .request = (const guint8 *)"\x03\x02",
    .request_len = 2,
    .speed = SQNS_REPL_SPEED,
    .match = sqns_repl_match_prompt,
    .timeout_ms = SQNS_RELAY_PROMPT_MS,
  };
  Quit *quit = data;

  switch ((QuitState)state)
    {
    case QUIT_SEND:
      sqns_port_remark (quit->port, "stopping the relay");
      send_word (ssm, quit->port, quit->host_speed, QUIT_WORD, QUIT_LINE, SQNS_RELAY_PING_MS, on_word);
      break;
    case QUIT_PROMPT:
      sqns_port_ask (ssm, quit->port, 2 * SQNS_RELAY_QUIET_MS, &prompt, on_prompt);
      break;
    }
}

void
sqns_relay_quit_async (SqnsPort *port, GAsyncReadyCallback callback, gpointer user_data)
{
  static const SqnsSsmClass klass = { "quit-relay", quit_names, QUIT_N_STATES, QUIT_N_STATES, quit_state };
  const Quit quit = { port, sqns_port_speed (port), SQNS_RELAY_QUIT_TRIES };
  sqns_ssm_run (&klass, g_task_new (port, NULL, callback, user_data), g_memdup2 (&quit, sizeof quit), g_free);
}

gboolean
sqns_relay_quit_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
