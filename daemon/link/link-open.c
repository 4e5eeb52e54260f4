/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds the way to the modem's AT channel and proves it. */
#include "link/link-private.h"

#include "at/wake.h"
#include "base/deadlines.h"
#include "base/ssm.h"
#include "board/repl-session.h"
#include "board/passthrough.h"
#include "board/pic.h"
#include "board/reset.h"
#include "codec/repl.h"
#include "link/blame.h"
#include "link/link-search.h"
#include "link/relay-search.h"
#include "serial/port-open.h"

typedef enum {
  OPEN_PORT,
  OPEN_RESET,
  OPEN_AS_TOLD, /* only with a speed that somebody gave */
  OPEN_REPL,
  OPEN_STRAY, /* a relay that somebody left */
  OPEN_FAST,
  OPEN_SLOW,
  OPEN_INSIST,
  OPEN_FAST_FULL,
  OPEN_NOTHING, /* nobody answered: a reset, or the end */
  OPEN_IDENTIFY,
  OPEN_SAFE_BOOT,
  OPEN_CHOOSE,
  OPEN_PASSTHROUGH,
  OPEN_PROVE,
  OPEN_RELAY,
  OPEN_PROVEN,
  OPEN_END_PASSTHROUGH, /* cleanup: only after a failure */
  OPEN_CLOSE,
  OPEN_N_STATES,
} OpenState;

static const char *const open_names[] = {
  "port",      "reset",           "as-told",  "repl",      "stray",  "fast",        "slow",  "insist",
  "fast-full", "nothing",         "identify", "safe-boot", "choose", "passthrough", "prove", "relay",
  "proven",    "end-passthrough", "close",
};
G_STATIC_ASSERT (G_N_ELEMENTS (open_names) == OPEN_N_STATES);

typedef struct {
  SqnsLinkSearch search;
  char *devnode;
  char *board_hint;
  SqnsMonitor monitor;
  SqnsLink *link;
  guint relay_host_speed;
  guint relay_speed;   /* at the modem */
  gboolean lost_relay; /* once: the board reset by itself */
  gboolean insisted;
  guint identify_tries;
  gboolean crashed; /* by that */
} Open;

static void
open_free (gpointer data)
{
  Open *open = data;
  g_clear_object (&open->link);
  g_free (open->devnode);
  g_free (open->board_hint);
  g_free (open);
}

static void
say (Open *open, SqnsPhase phase, const char *message)
{
  sqns_monitor_phase (&open->monitor, phase, !open->search.config.unsafe, open->search.config.committed, message);
}

/* --- the modem's answer --- */

static void
proven (SqnsSsm *ssm, SqnsLinkKind kind)
{
  Open *open = sqns_ssm_data (ssm);

  open->link->kind = kind;
  if (open->search.relay_silent && open->search.safe_booted)
    open->link->board.notes |= SQNS_BOARD_OWNS_MODEM;
  sqns_ssm_goto (ssm, OPEN_PROVEN);
}

/* Where to look next when nobody answered an AT. */
static void
no_answer (SqnsSsm *ssm)
{
  Open *open = sqns_ssm_data (ssm);
  SqnsLinkKind kind = open->search.config.kind;

  switch ((OpenState)sqns_ssm_state (ssm))
    {
    case OPEN_AS_TOLD:
      sqns_ssm_goto (ssm, kind == SQNS_LINK_DIRECT ? OPEN_FAST : OPEN_REPL);
      break;
    case OPEN_FAST:
      sqns_ssm_goto (ssm, kind == SQNS_LINK_PASSTHROUGH ? OPEN_INSIST : OPEN_SLOW);
      break;
    case OPEN_SLOW:
      sqns_ssm_goto (ssm, kind == SQNS_LINK_DIRECT || open->insisted ? OPEN_FAST_FULL : OPEN_INSIST);
      break;
    default: /* OPEN_FAST_FULL, OPEN_PROVE: the last resort */
      sqns_ssm_goto (ssm, OPEN_NOTHING);
    }
}

static void
on_wake (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Open *open = sqns_ssm_data (ssm);
  SqnsWake wake;
  GError *error = NULL;

  if (!sqns_wake_finish (result, &wake, &error))
    {
      sqns_ssm_fail_error (ssm, error);
      return;
    }
  if (!wake.answers)
    {
      open->search.modem_noise = sqns_noise_merge (open->search.modem_noise, wake.noise);
      no_answer (ssm);
      return;
    }
  proven (ssm, sqns_ssm_state (ssm) == OPEN_PROVE ? SQNS_LINK_PASSTHROUGH : sqns_link_search_kind (&open->search));
}

static void
wake_at (SqnsSsm *ssm, guint speed, SqnsWakeEffort effort)
{
  Open *open = sqns_ssm_data (ssm);
  GError *error = NULL;

  if (!sqns_port_set_speed (open->link->port, speed, &error))
    {
      sqns_ssm_fail_error (ssm, error);
      return;
    }
  sqns_monitor_remark (&open->monitor, "looks for the modem at %u baud", speed);
  sqns_wake_async (open->link->port, &open->monitor, effort, sqns_ssm_cancellable (ssm), on_wake, ssm);
}

/* --- the board's REPL --- */

static void
no_prompt (SqnsSsm *ssm)
{
  Open *open = sqns_ssm_data (ssm);
  const SqnsLinkSearch *search = &open->search;

  if (sqns_ssm_state (ssm) == OPEN_REPL)
    /* text is a program that talks: it has to yield before anything else makes sense */
    sqns_ssm_goto (ssm, search->repl_noise == SQNS_NOISE_TEXT ? OPEN_INSIST : OPEN_STRAY);
  else if (sqns_ssm_state (ssm) == OPEN_SAFE_BOOT)
    sqns_ssm_fail (ssm, SQNS_ERROR_TIMEOUT, "the board did not come back from its safe boot on %s", open->devnode);
  else
    {
      open->insisted = TRUE;
      sqns_ssm_goto (ssm, search->repl_noise == SQNS_NOISE_TEXT ? OPEN_NOTHING : OPEN_FAST_FULL);
    }
}

static void
on_interrupt (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Open *open = sqns_ssm_data (ssm);
  SqnsInterrupt interrupt;
  GError *error = NULL;

  if (!sqns_repl_interrupt_finish (result, &interrupt, &error))
    {
      sqns_ssm_fail_error (ssm, error);
      return;
    }
  sqns_link_search_interrupted (&open->search, &interrupt, sqns_ssm_state (ssm) == OPEN_INSIST);
  if (interrupt.prompt)
    sqns_ssm_goto (ssm, OPEN_IDENTIFY);
  else
    no_prompt (ssm);
}

static void
interrupt (SqnsSsm *ssm, SqnsInterruptEffort effort)
{
  Open *open = sqns_ssm_data (ssm);
  GError *error = NULL;

  if (sqns_port_set_speed (open->link->port, SQNS_REPL_SPEED, &error))
    sqns_repl_interrupt_async (open->link->port, &open->monitor, effort, sqns_ssm_cancellable (ssm), on_interrupt, ssm);
  else
    sqns_ssm_fail_error (ssm, error);
}

/* The board cannot be asked, and has said what it is as it started again: that has to do (field-failures.md row 37). */
static void
take_crash (SqnsSsm *ssm, const char *said)
{
  Open *open = sqns_ssm_data (ssm);
  SqnsBoardInfo *board = &open->link->board;
  char *name = NULL, *firmware = NULL;

  open->crashed = TRUE;
  board->notes |= SQNS_BOARD_CRASHES;
  if (sqns_repl_banner (said, &name, &firmware))
    {
      g_free (board->board);
      g_free (board->firmware);
      board->board = name;
      board->firmware = firmware;
    }
  sqns_monitor_link (&open->monitor, SQNS_LINK_AUTO, board);
  sqns_monitor_remark (&open->monitor, "goes on without asking it: board %s, firmware %s",
                       board->board ? board->board : "unknown", board->firmware ? board->firmware : "unknown");
  sqns_ssm_goto (ssm, OPEN_REPL);
}

static void
on_identified (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Open *open = sqns_ssm_data (ssm);
  SqnsBoardInfo *board = &open->link->board;
  GError *error = NULL;
  g_autoptr (SqnsScriptResult) script = sqns_repl_run_finish_crash (result, &error);

  if (script != NULL && script->crash != NULL)
    {
      take_crash (ssm, script->crash);
      return;
    }
  if (script == NULL)
    {
      if (!sqns_error_is_timeout (error) || --open->identify_tries == 0)
        {
          sqns_ssm_fail_error (ssm, error);
          return;
        }
      sqns_monitor_remark (&open->monitor, "%s", error->message);
      g_error_free (error);
      sqns_ssm_goto (ssm, OPEN_REPL);
      return;
    }
  sqns_board_info_take (board, script->output);
  sqns_monitor_remark (&open->monitor, "board %s, firmware %s, passthrough %s", board->board ? board->board : "unknown",
                       board->firmware ? board->firmware : "unknown",
                       board->notes & SQNS_BOARD_PASSTHROUGH ? "yes" : "no");
  sqns_monitor_link (&open->monitor, SQNS_LINK_AUTO, board);
  sqns_ssm_next (ssm);
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
  interrupt (ssm, SQNS_INTERRUPT_REBOOT);
}

static void
choose (SqnsSsm *ssm)
{
  Open *open = sqns_ssm_data (ssm);
  const SqnsBoardInfo *board = &open->link->board;

  if (sqns_link_search_lacks_passthrough (&open->search))
    sqns_ssm_fail (ssm, SQNS_ERROR_NOT_SUPPORTED,
                   "board firmware %s has no passthrough (it came with 1.18.1); the relay works on every firmware",
                   board->firmware ? board->firmware : "of unknown version");
  else if (sqns_link_search_wants_relay (&open->search))
    sqns_ssm_goto (ssm, OPEN_RELAY);
  else
    sqns_ssm_goto (ssm, OPEN_PASSTHROUGH);
}

/* --- passthrough --- */

/* The board does not go into passthrough: the relay takes over where it may, and has not been tried. */
static void
no_passthrough (SqnsSsm *ssm, const char *why)
{
  Open *open = sqns_ssm_data (ssm);

  sqns_monitor_remark (&open->monitor, "%s", why);
  if (open->search.relay_silent)
    sqns_ssm_goto (ssm, OPEN_NOTHING);
  else if (open->search.config.kind == SQNS_LINK_AUTO && !open->search.relay_broken)
    sqns_ssm_goto (ssm, OPEN_RELAY);
  else
    sqns_ssm_fail (ssm, SQNS_ERROR_NOT_SUPPORTED, "%s; %s", why,
                   open->search.relay_broken ? "the relay does not work either" : "the relay may work");
}

static void
on_passthrough (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Open *open = sqns_ssm_data (ssm);
  g_autoptr (GError) error = NULL;

  if (sqns_passthrough_start_finish (result, &error))
    {
      open->search.passthrough = open->search.passthrough_tried = TRUE;
      sqns_ssm_next (ssm);
    }
  else if (g_error_matches (error, SQNS_ERROR, SQNS_ERROR_NOT_SUPPORTED))
    no_passthrough (ssm, error->message);
  else
    sqns_ssm_fail_error (ssm, g_steal_pointer (&error));
}

/* --- the relay --- */

static void
relay_silent (SqnsSsm *ssm)
{
  Open *open = sqns_ssm_data (ssm);

  open->search.relay_silent = TRUE;
  if (sqns_link_search_may_safe_boot (&open->search))
    {
      sqns_monitor_remark (&open->monitor, "perhaps something on the board uses the modem");
      sqns_ssm_goto (ssm, OPEN_SAFE_BOOT);
    }
  else if (!sqns_link_search_may_passthrough (&open->search))
    sqns_ssm_goto (ssm, OPEN_NOTHING);
  else
    sqns_ssm_goto (ssm, OPEN_PASSTHROUGH);
}

/* The relay did not start, or is not heard: more slowly once, then passthrough where that is allowed. */
static void
no_relay (SqnsSsm *ssm, GError *error)
{
  Open *open = sqns_ssm_data (ssm);
  guint pause_ms = sqns_error_is_timeout (error) ? SQNS_RELAY_END_MS : 1;

  if (sqns_error_is_timeout (error) && open->relay_host_speed != SQNS_REPL_SPEED)
    {
      sqns_monitor_remark (&open->monitor, "%s; once more at %u baud", error->message, SQNS_REPL_SPEED);
      open->relay_host_speed = SQNS_REPL_SPEED;
    }
  else if ((sqns_error_is_timeout (error) || g_error_matches (error, SQNS_ERROR, SQNS_ERROR_PROTOCOL))
           && sqns_link_search_may_passthrough (&open->search))
    {
      sqns_monitor_remark (&open->monitor, "%s; passthrough instead", error->message);
      open->search.relay_broken = TRUE;
    }
  else
    {
      sqns_ssm_fail_error (ssm, error);
      return;
    }
  g_error_free (error);
  sqns_ssm_goto_in_ms (ssm, OPEN_REPL, pause_ms);
}

static void
on_relay (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Open *open = sqns_ssm_data (ssm);
  SqnsRelaySearch found;
  GError *error = NULL;

  if (!sqns_relay_search_finish (result, &found, &error))
    {
      no_relay (ssm, error);
      return;
    }
  open->search.modem_noise = sqns_noise_merge (open->search.modem_noise, found.noise);
  open->relay_speed = found.speed;
  if (found.answers)
    proven (ssm, SQNS_LINK_RELAY);
  else if (!found.lost)
    relay_silent (ssm);
  else if (!open->lost_relay)
    {
      open->lost_relay = TRUE;
      sqns_ssm_goto (ssm, OPEN_REPL);
    }
  else
    sqns_ssm_fail (ssm, SQNS_ERROR_TIMEOUT,
                   "the board on %s is reset again and again while its relay runs, as by a watchdog", open->devnode);
}

static void
on_stray (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Open *open = sqns_ssm_data (ssm);
  GError *error = NULL;

  if (!sqns_relay_end_stray_finish (result, &open->search.reached, &error))
    sqns_ssm_fail_error (ssm, error);
  else
    sqns_ssm_goto (ssm, open->search.reached ? OPEN_IDENTIFY : OPEN_FAST);
}

/* --- beginning and end --- */

static void
on_reset (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Open *open = sqns_ssm_data (ssm);
  GError *error = NULL;

  if (!sqns_reset_finish (result, &error))
    {
      sqns_ssm_fail_error (ssm, sqns_link_search_not_reset (&open->search, error));
      return;
    }
  sqns_link_search_reset (&open->search);
  sqns_ssm_goto (ssm, OPEN_IDENTIFY);
}

static void
start_reset (SqnsSsm *ssm)
{
  Open *open = sqns_ssm_data (ssm);
  const SqnsResetConfig config = { .pic = open->search.config.pic, .hand_s = open->search.config.hand_s };

  say (open, SQNS_PHASE_LINK, "the board's ESP32 has to be reset; its modem goes on undisturbed");
  sqns_reset_async (open->link->port, &open->monitor, &config, sqns_ssm_cancellable (ssm), on_reset, ssm);
}

static void
on_port (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Open *open = sqns_ssm_data (ssm);
  const SqnsLinkConfig *config = &open->search.config;
  GError *error = NULL;

  open->link->port = sqns_port_open_finish (result, &error);
  if (open->link->port == NULL)
    {
      sqns_ssm_fail_error (ssm, error);
      return;
    }
  if (config->reset)
    {
      sqns_ssm_goto (ssm, OPEN_RESET);
      return;
    }
  say (open, SQNS_PHASE_LINK, "looking for the board's prompt and the modem");
  if (config->speed != 0)
    sqns_ssm_goto (ssm, OPEN_AS_TOLD);
  else
    sqns_ssm_goto (ssm, config->kind == SQNS_LINK_DIRECT ? OPEN_FAST : OPEN_REPL);
}

static void
open_port (SqnsSsm *ssm)
{
  Open *open = sqns_ssm_data (ssm);

  say (open, SQNS_PHASE_ACQUIRE, "opening the port");
  sqns_port_open_async (open->devnode, SQNS_REPL_SPEED, on_port, ssm);
}

static void
nothing (SqnsSsm *ssm)
{
  Open *open = sqns_ssm_data (ssm);

  if (open->search.repl_noise != SQNS_NOISE_TEXT && sqns_link_search_may_reset (&open->search))
    {
      sqns_ssm_goto (ssm, OPEN_RESET);
      return;
    }
  if (sqns_link_search_heard_no_answer (&open->search))
    {
      open->link->board.notes |= SQNS_BOARD_MODEM_HEARD;
      sqns_monitor_link (&open->monitor, SQNS_LINK_AUTO, &open->link->board);
    }
  sqns_ssm_fail_error (ssm, sqns_link_search_failure (&open->search));
}

static void
on_tidied (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Open *open = sqns_ssm_data (ssm);
  g_autoptr (GError) error = NULL;

  if (!sqns_pic_reset_finish (result, &error))
    sqns_monitor_remark (&open->monitor, "the board was not brought back: %s", error->message);
  sqns_ssm_next (ssm);
}

static void
found (SqnsSsm *ssm)
{
  Open *open = sqns_ssm_data (ssm);
  SqnsLink *link = open->link;

  link->speed = link->kind == SQNS_LINK_RELAY ? open->relay_speed : sqns_port_speed (link->port);
  sqns_monitor_contact (&open->monitor, SQNS_CONTACT_ANSWERED);
  sqns_monitor_link (&open->monitor, link->kind, &link->board);
  sqns_monitor_remark (&open->monitor, "linked: %s at %u baud", sqns_link_kind_name (link->kind), link->speed);
  sqns_ssm_set_result (ssm, g_object_ref (link), g_object_unref);
  sqns_ssm_next (ssm);
}

static void
close_port (SqnsSsm *ssm, gboolean held)
{
  Open *open = sqns_ssm_data (ssm);

  if (sqns_ssm_error (ssm) != NULL && open->link->port != NULL)
    sqns_port_close (open->link->port);
  sqns_ssm_next (ssm);
}

static void
open_state (SqnsSsm *ssm, guint state, gpointer data)
{
  Open *open = data;
  SqnsPort *port = open->link->port;
  GCancellable *cancellable = sqns_ssm_cancellable (ssm);
  gboolean failed = sqns_ssm_error (ssm) != NULL && port != NULL && !sqns_port_is_lost (port);

  switch ((OpenState)state)
    {
    case OPEN_PORT:
      open_port (ssm);
      break;
    case OPEN_RESET:
      start_reset (ssm);
      break;
    case OPEN_AS_TOLD:
      wake_at (ssm, open->search.config.speed, SQNS_WAKE_LIGHT);
      break;
    case OPEN_REPL:
      interrupt (ssm, SQNS_INTERRUPT_POLITE);
      break;
    case OPEN_STRAY:
      sqns_relay_end_stray_async (port, &open->monitor, cancellable, on_stray, ssm);
      break;
    case OPEN_FAST:
      wake_at (ssm, SQNS_MODEM_SPEED, SQNS_WAKE_LIGHT);
      break;
    case OPEN_SLOW:
      wake_at (ssm, SQNS_REPL_SPEED, SQNS_WAKE_STP);
      break;
    case OPEN_INSIST:
      say (open, SQNS_PHASE_LINK, "asking the board's program to yield");
      interrupt (ssm, SQNS_INTERRUPT_INSIST);
      break;
    case OPEN_FAST_FULL:
      say (open, SQNS_PHASE_LINK, "calling the modem back from data mode or an interrupted upload");
      wake_at (ssm, SQNS_MODEM_SPEED, SQNS_WAKE_FULL);
      break;
    case OPEN_NOTHING:
      nothing (ssm);
      break;
    case OPEN_IDENTIFY:
      if (open->link->board.firmware != NULL || open->crashed) /* came back here for another try */
        sqns_ssm_next (ssm);
      else
        sqns_repl_run_async (port, &open->monitor, "identify.py", NULL, SQNS_BOARD_IDENTIFY_MS, FALSE, cancellable,
                             on_identified, ssm);
      break;
    case OPEN_SAFE_BOOT:
      safe_boot (ssm);
      break;
    case OPEN_CHOOSE:
      choose (ssm);
      break;
    case OPEN_PASSTHROUGH:
      sqns_passthrough_start_async (port, &open->monitor, sqns_link_search_needs_lte_task (&open->search), cancellable,
                                    on_passthrough, ssm);
      break;
    case OPEN_PROVE:
      wake_at (ssm, SQNS_MODEM_SPEED, SQNS_WAKE_FULL);
      break;
    case OPEN_RELAY:
      say (open, SQNS_PHASE_LINK, "starting a relay on the board");
      sqns_relay_search_async (port, &open->monitor, sqns_link_search_pins (&open->search), open->relay_host_speed,
                               cancellable, on_relay, ssm);
      break;
    case OPEN_PROVEN:
      found (ssm);
      break;
    case OPEN_END_PASSTHROUGH:
      if (failed && open->search.passthrough && open->search.config.pic)
        sqns_pic_reset_async (port, &open->monitor, NULL, on_tidied, ssm);
      else
        sqns_ssm_next (ssm);
      break;
    case OPEN_CLOSE:
      if (sqns_ssm_error (ssm) != NULL)
        sqns_monitor_contact (&open->monitor, sqns_link_search_contact (&open->search));
      sqns_blame_holder (ssm, open->devnode, close_port);
      break;
    case OPEN_N_STATES:
      g_assert_not_reached ();
    }
}

void
sqns_link_open_async (const SqnsLinkConfig *config,
                      const SqnsMonitor *monitor,
                      GCancellable *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer user_data)
{
  static const SqnsSsmClass klass = { "link", open_names, OPEN_N_STATES, OPEN_END_PASSTHROUGH, open_state };
  Open *open = g_new0 (Open, 1);

  open->devnode = g_strdup (config->devnode);
  open->board_hint = g_strdup (config->board);
  open->monitor = *monitor;
  open->identify_tries = SQNS_BOARD_IDENTIFY_TRIES;
  open->link = g_object_new (SQNS_TYPE_LINK, NULL);
  open->link->monitor = *monitor;
  open->search.config = *config;
  open->search.config.devnode = open->devnode;
  open->search.config.board = open->board_hint;
  open->search.board = &open->link->board;
  open->relay_host_speed = SQNS_MODEM_SPEED;
  sqns_ssm_run (&klass, g_task_new (open->link, cancellable, callback, user_data), open, open_free);
}

SqnsLink *
sqns_link_open_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
