/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds the way to the modem's AT channel and proves it. */
#include "link/link.h"

#include "at/wake.h"
#include "base/deadlines.h"
#include "board/passthrough.h"
#include "board/pic.h"
#include "codec/repl.h"
#include "link/line-search.h"
#include "link/relay-search.h"
#include "serial/port-holder.h"
#include "serial/port-open.h"

typedef enum {
  STATE_PORT,
  STATE_LEAVE_PASSTHROUGH,
  STATE_LINE,
  STATE_IDENTIFY, /* the board is at its prompt */
  STATE_SAFE_BOOT,
  STATE_CHOOSE,
  STATE_PASSTHROUGH,
  STATE_PROVE,
  STATE_RELAY,
  STATE_NOTHING, /* no answer: a reset, or the end */
  STATE_PROVEN,
  STATE_END_PASSTHROUGH, /* cleanup: only after a failure */
  STATE_CLOSE,
} State;
#define N_STATES (STATE_CLOSE + 1)
static const char *const state_names[N_STATES] = {
  "port",  "leave-passthrough", "line",   "identify",        "safe-boot", "choose", "passthrough", "prove",
  "relay", "nothing",           "proven", "end-passthrough", "close",
};

typedef struct {
  SqnsLinkSearch search;
  char *devnode;
  char *board_hint;
  SqnsMonitor monitor;
  SqnsBoardInfo board;
  SqnsPort *port;
  SqnsLinkKind kind;
  guint relay_host_speed;
  gboolean lost_relay; /* once: the board reset by itself */
  gboolean crashed;    /* the board, as it was identified */
  guint identify_tries;
  SqnsLine line;
  SqnsInterrupt interrupt;
  SqnsScriptResult script;
  SqnsRelaySearch relay;
  SqnsWake wake;
} Open;

static void
open_free (gpointer data)
{
  Open *open = data;
  g_clear_object (&open->port);
  g_free (open->board.board);
  g_free (open->board.firmware);
  sqns_script_result_clear (&open->script);
  g_free (open->devnode);
  g_free (open->board_hint);
  g_free (open);
}

static void
say (Open *open, SqnsPhase phase, const char *message)
{
  sqns_monitor_phase (&open->monitor, phase, !open->search.config.unsafe, open->search.config.committed, message);
}

static void
proven (SqnsSsm *ssm, SqnsLinkKind kind)
{
  Open *open = sqns_ssm_data (ssm);

  open->kind = kind;
  if (open->search.relay_silent && open->search.safe_booted)
    open->board.notes |= SQNS_BOARD_OWNS_MODEM;
  sqns_ssm_goto (ssm, STATE_PROVEN);
}

/* --- the line --- */

static void
on_line (SqnsSsm *ssm, gpointer data, const GError *error)
{
  Open *open = data;

  if (sqns_ssm_failed (ssm, error))
    return;
  switch (open->line)
    {
    case SQNS_LINE_NOTHING:
      sqns_ssm_goto (ssm, STATE_NOTHING);
      break;
    case SQNS_LINE_PROMPT:
      sqns_ssm_goto (ssm, STATE_IDENTIFY);
      break;
    case SQNS_LINE_MODEM:
      proven (ssm, sqns_link_search_kind (&open->search));
      break;
    }
}

/* --- the board at its prompt --- */

/* The firmware of some boards crashes when asked; the banner of the restart has to do (field-failures.md row 37). */
static void
take_crash (Open *open)
{
  SqnsBoardInfo *board = &open->board;
  char *name = NULL, *firmware = NULL;

  open->crashed = TRUE;
  board->notes |= SQNS_BOARD_CRASHES;
  if (!sqns_repl_banner (open->script.crash, &name, &firmware))
    return;
  g_free (board->board);
  g_free (board->firmware);
  board->board = name;
  board->firmware = firmware;
}

static void
on_identified (SqnsSsm *ssm, gpointer data, const GError *error)
{
  Open *open = data;
  SqnsBoardInfo *board = &open->board;

  if (sqns_error_is_timeout (error) && --open->identify_tries > 0)
    {
      sqns_monitor_remark (&open->monitor, "%s", error->message);
      sqns_ssm_goto (ssm, STATE_LINE);
      return;
    }
  if (sqns_ssm_failed (ssm, error))
    return;
  if (open->script.crash != NULL)
    take_crash (open);
  else
    sqns_board_info_take (board, open->script.output);
  sqns_monitor_remark (&open->monitor, "board %s, firmware %s, passthrough %s%s",
                       board->board ? board->board : "unknown", board->firmware ? board->firmware : "unknown",
                       board->notes & SQNS_BOARD_PASSTHROUGH ? "yes" : "no",
                       open->crashed ? "; continuing without it" : "");
  sqns_monitor_link (&open->monitor, SQNS_LINK_AUTO, board);
  sqns_ssm_goto (ssm, open->crashed ? STATE_LINE : STATE_SAFE_BOOT);
}

static void
on_safe_boot (SqnsSsm *ssm, gpointer data, const GError *error)
{
  Open *open = data;

  sqns_link_search_interrupted (&open->search, &open->interrupt, FALSE);
  if (open->interrupt.prompt)
    sqns_ssm_goto (ssm, STATE_IDENTIFY);
  else
    sqns_ssm_fail (ssm, SQNS_ERROR_TIMEOUT, "the board did not answer after its safe boot on %s", open->devnode);
}

/* A program that was interrupted may have armed a watchdog or hold an LTE object: without main.py neither is there. */
static void
safe_boot (SqnsSsm *ssm)
{
  Open *open = sqns_ssm_data (ssm);

  if (open->search.safe_booted || !(sqns_link_search_distrusts_program (&open->search) || open->lost_relay))
    {
      sqns_ssm_next (ssm);
      return;
    }
  say (open, SQNS_PHASE_LINK, "restarting the board without its program");
  open->search.safe_booted = TRUE;
  sqns_repl_interrupt (ssm, open->port, SQNS_INTERRUPT_SAFE_BOOT, &open->interrupt, on_safe_boot);
}

static void
choose (SqnsSsm *ssm)
{
  Open *open = sqns_ssm_data (ssm);

  if (sqns_link_search_lacks_passthrough (&open->search))
    sqns_ssm_fail (
        ssm, SQNS_ERROR_NOT_SUPPORTED,
        "board firmware %s has no passthrough (added in 1.18.1); use the relay, which works with every firmware",
        open->board.firmware ? open->board.firmware : "of unknown version");
  else
    sqns_ssm_goto (ssm, sqns_link_search_wants_relay (&open->search) ? STATE_RELAY : STATE_PASSTHROUGH);
}

/* --- passthrough --- */

/* The relay takes over where it may, and has not been tried. */
static void
on_passthrough (SqnsSsm *ssm, gpointer data, const GError *error)
{
  Open *open = data;
  SqnsLinkSearch *search = &open->search;

  if (error == NULL)
    {
      search->passthrough = search->passthrough_tried = TRUE;
      sqns_ssm_next (ssm);
      return;
    }
  if (!g_error_matches (error, SQNS_ERROR, SQNS_ERROR_NOT_SUPPORTED))
    {
      sqns_ssm_fail_error (ssm, g_error_copy (error));
      return;
    }
  sqns_monitor_remark (&open->monitor, "%s", error->message);
  if (search->relay_silent)
    sqns_ssm_goto (ssm, STATE_NOTHING);
  else if (search->config.kind == SQNS_LINK_AUTO && !search->relay_broken)
    sqns_ssm_goto (ssm, STATE_RELAY);
  else
    sqns_ssm_fail (ssm, SQNS_ERROR_NOT_SUPPORTED, "%s; %s", error->message,
                   search->relay_broken ? "the relay does not work either" : "the relay may work");
}

static void
on_wake (SqnsSsm *ssm, gpointer data, const GError *error)
{
  Open *open = data;

  if (open->wake.answers)
    {
      proven (ssm, SQNS_LINK_PASSTHROUGH);
      return;
    }
  open->search.modem_noise = sqns_noise_merge (open->search.modem_noise, open->wake.noise);
  sqns_ssm_goto (ssm, STATE_NOTHING);
}

/* --- the relay --- */

static void
relay_silent (SqnsSsm *ssm)
{
  Open *open = sqns_ssm_data (ssm);

  open->search.relay_silent = TRUE;
  if (sqns_link_search_may_safe_boot (&open->search))
    {
      sqns_monitor_remark (&open->monitor, "another program on the board may be using the modem");
      sqns_ssm_goto (ssm, STATE_SAFE_BOOT);
    }
  else
    sqns_ssm_goto (ssm, sqns_link_search_may_passthrough (&open->search) ? STATE_PASSTHROUGH : STATE_NOTHING);
}

/* The relay did not start, or is not heard: more slowly once, then passthrough where that is allowed. */
static void
no_relay (SqnsSsm *ssm, const GError *error)
{
  Open *open = sqns_ssm_data (ssm);
  gboolean timeout = sqns_error_is_timeout (error);

  if (timeout && open->relay_host_speed != SQNS_REPL_SPEED)
    {
      sqns_monitor_remark (&open->monitor, "%s; trying again at %u baud", error->message, SQNS_REPL_SPEED);
      open->relay_host_speed = SQNS_REPL_SPEED;
    }
  else if ((timeout || g_error_matches (error, SQNS_ERROR, SQNS_ERROR_PROTOCOL))
           && sqns_link_search_may_passthrough (&open->search))
    {
      sqns_monitor_remark (&open->monitor, "%s; passthrough instead", error->message);
      open->search.relay_broken = TRUE;
    }
  else
    {
      sqns_ssm_fail_error (ssm, g_error_copy (error));
      return;
    }
  sqns_ssm_goto_in_ms (ssm, STATE_LINE, timeout ? SQNS_RELAY_END_MS : 1);
}

static void
on_relay (SqnsSsm *ssm, gpointer data, const GError *error)
{
  Open *open = data;

  if (error != NULL)
    {
      no_relay (ssm, error);
      return;
    }
  open->search.modem_noise = sqns_noise_merge (open->search.modem_noise, open->relay.noise);
  if (open->relay.answers)
    proven (ssm, SQNS_LINK_RELAY);
  else if (!open->relay.lost)
    relay_silent (ssm);
  else if (!open->lost_relay)
    {
      open->lost_relay = TRUE;
      sqns_ssm_goto (ssm, STATE_LINE);
    }
  else
    sqns_ssm_fail (ssm, SQNS_ERROR_TIMEOUT, "the board on %s keeps resetting while its relay runs, as if by a watchdog",
                   open->devnode);
}

/* --- beginning and end --- */

static void
on_port (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Open *open = sqns_ssm_data (ssm);
  GError *error = NULL;

  open->port = sqns_port_open_finish (result, &error);
  if (open->port == NULL)
    {
      sqns_ssm_fail_error (ssm, error);
      return;
    }
  sqns_port_set_monitor (open->port, &open->monitor);
  if (open->search.config.reset)
    sqns_ssm_next (ssm);
  else
    {
      say (open, SQNS_PHASE_LINK, "looking for the board's prompt and the modem");
      sqns_ssm_goto (ssm, STATE_LINE);
    }
}

static void
on_left_passthrough (SqnsSsm *ssm, gpointer data, const GError *error)
{
  Open *open = data;

  if (error != NULL)
    {
      sqns_ssm_fail_error (ssm, sqns_link_search_not_reset (&open->search, error));
      return;
    }
  sqns_link_search_reset (&open->search);
  sqns_ssm_goto (ssm, STATE_IDENTIFY);
}

static void
nothing (SqnsSsm *ssm)
{
  Open *open = sqns_ssm_data (ssm);

  if (open->search.repl_noise != SQNS_NOISE_TEXT && sqns_link_search_may_reset (&open->search))
    {
      sqns_ssm_goto (ssm, STATE_LEAVE_PASSTHROUGH);
      return;
    }
  if (sqns_link_search_heard_no_answer (&open->search))
    {
      open->board.notes |= SQNS_BOARD_MODEM_HEARD;
      sqns_monitor_link (&open->monitor, SQNS_LINK_AUTO, &open->board);
    }
  sqns_ssm_fail_error (ssm, sqns_link_search_failure (&open->search));
}

static void
set_link (SqnsSsm *ssm)
{
  Open *open = sqns_ssm_data (ssm);
  guint speed = open->kind == SQNS_LINK_RELAY ? open->relay.speed : sqns_port_speed (open->port);

  sqns_monitor_contact (&open->monitor, SQNS_CONTACT_ANSWERED);
  sqns_monitor_link (&open->monitor, open->kind, &open->board);
  sqns_monitor_remark (&open->monitor, "linked: %s at %u baud", sqns_link_kind_name (open->kind), speed);
  sqns_ssm_set_result (ssm, sqns_link_new (open->port, open->kind, speed, &open->board), g_object_unref);
  sqns_ssm_next (ssm);
}

static void
on_tidied (SqnsSsm *ssm, gpointer data, const GError *error)
{
  Open *open = data;

  if (error != NULL)
    sqns_monitor_remark (&open->monitor, "could not return the board to its prompt: %s", error->message);
  sqns_ssm_next (ssm);
}

static void
close_port (SqnsSsm *ssm, gboolean held)
{
  Open *open = sqns_ssm_data (ssm);

  if (sqns_ssm_error (ssm) != NULL && open->port != NULL)
    sqns_port_close (open->port);
  sqns_ssm_next (ssm);
}

static void
open_state (SqnsSsm *ssm, guint state, gpointer data)
{
  static const SqnsScript identify = { .name = "identify.py", .timeout_ms = SQNS_BOARD_IDENTIFY_MS };
  Open *open = data;
  const SqnsLinkConfig *config = &open->search.config;

  switch ((State)state)
    {
    case STATE_PORT:
      say (open, SQNS_PHASE_ACQUIRE, "opening the port");
      sqns_port_open_async (open->devnode, SQNS_REPL_SPEED, on_port, ssm);
      break;
    case STATE_LEAVE_PASSTHROUGH:
      say (open, SQNS_PHASE_LINK, "the board's ESP32 must be reset; the modem is not affected");
      sqns_passthrough_leave (ssm, open->port, config->pic, config->user_timeout_s, on_left_passthrough);
      break;
    case STATE_LINE:
      sqns_line_search (ssm, open->port, &open->search, &open->line, on_line);
      break;
    case STATE_IDENTIFY:
      if (open->board.firmware != NULL || open->crashed) /* came back here for another try */
        sqns_ssm_next (ssm);
      else
        sqns_repl_run (ssm, open->port, &identify, &open->script, on_identified);
      break;
    case STATE_SAFE_BOOT:
      safe_boot (ssm);
      break;
    case STATE_CHOOSE:
      choose (ssm);
      break;
    case STATE_PASSTHROUGH:
      sqns_passthrough_start (ssm, open->port, (open->board.notes & SQNS_BOARD_NEEDS_LTE_TASK) != 0, on_passthrough);
      break;
    case STATE_PROVE:
      sqns_wake (ssm, open->port, SQNS_MODEM_SPEED, SQNS_WAKE_PPP, &open->wake, on_wake);
      break;
    case STATE_RELAY:
      say (open, SQNS_PHASE_LINK, "starting a relay on the board");
      sqns_relay_search (ssm, open->port, sqns_link_search_pins (&open->search), open->relay_host_speed, &open->relay,
                         on_relay);
      break;
    case STATE_NOTHING:
      nothing (ssm);
      break;
    case STATE_PROVEN:
      set_link (ssm);
      break;
    case STATE_END_PASSTHROUGH:
      if (sqns_ssm_error (ssm) != NULL && open->search.passthrough && config->pic && !sqns_port_is_lost (open->port))
        sqns_pic_reset (ssm, open->port, on_tidied);
      else
        sqns_ssm_next (ssm);
      break;
    case STATE_CLOSE:
      if (sqns_ssm_error (ssm) != NULL)
        sqns_monitor_contact (&open->monitor, sqns_link_search_contact (&open->search));
      sqns_port_holder_explain (ssm, open->devnode, close_port);
      break;
    }
}

void
sqns_link_open_async (const SqnsLinkConfig *config,
                      const SqnsMonitor *monitor,
                      GCancellable *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer user_data)
{
  static const SqnsSsmClass klass = { "link", state_names, N_STATES, STATE_END_PASSTHROUGH, open_state };
  Open *open = g_new0 (Open, 1);

  open->devnode = g_strdup (config->devnode);
  open->board_hint = g_strdup (config->board);
  open->monitor = *monitor;
  open->identify_tries = SQNS_BOARD_IDENTIFY_TRIES;
  open->search.config = *config;
  open->search.config.devnode = open->devnode;
  open->search.config.board = open->board_hint;
  open->search.board = &open->board;
  open->relay_host_speed = SQNS_MODEM_SPEED;
  sqns_ssm_run (&klass, g_task_new (NULL, cancellable, callback, user_data), open, open_free);
}

SqnsLink *
sqns_link_open_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
