/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* AT^RESET, unless the modem is applying an upgrade, then AT until it is up (protocol.md §2). */
#include "modem/reset.h"

#include "base/deadlines.h"
#include "base/timeout.h"
#include "modem/wait.h"

typedef enum {
  STATE_MODE_BEFORE,
  STATE_REPORT,
  STATE_RESET,
  STATE_WAIT,
} State;
#define N_STATES (STATE_WAIT + 1)
static const char *const state_names[N_STATES] = { "mode-before", "report", "reset", "wait" };

typedef struct {
  guint tries;
  gboolean refused;
  SqnsModeWait wait;
} Reset;

static void
fail_applying (SqnsSsm *ssm)
{
  sqns_ssm_fail (
      ssm, SQNS_ERROR_WRONG_STATE,
      "leave the board's power on: the modem is applying an upgrade and was not restarted; wait until it has finished");
}

static void
before_known (SqnsSsm *ssm, SqnsMode mode)
{
  Reset *reset = sqns_ssm_data (ssm);

  if (mode == SQNS_MODE_UPDATER)
    fail_applying (ssm);
  else if (mode == SQNS_MODE_UNKNOWN && --reset->tries > 0)
    sqns_ssm_goto (ssm, STATE_MODE_BEFORE);
  else if (mode == SQNS_MODE_UNKNOWN)
    sqns_ssm_fail (ssm, SQNS_ERROR_WRONG_STATE,
                   "the modem was not restarted: it may be applying an upgrade, as it does not report its state");
  else
    sqns_ssm_goto (ssm, mode == SQNS_MODE_FFF || mode == SQNS_MODE_FFH ? STATE_RESET : STATE_REPORT);
}

static void
on_mode_before (SqnsSsm *ssm, gpointer data, const SqnsAtReply *reply, const GError *error)
{
  before_known (ssm, reply != NULL ? sqns_at_smod (reply) : SQNS_MODE_UNKNOWN);
}

static void
on_report (SqnsSsm *ssm, gpointer data, const SqnsAtReply *reply, const GError *error)
{
  if (reply == NULL)
    before_known (ssm, SQNS_MODE_UNKNOWN);
  else if (sqns_at_smupgrade (reply, NULL) == SQNS_REPORT_ON_GOING)
    fail_applying (ssm);
  else
    sqns_ssm_next (ssm);
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
on_down (SqnsSsm *ssm, gpointer data, const GError *error)
{
  Reset *reset = data;

  reset->tries = SQNS_SMOD_TRIES;
  reset->wait.deadline_us = g_get_monotonic_time () + sqns_timeout_us (SQNS_RESTART_S);
  if (error != NULL && !sqns_error_is_timeout (error))
    sqns_ssm_fail_error (ssm, g_error_copy (error));
  else if (reset->refused)
    sqns_ssm_fail (ssm, SQNS_ERROR_MODEM_REFUSED, "the modem refuses to restart and continues as before");
  else
    sqns_ssm_goto_in_ms (ssm, STATE_WAIT, SQNS_BOOT_PAUSE_MS);
}

static void
send_reset (SqnsSsm *ssm, Reset *reset)
{
  const SqnsExchange command = {
    .request = (const guint8 *)"AT^RESET\r",
    .request_len = sizeof "AT^RESET\r" - 1,
    .match = match_down,
    .match_data = reset,
    .timeout_ms = SQNS_RESTART_DOWN_MS,
  };
  SqnsLink *link = sqns_modem_link (ssm);

  sqns_monitor_trace (sqns_link_monitor (link), '>', command.request, command.request_len - 1);
  sqns_port_ask (ssm, sqns_link_port (link), 0, &command, on_down);
}

/* A modem that answers, but does not say its mode, is up. */
static gboolean
accepts (gpointer data, SqnsMode mode, gint64 now_us)
{
  Reset *reset = data;
  return mode != SQNS_MODE_UNKNOWN || --reset->tries == 0;
}

static void
on_waited (SqnsSsm *ssm, gpointer data, const GError *error)
{
  Reset *reset = data;

  if (sqns_ssm_failed (ssm, error))
    return;
  if (!reset->wait.answered)
    sqns_ssm_fail (ssm, SQNS_ERROR_TIMEOUT,
                   "leave the board's power on: the modem was told to restart and has not answered since; ask it again "
                   "in a few minutes");
  else
    {
      sqns_monitor_remark (sqns_link_monitor (sqns_modem_link (ssm)), "the modem has restarted: %s",
                           sqns_mode_name (reset->wait.mode));
      sqns_ssm_set_result (ssm, g_memdup2 (&reset->wait.mode, sizeof reset->wait.mode), g_free);
      sqns_ssm_complete (ssm);
    }
}

static void
reset_state (SqnsSsm *ssm, guint state, gpointer data)
{
  Reset *reset = data;

  switch ((State)state)
    {
    case STATE_MODE_BEFORE:
      sqns_modem_ask (ssm, "AT+SMOD?", SQNS_PROBE_MS, on_mode_before);
      break;
    case STATE_REPORT:
      sqns_modem_ask (ssm, "AT+SMUPGRADE?", SQNS_PROBE_MS, on_report);
      break;
    case STATE_RESET:
      send_reset (ssm, reset);
      break;
    case STATE_WAIT:
      sqns_mode_wait (ssm, &reset->wait, on_waited);
      break;
    }
}

void
sqns_modem_reset_async (SqnsLink *link, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  static const SqnsSsmClass klass = { "modem-reset", state_names, N_STATES, N_STATES, reset_state };
  Reset *reset = g_new0 (Reset, 1);

  reset->tries = SQNS_SMOD_TRIES;
  reset->wait = (SqnsModeWait){
    .ask_ms = SQNS_PROBE_MS,
    .silences_max = SQNS_BOOT_SILENCES,
    .strict = TRUE,
    .accepts = accepts,
    .data = reset,
    .mode = SQNS_MODE_UNKNOWN,
  };
  sqns_ssm_run (&klass, g_task_new (link, cancellable, callback, user_data), reset, g_free);
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
