/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Boots the modem into another mode and waits for it. */
#include "modem/bootmode.h"

#include "at/command.h"
#include "base/deadlines.h"
#include "base/patience.h"
#include "base/ssm.h"

#define SILENCES_PER_SPEED 12 /* sources disagree on the speed of RECOVERY (field-failures.md §2.2) */
#define SILENCES_BEFORE_FFH 3 /* the boot ROM talks at 115200, that is sure */

typedef enum {
  STATE_SWITCH_NOW,
  STATE_FALLBACK_PAUSE,
  STATE_SWITCH_LATER,
  STATE_RESET,
  STATE_POLL,
  STATE_ASK_MODE,
  STATE_OTHER_SPEED,
  STATE_PAUSE,
  N_STATES,
} State;
static const char *const state_names[] = {
  "switch-now", "fallback-pause", "switch-later", "reset", "poll", "ask-mode", "other-speed", "pause",
};
G_STATIC_ASSERT (G_N_ELEMENTS (state_names) == N_STATES);

typedef struct {
  SqnsLink *link;
  SqnsPort *port;
  const SqnsMonitor *monitor;
  SqnsMode target;  /* UNKNOWN: whatever comes after UPDATER */
  guint deadline_s; /* for each switch that is asked for */
  gint64 deadline_us;
  gint64 asked_us; /* when the modem was told to reboot */
  guint attempts;
  guint silences; /* polls in a row without an answer */
  SqnsMode seen;
} Bootmode;

static void
bootmode_free (gpointer data)
{
  Bootmode *bootmode = data;
  g_object_unref (bootmode->link);
  g_free (bootmode);
}

/* AT+SMSWBOOT's own numbers (protocol.md §2). */
static char *
switch_command (Bootmode *bootmode, gboolean now)
{
  int mode = bootmode->target == SQNS_MODE_RECOVERY ? 3 : bootmode->target == SQNS_MODE_FFH ? 0 : 1;
  return g_strdup_printf ("AT+SMSWBOOT=%d,%d", mode, now ? 1 : 0);
}

static void
give_up (SqnsSsm *ssm)
{
  Bootmode *bootmode = sqns_ssm_data (ssm);
  const char *in = bootmode->seen == SQNS_MODE_UNKNOWN ? "" : ", it is in ";
  const char *seen = bootmode->seen == SQNS_MODE_UNKNOWN ? "" : sqns_mode_name (bootmode->seen);

  if (bootmode->target == SQNS_MODE_UNKNOWN)
    sqns_ssm_fail (ssm, SQNS_ERROR_TIMEOUT, "the modem has not finished what it is applying by itself%s%s", in, seen);
  else
    sqns_ssm_fail (ssm, SQNS_ERROR_TIMEOUT, "the modem did not come up in %s mode%s%s",
                   sqns_mode_name (bootmode->target), in, seen);
}

static gboolean
is_there (Bootmode *bootmode, SqnsMode mode)
{
  if (bootmode->target == SQNS_MODE_UNKNOWN)
    return mode != SQNS_MODE_UNKNOWN && mode != SQNS_MODE_UPDATER;
  return mode == bootmode->target;
}

static void
mode_seen (SqnsSsm *ssm, SqnsMode mode)
{
  Bootmode *bootmode = sqns_ssm_data (ssm);
  gint64 now = g_get_monotonic_time ();

  bootmode->seen = mode;
  if (is_there (bootmode, mode))
    sqns_ssm_complete (ssm);
  else if (now > bootmode->deadline_us)
    give_up (ssm);
  else if (bootmode->target != SQNS_MODE_UNKNOWN && mode != SQNS_MODE_UNKNOWN && mode != SQNS_MODE_UPDATER
           && now > bootmode->asked_us + sqns_patience_us (SQNS_BOOT_UNCHANGED_S))
    {
      if (--bootmode->attempts == 0)
        {
          give_up (ssm);
          return;
        }
      bootmode->deadline_us = now + sqns_patience_us (bootmode->deadline_s);
      sqns_ssm_goto (ssm, STATE_SWITCH_NOW);
    }
  else
    sqns_ssm_goto (ssm, STATE_PAUSE);
}

static gboolean
wants_other_speed (Bootmode *bootmode)
{
  guint every = bootmode->target == SQNS_MODE_FFH ? SILENCES_BEFORE_FFH : SILENCES_PER_SPEED;
  return ++bootmode->silences % every == 0 && sqns_link_can_set_speed (bootmode->link);
}

static void
on_speed_set (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Bootmode *bootmode = sqns_ssm_data (ssm);
  GError *error = NULL;

  /* a relay that does not answer just now will be asked again */
  gboolean ok = sqns_link_set_speed_finish (bootmode->link, result, &error);
  if (!ok && sqns_error_is_timeout (error))
    {
      g_clear_error (&error);
      ok = TRUE;
    }
  sqns_ssm_next_or_fail (ssm, ok, error);
}

static void
try_other_speed (SqnsSsm *ssm)
{
  Bootmode *bootmode = sqns_ssm_data (ssm);
  guint speed = sqns_link_speed (bootmode->link) == SQNS_MODEM_SPEED ? SQNS_REPL_SPEED : SQNS_MODEM_SPEED;

  sqns_monitor_remark (bootmode->monitor, "silence: tries %u baud", speed);
  sqns_link_set_speed_async (bootmode->link, speed, sqns_ssm_cancellable (ssm), on_speed_set, ssm);
}

static void
on_asked (SqnsSsm *ssm, const SqnsAtReply *reply)
{
  Bootmode *bootmode = sqns_ssm_data (ssm);
  gboolean ok = reply->final == SQNS_AT_OK;

  bootmode->silences = 0;
  if (sqns_ssm_state (ssm) <= STATE_RESET)
    bootmode->asked_us = g_get_monotonic_time ();
  switch ((State)sqns_ssm_state (ssm))
    {
    case STATE_SWITCH_NOW:
      sqns_ssm_goto (ssm, ok ? STATE_PAUSE : STATE_FALLBACK_PAUSE);
      break;
    case STATE_SWITCH_LATER:
      if (ok)
        sqns_ssm_next (ssm);
      else if (--bootmode->attempts > 0)
        sqns_ssm_goto (ssm, STATE_FALLBACK_PAUSE);
      else
        sqns_ssm_fail (ssm, SQNS_ERROR_MODEM_REFUSED, "the modem refuses to switch to %s mode",
                       sqns_mode_name (bootmode->target));
      break;
    case STATE_RESET:
      sqns_ssm_goto (ssm, STATE_PAUSE);
      break;
    case STATE_POLL:
      if (!ok && g_get_monotonic_time () > bootmode->deadline_us)
        give_up (ssm);
      else
        sqns_ssm_goto (ssm, ok ? STATE_ASK_MODE : STATE_PAUSE);
      break;
    case STATE_ASK_MODE:
      mode_seen (ssm, sqns_at_smod (reply));
      break;
    case STATE_FALLBACK_PAUSE:
    case STATE_OTHER_SPEED:
    case STATE_PAUSE:
    case N_STATES:
      g_assert_not_reached ();
    }
}

static void
on_reply (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Bootmode *bootmode = sqns_ssm_data (ssm);
  g_autoptr (GError) error = NULL;
  g_auto (SqnsAtReply) reply = { 0 };

  if (sqns_command_finish (bootmode->port, result, &reply, &error))
    on_asked (ssm, &reply);
  else if (!sqns_error_is_timeout (error))
    sqns_ssm_fail_error (ssm, g_steal_pointer (&error));
  else if (g_get_monotonic_time () > bootmode->deadline_us)
    give_up (ssm);
  else
    {
      /* it may have gone down before its answer was out: what it is now decides */
      if (bootmode->asked_us == 0)
        bootmode->asked_us = g_get_monotonic_time ();
      sqns_ssm_goto (ssm, wants_other_speed (bootmode) ? STATE_OTHER_SPEED : STATE_PAUSE);
    }
}

static void
ask (SqnsSsm *ssm, const char *command, guint timeout_ms)
{
  Bootmode *bootmode = sqns_ssm_data (ssm);
  sqns_command_async (bootmode->port, bootmode->monitor, command, timeout_ms, sqns_ssm_cancellable (ssm), on_reply,
                      ssm);
}

static void
bootmode_state (SqnsSsm *ssm, guint state, gpointer data)
{
  Bootmode *bootmode = data;
  g_autofree char *command = NULL;

  switch ((State)state)
    {
    case STATE_SWITCH_NOW:
      if (bootmode->target == SQNS_MODE_UNKNOWN)
        {
          sqns_ssm_goto (ssm, STATE_POLL);
          break;
        }
      command = switch_command (bootmode, TRUE);
      ask (ssm, command, SQNS_ANSWER_MS);
      break;
    case STATE_FALLBACK_PAUSE:
      sqns_monitor_remark (bootmode->monitor, "refused; old firmware only knows ,0 with a reset");
      sqns_ssm_next_in_ms (ssm, SQNS_BOOT_FALLBACK_MS);
      break;
    case STATE_SWITCH_LATER:
      command = switch_command (bootmode, FALSE);
      ask (ssm, command, SQNS_ANSWER_MS);
      break;
    case STATE_RESET:
      ask (ssm, "AT^RESET", SQNS_ANSWER_MS);
      break;
    case STATE_POLL:
      ask (ssm, "AT", SQNS_BOOT_POLL_MS);
      break;
    case STATE_ASK_MODE:
      ask (ssm, "AT+SMOD?", SQNS_BOOT_ASK_MS);
      break;
    case STATE_OTHER_SPEED:
      try_other_speed (ssm);
      break;
    case STATE_PAUSE:
      sqns_ssm_goto_in_ms (ssm, STATE_POLL, SQNS_BOOT_PAUSE_MS);
      break;
    case N_STATES:
      g_assert_not_reached ();
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

  bootmode->link = g_object_ref (link);
  bootmode->port = sqns_link_port (link);
  bootmode->monitor = sqns_link_monitor (link);
  bootmode->target = target;
  bootmode->deadline_s = deadline_s;
  bootmode->deadline_us = g_get_monotonic_time () + sqns_patience_us (deadline_s);
  bootmode->attempts = SQNS_BOOT_ATTEMPTS;
  bootmode->seen = SQNS_MODE_UNKNOWN;
  sqns_ssm_run (&klass, g_task_new (link, cancellable, callback, user_data), bootmode, bootmode_free);
}

gboolean
sqns_bootmode_finish (SqnsLink *link, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
