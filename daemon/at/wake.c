/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes a silent modem speak, gentle means first: AT, STP RESET, PPP escape. */
#include "at/wake.h"

#include "at/command.h"
#include "base/deadlines.h"
#include "base/ssm.h"
#include "codec/stp.h"

#include <string.h>

typedef enum {
  STATE_AT,
  STATE_SETTLE,
  STATE_STP_RESET,
  STATE_AT_AFTER_STP,
  STATE_STP_OPEN,
  STATE_STP_CLOSE,
  STATE_PPP_GUARD,
  STATE_PPP_ESCAPE,
  STATE_AT_AFTER_PPP,
  N_STATES,
} State;

static const char *const state_names[] = {
  "at", "settle", "stp-reset", "at-after-stp", "stp-open", "stp-close", "ppp-guard", "ppp-escape", "at-after-ppp",
};
G_STATIC_ASSERT (G_N_ELEMENTS (state_names) == N_STATES);

typedef struct {
  SqnsPort *port;
  const SqnsMonitor *monitor;
  SqnsWakeEffort effort;
  guint tries;
  guint8 request[SQNS_STP_HEADER_SIZE];
  gboolean stp_answered;
  gboolean stp_opened;
  SqnsWake wake;
} Wake;

static void
wake_free (gpointer data)
{
  Wake *wake = data;
  g_object_unref (wake->port);
  g_free (wake);
}

static void
note_noise (Wake *wake)
{
  gsize len;
  const guint8 *heard = sqns_port_heard (wake->port, &len);
  SqnsNoise noise = sqns_at_classify (heard, len);
  if (noise != SQNS_NOISE_NONE)
    {
      wake->wake.noise = sqns_noise_merge (wake->wake.noise, noise);
      sqns_monitor_trace (wake->monitor, '<', heard, len);
    }
}

static void
finish_wake (SqnsSsm *ssm)
{
  Wake *wake = sqns_ssm_data (ssm);
  sqns_ssm_set_result (ssm, g_memdup2 (&wake->wake, sizeof wake->wake), g_free);
  sqns_ssm_complete (ssm);
}

static gboolean
is_last (Wake *wake, State state)
{
  switch (wake->effort)
    {
    case SQNS_WAKE_LIGHT:
      return TRUE;
    case SQNS_WAKE_STP:
      return state == STATE_AT_AFTER_STP;
    case SQNS_WAKE_FULL:
      return state == STATE_AT_AFTER_PPP;
    }
  return TRUE;
}

/* The answers by which a modem says that it is there; a wrong-speed or dead line never ends in a final result line. */
static void
on_poked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Wake *wake = sqns_ssm_data (ssm);
  g_autoptr (GError) error = NULL;

  if (sqns_port_resync_finish (wake->port, result, &error))
    {
      State state = sqns_ssm_state (ssm);
      wake->wake.answers = TRUE;
      wake->wake.stp = state == STATE_AT_AFTER_STP && wake->stp_answered;
      wake->wake.ppp = state == STATE_AT_AFTER_PPP;
      wake->tries = SQNS_SETTLE_TRIES;
      sqns_ssm_goto (ssm, STATE_SETTLE);
      return;
    }
  if (!sqns_error_is_timeout (error))
    {
      sqns_ssm_fail_error (ssm, g_steal_pointer (&error));
      return;
    }
  note_noise (wake);
  if (--wake->tries > 0)
    sqns_ssm_goto (ssm, sqns_ssm_state (ssm));
  else if (sqns_ssm_state (ssm) == STATE_AT_AFTER_STP && wake->stp_answered && !wake->stp_opened)
    sqns_ssm_goto (ssm, STATE_STP_OPEN);
  else if (is_last (wake, sqns_ssm_state (ssm)))
    finish_wake (ssm);
  else
    sqns_ssm_goto (ssm, sqns_ssm_state (ssm) == STATE_AT ? STATE_STP_RESET : STATE_PPP_GUARD);
}

static void
poke (SqnsSsm *ssm)
{
  static const SqnsExchange exchange = {
    .request = (const guint8 *)"AT\r",
    .request_len = 3,
    .match = sqns_command_match_final,
    .timeout_ms = SQNS_POKE_MS,
  };
  Wake *wake = sqns_ssm_data (ssm);

  sqns_monitor_trace (wake->monitor, '>', (const guint8 *)"AT", 2);
  sqns_port_resync_async (wake->port, SQNS_POKE_QUIET_MS, &exchange, sqns_ssm_cancellable (ssm), on_poked, ssm);
}

static void
on_settled (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Wake *wake = sqns_ssm_data (ssm);
  g_autoptr (GError) error = NULL;
  g_auto (SqnsAtReply) reply = { 0 };

  if (!sqns_command_finish (wake->port, result, &reply, &error) && !sqns_error_is_timeout (error))
    sqns_ssm_fail_error (ssm, g_steal_pointer (&error));
  else if (error == NULL && reply.final == SQNS_AT_OK)
    finish_wake (ssm);
  else if (--wake->tries > 0)
    sqns_ssm_goto (ssm, STATE_SETTLE);
  else
    finish_wake (ssm); /* a modem that says ERROR to AT is a modem all the same */
}

static SqnsMatch
match_stp (const guint8 *data, gsize len, gsize *consumed, gpointer user_data)
{
  SqnsStpHeader header;
  const guint8 *payload;
  return sqns_stp_decode (data, len, &header, &payload, consumed) == SQNS_STP_DECODE_OK ? SQNS_MATCH_DONE
                                                                                        : SQNS_MATCH_MORE;
}

static void
on_stp_reset (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Wake *wake = sqns_ssm_data (ssm);
  g_autoptr (GError) error = NULL;

  wake->stp_answered = sqns_port_resync_finish (wake->port, result, &error);
  if (error != NULL && !sqns_error_is_timeout (error))
    {
      sqns_ssm_fail_error (ssm, g_steal_pointer (&error));
      return;
    }
  if (wake->stp_answered)
    sqns_monitor_remark (wake->monitor, "the modem was in STP mode and answered a RESET");
  wake->tries = 2;
  sqns_ssm_next (ssm);
}

/* A modem that was told to take an upload, but not of its session, may stay in STP mode after a RESET (a guess: see
 * tests/board/README.md): it is given a session to end. */
static void
on_stp_session (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Wake *wake = sqns_ssm_data (ssm);
  g_autoptr (GError) error = NULL;

  wake->stp_opened = TRUE;
  wake->tries = 2;
  if (!sqns_port_resync_finish (wake->port, result, &error) && !sqns_error_is_timeout (error))
    sqns_ssm_fail_error (ssm, g_steal_pointer (&error));
  else if (error == NULL && sqns_ssm_state (ssm) == STATE_STP_OPEN)
    sqns_ssm_next (ssm);
  else
    sqns_ssm_goto (ssm, STATE_AT_AFTER_STP);
}

static void
request_stp (SqnsSsm *ssm, SqnsStpOperation operation, guint8 session, GAsyncReadyCallback callback)
{
  Wake *wake = sqns_ssm_data (ssm);
  SqnsExchange exchange = {
    .request = wake->request,
    .request_len = sizeof wake->request,
    .match = match_stp,
    .timeout_ms = SQNS_STP_RESET_MS,
  };

  sqns_stp_encode_header (wake->request, operation, session, session, NULL, 0);
  sqns_port_resync_async (wake->port, SQNS_POKE_QUIET_MS, &exchange, sqns_ssm_cancellable (ssm), callback, ssm);
}

static void
on_escaped (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Wake *wake = sqns_ssm_data (ssm);
  GError *error = NULL;

  if (!sqns_port_resync_finish (wake->port, result, &error))
    {
      sqns_ssm_fail_error (ssm, error);
      return;
    }
  wake->tries = 3;
  sqns_ssm_next_in_ms (ssm, SQNS_PPP_GUARD_MS);
}

static void
wake_state (SqnsSsm *ssm, guint state, gpointer data)
{
  static const SqnsExchange escape = { .request = (const guint8 *)"+++", .request_len = 3, .timeout_ms = 1000 };
  Wake *wake = data;

  switch ((State)state)
    {
    case STATE_AT:
    case STATE_AT_AFTER_STP:
    case STATE_AT_AFTER_PPP:
      poke (ssm);
      break;
    case STATE_SETTLE:
      sqns_command_async (wake->port, wake->monitor, "AT", 2 * SQNS_POKE_MS, sqns_ssm_cancellable (ssm), on_settled,
                          ssm);
      break;
    case STATE_STP_RESET:
      sqns_monitor_remark (wake->monitor, "STP RESET, in case an upload was interrupted");
      request_stp (ssm, SQNS_STP_RESET, 0, on_stp_reset);
      break;
    case STATE_STP_OPEN:
      sqns_monitor_remark (wake->monitor, "it is in STP mode still: opens a session, to end it");
      request_stp (ssm, SQNS_STP_OPEN_SESSION, 1, on_stp_session);
      break;
    case STATE_STP_CLOSE:
      request_stp (ssm, SQNS_STP_RESET, 0, on_stp_session);
      break;
    case STATE_PPP_GUARD:
      sqns_ssm_next_in_ms (ssm, SQNS_PPP_GUARD_MS);
      break;
    case STATE_PPP_ESCAPE:
      sqns_monitor_trace (wake->monitor, '>', (const guint8 *)"+++", 3);
      sqns_port_resync_async (wake->port, 1, &escape, sqns_ssm_cancellable (ssm), on_escaped, ssm);
      break;
    case N_STATES:
      g_assert_not_reached ();
    }
}

void
sqns_wake_async (SqnsPort *port,
                 const SqnsMonitor *monitor,
                 SqnsWakeEffort effort,
                 GCancellable *cancellable,
                 GAsyncReadyCallback callback,
                 gpointer user_data)
{
  static const SqnsSsmClass klass = { "wake", state_names, N_STATES, N_STATES, wake_state };
  Wake *wake = g_new0 (Wake, 1);

  wake->port = g_object_ref (port);
  wake->monitor = monitor;
  wake->effort = effort;
  wake->tries = 3;
  sqns_ssm_run (&klass, g_task_new (port, cancellable, callback, user_data), wake, wake_free);
}

gboolean
sqns_wake_finish (GAsyncResult *result, SqnsWake *wake, GError **error)
{
  g_autofree SqnsWake *found = g_task_propagate_pointer (G_TASK (result), error);
  if (found == NULL)
    return FALSE;
  *wake = *found;
  return TRUE;
}

SqnsNoise
sqns_noise_merge (SqnsNoise one, SqnsNoise other)
{
  static const SqnsNoise order[] = { SQNS_NOISE_CRASH, SQNS_NOISE_TEXT, SQNS_NOISE_ZEROS, SQNS_NOISE_GARBAGE };

  for (guint i = 0; i < G_N_ELEMENTS (order); i++)
    if (one == order[i] || other == order[i])
      return order[i];
  return SQNS_NOISE_NONE;
}
