/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The AT commands around an upgrade in application mode. */
#include "modem/prepare.h"

#include "base/deadlines.h"
#include "modem/ask.h"

typedef struct {
  const char *text;
  guint timeout_ms;
} Line;

/* protocol.md §3 step 2, in wire order */
static const Line started[] = {
  { "AT+BIND=AT", SQNS_ANSWER_MS },
  { "ATE0", SQNS_ANSWER_MS },
  { "AT+SMLOG?", SQNS_ANSWER_MS },
  { "AT+SQNSUPGRADENTF=\"started\"", SQNS_ANSWER_MS },
  { "AT+SQNWL=\"sqndcc\",2", SQNS_ANSWER_MS },
  { "AT+CPSMS=0", SQNS_ANSWER_MS },
  { "AT+CFUN=4", SQNS_RADIO_MS },
};
static const Line success[] = { { "AT+SQNSUPGRADENTF=\"success\"", SQNS_ANSWER_MS } };

static const char *const state_names[] = { "line" };

typedef struct {
  const Line *lines;
  guint n_lines;
  guint next;
  guint silent;
} Prepare;

static void
on_reply (SqnsSsm *ssm, gpointer data, const SqnsAtReply *reply, const GError *error)
{
  Prepare *prepare = data;

  if (reply == NULL && ++prepare->silent >= 2)
    sqns_ssm_fail_error (ssm, g_error_copy (error));
  else if (++prepare->next < prepare->n_lines)
    sqns_ssm_goto (ssm, 0);
  else
    sqns_ssm_complete (ssm);
}

static void
prepare_state (SqnsSsm *ssm, guint state, gpointer data)
{
  Prepare *prepare = data;
  const Line *line = &prepare->lines[prepare->next];
  sqns_modem_ask (ssm, line->text, line->timeout_ms, on_reply);
}

void
sqns_prepare_async (
    SqnsLink *link, SqnsNotice notice, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  static const SqnsSsmClass klass = { "prepare", state_names, 1, 1, prepare_state };
  Prepare *prepare = g_new0 (Prepare, 1);

  prepare->lines = notice == SQNS_NOTICE_STARTED ? started : success;
  prepare->n_lines = notice == SQNS_NOTICE_STARTED ? G_N_ELEMENTS (started) : G_N_ELEMENTS (success);
  sqns_ssm_run (&klass, g_task_new (link, cancellable, callback, user_data), prepare, g_free);
}

gboolean
sqns_prepare_finish (SqnsLink *link, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
