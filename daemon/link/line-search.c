/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looks what is on the line of a port. */
#include "link/line-search.h"

#include "at/wake.h"
#include "board/relay.h"

/* The places to look at, and what only a relay that was found needs. */
enum {
  STATE_QUIT = SQNS_LOOK_NOWHERE,
  N_STATES,
};
static const char *const state_names[N_STATES] = {
  "as-told", "prompt", "stray", "fast", "slow", "program", "full", "quit",
};

typedef struct {
  SqnsPort *port;
  SqnsLinkSearch *search;
  SqnsLine *line;
  SqnsWake wake;
  SqnsInterrupt interrupt;
} Search;

static void
found (SqnsSsm *ssm, SqnsLine line)
{
  Search *self = sqns_ssm_data (ssm);
  *self->line = line;
  sqns_ssm_complete (ssm);
}

static void
look_on (SqnsSsm *ssm)
{
  Search *self = sqns_ssm_data (ssm);
  SqnsLook next = sqns_link_search_after (self->search, sqns_ssm_state (ssm));

  if (next == SQNS_LOOK_NOWHERE)
    found (ssm, SQNS_LINE_NOTHING);
  else
    sqns_ssm_goto (ssm, next);
}

static void
on_wake (SqnsSsm *ssm, gpointer data, const GError *error)
{
  Search *self = data;

  if (self->wake.answers)
    {
      found (ssm, SQNS_LINE_MODEM);
      return;
    }
  self->search->modem_noise = sqns_noise_merge (self->search->modem_noise, self->wake.noise);
  look_on (ssm);
}

static void
wake_at (SqnsSsm *ssm, guint speed, SqnsWakeEffort effort)
{
  Search *self = sqns_ssm_data (ssm);
  sqns_wake (ssm, self->port, speed, effort, &self->wake, on_wake);
}

static void
on_interrupt (SqnsSsm *ssm, gpointer data, const GError *error)
{
  Search *self = data;

  sqns_link_search_interrupted (self->search, &self->interrupt, sqns_ssm_state (ssm) == SQNS_LOOK_PROGRAM);
  if (self->interrupt.prompt)
    found (ssm, SQNS_LINE_PROMPT);
  else
    look_on (ssm);
}

static void
on_stray (SqnsSsm *ssm, gpointer data, const GError *error)
{
  Search *self = data;

  if (error != NULL)
    {
      self->search->reached = FALSE;
      look_on (ssm);
      return;
    }
  sqns_port_remark (self->port, "a relay is still running");
  sqns_ssm_goto (ssm, STATE_QUIT);
}

static void
on_quit (SqnsSsm *ssm, gpointer data, const GError *error)
{
  Search *self = data;

  if (sqns_ssm_failed (ssm, error))
    return;
  self->search->reached = TRUE;
  found (ssm, SQNS_LINE_PROMPT);
}

static void
say (Search *self, const char *message)
{
  const SqnsLinkConfig *config = &self->search->config;
  sqns_monitor_phase (sqns_port_monitor (self->port), SQNS_PHASE_LINK, !config->unsafe, config->committed, message);
}

static void
search_state (SqnsSsm *ssm, guint state, gpointer data)
{
  Search *self = data;

  if (state == STATE_QUIT)
    {
      sqns_relay_quit_async (self->port, sqns_ssm_step (ssm, on_quit), ssm);
      return;
    }
  switch ((SqnsLook)state)
    {
    case SQNS_LOOK_AS_TOLD:
      if (self->search->looked || self->search->config.speed == 0)
        sqns_ssm_goto (ssm, sqns_link_search_after (self->search, SQNS_LOOK_AS_TOLD));
      else
        wake_at (ssm, self->search->config.speed, SQNS_WAKE_AT);
      self->search->looked = TRUE;
      break;
    case SQNS_LOOK_PROMPT:
      sqns_repl_interrupt (ssm, self->port, SQNS_INTERRUPT_BRIEF, &self->interrupt, on_interrupt);
      break;
    case SQNS_LOOK_STRAY:
      sqns_relay_find (ssm, self->port, on_stray);
      break;
    case SQNS_LOOK_FAST:
      wake_at (ssm, SQNS_MODEM_SPEED, SQNS_WAKE_AT);
      break;
    case SQNS_LOOK_SLOW:
      wake_at (ssm, SQNS_REPL_SPEED, SQNS_WAKE_STP);
      break;
    case SQNS_LOOK_PROGRAM:
      say (self, "stopping the program on the board");
      sqns_repl_interrupt (ssm, self->port, SQNS_INTERRUPT_LONG, &self->interrupt, on_interrupt);
      break;
    case SQNS_LOOK_FULL:
      say (self, "taking the modem out of data mode or an interrupted upload");
      wake_at (ssm, SQNS_MODEM_SPEED, SQNS_WAKE_PPP);
      break;
    case SQNS_LOOK_NOWHERE:
      g_assert_not_reached ();
    }
}

void
sqns_line_search (SqnsSsm *ssm, SqnsPort *port, SqnsLinkSearch *search, SqnsLine *line, SqnsSsmDone done)
{
  static const SqnsSsmClass klass = { "line-search", state_names, N_STATES, N_STATES, search_state };
  const Search self = { .port = port, .search = search, .line = line };
  sqns_ssm_run_step (ssm, &klass, g_memdup2 (&self, sizeof self), g_free, done);
}
