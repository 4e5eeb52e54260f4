/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds the way to the modem's AT channel and proves it. */
#include "procedure/link-private.h"

#include "base/patience.h"
#include "base/ssm.h"
#include "codec/repl.h"
#include "procedure/board.h"
#include "procedure/relay.h"
#include "procedure/wake.h"

#include <string.h>

#define IDENTIFY_MS 8000
#define LTE_TASK_MS 40000 /* a failing LTE() takes about 6 s; one that hangs is interrupted */
#define ACCEPT_MS 3000
#define RELAY_SELF_END_MS 4500 /* an unheard relay ends after 4 s (data/board/relay.py) */

typedef enum {
  OPEN_PORT,
  OPEN_AS_TOLD, /* only with a speed that somebody gave */
  OPEN_REPL,
  OPEN_FAST,
  OPEN_SLOW,
  OPEN_INSIST,
  OPEN_FAST_FULL,
  OPEN_NOTHING,
  OPEN_IDENTIFY,
  OPEN_CHOOSE,
  OPEN_LTE_TASK,
  OPEN_PASSTHROUGH,
  OPEN_PROVE,
  OPEN_RELAY,
  OPEN_RELAY_PROVE,
  OPEN_RELAY_AGAIN,
  OPEN_PROVEN,
  OPEN_CLOSE, /* cleanup: only after a failure */
  OPEN_N_STATES,
} OpenState;

static const char *const open_names[] = {
  "port",   "as-told",  "repl",        "fast",  "slow",  "insist",      "fast-full",   "nothing", "identify",
  "choose", "lte-task", "passthrough", "prove", "relay", "relay-prove", "relay-again", "proven",  "close",
};
G_STATIC_ASSERT (G_N_ELEMENTS (open_names) == OPEN_N_STATES);

typedef struct {
  SqnsLinkConfig config;
  char *devnode;
  char *board_hint;
  SqnsMonitor monitor;
  SqnsLink *link;
  SqnsNoise repl_noise;
  SqnsNoise modem_noise;
  gboolean insisted;
  gboolean has_passthrough;
  SqnsRelayConfig relay;
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
  sqns_monitor_phase (&open->monitor, phase, TRUE, FALSE, message);
}

/* --- the modem's answer --- */

static void
proven (SqnsSsm *ssm, SqnsLinkKind kind)
{
  Open *open = sqns_ssm_data (ssm);
  open->link->kind = kind;
  sqns_ssm_goto (ssm, OPEN_PROVEN);
}

static SqnsLinkKind
kind_without_repl (Open *open)
{
  if (open->config.kind == SQNS_LINK_DIRECT || (open->config.kind == SQNS_LINK_AUTO && !open->config.usb_board))
    return SQNS_LINK_DIRECT;
  return SQNS_LINK_PASSTHROUGH;
}

/* Where to look next when nobody answered an AT. */
static void
no_answer (SqnsSsm *ssm)
{
  Open *open = sqns_ssm_data (ssm);

  switch ((OpenState)sqns_ssm_state (ssm))
    {
    case OPEN_AS_TOLD:
      sqns_ssm_goto (ssm, open->config.kind == SQNS_LINK_DIRECT ? OPEN_FAST : OPEN_REPL);
      break;
    case OPEN_FAST:
      sqns_ssm_goto (ssm, open->config.kind == SQNS_LINK_PASSTHROUGH ? OPEN_INSIST : OPEN_SLOW);
      break;
    case OPEN_SLOW:
      sqns_ssm_goto (ssm, open->config.kind == SQNS_LINK_DIRECT || open->insisted ? OPEN_FAST_FULL : OPEN_INSIST);
      break;
    case OPEN_RELAY_PROVE:
      sqns_ssm_goto (ssm, OPEN_RELAY_AGAIN);
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
      sqns_ssm_fail (ssm, error);
      return;
    }
  if (!wake.answers)
    {
      if (wake.noise != SQNS_NOISE_NONE)
        open->modem_noise = wake.noise;
      no_answer (ssm);
      return;
    }
  OpenState state = sqns_ssm_state (ssm);
  proven (ssm, state == OPEN_PROVE         ? SQNS_LINK_PASSTHROUGH
               : state == OPEN_RELAY_PROVE ? SQNS_LINK_RELAY
                                           : kind_without_repl (open));
}

static void
wake_at (SqnsSsm *ssm, guint speed, SqnsWakeEffort effort)
{
  Open *open = sqns_ssm_data (ssm);
  GError *error = NULL;

  if (!sqns_port_set_speed (open->link->port, speed, &error))
    {
      sqns_ssm_fail (ssm, error);
      return;
    }
  sqns_monitor_remark (&open->monitor, "looks for the modem at %u baud", speed);
  sqns_wake_async (open->link->port, &open->monitor, effort, sqns_ssm_cancellable (ssm), on_wake, ssm);
}

/* --- the board's REPL --- */

static void
on_interrupt (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Open *open = sqns_ssm_data (ssm);
  SqnsInterrupt interrupt;
  GError *error = NULL;

  if (!sqns_board_interrupt_finish (result, &interrupt, &error))
    sqns_ssm_fail (ssm, error);
  else if (interrupt.prompt)
    sqns_ssm_goto (ssm, OPEN_IDENTIFY);
  else
    {
      if (interrupt.noise != SQNS_NOISE_NONE)
        open->repl_noise = interrupt.noise;
      if (sqns_ssm_state (ssm) == OPEN_INSIST)
        {
          open->insisted = TRUE;
          sqns_ssm_goto (ssm, open->repl_noise == SQNS_NOISE_TEXT ? OPEN_NOTHING : OPEN_FAST_FULL);
        }
      else
        /* text is a program that talks: it has to yield before anything else makes sense */
        sqns_ssm_goto (ssm, open->repl_noise == SQNS_NOISE_TEXT ? OPEN_INSIST : OPEN_FAST);
    }
}

static void
interrupt (SqnsSsm *ssm, SqnsInterruptEffort effort)
{
  Open *open = sqns_ssm_data (ssm);
  GError *error = NULL;

  if (sqns_port_set_speed (open->link->port, SQNS_REPL_SPEED, &error))
    sqns_board_interrupt_async (open->link->port, &open->monitor, effort, sqns_ssm_cancellable (ssm), on_interrupt,
                                ssm);
  else
    sqns_ssm_fail (ssm, error);
}

/* Errors of the script itself are for the caller to judge: *@script is set then. */
static gboolean
script_ended (SqnsSsm *ssm, GAsyncResult *result, SqnsScriptResult **script)
{
  GError *error = NULL;
  *script = sqns_board_run_finish (result, &error);
  if (*script == NULL)
    sqns_ssm_fail (ssm, error);
  return *script != NULL;
}

static void
on_identified (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Open *open = sqns_ssm_data (ssm);
  g_autoptr (SqnsScriptResult) script = NULL;

  if (!script_ended (ssm, result, &script))
    return;
  SqnsBoardInfo *board = &open->link->board;
  board->board = sqns_repl_value (script->output, "board");
  board->firmware = sqns_repl_value (script->output, "firmware");
  g_autofree char *passthrough = sqns_repl_value (script->output, "passthrough");
  open->has_passthrough = passthrough != NULL;
  sqns_monitor_remark (&open->monitor, "board %s, firmware %s, passthrough %s", board->board ? board->board : "unknown",
                       board->firmware ? board->firmware : "unknown", open->has_passthrough ? "yes" : "no");
  sqns_monitor_link (&open->monitor, SQNS_LINK_AUTO, board);
  sqns_ssm_next (ssm);
}

static const char *
modem_pins (Open *open)
{
  const char *board = open->board_hint ? open->board_hint : open->link->board.board;
  return board != NULL && g_ascii_strcasecmp (board, "gpy") == 0 ? "('P5','P98','P7','P99')"
                                                                 : "('P20','P18','P19','P17')";
}

static gboolean
needs_lte_task (Open *open)
{
  guint64 rank = sqns_board_firmware_rank (open->link->board.firmware ? open->link->board.firmware : "");
  return rank == 0 || rank >= sqns_board_firmware_rank ("1.20.2.r2");
}

static void
choose (SqnsSsm *ssm)
{
  Open *open = sqns_ssm_data (ssm);
  const SqnsBoardInfo *board = &open->link->board;
  SqnsLinkKind kind = open->config.kind;

  if (kind == SQNS_LINK_PASSTHROUGH && !open->has_passthrough)
    sqns_ssm_fail_literal (
        ssm, SQNS_ERROR_NOT_SUPPORTED,
        "board firmware %s has no passthrough (it came with 1.18.1); the relay works on every firmware",
        board->firmware ? board->firmware : "of unknown version");
  else if (kind == SQNS_LINK_RELAY || (kind == SQNS_LINK_AUTO && (open->config.leave || !open->has_passthrough)))
    sqns_ssm_goto (ssm, OPEN_RELAY);
  else
    sqns_ssm_goto (ssm, needs_lte_task (open) ? OPEN_LTE_TASK : OPEN_PASSTHROUGH);
}

/* Without the task passthrough would be silent until a reset, so when it cannot be had the relay takes over. */
static void
on_lte_task (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Open *open = sqns_ssm_data (ssm);
  g_autoptr (GError) error = NULL;
  g_autoptr (SqnsScriptResult) script = sqns_board_run_finish (result, &error);

  if (script != NULL && *script->errors == '\0')
    sqns_ssm_goto (ssm, OPEN_PASSTHROUGH);
  else if (script == NULL && !g_error_matches (error, SQNS_ERROR, SQNS_ERROR_TIMEOUT))
    sqns_ssm_fail (ssm, g_steal_pointer (&error));
  else if (open->config.kind == SQNS_LINK_PASSTHROUGH)
    sqns_ssm_fail_literal (
        ssm, SQNS_ERROR_NOT_SUPPORTED,
        "the board's LTE task does not start, and without it passthrough stays silent; the relay may work");
  else
    {
      sqns_monitor_remark (&open->monitor, "no LTE task to be had: the relay instead");
      sqns_ssm_goto (ssm, OPEN_RELAY);
    }
}

static void
on_passthrough (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Open *open = sqns_ssm_data (ssm);
  g_autoptr (SqnsScriptResult) script = NULL;

  if (!script_ended (ssm, result, &script))
    return;
  if (*script->errors == '\0')
    sqns_ssm_next (ssm);
  else if (open->config.kind == SQNS_LINK_AUTO)
    {
      sqns_monitor_remark (&open->monitor, "no passthrough (%s): the relay instead",
                           sqns_repl_error_line (script->errors));
      sqns_ssm_goto (ssm, OPEN_RELAY);
    }
  else
    sqns_ssm_fail_literal (ssm, SQNS_ERROR_NOT_SUPPORTED, "the board refuses passthrough: %s",
                           sqns_repl_error_line (script->errors));
}

/* --- the relay --- */

static void
on_relay (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Open *open = sqns_ssm_data (ssm);
  g_autoptr (GError) error = NULL;

  if (sqns_relay_start_finish (result, &error))
    sqns_ssm_next (ssm);
  else if (g_error_matches (error, SQNS_ERROR, SQNS_ERROR_TIMEOUT) && open->relay.host_speed != SQNS_REPL_SPEED)
    {
      sqns_monitor_remark (&open->monitor, "%s; once more at %u baud", error->message, SQNS_REPL_SPEED);
      open->relay.host_speed = SQNS_REPL_SPEED;
      sqns_ssm_goto_in_ms (ssm, OPEN_REPL, RELAY_SELF_END_MS);
    }
  else
    sqns_ssm_fail (ssm, g_steal_pointer (&error));
}

static void
on_relay_left (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Open *open = sqns_ssm_data (ssm);
  GError *error = NULL;

  if (!sqns_relay_quit_finish (result, &error))
    {
      sqns_ssm_fail (ssm, error);
      return;
    }
  if (open->relay.modem_speed == SQNS_REPL_SPEED)
    {
      sqns_ssm_goto (ssm, OPEN_NOTHING);
      return;
    }
  open->relay.modem_speed = SQNS_REPL_SPEED; /* FFH, and by one source RECOVERY (protocol.md §2) */
  sqns_ssm_goto (ssm, OPEN_RELAY);
}

/* --- the end --- */

static void
nothing_answers (SqnsSsm *ssm)
{
  Open *open = sqns_ssm_data (ssm);
  const SqnsBoardInfo *board = &open->link->board;

  if (board->firmware == NULL && open->repl_noise == SQNS_NOISE_TEXT)
    {
      sqns_ssm_fail_literal (ssm, SQNS_ERROR_NEEDS_HAND,
                             "a program runs on the board, prints, and yields neither to Ctrl-C nor to a safe boot");
      return;
    }
  const char *reached = board->firmware == NULL ? "neither a board's prompt nor a modem answers"
                        : open->relay.pins      ? "the board's relay works, but the modem does not answer"
                                                : "passthrough was started, but the modem does not answer";
  const char *heard = "not one byte came";
  switch (open->modem_noise)
    {
    case SQNS_NOISE_NONE:
      break;
    case SQNS_NOISE_TEXT:
      heard = "text came that is no answer";
      break;
    case SQNS_NOISE_GARBAGE:
      heard = "garbage came, as from another baud rate";
      break;
    case SQNS_NOISE_ZEROS:
      heard = "only zero bytes came, as from a modem without power or in a crash loop";
      break;
    }
  const char *perhaps
      = board->firmware == NULL && open->modem_noise == SQNS_NOISE_NONE && open->config.kind != SQNS_LINK_DIRECT
            ? "; perhaps a program on the board keeps still and yields neither to Ctrl-C nor to a safe boot, or "
              "nothing has power"
            : "";
  sqns_ssm_fail_literal (ssm, SQNS_ERROR_TIMEOUT, "%s on %s: %s%s", reached, open->devnode, heard, perhaps);
}

static void
open_port (SqnsSsm *ssm)
{
  Open *open = sqns_ssm_data (ssm);
  GError *error = NULL;

  say (open, SQNS_PHASE_ACQUIRE, "opening the port");
  open->link->port = sqns_port_open (open->devnode, SQNS_REPL_SPEED, &error);
  if (open->link->port == NULL)
    {
      sqns_ssm_fail (ssm, error);
      return;
    }
  say (open, SQNS_PHASE_LINK, "looking for the board's prompt and the modem");
  if (open->config.speed != 0)
    sqns_ssm_goto (ssm, OPEN_AS_TOLD);
  else
    sqns_ssm_goto (ssm, open->config.kind == SQNS_LINK_DIRECT ? OPEN_FAST : OPEN_REPL);
}

static void
open_state (SqnsSsm *ssm, guint state, gpointer data)
{
  Open *open = data;
  SqnsPort *port = open->link->port;
  GCancellable *cancellable = sqns_ssm_cancellable (ssm);

  switch ((OpenState)state)
    {
    case OPEN_PORT:
      open_port (ssm);
      break;
    case OPEN_AS_TOLD:
      wake_at (ssm, open->config.speed, SQNS_WAKE_LIGHT);
      break;
    case OPEN_REPL:
      interrupt (ssm, SQNS_INTERRUPT_POLITE);
      break;
    case OPEN_FAST:
      wake_at (ssm, SQNS_MODEM_SPEED, SQNS_WAKE_LIGHT);
      break;
    case OPEN_SLOW:
      wake_at (ssm, SQNS_REPL_SPEED, SQNS_WAKE_LIGHT);
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
      nothing_answers (ssm);
      break;
    case OPEN_IDENTIFY:
      if (open->link->board.firmware != NULL) /* came back here for another try of the relay */
        sqns_ssm_next (ssm);
      else
        sqns_board_run_async (port, &open->monitor, "identify.py", NULL, IDENTIFY_MS, FALSE, cancellable, on_identified,
                              ssm);
      break;
    case OPEN_CHOOSE:
      choose (ssm);
      break;
    case OPEN_LTE_TASK:
      say (open, SQNS_PHASE_LINK, "starting the board's LTE task, without which passthrough stays silent");
      sqns_board_run_async (port, &open->monitor, "lte_task.py", NULL, sqns_patience_ms (LTE_TASK_MS), FALSE,
                            cancellable, on_lte_task, ssm);
      break;
    case OPEN_PASSTHROUGH:
      say (open, SQNS_PHASE_LINK, "starting the board's passthrough");
      sqns_board_run_async (port, &open->monitor, "passthrough.py", NULL, ACCEPT_MS, TRUE, cancellable, on_passthrough,
                            ssm);
      break;
    case OPEN_PROVE:
      wake_at (ssm, SQNS_MODEM_SPEED, SQNS_WAKE_FULL);
      break;
    case OPEN_RELAY:
      say (open, SQNS_PHASE_LINK, "starting a relay on the board");
      open->relay.pins = modem_pins (open);
      sqns_relay_start_async (port, &open->monitor, &open->relay, cancellable, on_relay, ssm);
      break;
    case OPEN_RELAY_PROVE:
      sqns_wake_async (port, &open->monitor, SQNS_WAKE_FULL, cancellable, on_wake, ssm);
      break;
    case OPEN_RELAY_AGAIN:
      sqns_relay_quit_async (port, &open->monitor, on_relay_left, ssm);
      break;
    case OPEN_PROVEN:
      sqns_monitor_link (&open->monitor, open->link->kind, &open->link->board);
      sqns_monitor_remark (&open->monitor, "linked: %s at %u baud", sqns_link_kind_name (open->link->kind),
                           sqns_port_speed (port));
      sqns_ssm_set_result (ssm, g_object_ref (open->link), g_object_unref);
      sqns_ssm_next (ssm);
      break;
    case OPEN_CLOSE:
      if (sqns_ssm_error (ssm) != NULL && port != NULL)
        sqns_port_close (port);
      sqns_ssm_next (ssm);
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
  static const SqnsSsmClass klass = { "link", open_names, OPEN_N_STATES, OPEN_CLOSE, open_state };
  Open *open = g_new0 (Open, 1);

  open->config = *config;
  open->devnode = g_strdup (config->devnode);
  open->board_hint = g_strdup (config->board);
  open->monitor = *monitor;
  open->link = g_object_new (SQNS_TYPE_LINK, NULL);
  open->link->monitor = *monitor;
  open->relay.host_speed = SQNS_MODEM_SPEED;
  open->relay.modem_speed = SQNS_MODEM_SPEED;
  sqns_ssm_run (&klass, g_task_new (open->link, cancellable, callback, user_data), open, open_free);
}

SqnsLink *
sqns_link_open_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
