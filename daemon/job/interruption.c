/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the end of an attempt means. */
#include "job/interruption.h"

#include "base/timeout.h"
#include "plan/advice-text.h"

#define BOARD_PAUSE_S 1u /* after the first loss; doubled after each further one */
#define MAX_DOUBLINGS 5u
#define PORT_PAUSE_S 5u /* between two looks whether another program has let go of the port */

SqnsInterruption
sqns_interruption (const SqnsAttempt *attempt)
{
  if (attempt->cancelled == SQNS_CANCEL_USER || attempt->cancelled == SQNS_CANCEL_NOT_SAVED)
    return SQNS_INTERRUPTION_NONE;
  if (attempt->cancelled == SQNS_CANCEL_STOP && attempt->saved)
    return SQNS_INTERRUPTION_DAEMON_STOPPED;
  if (attempt->code == SQNS_ERROR_PORT_LOCKED && attempt->begun)
    return SQNS_INTERRUPTION_PORT_BUSY;
  return attempt->code == SQNS_ERROR_DEVICE_LOST ? SQNS_INTERRUPTION_BOARD_LOST : SQNS_INTERRUPTION_NONE;
}

gboolean
sqns_interruption_counts (SqnsInterruption why)
{
  return why == SQNS_INTERRUPTION_BOARD_LOST || why == SQNS_INTERRUPTION_DAEMON_DIED;
}

gint64
sqns_interruption_pause (SqnsInterruption why, guint fruitless)
{
  if (why == SQNS_INTERRUPTION_BOARD_LOST)
    return sqns_timeout_us (BOARD_PAUSE_S << MIN (MAX (fruitless, 1u) - 1, MAX_DOUBLINGS));
  return why == SQNS_INTERRUPTION_PORT_BUSY ? sqns_timeout_us (PORT_PAUSE_S) : 0;
}

char *
sqns_interruption_message (SqnsInterruption why, SqnsPhase phase, gboolean safe, const char *error)
{
  const char *name = sqns_phase_name (phase);
  const char *power = safe ? "" : "; if the board still has power, leave it on";

  switch (why)
    {
    case SQNS_INTERRUPTION_BOARD_LOST:
      return g_strdup_printf ("the board disappeared (unplugged or without power) in phase %s%s", name, power);
    case SQNS_INTERRUPTION_PORT_BUSY:
      return g_strdup_printf ("%s%s", error, power);
    case SQNS_INTERRUPTION_DAEMON_STOPPED:
      return g_strdup_printf ("the daemon was stopped in phase %s; the job continues when it runs again%s", name,
                              power);
    case SQNS_INTERRUPTION_DAEMON_DIED:
      return g_strdup_printf ("the daemon was stopped during the job, in phase %s%s", name, power);
    case SQNS_INTERRUPTION_NONE:
      break;
    }
  return g_strdup ("");
}

const char *
sqns_interruption_advice (SqnsInterruption why)
{
  if (why == SQNS_INTERRUPTION_BOARD_LOST)
    return sqns_advice_message (SQNS_ADVICE_WAITS_FOR_BOARD);
  return why == SQNS_INTERRUPTION_PORT_BUSY ? sqns_advice_message (SQNS_ADVICE_WAITS_FOR_PORT) : "";
}
