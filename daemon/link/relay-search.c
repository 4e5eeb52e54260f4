/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looks for the modem through a relay. */
#include "link/relay-search.h"

#include "at/wake.h"

typedef enum {
  STATE_START,
  STATE_PROVE,
  STATE_SPEED,
  STATE_END, /* cleanup: unless the modem answers through it, or it is gone */
} State;
#define N_STATES (STATE_END + 1)
static const char *const state_names[N_STATES] = { "start", "prove", "speed", "end" };

/* Quickly where the modem may be, then all that may bring it back. 115200 is the boot ROM's speed (FFH), and by one
 * source RECOVERY's (protocol.md §2); data mode is only known at 921600. */
static const struct {
  guint speed;
  SqnsWakeEffort effort;
} tries[] = {
  { SQNS_MODEM_SPEED, SQNS_WAKE_AT },
  { SQNS_REPL_SPEED, SQNS_WAKE_AT },
  { SQNS_MODEM_SPEED, SQNS_WAKE_PPP },
  { SQNS_REPL_SPEED, SQNS_WAKE_STP },
};

typedef struct {
  SqnsPort *port;
  SqnsRelayConfig config;
  guint try;
  gboolean runs;
  SqnsWake wake;
  SqnsRelaySearch *found;
} Search;

static void
on_started (SqnsSsm *ssm, gpointer data, const GError *error)
{
  Search *search = data;

  search->runs = error == NULL;
  if (!sqns_ssm_failed (ssm, error))
    sqns_ssm_next (ssm);
}

static void
on_wake (SqnsSsm *ssm, gpointer data, const GError *error)
{
  Search *search = data;

  search->found->noise = sqns_noise_merge (search->found->noise, search->wake.noise);
  search->found->answers = search->wake.answers;
  if (search->wake.answers || ++search->try == G_N_ELEMENTS (tries))
    sqns_ssm_complete (ssm);
  else
    sqns_ssm_next (ssm);
}

/* A relay that was proven and stopped answering has gone with the board: a watchdog has bitten, or a button was
 * pressed. */
static void
relay_lost (SqnsSsm *ssm, Search *search, const GError *error)
{
  sqns_port_remark (search->port, "%s; the board may have been reset", error->message);
  search->runs = FALSE;
  search->found->lost = TRUE;
  sqns_ssm_complete (ssm);
}

static void
on_speed (SqnsSsm *ssm, gpointer data, const GError *error)
{
  Search *search = data;

  if (error != NULL)
    {
      relay_lost (ssm, search, error);
      return;
    }
  search->found->speed = tries[search->try].speed;
  sqns_ssm_goto (ssm, STATE_PROVE);
}

static void
on_left (SqnsSsm *ssm, gpointer data, const GError *error)
{
  if (error != NULL)
    relay_lost (ssm, data, error);
  else
    sqns_ssm_next (ssm);
}

static void
search_state (SqnsSsm *ssm, guint state, gpointer data)
{
  Search *search = data;

  switch ((State)state)
    {
    case STATE_START:
      sqns_relay_start (ssm, search->port, &search->config, on_started);
      break;
    case STATE_PROVE:
      sqns_port_remark (search->port, "looking for the modem at %u baud", search->found->speed);
      sqns_wake (ssm, search->port, 0, tries[search->try].effort, &search->wake, on_wake);
      break;
    case STATE_SPEED:
      sqns_relay_set_speed_async (search->port, tries[search->try].speed, sqns_ssm_cancellable (ssm),
                                  sqns_ssm_step (ssm, on_speed), ssm);
      break;
    case STATE_END:
      if (search->runs && !sqns_port_is_lost (search->port)
          && (sqns_ssm_error (ssm) != NULL || !search->found->answers))
        sqns_relay_quit_async (search->port, sqns_ssm_step (ssm, on_left), ssm);
      else
        sqns_ssm_next (ssm);
      break;
    }
}

void
sqns_relay_search (
    SqnsSsm *ssm, SqnsPort *port, const char *pins, guint host_speed, SqnsRelaySearch *found, SqnsSsmDone done)
{
  static const SqnsSsmClass klass = { "relay-search", state_names, N_STATES, STATE_END, search_state };
  const Search search = { .port = port,
                          .config = { .pins = pins, .host_speed = host_speed, .modem_speed = tries[0].speed },
                          .found = found };

  *found = (SqnsRelaySearch){ .speed = tries[0].speed };
  sqns_ssm_run_step (ssm, &klass, g_memdup2 (&search, sizeof search), g_free, done);
}
