/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The AT commands around an upgrade in application mode. */
#include "modem/prepare.h"

#include "at/command.h"
#include "base/deadlines.h"
#include "base/ssm.h"

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

typedef enum {
  STATE_LINE,
  N_STATES,
} State;
static const char *const state_names[] = { "line" };
G_STATIC_ASSERT (G_N_ELEMENTS (state_names) == N_STATES);

typedef struct {
  SqnsLink *link;
  const Line *lines;
  guint n_lines;
  guint next;
  guint silent;
} Prepare;

static void
prepare_free (gpointer data)
{
  Prepare *prepare = data;
  g_object_unref (prepare->link);
  g_free (prepare);
}

static void
on_reply (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Prepare *prepare = sqns_ssm_data (ssm);
  g_autoptr (GError) error = NULL;
  g_auto (SqnsAtReply) reply = { 0 };

  if (!sqns_command_finish (sqns_link_port (prepare->link), result, &reply, &error)
      && (!sqns_error_is_timeout (error) || ++prepare->silent >= 2))
    sqns_ssm_fail_error (ssm, g_steal_pointer (&error));
  else
    sqns_ssm_goto (ssm, ++prepare->next < prepare->n_lines ? STATE_LINE : N_STATES);
}

static void
prepare_state (SqnsSsm *ssm, guint state, gpointer data)
{
  Prepare *prepare = data;
  const Line *line = &prepare->lines[prepare->next];
  sqns_command_async (sqns_link_port (prepare->link), sqns_link_monitor (prepare->link), line->text, line->timeout_ms,
                      sqns_ssm_cancellable (ssm), on_reply, ssm);
}

void
sqns_prepare_async (
    SqnsLink *link, SqnsNotice notice, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  static const SqnsSsmClass klass = { "prepare", state_names, N_STATES, N_STATES, prepare_state };
  Prepare *prepare = g_new0 (Prepare, 1);

  prepare->link = g_object_ref (link);
  prepare->lines = notice == SQNS_NOTICE_STARTED ? started : success;
  prepare->n_lines = notice == SQNS_NOTICE_STARTED ? G_N_ELEMENTS (started) : G_N_ELEMENTS (success);
  sqns_ssm_run (&klass, g_task_new (link, cancellable, callback, user_data), prepare, prepare_free);
}

gboolean
sqns_prepare_finish (SqnsLink *link, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
