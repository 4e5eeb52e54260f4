/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Getting the prompt of the board's MicroPython and running scripts in its raw REPL. */
#include "board/repl-session.h"

#include "base/deadlines.h"
#include "base/patience.h"
#include "base/ssm.h"
#include "board-scripts.h"
#include "codec/repl.h"

#include <string.h>

/* --- interrupt --- */

typedef enum {
  INTERRUPT_CTRL_C,
  INTERRUPT_CTRL_F,
  INTERRUPT_BOOTED,
  INTERRUPT_N_STATES,
} InterruptState;
static const char *const interrupt_names[] = { "ctrl-c", "ctrl-f", "booted" };
G_STATIC_ASSERT (G_N_ELEMENTS (interrupt_names) == INTERRUPT_N_STATES);

typedef struct {
  SqnsPort *port;
  const SqnsMonitor *monitor;
  SqnsInterruptEffort effort;
  guint tries;
  SqnsInterrupt found;
} Interrupt;

static void
interrupt_free (gpointer data)
{
  Interrupt *interrupt = data;
  g_object_unref (interrupt->port);
  g_free (interrupt);
}

static void
interrupt_end (SqnsSsm *ssm)
{
  Interrupt *interrupt = sqns_ssm_data (ssm);
  sqns_ssm_set_result (ssm, g_memdup2 (&interrupt->found, sizeof interrupt->found), g_free);
  sqns_ssm_complete (ssm);
}

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
    interrupt->found.program = TRUE;
  return sqns_repl_match_prompt (data, len, consumed, NULL);
}

static void
on_interrupted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Interrupt *interrupt = sqns_ssm_data (ssm);
  g_autoptr (GError) error = NULL;

  if (sqns_port_resync_finish (interrupt->port, result, &error))
    {
      interrupt->found.prompt = TRUE;
      interrupt_end (ssm);
      return;
    }
  if (!sqns_error_is_timeout (error))
    {
      sqns_ssm_fail_error (ssm, g_steal_pointer (&error));
      return;
    }
  gsize len;
  const guint8 *heard = sqns_port_heard (interrupt->port, &len);
  SqnsNoise noise = sqns_at_classify (heard, len);
  interrupt->found.starts += sqns_repl_starts (heard, len);
  if (noise != SQNS_NOISE_NONE)
    interrupt->found.noise = noise;
  if (--interrupt->tries > 0)
    sqns_ssm_goto (ssm, INTERRUPT_CTRL_C);
  else if (interrupt->effort == SQNS_INTERRUPT_INSIST && !interrupt->found.rebooted)
    sqns_ssm_goto (ssm, INTERRUPT_CTRL_F);
  else
    interrupt_end (ssm);
}

static void
on_safe_boot (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Interrupt *interrupt = sqns_ssm_data (ssm);
  g_autoptr (GError) error = NULL;

  gboolean prompt = sqns_port_resync_finish (interrupt->port, result, &error);
  if (!prompt && !sqns_error_is_timeout (error))
    {
      sqns_ssm_fail_error (ssm, g_steal_pointer (&error));
      return;
    }
  interrupt->found.rebooted = TRUE;
  interrupt->tries = prompt ? SQNS_BOOTED_TRIES : SQNS_POLITE_TRIES;
  sqns_ssm_goto (ssm, INTERRUPT_CTRL_C);
}

static void
interrupt_state (SqnsSsm *ssm, guint state, gpointer data)
{
  Interrupt *interrupt = data;
  /* Ctrl-C ends a program or a half-typed line, and does not run it as a CR would; where it brings no prompt, Ctrl-B
   * leaves a raw REPL that somebody left open. */
  const SqnsExchange interrupt_exchange = {
    .request = (const guint8 *)"\x03\x02",
    .request_len = interrupt->tries % 2 == 0 ? 1 : 2,
    .match = match_interrupted,
    .match_data = interrupt,
    .timeout_ms = SQNS_PROMPT_MS,
  };
  const gboolean at_prompt = interrupt->effort == SQNS_INTERRUPT_REBOOT;
  const SqnsExchange safe_boot_exchange = {
    .request = (const guint8 *)"\x03\x06" + (at_prompt ? 1 : 0),
    .request_len = at_prompt ? 1 : 2,
    .match = sqns_repl_match_prompt,
    .timeout_ms = MAX (sqns_patience_ms (SQNS_SAFE_BOOT_MS), SQNS_SAFE_BOOT_LEAST_MS),
  };

  switch ((InterruptState)state)
    {
    case INTERRUPT_CTRL_C:
      if (at_prompt && !interrupt->found.rebooted)
        {
          sqns_ssm_next (ssm);
          break;
        }
      sqns_monitor_remark (interrupt->monitor, "Ctrl-C at %u baud", sqns_port_speed (interrupt->port));
      sqns_port_resync_async (interrupt->port, SQNS_PROMPT_QUIET_MS, &interrupt_exchange, sqns_ssm_cancellable (ssm),
                              on_interrupted, ssm);
      break;
    case INTERRUPT_CTRL_F:
      sqns_monitor_remark (interrupt->monitor, "Ctrl-F: asks the board for a safe boot, without main.py");
      sqns_ssm_next (ssm);
      break;
    case INTERRUPT_BOOTED:
      sqns_port_resync_async (interrupt->port, SQNS_PROMPT_QUIET_MS, &safe_boot_exchange, sqns_ssm_cancellable (ssm),
                              on_safe_boot, ssm);
      break;
    case INTERRUPT_N_STATES:
      g_assert_not_reached ();
    }
}

void
sqns_repl_interrupt_async (SqnsPort *port,
                           const SqnsMonitor *monitor,
                           SqnsInterruptEffort effort,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  static const SqnsSsmClass klass = {
    "interrupt", interrupt_names, INTERRUPT_N_STATES, INTERRUPT_N_STATES, interrupt_state,
  };
  Interrupt *interrupt = g_new0 (Interrupt, 1);

  interrupt->port = g_object_ref (port);
  interrupt->monitor = monitor;
  interrupt->effort = effort;
  interrupt->tries = effort == SQNS_INTERRUPT_POLITE ? SQNS_POLITE_TRIES : SQNS_INSIST_TRIES;
  sqns_ssm_run (&klass, g_task_new (port, cancellable, callback, user_data), interrupt, interrupt_free);
}

gboolean
sqns_repl_interrupt_finish (GAsyncResult *result, SqnsInterrupt *interrupt, GError **error)
{
  g_autofree SqnsInterrupt *found = g_task_propagate_pointer (G_TASK (result), error);
  if (found == NULL)
    return FALSE;
  *interrupt = *found;
  return TRUE;
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
  RUN_N_STATES,
} RunState;
static const char *const run_names[] = { "raw", "send", "pause", "execute", "stay", "leave" };
G_STATIC_ASSERT (G_N_ELEMENTS (run_names) == RUN_N_STATES);

typedef struct {
  SqnsPort *port;
  const SqnsMonitor *monitor;
  char *name;
  char *code;
  gsize sent;
  guint timeout_ms;
  gboolean stay;
  gboolean staying;
  gboolean ended; /* the script came back */
  char *crash;    /* the firmware did not; nullable */
  SqnsReplResult result;
} Run;

static void
run_free (gpointer data)
{
  Run *run = data;
  g_object_unref (run->port);
  g_free (run->name);
  g_free (run->code);
  g_free (run->crash);
  sqns_repl_result_clear (&run->result);
  g_free (run);
}

void
sqns_script_result_free (SqnsScriptResult *result)
{
  if (result == NULL)
    return;
  g_free (result->output);
  g_free (result->errors);
  g_free (result->crash);
  g_free (result);
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
  g_free (run->crash);
  run->crash = g_utf8_make_valid (text, -1);
  return TRUE;
}

static SqnsMatch
match_result (const guint8 *data, gsize len, gsize *consumed, gpointer user_data)
{
  Run *run = user_data;
  sqns_repl_result_clear (&run->result);
  if (sqns_repl_prompt (data, len) == SQNS_PROMPT_FRIENDLY && note_crash (run, data, len))
    return SQNS_MATCH_DONE; /* it has started again */
  return sqns_repl_parse_result (data, len, &run->result) == SQNS_REPL_MORE ? SQNS_MATCH_MORE : SQNS_MATCH_DONE;
}

static SqnsMatch
match_accepted (const guint8 *data, gsize len, gsize *consumed, gpointer user_data)
{
  return sqns_repl_accepted (data, len) ? SQNS_MATCH_DONE : SQNS_MATCH_MORE;
}

static void
on_exchanged (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Run *run = sqns_ssm_data (ssm);
  GError *error = NULL;

  gboolean ok = sqns_port_exchange_finish (run->port, result, &error);
  if (!ok)
    g_prefix_error (&error, "script %s: ", run->name);
  sqns_ssm_next_or_fail (ssm, ok, error);
}

static SqnsScriptResult *
set_script_result (SqnsSsm *ssm, char *output, char *errors)
{
  Run *run = sqns_ssm_data (ssm);
  SqnsScriptResult *result = g_new0 (SqnsScriptResult, 1);

  result->output = output;
  result->errors = errors;
  if (*output)
    sqns_monitor_trace (run->monitor, '<', (const guint8 *)output, strlen (output));
  if (*errors)
    sqns_monitor_trace (run->monitor, '<', (const guint8 *)errors, strlen (errors));
  sqns_ssm_set_result (ssm, result, (GDestroyNotify)sqns_script_result_free);
  return result;
}

/* Also of a script whose end was waited for in vain. */
static gboolean
take_crash (SqnsSsm *ssm)
{
  Run *run = sqns_ssm_data (ssm);
  gsize len;
  const guint8 *heard = sqns_port_heard (run->port, &len);

  if (run->crash == NULL && !note_crash (run, heard, len))
    return FALSE;
  SqnsScriptResult *result = set_script_result (ssm, g_strdup (""), g_strdup (""));
  result->crash = g_strdup (run->crash);
  sqns_monitor_remark (run->monitor, "the board's firmware crashed while it ran %s", run->name);
  sqns_ssm_goto (ssm, RUN_LEAVE);
  return TRUE;
}

static void
take_result (SqnsSsm *ssm)
{
  Run *run = sqns_ssm_data (ssm);

  if (take_crash (ssm))
    return;
  if (run->result.output == NULL)
    {
      sqns_ssm_fail (ssm, SQNS_ERROR_PROTOCOL, "script %s: the board's REPL did not take the code", run->name);
      return;
    }
  run->ended = TRUE;
  set_script_result (ssm, g_steal_pointer (&run->result.output), g_steal_pointer (&run->result.errors));
  sqns_ssm_goto (ssm, RUN_LEAVE);
}

static void
on_executed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Run *run = sqns_ssm_data (ssm);
  GError *error = NULL;

  if (!sqns_port_exchange_finish (run->port, result, &error))
    {
      if (sqns_error_is_timeout (error) && take_crash (ssm))
        {
          g_error_free (error);
          return;
        }
      g_prefix_error (&error, "script %s: ", run->name);
      sqns_ssm_fail_error (ssm, error);
    }
  else if (run->stay)
    sqns_ssm_next (ssm);
  else
    take_result (ssm);
}

/* A script that ends within the moment has failed: it was to stay. Silence is what was hoped for. */
static void
on_stayed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Run *run = sqns_ssm_data (ssm);
  g_autoptr (GError) error = NULL;

  if (sqns_port_exchange_finish (run->port, result, &error))
    {
      take_result (ssm);
      return;
    }
  if (!sqns_error_is_timeout (error))
    {
      sqns_ssm_fail_error (ssm, g_steal_pointer (&error));
      return;
    }
  if (take_crash (ssm))
    return;
  run->staying = TRUE;
  set_script_result (ssm, g_strdup (""), g_strdup (""));
  sqns_ssm_goto (ssm, RUN_LEAVE);
}

static void
on_left (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Run *run = sqns_ssm_data (user_data);
  g_autoptr (GError) error = NULL;

  if (!sqns_port_resync_finish (run->port, result, &error))
    sqns_monitor_remark (run->monitor, "no prompt after script %s: %s", run->name, error->message);
  sqns_ssm_next (user_data);
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
  sqns_port_exchange_async (run->port, &exchange, sqns_ssm_cancellable (ssm), on_exchanged, ssm);
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
  /* after a script that has not come back, Ctrl-C first */
  Run *run = data;
  const SqnsExchange leave_raw = {
    .request = (const guint8 *)"\x03\x02" + (run->ended ? 1 : 0),
    .request_len = run->ended ? 1 : 2,
    .match = sqns_repl_match_prompt,
    .timeout_ms = SQNS_RAW_MS,
  };
  SqnsExchange execute = {
    .request = (const guint8 *)"\x04",
    .request_len = 1,
    .match = run->stay ? match_accepted : match_result,
    .match_data = run,
    .timeout_ms = run->timeout_ms,
  };
  SqnsExchange listen = { .match = match_result, .match_data = run, .timeout_ms = SQNS_SCRIPT_STAY_MS };

  switch ((RunState)state)
    {
    case RUN_RAW:
      sqns_monitor_remark (run->monitor, "runs %s on the board", run->name);
      sqns_port_exchange_async (run->port, &enter_raw, sqns_ssm_cancellable (ssm), on_exchanged, ssm);
      break;
    case RUN_SEND:
      send_piece (ssm, run);
      break;
    case RUN_PAUSE:
      /* a piece that was written is not out on the line yet */
      sqns_ssm_goto_in_ms (ssm, RUN_SEND, PIECE * 10 * 1000 / sqns_port_speed (run->port) + SQNS_PIECE_PAUSE_MS);
      break;
    case RUN_EXECUTE:
      sqns_port_exchange_async (run->port, &execute, sqns_ssm_cancellable (ssm), on_executed, ssm);
      break;
    case RUN_STAY:
      sqns_port_exchange_async (run->port, &listen, sqns_ssm_cancellable (ssm), on_stayed, ssm);
      break;
    case RUN_LEAVE:
      if (run->staying)
        sqns_ssm_next (ssm);
      else
        sqns_port_resync_async (run->port, SQNS_PROMPT_QUIET_MS, &leave_raw, NULL, on_left, ssm);
      break;
    case RUN_N_STATES:
      g_assert_not_reached ();
    }
}

void
sqns_repl_run_async (SqnsPort *port,
                     const SqnsMonitor *monitor,
                     const char *name,
                     const char *const *substitutions,
                     guint timeout_ms,
                     gboolean stay,
                     GCancellable *cancellable,
                     GAsyncReadyCallback callback,
                     gpointer user_data)
{
  static const SqnsSsmClass klass = { "run-script", run_names, RUN_N_STATES, RUN_LEAVE, run_state };
  g_autofree char *path = g_strconcat ("/org/sqnsd1/board/", name, NULL);
  (void)sqns_board_scripts_get_resource (); /* links them; the lookup is global, so that a test may overlay them */
  g_autoptr (GBytes) script = g_resources_lookup_data (path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
  Run *run = g_new0 (Run, 1);

  g_assert (script != NULL);
  g_autofree char *text = g_strndup (g_bytes_get_data (script, NULL), g_bytes_get_size (script));
  run->port = g_object_ref (port);
  run->monitor = monitor;
  run->name = g_strdup (name);
  run->code = sqns_repl_prepare (text, substitutions);
  run->timeout_ms = timeout_ms;
  run->stay = stay;
  sqns_ssm_run (&klass, g_task_new (port, cancellable, callback, user_data), run, run_free);
}

SqnsScriptResult *
sqns_repl_run_finish_crash (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static GError *
crash_error (const char *crash)
{
  g_autofree char *said = sqns_repl_crash ((const guint8 *)crash, strlen (crash));
  return g_error_new (SQNS_ERROR, SQNS_ERROR_PROTOCOL,
                      "the board's firmware crashed (%s), so the modem was not asked; other firmware on the board may "
                      "help",
                      said != NULL ? said : "it does not say why");
}

SqnsScriptResult *
sqns_repl_run_finish (GAsyncResult *result, GError **error)
{
  g_autoptr (SqnsScriptResult) script = sqns_repl_run_finish_crash (result, error);

  if (script == NULL || script->crash == NULL)
    return g_steal_pointer (&script);
  g_propagate_error (error, crash_error (script->crash));
  return NULL;
}
