/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes a silent modem speak, gentle means first: AT, STP RESET, PPP escape. */
#include "at/wake.h"

#include "at/command.h"
#include "base/deadlines.h"
#include "codec/stp.h"

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
} State;
#define N_STATES (STATE_AT_AFTER_PPP + 1)
static const char *const state_names[N_STATES] = {
  "at", "settle", "stp-reset", "at-after-stp", "stp-open", "stp-close", "ppp-guard", "ppp-escape", "at-after-ppp",
};

typedef struct {
  SqnsPort *port;
  guint speed;
  SqnsWakeEffort effort;
  SqnsWake *found;
  guint tries;
  guint8 request[SQNS_STP_HEADER_SIZE];
  gboolean stp_answered;
  gboolean stp_opened;
} Wake;

static void
note_noise (Wake *wake)
{
  gsize len;
  const guint8 *heard = sqns_port_heard (wake->port, &len);
  SqnsNoise noise = sqns_at_classify (heard, len);
  if (noise != SQNS_NOISE_NONE)
    {
      wake->found->noise = sqns_noise_merge (wake->found->noise, noise);
      sqns_port_trace (wake->port, '<', heard, len);
    }
}

static gboolean
is_last (Wake *wake, State state)
{
  switch (wake->effort)
    {
    case SQNS_WAKE_AT:
      return TRUE;
    case SQNS_WAKE_STP:
      return state == STATE_AT_AFTER_STP;
    case SQNS_WAKE_PPP:
      return state == STATE_AT_AFTER_PPP;
    }
  return TRUE;
}

/* A line at the wrong speed, or a dead one, never ends in a final result. */
static void
on_at (SqnsSsm *ssm, gpointer data, const GError *error)
{
  Wake *wake = data;
  State state = sqns_ssm_state (ssm);

  if (error == NULL)
    {
      wake->found->answers = TRUE;
      wake->found->stp = state == STATE_AT_AFTER_STP && wake->stp_answered;
      wake->found->ppp = state == STATE_AT_AFTER_PPP;
      wake->tries = SQNS_SETTLE_TRIES;
      sqns_ssm_goto (ssm, STATE_SETTLE);
      return;
    }
  note_noise (wake);
  if (--wake->tries > 0)
    sqns_ssm_goto (ssm, state);
  else if (state == STATE_AT_AFTER_STP && wake->stp_answered && !wake->stp_opened)
    sqns_ssm_goto (ssm, STATE_STP_OPEN);
  else if (is_last (wake, state))
    sqns_ssm_complete (ssm);
  else
    sqns_ssm_goto (ssm, state == STATE_AT ? STATE_STP_RESET : STATE_PPP_GUARD);
}

/* A modem that keeps saying ERROR to AT is a modem all the same. */
static void
on_settled (SqnsSsm *ssm, gpointer data, const SqnsAtReply *reply, const GError *error)
{
  Wake *wake = data;

  if ((reply == NULL || reply->final != SQNS_AT_OK) && --wake->tries > 0)
    sqns_ssm_goto (ssm, STATE_SETTLE);
  else
    sqns_ssm_complete (ssm);
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
on_stp_reset (SqnsSsm *ssm, gpointer data, const GError *error)
{
  Wake *wake = data;

  wake->stp_answered = error == NULL;
  if (wake->stp_answered)
    sqns_port_remark (wake->port, "the modem was in STP mode and answered a RESET");
  wake->tries = SQNS_WAKE_TRIES - 1;
  sqns_ssm_next (ssm);
}

/* A modem that expects an upload and has no session yet may stay in STP mode after a RESET (a guess: see
 * tests/board/README.md): it gets a session, which is then closed. */
static void
on_stp_session (SqnsSsm *ssm, gpointer data, const GError *error)
{
  Wake *wake = data;

  wake->stp_opened = TRUE;
  wake->tries = SQNS_WAKE_TRIES - 1;
  if (error == NULL && sqns_ssm_state (ssm) == STATE_STP_OPEN)
    sqns_ssm_next (ssm);
  else
    sqns_ssm_goto (ssm, STATE_AT_AFTER_STP);
}

static void
request_stp (SqnsSsm *ssm, SqnsStpOperation operation, guint8 session, SqnsSsmDone done)
{
  Wake *wake = sqns_ssm_data (ssm);
  const SqnsExchange exchange = {
    .request = wake->request,
    .request_len = sizeof wake->request,
    .match = match_stp,
    .timeout_ms = SQNS_STP_RESET_MS,
  };

  sqns_stp_encode_header (wake->request, operation, session, session, NULL, 0);
  sqns_port_ask (ssm, wake->port, SQNS_WAKE_QUIET_MS, &exchange, done);
}

static void
on_escaped (SqnsSsm *ssm, gpointer data, const GError *error)
{
  Wake *wake = data;

  wake->tries = SQNS_WAKE_TRIES;
  sqns_ssm_next_in_ms (ssm, SQNS_PPP_GUARD_MS);
}

static void
wake_state (SqnsSsm *ssm, guint state, gpointer data)
{
  static const SqnsExchange escape = { .request = (const guint8 *)"+++", .request_len = 3, .timeout_ms = 1000 };
  Wake *wake = data;
  const SqnsExchange at = {
    .request = (const guint8 *)"AT\r",
    .request_len = 3,
    .speed = wake->speed,
    .match = sqns_command_match_final,
    .timeout_ms = SQNS_WAKE_MS,
  };

  switch ((State)state)
    {
    case STATE_AT:
    case STATE_AT_AFTER_STP:
    case STATE_AT_AFTER_PPP:
      sqns_port_trace (wake->port, '>', (const guint8 *)"AT", 2);
      sqns_port_ask (ssm, wake->port, SQNS_WAKE_QUIET_MS, &at, on_at);
      break;
    case STATE_SETTLE:
      sqns_at_ask (ssm, wake->port, "AT", 2 * SQNS_WAKE_MS, on_settled);
      break;
    case STATE_STP_RESET:
      sqns_port_remark (wake->port, "STP RESET, in case an upload was interrupted");
      request_stp (ssm, SQNS_STP_RESET, 0, on_stp_reset);
      break;
    case STATE_STP_OPEN:
      sqns_port_remark (wake->port, "still in STP mode: opening a session to end it");
      request_stp (ssm, SQNS_STP_OPEN_SESSION, 1, on_stp_session);
      break;
    case STATE_STP_CLOSE:
      request_stp (ssm, SQNS_STP_RESET, 0, on_stp_session);
      break;
    case STATE_PPP_GUARD:
      sqns_ssm_next_in_ms (ssm, SQNS_PPP_GUARD_MS);
      break;
    case STATE_PPP_ESCAPE:
      sqns_port_trace (wake->port, '>', (const guint8 *)"+++", 3);
      sqns_port_ask (ssm, wake->port, 1, &escape, on_escaped);
      break;
    }
}

void
sqns_wake (SqnsSsm *ssm, SqnsPort *port, guint speed, SqnsWakeEffort effort, SqnsWake *wake, SqnsSsmDone done)
{
  static const SqnsSsmClass klass = { "wake", state_names, N_STATES, N_STATES, wake_state };
  const Wake start = { .port = port, .speed = speed, .effort = effort, .found = wake, .tries = SQNS_WAKE_TRIES };

  *wake = (SqnsWake){ 0 };
  if (speed != 0)
    sqns_port_remark (port, "looking for the modem at %u baud", speed);
  sqns_ssm_run_step (ssm, &klass, g_memdup2 (&start, sizeof start), g_free, done);
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
