/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Getting the prompt of the board's MicroPython and running scripts in its raw REPL. */
#include "board/repl-session.h"

#include "base/deadlines.h"
#include "base/timeout.h"
#include "board-scripts.h"
#include "codec/repl.h"

#include <string.h>

/* --- interrupt --- */

typedef enum {
  INTERRUPT_CTRL_C,
  INTERRUPT_CTRL_F,
} InterruptState;
#define INTERRUPT_N_STATES (INTERRUPT_CTRL_F + 1)
static const char *const interrupt_names[INTERRUPT_N_STATES] = { "ctrl-c", "ctrl-f" };

typedef struct {
  SqnsPort *port;
  SqnsInterruptEffort effort;
  guint tries;
  SqnsInterrupt *found;
} Interrupt;

SqnsMatch
sqns_repl_match_prompt (const guint8 *data, gsize len, gsize *consumed, gpointer user_data)
{
  if (sqns_repl_prompt (data, len) != SQNS_PROMPT_FRIENDLY)
    return SQNS_MATCH_MORE;
  *consumed = len;
  return SQNS_MATCH_DONE;
}

/* A program that Ctrl-C has ended says so. */
static SqnsMatch
match_interrupted (const guint8 *data, gsize len, gsize *consumed, gpointer user_data)
{
  Interrupt *interrupt = user_data;

  if (g_strstr_len ((const char *)data, len, "KeyboardInterrupt") != NULL)
    interrupt->found->program = TRUE;
  return sqns_repl_match_prompt (data, len, consumed, NULL);
}

static void
on_interrupted (SqnsSsm *ssm, gpointer data, const GError *error)
{
  Interrupt *interrupt = data;
  gsize len;
  const guint8 *heard = sqns_port_heard (interrupt->port, &len);

  if (error == NULL)
    {
      interrupt->found->prompt = TRUE;
      sqns_ssm_complete (ssm);
      return;
    }
  SqnsNoise noise = sqns_at_classify (heard, len);
  interrupt->found->starts += sqns_repl_starts (heard, len);
  if (noise != SQNS_NOISE_NONE)
    interrupt->found->noise = noise;
  if (--interrupt->tries > 0)
    sqns_ssm_goto (ssm, INTERRUPT_CTRL_C);
  else if (interrupt->effort == SQNS_INTERRUPT_LONG && !interrupt->found->rebooted)
    sqns_ssm_goto (ssm, INTERRUPT_CTRL_F);
  else
    sqns_ssm_complete (ssm);
}

static void
on_safe_boot (SqnsSsm *ssm, gpointer data, const GError *error)
{
  Interrupt *interrupt = data;

  interrupt->found->rebooted = TRUE;
  interrupt->tries = error == NULL ? SQNS_BOOTED_TRIES : SQNS_INTERRUPT_BRIEF_TRIES;
  sqns_ssm_goto (ssm, INTERRUPT_CTRL_C);
}

static void
interrupt_state (SqnsSsm *ssm, guint state, gpointer data)
{
  Interrupt *interrupt = data;
  /* Ctrl-C ends a program or a half-typed line, and does not run it as a CR would; where it brings no prompt, Ctrl-B
   * leaves a raw REPL that was left open. */
  const SqnsExchange ctrl_c = {
    .request = (const guint8 *)"\x03\x02",
    .request_len = interrupt->tries % 2 == 0 ? 1 : 2,
    .speed = SQNS_REPL_SPEED,
    .match = match_interrupted,
    .match_data = interrupt,
    .timeout_ms = SQNS_PROMPT_MS,
  };
  const gboolean at_prompt = interrupt->effort == SQNS_INTERRUPT_SAFE_BOOT;
  const SqnsExchange ctrl_f = {
    .request = (const guint8 *)"\x03\x06" + (at_prompt ? 1 : 0),
    .request_len = at_prompt ? 1 : 2,
    .speed = SQNS_REPL_SPEED,
    .match = sqns_repl_match_prompt,
    .timeout_ms = MAX (sqns_timeout_ms (SQNS_SAFE_BOOT_MS), SQNS_SAFE_BOOT_LEAST_MS),
  };

  switch ((InterruptState)state)
    {
    case INTERRUPT_CTRL_C:
      if (at_prompt && !interrupt->found->rebooted)
        {
          sqns_ssm_next (ssm);
          break;
        }
      sqns_port_remark (interrupt->port, "Ctrl-C at %u baud", SQNS_REPL_SPEED);
      sqns_port_ask (ssm, interrupt->port, SQNS_PROMPT_QUIET_MS, &ctrl_c, on_interrupted);
      break;
    case INTERRUPT_CTRL_F:
      sqns_port_remark (interrupt->port, "Ctrl-F: safe boot of the board, without main.py");
      sqns_port_ask (ssm, interrupt->port, SQNS_PROMPT_QUIET_MS, &ctrl_f, on_safe_boot);
      break;
    }
}

void
sqns_repl_interrupt (SqnsSsm *ssm, SqnsPort *port, SqnsInterruptEffort effort, SqnsInterrupt *found, SqnsSsmDone done)
{
  static const SqnsSsmClass klass = {
    "interrupt", interrupt_names, INTERRUPT_N_STATES, INTERRUPT_N_STATES, interrupt_state,
  };
  const Interrupt start = {
    .port = port,
    .effort = effort,
    .tries = effort == SQNS_INTERRUPT_BRIEF ? SQNS_INTERRUPT_BRIEF_TRIES : SQNS_INTERRUPT_LONG_TRIES,
    .found = found,
  };

  *found = (SqnsInterrupt){ 0 };
  sqns_ssm_run_step (ssm, &klass, g_memdup2 (&start, sizeof start), g_free, done);
}

/* --- run --- */

#define PIECE 256 /* bytes and pause that the board's receive buffer takes (protocol.md §1) */

typedef enum {
  RUN_RAW,
  RUN_SEND,
  RUN_PAUSE,
  RUN_EXECUTE,
  RUN_STAY,
  RUN_LEAVE, /* cleanup: back to the friendly prompt, whatever happened */
} RunState;
#define RUN_N_STATES (RUN_LEAVE + 1)
static const char *const run_names[RUN_N_STATES] = { "raw", "send", "pause", "execute", "stay", "leave" };

typedef struct {
  SqnsPort *port;
  SqnsScript script;
  char *code;
  gsize sent;
  gboolean staying;
  gboolean ended; /* the script came back */
  SqnsReplResult parsed;
  SqnsScriptResult *result;
} Run;

static void
run_free (gpointer data)
{
  Run *run = data;
  g_free (run->code);
  sqns_repl_result_clear (&run->parsed);
  g_free (run);
}

void
sqns_script_result_clear (SqnsScriptResult *result)
{
  g_clear_pointer (&result->output, g_free);
  g_clear_pointer (&result->errors, g_free);
  g_clear_pointer (&result->crash, g_free);
}

static SqnsMatch
match_raw_prompt (const guint8 *data, gsize len, gsize *consumed, gpointer user_data)
{
  if (sqns_repl_prompt (data, len) != SQNS_PROMPT_RAW)
    return SQNS_MATCH_MORE;
  *consumed = len;
  return SQNS_MATCH_DONE;
}

/* The firmware has crashed under the script; what came behind that is kept as far as it has come. */
static gboolean
note_crash (Run *run, const guint8 *data, gsize len)
{
  g_autofree char *said = sqns_repl_crash (data, len);

  if (said == NULL)
    return FALSE;
  g_autofree char *text = g_malloc (len + 1);
  for (gsize i = 0; i < len; i++) /* a board that starts again may give zero bytes */
    text[i] = data[i] != '\0' ? (char)data[i] : '\n';
  text[len] = '\0';
  g_free (run->result->crash);
  run->result->crash = g_utf8_make_valid (text, -1);
  return TRUE;
}

static SqnsMatch
match_result (const guint8 *data, gsize len, gsize *consumed, gpointer user_data)
{
  Run *run = user_data;
  sqns_repl_result_clear (&run->parsed);
  if (sqns_repl_prompt (data, len) == SQNS_PROMPT_FRIENDLY && note_crash (run, data, len))
    return SQNS_MATCH_DONE; /* it has started again */
  return sqns_repl_parse_result (data, len, &run->parsed) == SQNS_REPL_MORE ? SQNS_MATCH_MORE : SQNS_MATCH_DONE;
}

static SqnsMatch
match_accepted (const guint8 *data, gsize len, gsize *consumed, gpointer user_data)
{
  return sqns_repl_accepted (data, len) ? SQNS_MATCH_DONE : SQNS_MATCH_MORE;
}

static void
fail (SqnsSsm *ssm, const GError *error)
{
  Run *run = sqns_ssm_data (ssm);
  sqns_ssm_fail (ssm, error->code, "script %s: %s", run->script.name, error->message);
}

static void
on_sent (SqnsSsm *ssm, gpointer data, const GError *error)
{
  if (error != NULL)
    fail (ssm, error);
  else
    sqns_ssm_next (ssm);
}

/* Takes both. */
static void
set_result (Run *run, char *output, char *errors)
{
  run->result->output = output;
  run->result->errors = errors;
  if (*output)
    sqns_port_trace (run->port, '<', (const guint8 *)output, strlen (output));
  if (*errors)
    sqns_port_trace (run->port, '<', (const guint8 *)errors, strlen (errors));
}

/* Also after a timeout. */
static gboolean
take_crash (SqnsSsm *ssm)
{
  Run *run = sqns_ssm_data (ssm);
  gsize len;
  const guint8 *heard = sqns_port_heard (run->port, &len);

  if (run->result->crash == NULL && !note_crash (run, heard, len))
    return FALSE;
  set_result (run, g_strdup (""), g_strdup (""));
  sqns_port_remark (run->port, "the board's firmware crashed while it ran %s", run->script.name);
  sqns_ssm_goto (ssm, RUN_LEAVE);
  return TRUE;
}

static void
take_result (SqnsSsm *ssm)
{
  Run *run = sqns_ssm_data (ssm);

  if (take_crash (ssm))
    return;
  if (run->parsed.output == NULL)
    {
      sqns_ssm_fail (ssm, SQNS_ERROR_PROTOCOL, "script %s: the board's REPL did not accept the code", run->script.name);
      return;
    }
  run->ended = TRUE;
  set_result (run, g_steal_pointer (&run->parsed.output), g_steal_pointer (&run->parsed.errors));
  sqns_ssm_goto (ssm, RUN_LEAVE);
}

static void
on_executed (SqnsSsm *ssm, gpointer data, const GError *error)
{
  Run *run = data;

  if (error != NULL)
    {
      if (!sqns_error_is_timeout (error) || !take_crash (ssm))
        fail (ssm, error);
    }
  else if (run->script.stay)
    sqns_ssm_next (ssm);
  else
    take_result (ssm);
}

/* A script that ends within the moment has failed: it was to stay. Silence is what was hoped for. */
static void
on_stayed (SqnsSsm *ssm, gpointer data, const GError *error)
{
  Run *run = data;

  if (error == NULL)
    take_result (ssm);
  else if (!take_crash (ssm))
    {
      run->staying = TRUE;
      set_result (run, g_strdup (""), g_strdup (""));
      sqns_ssm_goto (ssm, RUN_LEAVE);
    }
}

static void
on_left (SqnsSsm *ssm, gpointer data, const GError *error)
{
  Run *run = data;

  if (error != NULL)
    sqns_port_remark (run->port, "no prompt after script %s: %s", run->script.name, error->message);
  sqns_ssm_next (ssm);
}

static void
send_piece (SqnsSsm *ssm, Run *run)
{
  gsize left = strlen (run->code) - run->sent;
  SqnsExchange exchange = {
    .request = (const guint8 *)run->code + run->sent,
    .request_len = MIN (left, PIECE),
    .timeout_ms = SQNS_RAW_MS,
  };
  if (left == 0)
    {
      sqns_ssm_goto (ssm, RUN_EXECUTE);
      return;
    }
  run->sent += exchange.request_len;
  sqns_port_ask (ssm, run->port, 0, &exchange, on_sent);
}

static void
run_state (SqnsSsm *ssm, guint state, gpointer data)
{
  static const SqnsExchange enter_raw = {
    .request = (const guint8 *)"\x01",
    .request_len = 1,
    .match = match_raw_prompt,
    .timeout_ms = SQNS_RAW_MS,
  };
  Run *run = data;
  /* after a script that has not come back, Ctrl-C first */
  const SqnsExchange leave_raw = {
    .request = (const guint8 *)"\x03\x02" + (run->ended ? 1 : 0),
    .request_len = run->ended ? 1 : 2,
    .match = sqns_repl_match_prompt,
    .timeout_ms = SQNS_RAW_MS,
  };
  const SqnsExchange execute = {
    .request = (const guint8 *)"\x04",
    .request_len = 1,
    .match = run->script.stay ? match_accepted : match_result,
    .match_data = run,
    .timeout_ms = run->script.timeout_ms,
  };
  const SqnsExchange listen = { .match = match_result, .match_data = run, .timeout_ms = SQNS_SCRIPT_STAY_MS };

  switch ((RunState)state)
    {
    case RUN_RAW:
      sqns_port_remark (run->port, "running %s on the board", run->script.name);
      sqns_port_ask (ssm, run->port, 0, &enter_raw, on_sent);
      break;
    case RUN_SEND:
      send_piece (ssm, run);
      break;
    case RUN_PAUSE:
      /* a piece that was written is not out on the line yet */
      sqns_ssm_goto_in_ms (ssm, RUN_SEND, PIECE * 10 * 1000 / sqns_port_speed (run->port) + SQNS_PIECE_PAUSE_MS);
      break;
    case RUN_EXECUTE:
      sqns_port_ask (ssm, run->port, 0, &execute, on_executed);
      break;
    case RUN_STAY:
      sqns_port_ask (ssm, run->port, 0, &listen, on_stayed);
      break;
    case RUN_LEAVE:
      if (run->staying)
        sqns_ssm_next (ssm);
      else
        sqns_port_ask (ssm, run->port, SQNS_PROMPT_QUIET_MS, &leave_raw, on_left);
      break;
    }
}

void
sqns_repl_run (SqnsSsm *ssm, SqnsPort *port, const SqnsScript *script, SqnsScriptResult *result, SqnsSsmDone done)
{
  static const SqnsSsmClass klass = { "run-script", run_names, RUN_N_STATES, RUN_LEAVE, run_state };
  g_autofree char *path = g_strconcat ("/org/sqnsd1/board/", script->name, NULL);
  (void)sqns_board_scripts_get_resource (); /* links them; the lookup is global, so that a test may overlay them */
  g_autoptr (GBytes) code = g_resources_lookup_data (path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
  Run *run = g_new0 (Run, 1);

  g_assert (code != NULL);
  g_autofree char *text = g_strndup (g_bytes_get_data (code, NULL), g_bytes_get_size (code));
  run->port = port;
  run->script = *script;
  run->code = sqns_repl_prepare (text, script->substitutions);
  run->result = result;
  sqns_script_result_clear (result);
  sqns_ssm_run_step (ssm, &klass, run, run_free, done);
}

gboolean
sqns_script_failed (SqnsSsm *ssm, const SqnsScriptResult *result, const GError *error, SqnsError code, const char *what)
{
  if (sqns_ssm_failed (ssm, error))
    return TRUE;
  if (result->crash != NULL)
    {
      g_autofree char *said = sqns_repl_crash ((const guint8 *)result->crash, strlen (result->crash));
      sqns_ssm_fail (ssm, SQNS_ERROR_PROTOCOL,
                     "the board's firmware crashed (%s), so the modem was not asked; try other firmware on the board",
                     said != NULL ? said : "no reason given");
    }
  else if (*result->errors != '\0')
    sqns_ssm_fail (ssm, code, "%s: %s", what, sqns_repl_error_line (result->errors));
  else
    return FALSE;
  return TRUE;
}
