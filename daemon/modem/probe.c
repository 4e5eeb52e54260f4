/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asks a linked modem what it is. */
#include "modem/probe.h"

#include "at/wake.h"
#include "base/deadlines.h"
#include "modem/ask.h"

typedef enum {
  STATE_WAKE,
  STATE_ECHO_OFF,
  STATE_SMOD,
  STATE_ATI1,
  STATE_SHOWVER,
  STATE_REPORT,
  STATE_TELL,
} State;
#define N_STATES (STATE_TELL + 1)
static const char *const state_names[N_STATES] = { "wake", "echo-off", "smod", "ati1", "showver", "report", "tell" };

typedef struct {
  SqnsPort *port;
  SqnsModemStatus *status;
  SqnsWake wake;
  guint smod_tries;
  guint showver_tries;
} Probe;

static void
probe_free (gpointer data)
{
  Probe *probe = data;
  sqns_modem_status_free (probe->status);
  g_free (probe);
}

static void
on_wake (SqnsSsm *ssm, gpointer data, const GError *error)
{
  Probe *probe = data;
  const SqnsWake *wake = &probe->wake;

  probe->status->noise = wake->noise;
  probe->status->ppp = wake->ppp;
  probe->status->stp = wake->stp;
  probe->status->speed = wake->answers ? sqns_port_speed (probe->port) : 0;
  sqns_monitor_contact (sqns_port_monitor (probe->port), wake->answers ? SQNS_CONTACT_ANSWERED : SQNS_CONTACT_SILENT);
  sqns_ssm_goto (ssm, wake->answers ? STATE_ECHO_OFF : STATE_TELL);
}

static void
take_reply (Probe *probe, State state, const SqnsAtReply *reply)
{
  SqnsModemStatus *status = probe->status;

  switch (state)
    {
    case STATE_SMOD:
      status->mode = sqns_at_smod (reply);
      break;
    case STATE_ATI1:
      sqns_at_ati1 (reply, &status->version, &status->ue);
      break;
    case STATE_SHOWVER:
      if (sqns_at_showver (reply, &status->showver) && !sqns_version_known (&status->version))
        status->version = status->showver.software;
      break;
    case STATE_REPORT:
      status->report = sqns_at_smupgrade (reply, NULL);
      break;
    case STATE_WAKE:
    case STATE_ECHO_OFF:
    case STATE_TELL:
      break;
    }
}

static State
state_after (Probe *probe, State state, SqnsAtFinal final)
{
  gboolean application = probe->status->mode == SQNS_MODE_FFF;

  if (state == STATE_SMOD && probe->status->mode == SQNS_MODE_UNKNOWN && --probe->smod_tries > 0)
    return STATE_SMOD;
  if (state == STATE_SMOD && !application)
    return STATE_REPORT; /* recovery, mTools and FFH say nothing of versions */
  if (state == STATE_SHOWVER && final != SQNS_AT_OK && --probe->showver_tries > 0)
    return STATE_SHOWVER;
  return state + 1;
}

/* One question without an answer is no reason to give up; total silence shows at AT+SMOD?. */
static void
on_reply (SqnsSsm *ssm, gpointer data, const SqnsAtReply *reply, const GError *error)
{
  Probe *probe = data;
  State state = sqns_ssm_state (ssm);

  if (reply != NULL)
    take_reply (probe, state, reply);
  else if (state == STATE_SMOD)
    {
      if (--probe->smod_tries > 0)
        {
          sqns_ssm_goto (ssm, STATE_WAKE);
          return;
        }
      sqns_monitor_contact (sqns_port_monitor (probe->port), SQNS_CONTACT_SILENT);
      sqns_ssm_fail_error (ssm, g_error_copy (error));
      return;
    }
  sqns_ssm_goto (ssm, state_after (probe, state, reply != NULL ? reply->final : SQNS_AT_PENDING));
}

static void
probe_state (SqnsSsm *ssm, guint state, gpointer data)
{
  Probe *probe = data;

  switch ((State)state)
    {
    case STATE_WAKE:
      sqns_wake (ssm, probe->port, 0, SQNS_WAKE_PPP, &probe->wake, on_wake);
      break;
    case STATE_ECHO_OFF:
      sqns_modem_ask (ssm, "ATE0", SQNS_PROBE_MS, on_reply);
      break;
    case STATE_SMOD:
      sqns_modem_ask (ssm, "AT+SMOD?", SQNS_PROBE_MS, on_reply);
      break;
    case STATE_ATI1:
      sqns_modem_ask (ssm, "ATI1", SQNS_PROBE_MS, on_reply);
      break;
    case STATE_SHOWVER:
      sqns_modem_ask (ssm, "AT!=\"showver\"", SQNS_SHOWVER_MS, on_reply);
      break;
    case STATE_REPORT:
      if (probe->status->mode == SQNS_MODE_FFF || probe->status->mode == SQNS_MODE_FFH)
        sqns_ssm_next (ssm);
      else
        sqns_modem_ask (ssm, "AT+SMUPGRADE?", SQNS_PROBE_MS, on_reply);
      break;
    case STATE_TELL:
      sqns_monitor_modem (sqns_port_monitor (probe->port), probe->status);
      sqns_ssm_set_result (ssm, g_steal_pointer (&probe->status), (GDestroyNotify)sqns_modem_status_free);
      sqns_ssm_next (ssm);
      break;
    }
}

void
sqns_probe_async (SqnsLink *link, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  static const SqnsSsmClass klass = { "probe", state_names, N_STATES, N_STATES, probe_state };
  Probe *probe = g_new0 (Probe, 1);

  probe->port = sqns_link_port (link);
  probe->status = g_new0 (SqnsModemStatus, 1);
  probe->status->mode = SQNS_MODE_UNKNOWN;
  probe->status->showver.active = -1;
  probe->smod_tries = SQNS_SMOD_TRIES;
  probe->showver_tries = SQNS_SHOWVER_TRIES;
  sqns_ssm_run (&klass, g_task_new (link, cancellable, callback, user_data), probe, probe_free);
}

SqnsModemStatus *
sqns_probe_finish (SqnsLink *link, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
