/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Brings a board into its firmware's passthrough, and out of it. */
#include "board/passthrough.h"

#include "base/deadlines.h"
#include "base/timeout.h"
#include "board/pic.h"
#include "board/repl-session.h"
#include "base/messages.h"

/* --- in --- */

typedef enum {
  START_LTE_TASK,
  START_MIRROR,
} StartState;
#define START_N_STATES (START_MIRROR + 1)
static const char *const start_names[START_N_STATES] = { "lte-task", "mirror" };

typedef struct {
  SqnsPort *port;
  gboolean lte_task;
  SqnsScriptResult result;
} Start;

static void
start_free (gpointer data)
{
  Start *start = data;
  sqns_script_result_clear (&start->result);
  g_free (start);
}

static void
on_lte_task (SqnsSsm *ssm, gpointer data, const GError *error)
{
  Start *start = data;

  if (sqns_error_is_timeout (error) || (error == NULL && *start->result.errors != '\0'))
    sqns_ssm_fail (ssm, SQNS_ERROR_NOT_SUPPORTED, "the board's LTE task does not start, and passthrough needs it");
  else if (!sqns_script_failed (ssm, &start->result, error, SQNS_ERROR_NOT_SUPPORTED, ""))
    sqns_ssm_next (ssm);
}

static void
on_mirror (SqnsSsm *ssm, gpointer data, const GError *error)
{
  Start *start = data;
  if (!sqns_script_failed (ssm, &start->result, error, SQNS_ERROR_NOT_SUPPORTED, "the board refuses passthrough"))
    sqns_ssm_next (ssm);
}

static void
start_state (SqnsSsm *ssm, guint state, gpointer data)
{
  Start *start = data;
  const SqnsScript lte_task = { .name = "lte_task.py", .timeout_ms = sqns_timeout_ms (SQNS_LTE_TASK_MS) };
  const SqnsScript mirror = { .name = "passthrough.py", .timeout_ms = SQNS_SCRIPT_ACCEPT_MS, .stay = TRUE };

  switch ((StartState)state)
    {
    case START_LTE_TASK:
      if (!start->lte_task)
        {
          sqns_ssm_next (ssm);
          break;
        }
      sqns_port_remark (start->port, "starting the board's LTE task, which passthrough needs");
      sqns_repl_run (ssm, start->port, &lte_task, &start->result, on_lte_task);
      break;
    case START_MIRROR:
      sqns_port_remark (start->port, "starting the board's passthrough");
      sqns_repl_run (ssm, start->port, &mirror, &start->result, on_mirror);
      break;
    }
}

void
sqns_passthrough_start (SqnsSsm *ssm, SqnsPort *port, gboolean lte_task, SqnsSsmDone done)
{
  static const SqnsSsmClass klass = { "passthrough", start_names, START_N_STATES, START_N_STATES, start_state };
  const Start start = { .port = port, .lte_task = lte_task };
  sqns_ssm_run_step (ssm, &klass, g_memdup2 (&start, sizeof start), start_free, done);
}

/* --- out --- */

typedef enum {
  LEAVE_PIC,
  LEAVE_LOOK, /* it may have reset by itself meanwhile */
  LEAVE_ASK,
  LEAVE_LISTEN,
  LEAVE_POLL,
  LEAVE_YIELD,
  LEAVE_THANKS, /* cleanup: whatever came of it, the person need not stand there any more */
} LeaveState;
#define LEAVE_N_STATES (LEAVE_THANKS + 1)
static const char *const leave_names[LEAVE_N_STATES] = { "pic", "look", "ask", "listen", "poll", "yield", "thanks" };

typedef struct {
  SqnsPort *port;
  gboolean pic;
  guint user_timeout_s;
  gboolean by_pic; /* it has reset the module */
  gboolean asking;
  gint64 deadline_us;
  SqnsInterrupt found;
} Leave;

static void
stop_asking (Leave *leave)
{
  if (leave->asking)
    sqns_monitor_user_action (sqns_port_monitor (leave->port), NULL);
  leave->asking = FALSE;
}

static void
on_pic (SqnsSsm *ssm, gpointer data, const GError *error)
{
  Leave *leave = data;

  if (error != NULL) /* it cannot */
    {
      sqns_port_remark (leave->port, "%s", error->message);
      sqns_ssm_next (ssm);
      return;
    }
  leave->by_pic = TRUE;
  leave->deadline_us = g_get_monotonic_time () + sqns_timeout_us (SQNS_RESET_BOOT_S);
  sqns_ssm_goto (ssm, LEAVE_LISTEN);
}

static void
ask_person (SqnsSsm *ssm, Leave *leave)
{
  if (leave->user_timeout_s == 0)
    {
      sqns_ssm_fail (ssm, SQNS_ERROR_NEEDS_HAND, "only a reset of the board's ESP32 ends its passthrough: %s",
                     sqns_press_reset_message ());
      return;
    }
  gint64 least_us = MIN (leave->user_timeout_s, SQNS_USER_LEAST_S) * G_USEC_PER_SEC;
  leave->deadline_us = g_get_monotonic_time () + MAX (sqns_timeout_us (leave->user_timeout_s), least_us);
  leave->asking = TRUE;
  sqns_monitor_user_action (sqns_port_monitor (leave->port), sqns_press_reset_message ());
  sqns_ssm_next (ssm);
}

static void
not_reset (SqnsSsm *ssm, Leave *leave)
{
  if (!leave->by_pic)
    sqns_ssm_fail (ssm, SQNS_ERROR_TIMEOUT, "the board was not reset within %u s: its reset button was not pressed",
                   leave->user_timeout_s);
  else if (leave->user_timeout_s > 0)
    {
      sqns_port_remark (leave->port, "the PIC has reset the module, but there is no prompt");
      leave->by_pic = FALSE;
      sqns_ssm_goto (ssm, LEAVE_ASK);
    }
  else
    sqns_ssm_fail (ssm, SQNS_ERROR_NEEDS_HAND, "the board's PIC has reset the module, but there is no prompt: %s",
                   sqns_press_reset_message ());
}

/* Bytes that are text at the REPL's speed come from a board that is out of passthrough. */
static void
on_noise (SqnsSsm *ssm, Leave *leave, SqnsNoise noise)
{
  if (noise == SQNS_NOISE_TEXT)
    {
      stop_asking (leave);
      sqns_ssm_goto (ssm, LEAVE_YIELD);
    }
  else if (sqns_ssm_state (ssm) == LEAVE_LISTEN)
    sqns_ssm_next (ssm);
  else if (g_get_monotonic_time () > leave->deadline_us)
    not_reset (ssm, leave);
  else
    sqns_ssm_goto (ssm, LEAVE_LISTEN);
}

static void
on_listened (SqnsSsm *ssm, gpointer data, const GError *error)
{
  Leave *leave = data;
  gsize len;
  const guint8 *heard = sqns_port_heard (leave->port, &len);

  if (error == NULL)
    sqns_ssm_goto (ssm, LEAVE_POLL); /* a prompt: does it listen? */
  else
    on_noise (ssm, leave, sqns_at_classify (heard, len));
}

static void
on_interrupted (SqnsSsm *ssm, gpointer data, const GError *error)
{
  Leave *leave = data;
  LeaveState state = sqns_ssm_state (ssm);

  if (leave->found.prompt)
    {
      sqns_port_remark (leave->port, "the board's prompt is back");
      sqns_ssm_complete (ssm);
    }
  else if (state == LEAVE_LOOK && leave->found.noise != SQNS_NOISE_TEXT)
    sqns_ssm_next (ssm);
  else if (state != LEAVE_YIELD)
    on_noise (ssm, leave, leave->found.noise);
  else
    sqns_ssm_fail (ssm, SQNS_ERROR_NEEDS_HAND,
                   "a program runs on the board after its reset, and neither Ctrl-C nor a safe boot stops it: hold its "
                   "safe boot pin (P12) at 3.3 V while you press the reset button");
}

static void
leave_state (SqnsSsm *ssm, guint state, gpointer data)
{
  Leave *leave = data;
  const SqnsExchange listen = { .match = sqns_repl_match_prompt, .timeout_ms = sqns_timeout_ms (SQNS_RESET_LISTEN_MS) };

  switch ((LeaveState)state)
    {
    case LEAVE_PIC:
      if (leave->pic)
        sqns_pic_reset (ssm, leave->port, on_pic);
      else
        sqns_ssm_next (ssm);
      break;
    case LEAVE_LOOK:
    case LEAVE_POLL:
      sqns_repl_interrupt (ssm, leave->port, SQNS_INTERRUPT_BRIEF, &leave->found, on_interrupted);
      break;
    case LEAVE_ASK:
      ask_person (ssm, leave);
      break;
    case LEAVE_LISTEN:
      sqns_port_ask (ssm, leave->port, SQNS_PROMPT_QUIET_MS, &listen, on_listened);
      break;
    case LEAVE_YIELD:
      sqns_port_remark (leave->port, "the board is printing: stopping its program");
      sqns_repl_interrupt (ssm, leave->port, SQNS_INTERRUPT_LONG, &leave->found, on_interrupted);
      break;
    case LEAVE_THANKS:
      stop_asking (leave);
      sqns_ssm_next (ssm);
      break;
    }
}

void
sqns_passthrough_leave (SqnsSsm *ssm, SqnsPort *port, gboolean pic, guint user_timeout_s, SqnsSsmDone done)
{
  static const SqnsSsmClass klass = { "leave-passthrough", leave_names, LEAVE_N_STATES, LEAVE_THANKS, leave_state };
  const Leave leave = { .port = port, .pic = pic, .user_timeout_s = user_timeout_s };
  sqns_ssm_run_step (ssm, &klass, g_memdup2 (&leave, sizeof leave), g_free, done);
}
