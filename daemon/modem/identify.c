/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asks for IMEI, ICCID and IMSI (protocol.md §2), and keeps them out of all logs. */
#include "modem/identify.h"

#include "base/deadlines.h"
#include "modem/ask.h"

typedef enum {
  STATE_ECHO_OFF,
  STATE_IMEI,
  STATE_ICCID,
  STATE_ICCID_OLD,
  STATE_IMSI,
  STATE_TELL,
} State;
#define N_STATES (STATE_TELL + 1)
static const char *const state_names[N_STATES] = { "echo-off", "imei", "iccid", "iccid-old", "imsi", "tell" };

typedef struct {
  SqnsIdentity *identity;
  SqnsImeiPoll poll;
  guint silences;
} Identify;

static void
identify_free (gpointer data)
{
  Identify *identify = data;
  sqns_identity_free (identify->identity);
  g_free (identify);
}

/* FALSE: it is to be asked again. */
static gboolean
take_imei (Identify *identify, const SqnsAtReply *reply)
{
  g_autofree char *imei = sqns_identity_imei (reply);
  const char *agreed;

  switch (sqns_imei_poll (&identify->poll, imei, &agreed))
    {
    case SQNS_IMEI_ASK_AGAIN:
      return FALSE;
    case SQNS_IMEI_AGREED:
      identify->identity->imei = g_strdup (agreed);
      break;
    case SQNS_IMEI_NOT_TOLD:
      break;
    }
  return TRUE;
}

/* FALSE: the same is to be asked again. */
static gboolean
take_reply (Identify *identify, State state, const SqnsAtReply *reply)
{
  switch (state)
    {
    case STATE_IMEI:
      return take_imei (identify, reply);
    case STATE_ICCID:
    case STATE_ICCID_OLD:
      identify->identity->iccid = sqns_identity_iccid (reply);
      break;
    case STATE_IMSI:
      identify->identity->imsi = sqns_identity_imsi (reply);
      break;
    case STATE_ECHO_OFF:
    case STATE_TELL:
      break;
    }
  return TRUE;
}

static void
on_reply (SqnsSsm *ssm, gpointer data, const SqnsAtReply *reply, const GError *error)
{
  Identify *identify = data;
  State state = sqns_ssm_state (ssm);

  if (reply == NULL && ++identify->silences == SQNS_IDENTIFY_SILENCES)
    {
      sqns_monitor_contact (sqns_link_monitor (sqns_modem_link (ssm)), SQNS_CONTACT_SILENT);
      sqns_ssm_fail_error (ssm, g_error_copy (error));
    }
  else if (reply != NULL && !take_reply (identify, state, reply))
    sqns_ssm_goto (ssm, state);
  else
    sqns_ssm_next (ssm);
}

static void
tell (SqnsSsm *ssm, Identify *identify)
{
  const SqnsIdentity *identity = identify->identity;

  sqns_monitor_remark (sqns_link_monitor (sqns_modem_link (ssm)), "numbers reported: IMEI %s, ICCID %s, IMSI %s",
                       identity->imei ? "yes" : "no", identity->iccid ? "yes" : "no", identity->imsi ? "yes" : "no");
  sqns_ssm_set_result (ssm, g_steal_pointer (&identify->identity), (GDestroyNotify)sqns_identity_free);
  sqns_ssm_next (ssm);
}

static void
identify_state (SqnsSsm *ssm, guint state, gpointer data)
{
  static const char *const commands[N_STATES] = { "ATE0", "AT+CGSN", "AT+SQNCCID?", "AT+CCID", "AT+CIMI" };
  Identify *identify = data;

  if (state == STATE_TELL)
    tell (ssm, identify);
  else if (state == STATE_ICCID_OLD && identify->identity->iccid != NULL)
    sqns_ssm_next (ssm);
  else
    sqns_at_ask_discreetly (ssm, sqns_link_port (sqns_modem_link (ssm)), commands[state], SQNS_IDENTIFY_MS, on_reply);
}

void
sqns_identify_async (SqnsLink *link, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  static const SqnsSsmClass klass = { "identify", state_names, N_STATES, N_STATES, identify_state };
  Identify *identify = g_new0 (Identify, 1);

  identify->identity = g_new0 (SqnsIdentity, 1);
  sqns_ssm_run (&klass, g_task_new (link, cancellable, callback, user_data), identify, identify_free);
}

SqnsIdentity *
sqns_identify_finish (SqnsLink *link, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
