/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Brings a board into its firmware's passthrough. */
#include "board/passthrough.h"

#include "base/deadlines.h"
#include "base/patience.h"
#include "base/ssm.h"
#include "board/repl-session.h"
#include "codec/repl.h"

typedef enum {
  STATE_LTE_TASK,
  STATE_MIRROR,
  N_STATES,
} State;
static const char *const state_names[] = { "lte-task", "mirror" };
G_STATIC_ASSERT (G_N_ELEMENTS (state_names) == N_STATES);

typedef struct {
  SqnsPort *port;
  const SqnsMonitor *monitor;
  gboolean lte_task;
} Passthrough;

static void
passthrough_free (gpointer data)
{
  Passthrough *passthrough = data;
  g_object_unref (passthrough->port);
  g_free (passthrough);
}

static void
on_lte_task (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (SqnsScriptResult) script = sqns_repl_run_finish (result, &error);

  if (script != NULL && *script->errors == '\0')
    sqns_ssm_next (ssm);
  else if (script == NULL && !sqns_error_is_timeout (error))
    sqns_ssm_fail_error (ssm, g_steal_pointer (&error));
  else
    sqns_ssm_fail (ssm, SQNS_ERROR_NOT_SUPPORTED,
                   "the board's LTE task does not start, and without it passthrough stays silent");
}

static void
on_mirror (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  GError *error = NULL;
  g_autoptr (SqnsScriptResult) script = sqns_repl_run_finish (result, &error);

  if (script == NULL)
    sqns_ssm_fail_error (ssm, error);
  else if (*script->errors != '\0')
    sqns_ssm_fail (ssm, SQNS_ERROR_NOT_SUPPORTED, "the board refuses passthrough: %s",
                   sqns_repl_error_line (script->errors));
  else
    sqns_ssm_next (ssm);
}

static void
passthrough_state (SqnsSsm *ssm, guint state, gpointer data)
{
  Passthrough *passthrough = data;
  const SqnsMonitor *monitor = passthrough->monitor;

  switch ((State)state)
    {
    case STATE_LTE_TASK:
      if (!passthrough->lte_task)
        {
          sqns_ssm_next (ssm);
          break;
        }
      sqns_monitor_remark (monitor, "starts the board's LTE task, without which passthrough stays silent");
      sqns_repl_run_async (passthrough->port, monitor, "lte_task.py", NULL, sqns_patience_ms (SQNS_LTE_TASK_MS), FALSE,
                           sqns_ssm_cancellable (ssm), on_lte_task, ssm);
      break;
    case STATE_MIRROR:
      sqns_monitor_remark (monitor, "starts the board's passthrough");
      sqns_repl_run_async (passthrough->port, monitor, "passthrough.py", NULL, SQNS_SCRIPT_ACCEPT_MS, TRUE,
                           sqns_ssm_cancellable (ssm), on_mirror, ssm);
      break;
    case N_STATES:
      g_assert_not_reached ();
    }
}

void
sqns_passthrough_start_async (SqnsPort *port,
                              const SqnsMonitor *monitor,
                              gboolean lte_task,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  static const SqnsSsmClass klass = { "passthrough", state_names, N_STATES, N_STATES, passthrough_state };
  Passthrough *passthrough = g_new0 (Passthrough, 1);

  passthrough->port = g_object_ref (port);
  passthrough->monitor = monitor;
  passthrough->lte_task = lte_task;
  sqns_ssm_run (&klass, g_task_new (port, cancellable, callback, user_data), passthrough, passthrough_free);
}

gboolean
sqns_passthrough_start_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
