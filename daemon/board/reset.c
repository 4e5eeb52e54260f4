/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Gets a board's ESP32 reset, by its PIC or by a person, and its prompt afterwards. */
#include "board/reset.h"

#include "base/deadlines.h"
#include "base/patience.h"
#include "base/ssm.h"
#include "board/repl-session.h"
#include "board/pic.h"
#include "base/messages.h"

typedef enum {
  STATE_PIC,
  STATE_LOOK, /* it may have reset by itself meanwhile */
  STATE_HAND,
  STATE_LISTEN,
  STATE_POLL,
  STATE_YIELD,
  STATE_THANKS, /* cleanup: whatever came of it, the person need not stand there any more */
  N_STATES,
} State;
static const char *const state_names[] = { "pic", "look", "hand", "listen", "poll", "yield", "thanks" };
G_STATIC_ASSERT (G_N_ELEMENTS (state_names) == N_STATES);

typedef struct {
  SqnsPort *port;
  const SqnsMonitor *monitor;
  SqnsResetConfig config;
  gboolean by_pic;
  gboolean asking;
  gint64 deadline_us;
} Reset;

static void
reset_free (gpointer data)
{
  Reset *reset = data;
  g_object_unref (reset->port);
  g_free (reset);
}

static void
stop_asking (Reset *reset)
{
  if (reset->asking)
    sqns_monitor_hand (reset->monitor, NULL);
  reset->asking = FALSE;
}

static void
on_pic (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Reset *reset = sqns_ssm_data (ssm);
  g_autoptr (GError) error = NULL;

  if (sqns_pic_reset_finish (result, &error))
    {
      reset->by_pic = TRUE;
      reset->deadline_us = g_get_monotonic_time () + sqns_patience_us (SQNS_RESET_BOOT_S);
      sqns_ssm_goto (ssm, STATE_LISTEN);
      return;
    }
  if (!g_error_matches (error, SQNS_ERROR, SQNS_ERROR_NOT_SUPPORTED))
    {
      sqns_ssm_fail_error (ssm, g_steal_pointer (&error));
      return;
    }
  sqns_monitor_remark (reset->monitor, "%s", error->message);
  sqns_ssm_next (ssm);
}

static void
ask_person (SqnsSsm *ssm)
{
  Reset *reset = sqns_ssm_data (ssm);

  if (reset->config.hand_s == 0)
    {
      sqns_ssm_fail (ssm, SQNS_ERROR_NEEDS_HAND, "only a reset of the board's ESP32 leads out of its passthrough: %s",
                     sqns_press_reset_message ());
      return;
    }
  gint64 least_us = MIN (reset->config.hand_s, SQNS_HAND_LEAST_S) * G_USEC_PER_SEC;
  reset->deadline_us = g_get_monotonic_time () + MAX (sqns_patience_us (reset->config.hand_s), least_us);
  reset->asking = TRUE;
  sqns_monitor_hand (reset->monitor, sqns_press_reset_message ());
  sqns_ssm_next (ssm);
}

static void
not_reset (SqnsSsm *ssm)
{
  Reset *reset = sqns_ssm_data (ssm);

  if (!reset->by_pic)
    sqns_ssm_fail (ssm, SQNS_ERROR_TIMEOUT,
                   "the board was not reset within %u s: nobody has pressed the reset button on it",
                   reset->config.hand_s);
  else if (reset->config.hand_s > 0)
    {
      sqns_monitor_remark (reset->monitor, "the PIC has reset the module, but it is not heard");
      reset->by_pic = FALSE;
      sqns_ssm_goto (ssm, STATE_HAND);
    }
  else
    sqns_ssm_fail (ssm, SQNS_ERROR_NEEDS_HAND, "the board's PIC has reset the module, but no prompt came: %s",
                   sqns_press_reset_message ());
}

/* Bytes that are text at the REPL's speed come from a board that is out of passthrough. */
static void
on_heard (SqnsSsm *ssm, SqnsNoise noise)
{
  Reset *reset = sqns_ssm_data (ssm);

  if (noise == SQNS_NOISE_TEXT)
    {
      stop_asking (reset);
      sqns_ssm_goto (ssm, STATE_YIELD);
    }
  else if (sqns_ssm_state (ssm) == STATE_LISTEN)
    sqns_ssm_next (ssm);
  else if (g_get_monotonic_time () > reset->deadline_us)
    not_reset (ssm);
  else
    sqns_ssm_goto (ssm, STATE_LISTEN);
}

static void
on_listened (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Reset *reset = sqns_ssm_data (ssm);
  g_autoptr (GError) error = NULL;

  if (sqns_port_resync_finish (reset->port, result, &error))
    {
      sqns_ssm_goto (ssm, STATE_POLL); /* a prompt: does it listen? */
      return;
    }
  if (!sqns_error_is_timeout (error))
    {
      sqns_ssm_fail_error (ssm, g_steal_pointer (&error));
      return;
    }
  gsize len;
  const guint8 *heard = sqns_port_heard (reset->port, &len);
  on_heard (ssm, sqns_at_classify (heard, len));
}

static void
on_interrupted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Reset *reset = sqns_ssm_data (ssm);
  SqnsInterrupt interrupt;
  GError *error = NULL;

  if (!sqns_repl_interrupt_finish (result, &interrupt, &error))
    sqns_ssm_fail_error (ssm, error);
  else if (interrupt.prompt)
    {
      sqns_monitor_remark (reset->monitor, "the board is at its prompt again");
      sqns_ssm_complete (ssm);
    }
  else if (sqns_ssm_state (ssm) == STATE_LOOK && interrupt.noise != SQNS_NOISE_TEXT)
    sqns_ssm_next (ssm);
  else if (sqns_ssm_state (ssm) != STATE_YIELD)
    on_heard (ssm, interrupt.noise);
  else
    sqns_ssm_fail (ssm, SQNS_ERROR_NEEDS_HAND,
                   "a program runs on the board after its reset, and yields neither to Ctrl-C nor to a safe "
                   "boot: keep its safe boot pin (P12) at 3.3 V while you press the reset button");
}

static void
interrupt (SqnsSsm *ssm, SqnsInterruptEffort effort)
{
  Reset *reset = sqns_ssm_data (ssm);
  GError *error = NULL;

  if (sqns_port_set_speed (reset->port, SQNS_REPL_SPEED, &error))
    sqns_repl_interrupt_async (reset->port, reset->monitor, effort, sqns_ssm_cancellable (ssm), on_interrupted, ssm);
  else
    sqns_ssm_fail_error (ssm, error);
}

static void
reset_state (SqnsSsm *ssm, guint state, gpointer data)
{
  Reset *reset = data;
  const SqnsExchange listen
      = { .match = sqns_repl_match_prompt, .timeout_ms = sqns_patience_ms (SQNS_RESET_LISTEN_MS) };

  switch ((State)state)
    {
    case STATE_PIC:
      if (reset->config.pic)
        sqns_pic_reset_async (reset->port, reset->monitor, sqns_ssm_cancellable (ssm), on_pic, ssm);
      else
        sqns_ssm_next (ssm);
      break;
    case STATE_LOOK:
      interrupt (ssm, SQNS_INTERRUPT_POLITE);
      break;
    case STATE_HAND:
      ask_person (ssm);
      break;
    case STATE_LISTEN:
      sqns_port_resync_async (reset->port, SQNS_PROMPT_QUIET_MS, &listen, sqns_ssm_cancellable (ssm), on_listened, ssm);
      break;
    case STATE_POLL:
      interrupt (ssm, SQNS_INTERRUPT_POLITE);
      break;
    case STATE_YIELD:
      sqns_monitor_remark (reset->monitor, "the board talks: its program is asked to yield");
      interrupt (ssm, SQNS_INTERRUPT_INSIST);
      break;
    case STATE_THANKS:
      stop_asking (reset);
      sqns_ssm_next (ssm);
      break;
    case N_STATES:
      g_assert_not_reached ();
    }
}

void
sqns_reset_async (SqnsPort *port,
                  const SqnsMonitor *monitor,
                  const SqnsResetConfig *config,
                  GCancellable *cancellable,
                  GAsyncReadyCallback callback,
                  gpointer user_data)
{
  static const SqnsSsmClass klass = { "reset", state_names, N_STATES, STATE_THANKS, reset_state };
  Reset *reset = g_new0 (Reset, 1);

  reset->port = g_object_ref (port);
  reset->monitor = monitor;
  reset->config = *config;
  sqns_ssm_run (&klass, g_task_new (port, cancellable, callback, user_data), reset, reset_free);
}

gboolean
sqns_reset_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
