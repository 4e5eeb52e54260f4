/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* AT^RESET, unless the modem is applying an upgrade, then AT until it is up (protocol.md §2). */
#include "modem/reset.h"

#include "at/command.h"
#include "base/deadlines.h"
#include "base/patience.h"
#include "base/ssm.h"

#define SILENCES_PER_SPEED 12 /* FFH comes up at 115200 whatever it was raised to; others at 921600 */

typedef enum {
  STATE_MODE_BEFORE,
  STATE_REPORT,
  STATE_RESET,
  STATE_POLL,
  STATE_MODE,
  STATE_PAUSE,
  STATE_SPEED,
  N_STATES,
} State;
static const char *const state_names[] = { "mode-before", "report", "reset", "poll", "mode", "pause", "speed" };
G_STATIC_ASSERT (G_N_ELEMENTS (state_names) == N_STATES);

typedef struct {
  SqnsLink *link;
  SqnsPort *port;
  const SqnsMonitor *monitor;
  gint64 deadline_us;
  guint tries;
  guint silences; /* polls in a row without an answer */
  gboolean refused;
} Reset;

static void
reset_free (gpointer data)
{
  Reset *reset = data;
  g_object_unref (reset->link);
  g_free (reset);
}

static gboolean
is_late (Reset *reset)
{
  return g_get_monotonic_time () > reset->deadline_us;
}

static void
give_up (SqnsSsm *ssm)
{
  sqns_ssm_fail (ssm, SQNS_ERROR_TIMEOUT,
                 "the modem was told to restart and does not answer since; leave it its power, and ask it again "
                 "in some minutes");
}

static void
applying (SqnsSsm *ssm)
{
  sqns_ssm_fail (ssm, SQNS_ERROR_WRONG_STATE,
                 "the modem is applying an upgrade by itself: it was not restarted; leave it its power and wait "
                 "until it is done");
}

static void
before_known (SqnsSsm *ssm, SqnsMode mode)
{
  Reset *reset = sqns_ssm_data (ssm);

  if (mode == SQNS_MODE_UPDATER)
    applying (ssm);
  else if (mode == SQNS_MODE_UNKNOWN && --reset->tries > 0)
    sqns_ssm_goto (ssm, STATE_MODE_BEFORE);
  else if (mode == SQNS_MODE_UNKNOWN)
    sqns_ssm_fail (ssm, SQNS_ERROR_WRONG_STATE,
                   "the modem does not say what it is doing, perhaps it applies an upgrade: it was not restarted");
  else
    sqns_ssm_goto (ssm, mode == SQNS_MODE_FFF || mode == SQNS_MODE_FFH ? STATE_RESET : STATE_REPORT);
}

static void
mode_known (SqnsSsm *ssm, SqnsMode mode)
{
  Reset *reset = sqns_ssm_data (ssm);

  if (mode == SQNS_MODE_UNKNOWN && !is_late (reset) && --reset->tries > 0)
    {
      sqns_ssm_goto (ssm, STATE_PAUSE);
      return;
    }
  sqns_monitor_remark (reset->monitor, "the modem is up again: %s", sqns_mode_name (mode));
  sqns_ssm_set_result (ssm, g_memdup2 (&mode, sizeof mode), g_free);
  sqns_ssm_complete (ssm);
}

static void
on_answer (SqnsSsm *ssm, const SqnsAtReply *reply)
{
  Reset *reset = sqns_ssm_data (ssm);

  reset->silences = 0;
  switch ((State)sqns_ssm_state (ssm))
    {
    case STATE_MODE_BEFORE:
      before_known (ssm, sqns_at_smod (reply));
      break;
    case STATE_REPORT:
      if (sqns_at_smupgrade (reply, NULL) == SQNS_REPORT_ON_GOING)
        applying (ssm);
      else
        sqns_ssm_next (ssm);
      break;
    case STATE_POLL:
      if (reply->final == SQNS_AT_OK)
        sqns_ssm_next (ssm);
      else
        sqns_ssm_goto (ssm, is_late (reset) ? STATE_MODE : STATE_PAUSE);
      break;
    case STATE_MODE:
      mode_known (ssm, sqns_at_smod (reply));
      break;
    case STATE_RESET:
    case STATE_PAUSE:
    case STATE_SPEED:
    case N_STATES:
      g_assert_not_reached ();
    }
}

static void
on_silence (SqnsSsm *ssm)
{
  Reset *reset = sqns_ssm_data (ssm);
  State state = sqns_ssm_state (ssm);

  if (state == STATE_MODE_BEFORE || state == STATE_REPORT)
    before_known (ssm, SQNS_MODE_UNKNOWN);
  else if (is_late (reset))
    give_up (ssm);
  else if (++reset->silences % SILENCES_PER_SPEED == 0 && sqns_link_can_set_speed (reset->link))
    sqns_ssm_goto (ssm, STATE_SPEED);
  else
    sqns_ssm_goto (ssm, STATE_PAUSE);
}

static void
on_reply (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Reset *reset = sqns_ssm_data (ssm);
  g_autoptr (GError) error = NULL;
  g_auto (SqnsAtReply) reply = { 0 };

  if (sqns_command_finish (reset->port, result, &reply, &error))
    on_answer (ssm, &reply);
  else if (sqns_error_is_timeout (error))
    on_silence (ssm);
  else
    sqns_ssm_fail_error (ssm, g_steal_pointer (&error));
}

/* OK alone is not the end: an AT that follows too soon would be answered by the modem that is still going down. */
static SqnsMatch
match_down (const guint8 *data, gsize len, gsize *consumed, gpointer user_data)
{
  Reset *reset = user_data;

  reset->refused = sqns_at_find_line (data, len, "ERROR", NULL) || sqns_at_find_line (data, len, "+CME ERROR", NULL);
  if (!reset->refused && !sqns_at_find_line (data, len, "+SHUTDOWN", NULL)
      && !sqns_at_find_line (data, len, "+SYSSTART", NULL))
    return SQNS_MATCH_MORE;
  *consumed = len;
  return SQNS_MATCH_DONE;
}

static void
on_down (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Reset *reset = sqns_ssm_data (ssm);
  g_autoptr (GError) error = NULL;

  reset->tries = SQNS_SMOD_TRIES;
  reset->deadline_us = g_get_monotonic_time () + sqns_patience_us (SQNS_RESTART_S);
  if (!sqns_port_exchange_finish (reset->port, result, &error) && !sqns_error_is_timeout (error))
    sqns_ssm_fail_error (ssm, g_steal_pointer (&error));
  else if (reset->refused)
    sqns_ssm_fail (ssm, SQNS_ERROR_MODEM_REFUSED, "the modem refuses to restart; it goes on as it was");
  else
    sqns_ssm_goto (ssm, STATE_PAUSE);
}

static void
on_speed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Reset *reset = sqns_ssm_data (user_data);
  GError *error = NULL;
  if (sqns_link_set_speed_finish (reset->link, result, &error))
    sqns_ssm_goto (user_data, STATE_POLL);
  else
    sqns_ssm_fail_error (user_data, error);
}

static void
ask (SqnsSsm *ssm, const char *command, guint timeout_ms)
{
  Reset *reset = sqns_ssm_data (ssm);
  sqns_command_async (reset->port, reset->monitor, command, timeout_ms, sqns_ssm_cancellable (ssm), on_reply, ssm);
}

static void
change_speed (SqnsSsm *ssm, Reset *reset)
{
  guint speed = sqns_link_speed (reset->link) == SQNS_MODEM_SPEED ? SQNS_REPL_SPEED : SQNS_MODEM_SPEED;
  sqns_monitor_remark (reset->monitor, "silence: tries %u baud", speed);
  sqns_link_set_speed_async (reset->link, speed, sqns_ssm_cancellable (ssm), on_speed, ssm);
}

static void
reset_state (SqnsSsm *ssm, guint state, gpointer data)
{
  Reset *reset = data;
  const SqnsExchange command = {
    .request = (const guint8 *)"AT^RESET\r",
    .request_len = sizeof "AT^RESET\r" - 1,
    .match = match_down,
    .match_data = reset,
    .timeout_ms = SQNS_RESTART_DOWN_MS,
  };

  switch ((State)state)
    {
    case STATE_MODE_BEFORE:
      ask (ssm, "AT+SMOD?", SQNS_PROBE_MS);
      break;
    case STATE_REPORT:
      ask (ssm, "AT+SMUPGRADE?", SQNS_PROBE_MS);
      break;
    case STATE_RESET:
      sqns_monitor_trace (reset->monitor, '>', command.request, command.request_len - 1);
      sqns_port_exchange_async (reset->port, &command, sqns_ssm_cancellable (ssm), on_down, ssm);
      break;
    case STATE_POLL:
      ask (ssm, "AT", SQNS_BOOT_POLL_MS);
      break;
    case STATE_MODE:
      ask (ssm, "AT+SMOD?", SQNS_PROBE_MS);
      break;
    case STATE_PAUSE:
      sqns_ssm_goto_in_ms (ssm, STATE_POLL, SQNS_BOOT_PAUSE_MS);
      break;
    case STATE_SPEED:
      change_speed (ssm, reset);
      break;
    case N_STATES:
      g_assert_not_reached ();
    }
}

void
sqns_modem_reset_async (SqnsLink *link, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  static const SqnsSsmClass klass = { "modem-reset", state_names, N_STATES, N_STATES, reset_state };
  Reset *reset = g_new0 (Reset, 1);

  reset->link = g_object_ref (link);
  reset->port = sqns_link_port (link);
  reset->monitor = sqns_link_monitor (link);
  reset->tries = SQNS_SMOD_TRIES;
  sqns_ssm_run (&klass, g_task_new (link, cancellable, callback, user_data), reset, reset_free);
}

gboolean
sqns_modem_reset_finish (SqnsLink *link, GAsyncResult *result, SqnsMode *mode, GError **error)
{
  g_autofree SqnsMode *found = g_task_propagate_pointer (G_TASK (result), error);
  if (found == NULL)
    return FALSE;
  if (mode != NULL)
    *mode = *found;
  return TRUE;
}
