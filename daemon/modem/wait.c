/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waits for a modem that boots. */
#include "modem/wait.h"

#include "base/deadlines.h"

SqnsWaitState
sqns_mode_wait_next (SqnsModeWait *wait, SqnsWaitEvent event, SqnsMode mode, gboolean can_set_speed, gint64 now_us)
{
  gboolean late = now_us > wait->deadline_us;

  wait->answered = event != SQNS_WAIT_SILENCE;
  wait->silences = wait->answered ? 0 : wait->silences + 1;
  switch (event)
    {
    case SQNS_WAIT_SILENCE:
      if (late)
        return SQNS_WAIT_END;
      return can_set_speed && wait->silences % wait->silences_max == 0 ? SQNS_WAIT_OTHER_SPEED : SQNS_WAIT_PAUSE;
    case SQNS_WAIT_ERROR:
      return late ? SQNS_WAIT_ASK_MODE : SQNS_WAIT_PAUSE;
    case SQNS_WAIT_OK:
      return SQNS_WAIT_ASK_MODE;
    case SQNS_WAIT_MODE:
      wait->mode = mode;
      return wait->accepts (wait->data, mode, now_us) || late ? SQNS_WAIT_END : SQNS_WAIT_PAUSE;
    }
  return SQNS_WAIT_END;
}

static void
go_on (SqnsSsm *ssm, SqnsWaitEvent event, SqnsMode mode)
{
  gboolean can_set_speed = sqns_link_can_set_speed (sqns_modem_link (ssm));
  sqns_ssm_goto (ssm, sqns_mode_wait_next (sqns_ssm_data (ssm), event, mode, can_set_speed, g_get_monotonic_time ()));
}

static void
on_poll (SqnsSsm *ssm, gpointer data, const SqnsAtReply *reply, const GError *error)
{
  go_on (ssm,
         reply == NULL                ? SQNS_WAIT_SILENCE
         : reply->final == SQNS_AT_OK ? SQNS_WAIT_OK
                                      : SQNS_WAIT_ERROR,
         SQNS_MODE_UNKNOWN);
}

static void
on_mode (SqnsSsm *ssm, gpointer data, const SqnsAtReply *reply, const GError *error)
{
  if (reply == NULL)
    go_on (ssm, SQNS_WAIT_SILENCE, SQNS_MODE_UNKNOWN);
  else
    go_on (ssm, SQNS_WAIT_MODE, sqns_at_smod (reply));
}

static void
on_speed (SqnsSsm *ssm, gpointer data, const GError *error)
{
  SqnsModeWait *wait = data;

  if (error != NULL && wait->strict)
    sqns_ssm_fail_error (ssm, g_error_copy (error));
  else
    sqns_ssm_next (ssm);
}

static void
try_other_speed (SqnsSsm *ssm)
{
  SqnsLink *link = sqns_modem_link (ssm);
  guint speed = sqns_link_speed (link) == SQNS_MODEM_SPEED ? SQNS_REPL_SPEED : SQNS_MODEM_SPEED;

  sqns_monitor_remark (sqns_link_monitor (link), "no response, trying %u baud", speed);
  sqns_link_set_speed_async (link, speed, sqns_ssm_cancellable (ssm), sqns_ssm_step (ssm, on_speed), ssm);
}

static void
wait_state (SqnsSsm *ssm, guint state, gpointer data)
{
  SqnsModeWait *wait = data;

  switch ((SqnsWaitState)state)
    {
    case SQNS_WAIT_POLL:
      sqns_modem_ask (ssm, "AT", SQNS_BOOT_POLL_MS, on_poll);
      break;
    case SQNS_WAIT_ASK_MODE:
      sqns_modem_ask (ssm, "AT+SMOD?", wait->ask_ms, on_mode);
      break;
    case SQNS_WAIT_OTHER_SPEED:
      try_other_speed (ssm);
      break;
    case SQNS_WAIT_PAUSE:
      sqns_ssm_goto_in_ms (ssm, SQNS_WAIT_POLL, SQNS_BOOT_PAUSE_MS);
      break;
    case SQNS_WAIT_END:
      g_assert_not_reached ();
    }
}

void
sqns_mode_wait (SqnsSsm *ssm, SqnsModeWait *wait, SqnsSsmDone done)
{
  static const char *const names[SQNS_WAIT_END] = { "poll", "ask-mode", "other-speed", "pause" };
  static const SqnsSsmClass klass = { "wait-mode", names, SQNS_WAIT_END, SQNS_WAIT_END, wait_state };
  sqns_ssm_run_step (ssm, &klass, wait, NULL, done);
}
