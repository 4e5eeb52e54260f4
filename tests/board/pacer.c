/* Time for all lines of the process: one timer, no timer for single bytes.
 *
 * A lane says when the bytes that it has will have passed (at most 20 ms ahead) and is run then. Its clock goes on by
 * exactly the time that the bytes take, so that a late timer costs no throughput; what a run was late by is given back
 * when the lane starts again, for the host's answer was late by as much. Time in which the line was idle never is: a
 * line that earned bytes while it waited would be faster than its baud rate. The timer is a timerfd as poll() knows
 * only milliseconds, and an answer of 16 bytes takes a fifth of one. */
#include "pacer.h"

#include <errno.h>
#include <glib-unix.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define LOOK_AHEAD_US 20000
#define BITS_PER_BYTE 10

static GPtrArray *lanes;
static int timer = -1;

static void
arm (void)
{
  struct itimerspec at = { 0 };
  gint64 next = -1;

  for (guint i = 0; i < lanes->len; i++)
    {
      const Lane *lane = g_ptr_array_index (lanes, i);

      if (next < 0 || lane->due < next)
        next = lane->due;
    }
  if (next >= 0)
    {
      /* CLOCK_MONOTONIC is what g_get_monotonic_time () reads; zero would disarm it */
      at.it_value.tv_sec = next / G_USEC_PER_SEC;
      at.it_value.tv_nsec = next % G_USEC_PER_SEC * 1000 + 1;
    }
  if (timerfd_settime (timer, TFD_TIMER_ABSTIME, &at, NULL) != 0)
    g_error ("timerfd_settime: %s", g_strerror (errno));
}

static gboolean
timer_fired (gint fd, GIOCondition condition, gpointer user_data)
{
  gint64 now = g_get_monotonic_time ();
  guint64 times;

  if (read (fd, &times, sizeof times) < 0 && errno != EAGAIN)
    g_error ("timerfd: %s", g_strerror (errno));
  for (guint i = lanes->len; i > 0; i--)
    {
      Lane *lane;

      if (i > lanes->len) /* a lane may have taken others out */
        continue;
      lane = g_ptr_array_index (lanes, i - 1);
      if (lane->due > now)
        continue;
      g_ptr_array_remove_index_fast (lanes, i - 1);
      lane->waiting = FALSE;
      lane->running = TRUE;
      lane->run (lane, now);
      lane->running = FALSE;
      if (!lane->waiting)
        lane->late = CLAMP (now - lane->due, 0, LOOK_AHEAD_US);
    }
  arm ();
  return G_SOURCE_CONTINUE;
}

static void
pacer_need (void)
{
  if (timer >= 0)
    return;
  lanes = g_ptr_array_new ();
  timer = timerfd_create (CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  if (timer < 0)
    g_error ("timerfd_create: %s", g_strerror (errno));
  g_unix_fd_add (timer, G_IO_IN, timer_fired, NULL);
}

void
lane_init (Lane *lane, LaneFunc run, gpointer data)
{
  *lane = (Lane){ .run = run, .data = data };
}

void
lane_clear (Lane *lane)
{
  if (lane->waiting)
    g_ptr_array_remove_fast (lanes, lane);
  lane->waiting = FALSE;
}

static gint64
time_of (guint baud, gsize bytes)
{
  gint64 bauds = MAX (baud, 50);

  return ((gint64)bytes * BITS_PER_BYTE * G_USEC_PER_SEC + bauds - 1) / bauds;
}

static void
wait_until (Lane *lane, gint64 due)
{
  pacer_need ();
  lane->due = due;
  lane->waiting = TRUE;
  g_ptr_array_add (lanes, lane);
  arm ();
}

/* There are @waiting_bytes for the line: run the lane when they, or 20 ms of them, have passed. */
void
lane_start (Lane *lane, guint baud, gsize waiting_bytes)
{
  gint64 need = time_of (baud, waiting_bytes);

  if (lane->waiting)
    return;
  lane->clock = MAX (lane->clock, g_get_monotonic_time () - (lane->running ? LOOK_AHEAD_US : lane->late));
  lane->late = 0;
  wait_until (lane, lane->clock + MIN (need, LOOK_AHEAD_US));
}

/* Not for a line's bytes: run the lane in @us. */
void
lane_start_in (Lane *lane, gint64 us)
{
  if (!lane->waiting)
    wait_until (lane, g_get_monotonic_time () + us);
}

/* Bytes that the line can have carried by @now; at least one, as the lane was run for something. */
gsize
lane_allowance (Lane *lane, gint64 now, guint baud)
{
  gint64 bytes = (now - lane->clock) * baud / (BITS_PER_BYTE * G_USEC_PER_SEC);

  return (gsize)MAX (bytes, 1);
}

void
lane_carried (Lane *lane, guint baud, gsize bytes)
{
  lane->clock += time_of (baud, bytes);
}
