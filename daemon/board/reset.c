/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* machine.reset() typed at the prompt, else the PIC's reset line. */
#include "board/reset.h"

#include "base/deadlines.h"
#include "board/pic.h"
#include "board/repl-session.h"
#include "codec/repl.h"
#include "base/messages.h"
#include "serial/port-holder.h"
#include "serial/port-open.h"

typedef enum {
  STATE_OPEN,
  STATE_PROMPT,
  STATE_PIC,
  STATE_PROGRAM, /* the PIC is faster, and sure */
  STATE_RESET,
  STATE_CLOSE, /* cleanup */
} State;
#define N_STATES (STATE_CLOSE + 1)
static const char *const state_names[N_STATES] = { "open", "prompt", "pic", "program", "reset", "close" };

typedef struct {
  char *devnode;
  SqnsLinkKind kind;
  gboolean pic;
  SqnsMonitor monitor;
  SqnsPort *port;
  SqnsInterrupt found;
  SqnsScriptResult result;
} Reset;

static void
reset_free (gpointer data)
{
  Reset *reset = data;
  g_clear_object (&reset->port);
  sqns_script_result_clear (&reset->result);
  g_free (reset->devnode);
  g_free (reset);
}

static void
on_port (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Reset *reset = sqns_ssm_data (ssm);
  GError *error = NULL;

  reset->port = sqns_port_open_finish (result, &error);
  if (reset->port != NULL)
    sqns_port_set_monitor (reset->port, &reset->monitor);
  sqns_ssm_next_or_fail (ssm, reset->port != NULL, error);
}

static void
on_interrupted (SqnsSsm *ssm, gpointer data, const GError *error)
{
  Reset *reset = data;

  if (reset->found.prompt)
    sqns_ssm_goto (ssm, STATE_RESET);
  else if (sqns_ssm_state (ssm) == STATE_PROMPT)
    sqns_ssm_next (ssm);
  else
    sqns_ssm_fail (ssm, SQNS_ERROR_NEEDS_HAND, "%s; this board cannot be reset from software: %s",
                   reset->found.noise == SQNS_NOISE_TEXT
                       ? "a program runs on the board, and neither Ctrl-C nor a safe boot stops it"
                       : "cannot reach the board's Python prompt; the board may be in passthrough",
                   sqns_press_reset_message ());
}

static void
on_pic (SqnsSsm *ssm, gpointer data, const GError *error)
{
  Reset *reset = data;

  sqns_port_remark (reset->port, "%s", error ? error->message : "the board's PIC has reset the module");
  if (error == NULL)
    sqns_ssm_complete (ssm);
  else
    sqns_ssm_next (ssm);
}

static void
on_reset (SqnsSsm *ssm, gpointer data, const GError *error)
{
  Reset *reset = data;

  if (error == NULL && *reset->result.errors != '\0')
    sqns_ssm_fail (ssm, SQNS_ERROR_PROTOCOL, "the board does not reset itself: %s; press its reset button",
                   sqns_repl_error_line (reset->result.errors));
  else if (!sqns_script_failed (ssm, &reset->result, error, SQNS_ERROR_PROTOCOL, ""))
    sqns_ssm_next (ssm);
}

static void
close_port (SqnsSsm *ssm, gboolean held)
{
  Reset *reset = sqns_ssm_data (ssm);

  if (reset->port != NULL)
    sqns_port_close (reset->port);
  sqns_ssm_next (ssm);
}

static void
reset_state (SqnsSsm *ssm, guint state, gpointer data)
{
  static const SqnsScript script = { .name = "machine_reset.py", .timeout_ms = SQNS_SCRIPT_ACCEPT_MS, .stay = TRUE };
  Reset *reset = data;

  switch ((State)state)
    {
    case STATE_OPEN:
      if (reset->kind == SQNS_LINK_DIRECT)
        sqns_ssm_fail (ssm, SQNS_ERROR_NOT_SUPPORTED,
                       "the modem is connected directly, without a module to reset; restart the modem instead (option "
                       "\"modem\", sqnsctl reset --modem)");
      else
        sqns_port_open_async (reset->devnode, SQNS_REPL_SPEED, on_port, ssm);
      break;
    case STATE_PROMPT:
      sqns_repl_interrupt (ssm, reset->port, SQNS_INTERRUPT_BRIEF, &reset->found, on_interrupted);
      break;
    case STATE_PIC:
      if (reset->pic)
        sqns_pic_reset (ssm, reset->port, on_pic);
      else
        sqns_ssm_next (ssm);
      break;
    case STATE_PROGRAM:
      sqns_repl_interrupt (ssm, reset->port, SQNS_INTERRUPT_LONG, &reset->found, on_interrupted);
      break;
    case STATE_RESET:
      sqns_repl_run (ssm, reset->port, &script, &reset->result, on_reset);
      break;
    case STATE_CLOSE:
      sqns_port_holder_explain (ssm, reset->devnode, close_port);
      break;
    }
}

void
sqns_board_reset_async (const char *devnode,
                        SqnsLinkKind kind,
                        gboolean pic,
                        const SqnsMonitor *monitor,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  static const SqnsSsmClass klass = { "board-reset", state_names, N_STATES, STATE_CLOSE, reset_state };
  Reset *reset = g_new0 (Reset, 1);

  reset->devnode = g_strdup (devnode);
  reset->kind = kind;
  reset->pic = pic;
  reset->monitor = *monitor;
  sqns_ssm_run (&klass, g_task_new (NULL, cancellable, callback, user_data), reset, reset_free);
}

gboolean
sqns_board_reset_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
