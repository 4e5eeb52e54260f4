/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* machine.reset() typed at the prompt, else the PIC's reset line. */
#include "link/reboot.h"

#include "base/deadlines.h"
#include "base/ssm.h"
#include "board/repl-session.h"
#include "board/pic.h"
#include "codec/repl.h"
#include "base/messages.h"
#include "link/blame.h"
#include "serial/port-open.h"

typedef enum {
  STATE_OPEN,
  STATE_PROMPT,
  STATE_PIC,
  STATE_INSIST, /* the PIC is faster, and sure */
  STATE_RESET,
  STATE_CLOSE, /* cleanup */
  N_STATES,
} State;
static const char *const state_names[] = { "open", "prompt", "pic", "insist", "reset", "close" };
G_STATIC_ASSERT (G_N_ELEMENTS (state_names) == N_STATES);

typedef struct {
  char *devnode;
  SqnsLinkKind kind;
  gboolean pic;
  SqnsMonitor monitor;
  SqnsPort *port;
  SqnsNoise noise; /* what came instead of a prompt */
} Reboot;

static void
reboot_free (gpointer data)
{
  Reboot *reboot = data;
  g_clear_object (&reboot->port);
  g_free (reboot->devnode);
  g_free (reboot);
}

static void
on_port (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Reboot *reboot = sqns_ssm_data (ssm);
  GError *error = NULL;

  reboot->port = sqns_port_open_finish (result, &error);
  sqns_ssm_next_or_fail (ssm, reboot->port != NULL, error);
}

static void
open_port (SqnsSsm *ssm)
{
  Reboot *reboot = sqns_ssm_data (ssm);

  if (reboot->kind == SQNS_LINK_DIRECT)
    {
      sqns_ssm_fail (ssm, SQNS_ERROR_NOT_SUPPORTED,
                     "the modem is the port itself, there is no module to reset; the modem can be restarted "
                     "(option \"modem\", sqnsctl reset --modem)");
      return;
    }
  sqns_port_open_async (reboot->devnode, SQNS_REPL_SPEED, on_port, ssm);
}

static void
no_prompt (SqnsSsm *ssm)
{
  Reboot *reboot = sqns_ssm_data (ssm);
  const char *why = reboot->noise == SQNS_NOISE_TEXT
                        ? "a program runs on the board and yields neither to Ctrl-C nor to a safe boot"
                        : "no board's prompt is to be had; perhaps the board is in passthrough";
  sqns_ssm_fail (ssm, SQNS_ERROR_NEEDS_HAND, "%s, and it has no controller that could reset it: %s", why,
                 sqns_press_reset_message ());
}

static void
on_interrupted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Reboot *reboot = sqns_ssm_data (ssm);
  SqnsInterrupt interrupt;
  GError *error = NULL;

  if (!sqns_repl_interrupt_finish (result, &interrupt, &error))
    {
      sqns_ssm_fail_error (ssm, error);
      return;
    }
  reboot->noise = interrupt.noise;
  if (interrupt.prompt)
    sqns_ssm_goto (ssm, STATE_RESET);
  else if (sqns_ssm_state (ssm) == STATE_PROMPT)
    sqns_ssm_next (ssm);
  else
    no_prompt (ssm);
}

static void
on_pic (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Reboot *reboot = sqns_ssm_data (ssm);
  g_autoptr (GError) error = NULL;

  if (sqns_pic_reset_finish (result, &error))
    {
      sqns_monitor_remark (&reboot->monitor, "the board's PIC has reset the module");
      sqns_ssm_complete (ssm);
    }
  else if (g_error_matches (error, SQNS_ERROR, SQNS_ERROR_NOT_SUPPORTED))
    {
      sqns_monitor_remark (&reboot->monitor, "%s", error->message);
      sqns_ssm_next (ssm);
    }
  else
    sqns_ssm_fail_error (ssm, g_steal_pointer (&error));
}

static void
on_reset (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  GError *error = NULL;
  g_autoptr (SqnsScriptResult) script = sqns_repl_run_finish (result, &error);

  if (script == NULL)
    sqns_ssm_fail_error (ssm, error);
  else if (*script->errors != '\0')
    sqns_ssm_fail (ssm, SQNS_ERROR_PROTOCOL, "the board refuses to reset itself: %s; press its reset button",
                   sqns_repl_error_line (script->errors));
  else
    sqns_ssm_next (ssm);
}

static void
close_port (SqnsSsm *ssm, gboolean held)
{
  Reboot *reboot = sqns_ssm_data (ssm);

  if (reboot->port != NULL)
    sqns_port_close (reboot->port);
  sqns_ssm_next (ssm);
}

static void
reboot_state (SqnsSsm *ssm, guint state, gpointer data)
{
  Reboot *reboot = data;
  GCancellable *cancellable = sqns_ssm_cancellable (ssm);

  switch ((State)state)
    {
    case STATE_OPEN:
      open_port (ssm);
      break;
    case STATE_PROMPT:
      sqns_repl_interrupt_async (reboot->port, &reboot->monitor, SQNS_INTERRUPT_POLITE, cancellable, on_interrupted,
                                 ssm);
      break;
    case STATE_PIC:
      if (reboot->pic)
        sqns_pic_reset_async (reboot->port, &reboot->monitor, cancellable, on_pic, ssm);
      else
        sqns_ssm_next (ssm);
      break;
    case STATE_INSIST:
      sqns_repl_interrupt_async (reboot->port, &reboot->monitor, SQNS_INTERRUPT_INSIST, cancellable, on_interrupted,
                                 ssm);
      break;
    case STATE_RESET:
      sqns_repl_run_async (reboot->port, &reboot->monitor, "machine_reset.py", NULL, SQNS_SCRIPT_ACCEPT_MS, TRUE,
                           cancellable, on_reset, ssm);
      break;
    case STATE_CLOSE:
      sqns_blame_holder (ssm, reboot->devnode, close_port);
      break;
    case N_STATES:
      g_assert_not_reached ();
    }
}

void
sqns_reboot_async (const SqnsLinkConfig *config,
                   const SqnsMonitor *monitor,
                   GCancellable *cancellable,
                   GAsyncReadyCallback callback,
                   gpointer user_data)
{
  static const SqnsSsmClass klass = { "reboot", state_names, N_STATES, STATE_CLOSE, reboot_state };
  Reboot *reboot = g_new0 (Reboot, 1);

  reboot->devnode = g_strdup (config->devnode);
  reboot->kind = config->kind;
  reboot->pic = config->pic;
  reboot->monitor = *monitor;
  sqns_ssm_run (&klass, g_task_new (NULL, cancellable, callback, user_data), reboot, reboot_free);
}

gboolean
sqns_reboot_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
