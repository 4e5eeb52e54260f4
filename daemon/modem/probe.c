/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asks a linked modem what it is. */
#include "modem/probe.h"

#include "at/command.h"
#include "at/wake.h"
#include "base/deadlines.h"
#include "base/ssm.h"

typedef enum {
  STATE_WAKE,
  STATE_ECHO_OFF,
  STATE_SMOD,
  STATE_ATI1,
  STATE_SHOWVER,
  STATE_REPORT,
  STATE_TELL,
  N_STATES,
} State;
static const char *const state_names[] = { "wake", "echo-off", "smod", "ati1", "showver", "report", "tell" };
G_STATIC_ASSERT (G_N_ELEMENTS (state_names) == N_STATES);

typedef struct {
  SqnsLink *link;
  SqnsPort *port;
  const SqnsMonitor *monitor;
  SqnsModemStatus *status;
  guint smod_tries;
  guint showver_tries;
} Probe;

static void
probe_free (gpointer data)
{
  Probe *probe = data;
  sqns_modem_status_free (probe->status);
  g_object_unref (probe->link);
  g_free (probe);
}

static void
on_wake (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Probe *probe = sqns_ssm_data (ssm);
  SqnsWake wake;
  GError *error = NULL;

  if (!sqns_wake_finish (result, &wake, &error))
    {
      sqns_ssm_fail_error (ssm, error);
      return;
    }
  probe->status->noise = wake.noise;
  probe->status->ppp = wake.ppp;
  probe->status->stp = wake.stp;
  probe->status->speed = wake.answers ? sqns_port_speed (probe->port) : 0;
  sqns_monitor_contact (probe->monitor, wake.answers ? SQNS_CONTACT_ANSWERED : SQNS_CONTACT_SILENT);
  sqns_ssm_goto (ssm, wake.answers ? STATE_ECHO_OFF : STATE_TELL);
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
    case N_STATES:
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

static void
on_reply (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Probe *probe = sqns_ssm_data (ssm);
  State state = sqns_ssm_state (ssm);
  g_autoptr (GError) error = NULL;
  g_auto (SqnsAtReply) reply = { 0 };

  if (!sqns_command_finish (probe->port, result, &reply, &error))
    {
      /* one question that is not answered is no reason to give up; a modem that answers none is told by SMOD */
      gboolean silent = sqns_error_is_timeout (error);
      if (!silent || (state == STATE_SMOD && --probe->smod_tries == 0))
        {
          if (silent)
            sqns_monitor_contact (probe->monitor, SQNS_CONTACT_SILENT);
          sqns_ssm_fail_error (ssm, g_steal_pointer (&error));
          return;
        }
      if (state == STATE_SMOD)
        {
          sqns_ssm_goto (ssm, STATE_WAKE);
          return;
        }
    }
  else
    take_reply (probe, state, &reply);
  sqns_ssm_goto (ssm, state_after (probe, state, reply.final));
}

static void
probe_state (SqnsSsm *ssm, guint state, gpointer data)
{
  Probe *probe = data;
  GCancellable *cancellable = sqns_ssm_cancellable (ssm);

  switch ((State)state)
    {
    case STATE_WAKE:
      sqns_wake_async (probe->port, probe->monitor, SQNS_WAKE_FULL, cancellable, on_wake, ssm);
      break;
    case STATE_ECHO_OFF:
      sqns_command_async (probe->port, probe->monitor, "ATE0", SQNS_PROBE_MS, cancellable, on_reply, ssm);
      break;
    case STATE_SMOD:
      sqns_command_async (probe->port, probe->monitor, "AT+SMOD?", SQNS_PROBE_MS, cancellable, on_reply, ssm);
      break;
    case STATE_ATI1:
      sqns_command_async (probe->port, probe->monitor, "ATI1", SQNS_PROBE_MS, cancellable, on_reply, ssm);
      break;
    case STATE_SHOWVER:
      sqns_command_async (probe->port, probe->monitor, "AT!=\"showver\"", SQNS_SHOWVER_MS, cancellable, on_reply, ssm);
      break;
    case STATE_REPORT:
      if (probe->status->mode == SQNS_MODE_FFF || probe->status->mode == SQNS_MODE_FFH)
        sqns_ssm_next (ssm);
      else
        sqns_command_async (probe->port, probe->monitor, "AT+SMUPGRADE?", SQNS_PROBE_MS, cancellable, on_reply, ssm);
      break;
    case STATE_TELL:
      sqns_monitor_modem (probe->monitor, probe->status);
      sqns_ssm_set_result (ssm, g_steal_pointer (&probe->status), (GDestroyNotify)sqns_modem_status_free);
      sqns_ssm_next (ssm);
      break;
    case N_STATES:
      g_assert_not_reached ();
    }
}

void
sqns_probe_async (SqnsLink *link, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  static const SqnsSsmClass klass = { "probe", state_names, N_STATES, N_STATES, probe_state };
  Probe *probe = g_new0 (Probe, 1);

  probe->link = g_object_ref (link);
  probe->port = sqns_link_port (link);
  probe->monitor = sqns_link_monitor (link);
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
