/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sequential state machine that drives a GTask. */
#include "base/log.h"
#include "base/source.h"
#include "base/ssm.h"

/* Delays that end in one iteration of the main loop; the others end in the next. */
#define MAX_DELAYS 16u

typedef enum {
  MOVE_NONE,
  MOVE_STATE,
  MOVE_END,
} Move;

struct _SqnsSsm {
  const SqnsSsmClass *klass;
  GTask *task;
  gpointer data;
  GDestroyNotify free_data;
  guint state;
  Move pending;
  guint pending_state;
  SqnsSsmDone done; /* of the step that runs */
  gboolean running; /* inside the trampoline */
  gboolean cleaning;
  GError *error;
  gpointer result;
  GDestroyNotify free_result;
  GSource *delay;
  GSource *cancel; /* fails a pending delay; only while one is pending */
};

static SqnsSsmHook state_hook;
static gpointer state_hook_data;

static void drop_delay (SqnsSsm *ssm);

void
sqns_ssm_set_hook (SqnsSsmHook hook, gpointer data)
{
  state_hook = hook;
  state_hook_data = data;
}

static void
finish (SqnsSsm *ssm)
{
  GTask *task = ssm->task;

  if (ssm->error != NULL)
    {
      if (ssm->result != NULL && ssm->free_result != NULL)
        ssm->free_result (ssm->result);
      g_task_return_error (task, ssm->error);
    }
  else if (ssm->result != NULL)
    g_task_return_pointer (task, ssm->result, ssm->free_result);
  else
    g_task_return_boolean (task, TRUE);

  drop_delay (ssm);
  if (ssm->free_data != NULL)
    ssm->free_data (ssm->data);
  g_free (ssm);
  g_object_unref (task);
}

/* Always a plain "cancelled", whatever was pending. */
static GError *
cancelled (void)
{
  return g_error_new_literal (SQNS_ERROR, SQNS_ERROR_CANCELLED, "cancelled");
}

/* Falling off the end enters cleanup; so does a cancellation that no step has seen yet. */
static void
enter (SqnsSsm *ssm, guint state)
{
  const SqnsSsmClass *klass = ssm->klass;

  if (!ssm->cleaning && state < klass->first_cleanup)
    {
      if (g_cancellable_is_cancelled (g_task_get_cancellable (ssm->task)))
        {
          ssm->error = cancelled ();
          state = klass->first_cleanup;
        }
    }
  if (state >= klass->first_cleanup)
    ssm->cleaning = TRUE;
  if (state >= klass->n_states)
    {
      ssm->pending = MOVE_END;
      return;
    }
  ssm->state = state;
  sqns_debug (NULL, "%s: %s", klass->name, klass->state_names[state]);
  if (state_hook != NULL)
    state_hook (klass, state, state_hook_data);
  klass->handler (ssm, state, ssm->data);
}

static void
run (SqnsSsm *ssm)
{
  if (ssm->running)
    return;
  ssm->running = TRUE;
  while (ssm->pending == MOVE_STATE)
    {
      ssm->pending = MOVE_NONE;
      enter (ssm, ssm->pending_state);
    }
  ssm->running = FALSE;
  if (ssm->pending == MOVE_END)
    finish (ssm);
}

static void
move (SqnsSsm *ssm, guint state)
{
  g_assert (ssm->pending == MOVE_NONE);
  drop_delay (ssm);
  ssm->pending = MOVE_STATE;
  ssm->pending_state = state;
  run (ssm);
}

void
sqns_ssm_run (const SqnsSsmClass *klass, GTask *task, gpointer data, GDestroyNotify free_data)
{
  SqnsSsm *ssm = g_new0 (SqnsSsm, 1);

  g_assert (klass->state_names[klass->n_states - 1] != NULL);
  ssm->klass = klass;
  ssm->task = task;
  ssm->data = data;
  ssm->free_data = free_data;
  /* the machine reports a cancel itself, after its cleanup states */
  g_task_set_check_cancellable (task, FALSE);
  move (ssm, 0);
}

gpointer
sqns_ssm_data (SqnsSsm *ssm)
{
  return ssm->data;
}

GTask *
sqns_ssm_task (SqnsSsm *ssm)
{
  return ssm->task;
}

guint
sqns_ssm_state (SqnsSsm *ssm)
{
  return ssm->state;
}

GCancellable *
sqns_ssm_cancellable (SqnsSsm *ssm)
{
  return ssm->cleaning ? NULL : g_task_get_cancellable (ssm->task);
}

const GError *
sqns_ssm_error (SqnsSsm *ssm)
{
  return ssm->error;
}

void
sqns_ssm_replace_error (SqnsSsm *ssm, GError *error)
{
  g_clear_error (&ssm->error);
  ssm->error = error;
}

void
sqns_ssm_next (SqnsSsm *ssm)
{
  move (ssm, ssm->state + 1);
}

void
sqns_ssm_goto (SqnsSsm *ssm, guint state)
{
  move (ssm, state);
}

void
sqns_ssm_complete (SqnsSsm *ssm)
{
  move (ssm, ssm->cleaning ? ssm->klass->n_states : ssm->klass->first_cleanup);
}

void
sqns_ssm_fail_error (SqnsSsm *ssm, GError *error)
{
  error = sqns_error_normalize (error);
  if (ssm->error != NULL)
    g_error_free (error);
  else if (g_error_matches (error, SQNS_ERROR, SQNS_ERROR_CANCELLED))
    {
      ssm->error = cancelled ();
      g_error_free (error);
    }
  else
    ssm->error = error;
  move (ssm, ssm->cleaning ? ssm->state + 1 : ssm->klass->first_cleanup);
}

void
sqns_ssm_fail (SqnsSsm *ssm, SqnsError code, const char *format, ...)
{
  va_list args;
  va_start (args, format);
  GError *error = g_error_new_valist (SQNS_ERROR, code, format, args);
  va_end (args);
  sqns_ssm_fail_error (ssm, error);
}

gboolean
sqns_ssm_failed (SqnsSsm *ssm, const GError *error)
{
  if (error != NULL)
    sqns_ssm_fail_error (ssm, g_error_copy (error));
  return error != NULL;
}

void
sqns_ssm_next_or_fail (SqnsSsm *ssm, gboolean ok, GError *error)
{
  if (ok)
    sqns_ssm_next (ssm);
  else
    sqns_ssm_fail_error (ssm, error);
}

static gboolean
ends_the_machine (const GError *error)
{
  return error->domain != SQNS_ERROR || error->code == SQNS_ERROR_CANCELLED || error->code == SQNS_ERROR_DEVICE_LOST
         || error->code == SQNS_ERROR_BUSY || error->code == SQNS_ERROR_FAILED;
}

static void
on_step (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  SqnsSsmDone done = ssm->done;
  g_autoptr (GError) error = NULL;

  gboolean well = g_task_propagate_boolean (G_TASK (result), &error);
  if (done == NULL || (!well && ends_the_machine (error)))
    sqns_ssm_next_or_fail (ssm, well, g_steal_pointer (&error));
  else
    done (ssm, ssm->data, error);
}

GAsyncReadyCallback
sqns_ssm_step (SqnsSsm *ssm, SqnsSsmDone done)
{
  ssm->done = done;
  return on_step;
}

void
sqns_ssm_run_step (SqnsSsm *ssm, const SqnsSsmClass *klass, gpointer data, GDestroyNotify free_data, SqnsSsmDone done)
{
  gpointer source = g_task_get_source_object (ssm->task);
  GTask *task = g_task_new (source, sqns_ssm_cancellable (ssm), sqns_ssm_step (ssm, done), ssm);
  sqns_ssm_run (klass, task, data, free_data);
}

void
sqns_ssm_set_result (SqnsSsm *ssm, gpointer result, GDestroyNotify free_result)
{
  g_assert (ssm->result == NULL);
  ssm->result = result;
  ssm->free_result = free_result;
}

static void
drop_delay (SqnsSsm *ssm)
{
  sqns_clear_source (&ssm->delay);
  sqns_clear_source (&ssm->cancel);
}

static gboolean
on_delay (gpointer data)
{
  SqnsSsm *ssm = data;
  move (ssm, ssm->pending_state);
  return G_SOURCE_REMOVE;
}

/* Spreads delays that expire together over several iterations of the main loop. */
static gboolean
dispatch_delay (GSource *source, GSourceFunc callback, gpointer user_data)
{
  static gint64 turn_us;
  static guint ended;

  if (turn_us != g_source_get_time (source))
    {
      turn_us = g_source_get_time (source);
      ended = 0;
    }
  return ended++ < MAX_DELAYS ? callback (user_data) : G_SOURCE_CONTINUE;
}

static GSourceFuncs delay_funcs = { .dispatch = dispatch_delay };

static gboolean
on_cancelled (GCancellable *cancellable, gpointer data)
{
  sqns_ssm_fail_error (data, cancelled ());
  return G_SOURCE_REMOVE;
}

void
sqns_ssm_goto_in_ms (SqnsSsm *ssm, guint state, guint ms)
{
  g_assert (ssm->pending == MOVE_NONE && ssm->delay == NULL);
  GMainContext *context = g_task_get_context (ssm->task);

  ssm->pending_state = state;
  ssm->delay = g_source_new (&delay_funcs, sizeof (GSource));
  g_source_set_ready_time (ssm->delay, g_get_monotonic_time () + (gint64)ms * 1000);
  g_source_set_callback (ssm->delay, on_delay, ssm, NULL);
  g_source_attach (ssm->delay, context);

  GCancellable *cancellable = sqns_ssm_cancellable (ssm);
  if (cancellable != NULL)
    {
      ssm->cancel = g_cancellable_source_new (cancellable);
      g_source_set_callback (ssm->cancel, G_SOURCE_FUNC (on_cancelled), ssm, NULL);
      g_source_attach (ssm->cancel, context);
    }
}

void
sqns_ssm_next_in_ms (SqnsSsm *ssm, guint ms)
{
  sqns_ssm_goto_in_ms (ssm, ssm->state + 1, ms);
}
