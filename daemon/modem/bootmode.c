/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Boots the modem into another mode and waits for it. */
#include "modem/bootmode.h"

#include "base/deadlines.h"
#include "base/timeout.h"
#include "modem/wait.h"

typedef enum {
  STATE_SWITCH_NOW,
  STATE_FALLBACK_PAUSE,
  STATE_SWITCH_LATER,
  STATE_RESET,
  STATE_WAIT,
} State;
#define N_STATES (STATE_WAIT + 1)
static const char *const state_names[N_STATES] = { "switch-now", "fallback-pause", "switch-later", "reset", "wait" };

typedef struct {
  SqnsMode target;  /* UNKNOWN: whatever comes after UPDATER */
  guint deadline_s; /* for each switch that is asked for */
  gint64 asked_us;  /* when the modem was told to reboot */
  guint attempts;
  SqnsModeWait wait;
} Bootmode;

static gboolean
is_there (const Bootmode *bootmode, SqnsMode mode)
{
  if (bootmode->target == SQNS_MODE_UNKNOWN)
    return mode != SQNS_MODE_UNKNOWN && mode != SQNS_MODE_UPDATER;
  return mode == bootmode->target;
}

/* A modem that stays in its old mode has not taken the command: it is asked for once more. */
static gboolean
accepts (gpointer data, SqnsMode mode, gint64 now_us)
{
  const Bootmode *bootmode = data;
  gboolean unchanged = bootmode->target != SQNS_MODE_UNKNOWN && mode != SQNS_MODE_UNKNOWN && mode != SQNS_MODE_UPDATER
                       && now_us > bootmode->asked_us + sqns_timeout_us (SQNS_BOOT_UNCHANGED_S);
  return is_there (bootmode, mode) || unchanged;
}

static void
fail_late (SqnsSsm *ssm, const Bootmode *bootmode)
{
  SqnsMode mode = bootmode->wait.mode;
  const char *in = mode == SQNS_MODE_UNKNOWN ? "" : "; it is in ";
  const char *name = mode == SQNS_MODE_UNKNOWN ? "" : sqns_mode_name (mode);

  if (bootmode->target == SQNS_MODE_UNKNOWN)
    sqns_ssm_fail (ssm, SQNS_ERROR_TIMEOUT, "the modem is still applying an upgrade%s%s", in, name);
  else
    sqns_ssm_fail (ssm, SQNS_ERROR_TIMEOUT, "the modem did not start in %s mode%s%s", sqns_mode_name (bootmode->target),
                   in, name);
}

static void
on_waited (SqnsSsm *ssm, gpointer data, const GError *error)
{
  Bootmode *bootmode = data;
  gint64 now = g_get_monotonic_time ();

  if (is_there (bootmode, bootmode->wait.mode))
    sqns_ssm_complete (ssm);
  else if (now > bootmode->wait.deadline_us || --bootmode->attempts == 0)
    fail_late (ssm, bootmode);
  else
    {
      bootmode->wait.deadline_us = now + sqns_timeout_us (bootmode->deadline_s);
      sqns_ssm_goto (ssm, STATE_SWITCH_NOW);
    }
}

static void
on_told (SqnsSsm *ssm, gpointer data, const SqnsAtReply *reply, const GError *error)
{
  Bootmode *bootmode = data;
  State state = sqns_ssm_state (ssm);
  gboolean refused = reply != NULL && reply->final != SQNS_AT_OK;

  /* without an answer it may have gone down already: what it is now decides */
  bootmode->wait.silences = reply != NULL ? 0 : bootmode->wait.silences + 1;
  if (reply != NULL || bootmode->asked_us == 0)
    bootmode->asked_us = g_get_monotonic_time ();
  if (state == STATE_SWITCH_LATER && refused && --bootmode->attempts == 0)
    sqns_ssm_fail (ssm, SQNS_ERROR_MODEM_REFUSED, "the modem refuses to switch to %s mode",
                   sqns_mode_name (bootmode->target));
  else if (state != STATE_RESET && refused)
    sqns_ssm_goto (ssm, STATE_FALLBACK_PAUSE);
  else if (state == STATE_SWITCH_LATER && reply != NULL)
    sqns_ssm_next (ssm);
  else
    sqns_ssm_goto_in_ms (ssm, STATE_WAIT, SQNS_BOOT_PAUSE_MS);
}

/* AT+SMSWBOOT has numbers of its own (protocol.md §2). */
static void
tell (SqnsSsm *ssm, gboolean now)
{
  const Bootmode *bootmode = sqns_ssm_data (ssm);
  int mode = bootmode->target == SQNS_MODE_RECOVERY ? 3 : bootmode->target == SQNS_MODE_FFH ? 0 : 1;
  g_autofree char *command = g_strdup_printf ("AT+SMSWBOOT=%d,%d", mode, now ? 1 : 0);

  sqns_modem_ask (ssm, command, SQNS_ANSWER_MS, on_told);
}

static void
bootmode_state (SqnsSsm *ssm, guint state, gpointer data)
{
  Bootmode *bootmode = data;

  switch ((State)state)
    {
    case STATE_SWITCH_NOW:
      if (bootmode->target == SQNS_MODE_UNKNOWN)
        sqns_ssm_goto (ssm, STATE_WAIT);
      else
        tell (ssm, TRUE);
      break;
    case STATE_FALLBACK_PAUSE:
      sqns_monitor_remark (sqns_link_monitor (sqns_modem_link (ssm)),
                           "refused; old firmware knows only ,0 with a reset");
      sqns_ssm_next_in_ms (ssm, SQNS_BOOT_FALLBACK_MS);
      break;
    case STATE_SWITCH_LATER:
      tell (ssm, FALSE);
      break;
    case STATE_RESET:
      sqns_modem_ask (ssm, "AT^RESET", SQNS_ANSWER_MS, on_told);
      break;
    case STATE_WAIT:
      sqns_mode_wait (ssm, &bootmode->wait, on_waited);
      break;
    }
}

void
sqns_bootmode_async (SqnsLink *link,
                     SqnsMode target,
                     guint deadline_s,
                     GCancellable *cancellable,
                     GAsyncReadyCallback callback,
                     gpointer user_data)
{
  static const SqnsSsmClass klass = { "bootmode", state_names, N_STATES, N_STATES, bootmode_state };
  Bootmode *bootmode = g_new0 (Bootmode, 1);

  bootmode->target = target;
  bootmode->deadline_s = deadline_s;
  bootmode->attempts = SQNS_BOOT_ATTEMPTS;
  bootmode->wait = (SqnsModeWait){
    .ask_ms = SQNS_BOOT_ASK_MS,
    .silences_max = target == SQNS_MODE_FFH ? SQNS_BOOT_FFH_SILENCES : SQNS_BOOT_SILENCES,
    .accepts = accepts,
    .data = bootmode,
    .deadline_us = g_get_monotonic_time () + sqns_timeout_us (deadline_s),
    .mode = SQNS_MODE_UNKNOWN,
  };
  sqns_ssm_run (&klass, g_task_new (link, cancellable, callback, user_data), bootmode, g_free);
}

gboolean
sqns_bootmode_finish (SqnsLink *link, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
