/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looks for the modem through a relay. */
#include "link/relay-search.h"

#include "at/wake.h"
#include "base/ssm.h"

typedef enum {
  STATE_START,
  STATE_PROVE,
  STATE_NEXT,
  STATE_SPEED,
  STATE_END, /* cleanup: unless the modem answers through it, or it is gone */
  STATE_TELL,
  N_STATES,
} State;
static const char *const state_names[] = { "start", "prove", "next", "speed", "end", "tell" };
G_STATIC_ASSERT (G_N_ELEMENTS (state_names) == N_STATES);

/* Quickly where the modem may be, then all that may bring it back. 115200 is the boot ROM's speed (FFH), and by one
 * source RECOVERY's (protocol.md §2); data mode is only known at 921600. */
static const struct {
  guint speed;
  SqnsWakeEffort effort;
} tries[] = {
  { SQNS_MODEM_SPEED, SQNS_WAKE_LIGHT },
  { SQNS_REPL_SPEED, SQNS_WAKE_LIGHT },
  { SQNS_MODEM_SPEED, SQNS_WAKE_FULL },
  { SQNS_REPL_SPEED, SQNS_WAKE_STP },
};

typedef struct {
  SqnsPort *port;
  const SqnsMonitor *monitor;
  char *pins;
  guint host_speed;
  guint try;
  gboolean runs;
  SqnsRelaySearch found;
} Search;

static void
search_free (gpointer data)
{
  Search *search = data;
  g_object_unref (search->port);
  g_free (search->pins);
  g_free (search);
}

static void
on_started (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Search *search = sqns_ssm_data (ssm);
  GError *error = NULL;

  search->runs = sqns_relay_start_finish (result, &error);
  sqns_ssm_next_or_fail (ssm, search->runs, error);
}

static void
on_wake (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Search *search = sqns_ssm_data (ssm);
  SqnsWake wake;
  GError *error = NULL;

  if (!sqns_wake_finish (result, &wake, &error))
    {
      sqns_ssm_fail_error (ssm, error);
      return;
    }
  search->found.noise = sqns_noise_merge (search->found.noise, wake.noise);
  search->found.answers = wake.answers;
  if (wake.answers)
    sqns_ssm_complete (ssm);
  else
    sqns_ssm_next (ssm);
}

/* A relay that was proven and does not answer any more has gone with the board: a watchdog has bitten, or a button was
 * pressed. */
static void
relay_lost (SqnsSsm *ssm, GError *error)
{
  Search *search = sqns_ssm_data (ssm);

  search->runs = FALSE;
  if (!sqns_error_is_timeout (error))
    {
      sqns_ssm_fail_error (ssm, error);
      return;
    }
  sqns_monitor_remark (search->monitor, "%s; perhaps the board has been reset", error->message);
  g_error_free (error);
  search->found.lost = TRUE;
  sqns_ssm_next (ssm);
}

static void
on_speed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Search *search = sqns_ssm_data (ssm);
  GError *error = NULL;

  if (sqns_relay_set_speed_finish (result, &error))
    {
      search->found.speed = tries[search->try].speed;
      sqns_ssm_goto (ssm, STATE_PROVE);
    }
  else
    relay_lost (ssm, error);
}

static void
on_left (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  GError *error = NULL;

  if (sqns_relay_quit_finish (result, &error))
    sqns_ssm_next (ssm);
  else
    relay_lost (ssm, error);
}

static void
search_state (SqnsSsm *ssm, guint state, gpointer data)
{
  Search *search = data;
  const SqnsRelayConfig config
      = { .pins = search->pins, .host_speed = search->host_speed, .modem_speed = tries[0].speed };

  switch ((State)state)
    {
    case STATE_START:
      search->found.speed = tries[0].speed;
      sqns_relay_start_async (search->port, search->monitor, &config, sqns_ssm_cancellable (ssm), on_started, ssm);
      break;
    case STATE_PROVE:
      sqns_monitor_remark (search->monitor, "looks for the modem at %u baud", search->found.speed);
      sqns_wake_async (search->port, search->monitor, tries[search->try].effort, sqns_ssm_cancellable (ssm), on_wake,
                       ssm);
      break;
    case STATE_NEXT:
      if (++search->try < G_N_ELEMENTS (tries))
        sqns_ssm_next (ssm);
      else
        sqns_ssm_complete (ssm);
      break;
    case STATE_SPEED:
      sqns_relay_set_speed_async (search->port, search->monitor, tries[search->try].speed, sqns_ssm_cancellable (ssm),
                                  on_speed, ssm);
      break;
    case STATE_END:
      if (sqns_ssm_error (ssm) == NULL && search->found.answers)
        sqns_ssm_next (ssm);
      else if (search->runs && !sqns_port_is_lost (search->port))
        sqns_relay_quit_async (search->port, search->monitor, on_left, ssm);
      else
        sqns_ssm_next (ssm);
      break;
    case STATE_TELL:
      if (sqns_ssm_error (ssm) == NULL)
        sqns_ssm_set_result (ssm, g_memdup2 (&search->found, sizeof search->found), g_free);
      sqns_ssm_next (ssm);
      break;
    case N_STATES:
      g_assert_not_reached ();
    }
}

void
sqns_relay_search_async (SqnsPort *port,
                         const SqnsMonitor *monitor,
                         const char *pins,
                         guint host_speed,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  static const SqnsSsmClass klass = { "relay-search", state_names, N_STATES, STATE_END, search_state };
  Search *search = g_new0 (Search, 1);
  GTask *task = g_task_new (port, cancellable, callback, user_data);

  search->port = g_object_ref (port);
  search->monitor = monitor;
  search->pins = g_strdup (pins);
  search->host_speed = host_speed;
  sqns_ssm_run (&klass, task, search, search_free);
}

gboolean
sqns_relay_search_finish (GAsyncResult *result, SqnsRelaySearch *found, GError **error)
{
  g_autofree SqnsRelaySearch *search = g_task_propagate_pointer (G_TASK (result), error);
  if (search == NULL)
    return FALSE;
  *found = *search;
  return TRUE;
}
