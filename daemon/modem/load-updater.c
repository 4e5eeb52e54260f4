/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loads an updater ELF into a modem in FFH and waits until it runs. */
#include "modem/load-updater.h"

#include "at/command.h"
#include "base/deadlines.h"
#include "base/patience.h"
#include "base/ssm.h"
#include "modem/upload.h"

#define SILENCES_PER_SPEED 10

typedef enum {
  STATE_GREET,
  STATE_RAISE,
  STATE_FASTER,
  STATE_GREET_FAST,
  STATE_SLOWER, /* only when nobody answered at the higher speed */
  STATE_GREET_SLOW,
  STATE_SMOD,
  STATE_UPLOAD,
  STATE_POLL,
  STATE_ASK_MODE,
  STATE_OTHER_SPEED,
  STATE_PAUSE,
  N_STATES,
} State;
static const char *const state_names[] = {
  "greet", "raise",  "faster", "greet-fast", "slower",      "greet-slow",
  "smod",  "upload", "poll",   "ask-mode",   "other-speed", "pause",
};
G_STATIC_ASSERT (G_N_ELEMENTS (state_names) == N_STATES);

typedef struct {
  SqnsLink *link;
  SqnsPort *port;
  const SqnsMonitor *monitor;
  GBytes *elf;
  guint tries;
  guint silences; /* polls in a row without an answer */
  gint64 deadline_us;
  SqnsMode seen; /* after the upload */
} Updater;

static void
load_updater_free (gpointer data)
{
  Updater *updater = data;
  g_object_unref (updater->link);
  g_bytes_unref (updater->elf);
  g_free (updater);
}

/* --- before the upload --- */

static void
greeted (SqnsSsm *ssm)
{
  Updater *updater = sqns_ssm_data (ssm);
  gboolean raise = sqns_link_can_set_speed (updater->link) && sqns_link_speed (updater->link) < SQNS_MODEM_SPEED;

  if (sqns_ssm_state (ssm) == STATE_GREET && raise)
    sqns_ssm_next (ssm);
  else
    sqns_ssm_goto (ssm, STATE_SMOD);
}

static void
not_greeted (SqnsSsm *ssm)
{
  Updater *updater = sqns_ssm_data (ssm);

  if (sqns_ssm_state (ssm) == STATE_GREET_FAST)
    {
      sqns_monitor_remark (updater->monitor, "nobody answers at %u baud", SQNS_MODEM_SPEED);
      sqns_ssm_next (ssm);
    }
  else
    sqns_ssm_fail (ssm, SQNS_ERROR_TIMEOUT, "the boot ROM does not answer AT with OK at %u baud",
                   sqns_link_speed (updater->link));
}

static void
on_greeting (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Updater *updater = sqns_ssm_data (ssm);
  g_autoptr (GError) error = NULL;
  g_auto (SqnsAtReply) reply = { 0 };

  if (!sqns_command_finish (updater->port, result, &reply, &error) && !sqns_error_is_timeout (error))
    sqns_ssm_fail_error (ssm, g_steal_pointer (&error));
  else if (error == NULL && reply.final == SQNS_AT_OK)
    greeted (ssm);
  else if (--updater->tries > 0)
    sqns_ssm_goto (ssm, sqns_ssm_state (ssm));
  else
    not_greeted (ssm);
}

/* The answer comes at the old speed. Without one the new speed is tried all the same: the answer may have been lost. */
static void
on_raised (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Updater *updater = sqns_ssm_data (ssm);
  g_autoptr (GError) error = NULL;
  g_auto (SqnsAtReply) reply = { 0 };

  if (!sqns_command_finish (updater->port, result, &reply, &error) && !sqns_error_is_timeout (error))
    sqns_ssm_fail_error (ssm, g_steal_pointer (&error));
  else if (error == NULL && reply.final != SQNS_AT_OK)
    sqns_ssm_goto (ssm, STATE_SMOD);
  else
    {
      updater->tries = SQNS_FAST_TRIES;
      sqns_ssm_next (ssm);
    }
}

static void
on_speed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Updater *updater = sqns_ssm_data (ssm);
  GError *error = NULL;

  gboolean ok = sqns_link_set_speed_finish (updater->link, result, &error);
  if (!ok && sqns_ssm_state (ssm) == STATE_OTHER_SPEED && sqns_error_is_timeout (error))
    {
      g_clear_error (&error); /* it is asked again */
      ok = TRUE;
    }
  if (sqns_ssm_state (ssm) == STATE_SLOWER)
    updater->tries = SQNS_GREET_TRIES;
  sqns_ssm_next_or_fail (ssm, ok, error);
}

static void
on_smod (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Updater *updater = sqns_ssm_data (ssm);
  GError *error = NULL;
  g_auto (SqnsAtReply) reply = { 0 };

  if (!sqns_command_finish (updater->port, result, &reply, &error))
    sqns_ssm_fail_error (ssm, error);
  else if (sqns_at_smod (&reply) == SQNS_MODE_FFH)
    sqns_ssm_next (ssm);
  else
    sqns_ssm_fail (ssm, SQNS_ERROR_MODEM_REFUSED,
                   "the modem is in %s mode now; only its boot ROM (FFH) takes an updater",
                   sqns_mode_name (sqns_at_smod (&reply)));
}

/* --- the upload, and what comes of it --- */

static void
on_uploaded (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Updater *updater = sqns_ssm_data (ssm);
  GError *error = NULL;

  gboolean ok = sqns_upload_finish (updater->link, result, &error);
  if (ok)
    sqns_monitor_remark (updater->monitor, "the updater is loaded; it may take minutes to answer");
  updater->deadline_us = g_get_monotonic_time () + sqns_patience_us (SQNS_UPDATER_ANSWERS_S);
  sqns_ssm_next_or_fail (ssm, ok, error);
}

static void
give_up (SqnsSsm *ssm)
{
  Updater *updater = sqns_ssm_data (ssm);

  if (updater->seen == SQNS_MODE_FFH)
    sqns_ssm_fail (ssm, SQNS_ERROR_MODEM_REFUSED,
                   "the updater was loaded, but the modem is in its boot ROM still: it did not start it");
  else
    sqns_ssm_fail (ssm, SQNS_ERROR_TIMEOUT, "the updater was loaded, but does not answer");
}

static void
on_polled (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Updater *updater = sqns_ssm_data (ssm);
  gboolean asked_mode = sqns_ssm_state (ssm) == STATE_ASK_MODE;
  g_autoptr (GError) error = NULL;
  g_auto (SqnsAtReply) reply = { 0 };

  gboolean answered = sqns_command_finish (updater->port, result, &reply, &error);
  if (!answered && !sqns_error_is_timeout (error))
    {
      sqns_ssm_fail_error (ssm, g_steal_pointer (&error));
      return;
    }
  updater->silences = answered ? 0 : updater->silences + 1;
  if (answered && asked_mode)
    updater->seen = sqns_at_smod (&reply);
  if (answered && !asked_mode && reply.final == SQNS_AT_OK)
    sqns_ssm_goto (ssm, STATE_ASK_MODE);
  else if (updater->seen != SQNS_MODE_UNKNOWN && updater->seen != SQNS_MODE_FFH)
    sqns_ssm_complete (ssm);
  else if (g_get_monotonic_time () > updater->deadline_us)
    give_up (ssm);
  else if (!answered && updater->silences % SILENCES_PER_SPEED == 0 && sqns_link_can_set_speed (updater->link))
    sqns_ssm_goto (ssm, STATE_OTHER_SPEED);
  else
    sqns_ssm_goto (ssm, STATE_PAUSE);
}

/* --- the machine --- */

static void
ask (SqnsSsm *ssm, const char *command, guint timeout_ms, GAsyncReadyCallback callback)
{
  Updater *updater = sqns_ssm_data (ssm);
  sqns_command_async (updater->port, updater->monitor, command, timeout_ms, sqns_ssm_cancellable (ssm), callback, ssm);
}

static void
set_speed (SqnsSsm *ssm, guint speed)
{
  Updater *updater = sqns_ssm_data (ssm);
  sqns_link_set_speed_async (updater->link, speed, sqns_ssm_cancellable (ssm), on_speed, ssm);
}

static void
load_updater_state (SqnsSsm *ssm, guint state, gpointer data)
{
  Updater *updater = data;
  const SqnsUploadConfig upload = { .command = "AT+STP", .type = SQNS_STP_DATA_ELF, .image = updater->elf };
  guint other = sqns_link_speed (updater->link) == SQNS_MODEM_SPEED ? SQNS_REPL_SPEED : SQNS_MODEM_SPEED;

  switch ((State)state)
    {
    case STATE_GREET:
    case STATE_GREET_FAST:
    case STATE_GREET_SLOW:
      ask (ssm, "AT", SQNS_UPDATER_POLL_MS, on_greeting);
      break;
    case STATE_RAISE:
      ask (ssm, "AT+IPR=921600", SQNS_PROBE_MS, on_raised);
      break;
    case STATE_FASTER:
      set_speed (ssm, SQNS_MODEM_SPEED);
      break;
    case STATE_SLOWER:
      set_speed (ssm, SQNS_REPL_SPEED);
      break;
    case STATE_SMOD:
      ask (ssm, "AT+SMOD?", SQNS_PROBE_MS, on_smod);
      break;
    case STATE_UPLOAD:
      sqns_upload_async (updater->link, &upload, sqns_ssm_cancellable (ssm), on_uploaded, ssm);
      break;
    case STATE_POLL:
      ask (ssm, "AT", SQNS_UPDATER_POLL_MS, on_polled);
      break;
    case STATE_ASK_MODE:
      ask (ssm, "AT+SMOD?", SQNS_PROBE_MS, on_polled);
      break;
    case STATE_OTHER_SPEED:
      sqns_monitor_remark (updater->monitor, "silence: tries %u baud", other);
      set_speed (ssm, other);
      break;
    case STATE_PAUSE:
      sqns_ssm_goto_in_ms (ssm, STATE_POLL, SQNS_UPDATER_PAUSE_MS);
      break;
    case N_STATES:
      g_assert_not_reached ();
    }
}

void
sqns_load_updater_async (
    SqnsLink *link, GBytes *elf, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  static const SqnsSsmClass klass = { "load-updater", state_names, N_STATES, N_STATES, load_updater_state };
  Updater *updater = g_new0 (Updater, 1);

  updater->link = g_object_ref (link);
  updater->port = sqns_link_port (link);
  updater->monitor = sqns_link_monitor (link);
  updater->elf = g_bytes_ref (elf);
  updater->tries = SQNS_GREET_TRIES;
  updater->seen = SQNS_MODE_UNKNOWN;
  sqns_ssm_run (&klass, g_task_new (link, cancellable, callback, user_data), updater, load_updater_free);
}

gboolean
sqns_load_updater_finish (SqnsLink *link, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
