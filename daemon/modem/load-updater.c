/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loads an updater ELF into a modem in FFH and waits until it runs. */
#include "modem/load-updater.h"

#include "base/deadlines.h"
#include "base/timeout.h"
#include "modem/upload.h"
#include "modem/wait.h"

typedef enum {
  STATE_GREET,
  STATE_RAISE,
  STATE_FASTER,
  STATE_GREET_FAST,
  STATE_SLOWER, /* only without an answer at the higher speed */
  STATE_GREET_SLOW,
  STATE_SMOD,
  STATE_UPLOAD,
  STATE_WAIT,
} State;
#define N_STATES (STATE_WAIT + 1)
static const char *const state_names[N_STATES] = {
  "greet", "raise", "faster", "greet-fast", "slower", "greet-slow", "smod", "upload", "wait",
};

typedef struct {
  GBytes *elf;
  guint tries;
  SqnsModeWait wait;
} Load;

static void
load_free (gpointer data)
{
  Load *load = data;
  g_bytes_unref (load->elf);
  g_free (load);
}

/* --- before the upload --- */

static void
on_greeting (SqnsSsm *ssm, gpointer data, const SqnsAtReply *reply, const GError *error)
{
  Load *load = data;
  SqnsLink *link = sqns_modem_link (ssm);
  guint speed = sqns_link_speed (link);
  State state = sqns_ssm_state (ssm);

  if (reply != NULL && reply->final == SQNS_AT_OK)
    sqns_ssm_goto (ssm, state == STATE_GREET && sqns_link_can_set_speed (link) && speed < SQNS_MODEM_SPEED
                            ? STATE_RAISE
                            : STATE_SMOD);
  else if (--load->tries > 0)
    sqns_ssm_goto (ssm, state);
  else if (state == STATE_GREET_FAST)
    {
      sqns_monitor_remark (sqns_link_monitor (link), "no response at %u baud", speed);
      sqns_ssm_next (ssm);
    }
  else
    sqns_ssm_fail (ssm, SQNS_ERROR_TIMEOUT, "the boot ROM does not answer AT with OK at %u baud", speed);
}

/* The answer comes at the old speed. Without one the new speed is tried all the same: the answer may have been lost. */
static void
on_raised (SqnsSsm *ssm, gpointer data, const SqnsAtReply *reply, const GError *error)
{
  Load *load = data;

  load->tries = SQNS_FAST_TRIES;
  sqns_ssm_goto (ssm, reply != NULL && reply->final != SQNS_AT_OK ? STATE_SMOD : STATE_FASTER);
}

static void
set_speed (SqnsSsm *ssm, guint speed)
{
  sqns_link_set_speed_async (sqns_modem_link (ssm), speed, sqns_ssm_cancellable (ssm), sqns_ssm_step (ssm, NULL), ssm);
}

static void
on_smod (SqnsSsm *ssm, gpointer data, const SqnsAtReply *reply, const GError *error)
{
  if (reply == NULL)
    sqns_ssm_fail_error (ssm, g_error_copy (error));
  else if (sqns_at_smod (reply) == SQNS_MODE_FFH)
    sqns_ssm_next (ssm);
  else
    sqns_ssm_fail (ssm, SQNS_ERROR_MODEM_REFUSED, "the modem is in %s mode; only its boot ROM (FFH) accepts an updater",
                   sqns_mode_name (sqns_at_smod (reply)));
}

/* --- the upload, and what comes of it --- */

static void
on_uploaded (SqnsSsm *ssm, gpointer data, const GError *error)
{
  Load *load = data;

  if (sqns_ssm_failed (ssm, error))
    return;
  sqns_monitor_remark (sqns_link_monitor (sqns_modem_link (ssm)),
                       "the updater is loaded; it may take minutes to answer");
  load->wait.deadline_us = g_get_monotonic_time () + sqns_timeout_us (SQNS_UPDATER_ANSWERS_S);
  sqns_ssm_next (ssm);
}

static gboolean
accepts (gpointer data, SqnsMode mode, gint64 now_us)
{
  return mode != SQNS_MODE_UNKNOWN && mode != SQNS_MODE_FFH;
}

static void
on_waited (SqnsSsm *ssm, gpointer data, const GError *error)
{
  Load *load = data;
  SqnsMode mode = load->wait.mode;

  if (accepts (load, mode, 0))
    sqns_ssm_complete (ssm);
  else if (mode == SQNS_MODE_FFH)
    sqns_ssm_fail (ssm, SQNS_ERROR_MODEM_REFUSED,
                   "the updater was loaded but did not start: the modem is still in its boot ROM");
  else
    sqns_ssm_fail (ssm, SQNS_ERROR_TIMEOUT, "the updater was loaded, but does not answer");
}

/* --- the machine --- */

static void
load_state (SqnsSsm *ssm, guint state, gpointer data)
{
  Load *load = data;
  const SqnsUploadConfig upload = { .command = "AT+STP", .type = SQNS_STP_DATA_ELF, .image = load->elf };

  switch ((State)state)
    {
    case STATE_GREET:
    case STATE_GREET_FAST:
    case STATE_GREET_SLOW:
      sqns_modem_ask (ssm, "AT", SQNS_BOOT_POLL_MS, on_greeting);
      break;
    case STATE_RAISE:
      sqns_modem_ask (ssm, "AT+IPR=921600", SQNS_PROBE_MS, on_raised);
      break;
    case STATE_FASTER:
      set_speed (ssm, SQNS_MODEM_SPEED);
      break;
    case STATE_SLOWER:
      load->tries = SQNS_GREET_TRIES;
      set_speed (ssm, SQNS_REPL_SPEED);
      break;
    case STATE_SMOD:
      sqns_modem_ask (ssm, "AT+SMOD?", SQNS_PROBE_MS, on_smod);
      break;
    case STATE_UPLOAD:
      sqns_upload_async (sqns_modem_link (ssm), &upload, sqns_ssm_cancellable (ssm), sqns_ssm_step (ssm, on_uploaded),
                         ssm);
      break;
    case STATE_WAIT:
      sqns_mode_wait (ssm, &load->wait, on_waited);
      break;
    }
}

void
sqns_load_updater_async (
    SqnsLink *link, GBytes *elf, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  static const SqnsSsmClass klass = { "load-updater", state_names, N_STATES, N_STATES, load_state };
  Load *load = g_new0 (Load, 1);

  load->elf = g_bytes_ref (elf);
  load->tries = SQNS_GREET_TRIES;
  load->wait = (SqnsModeWait){
    .ask_ms = SQNS_PROBE_MS,
    .silences_max = SQNS_UPDATER_SILENCES,
    .accepts = accepts,
    .mode = SQNS_MODE_UNKNOWN,
  };
  sqns_ssm_run (&klass, g_task_new (link, cancellable, callback, user_data), load, load_free);
}

gboolean
sqns_load_updater_finish (SqnsLink *link, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
