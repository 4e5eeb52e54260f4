/* The timing of all lines of the process, with a single timer.
 *
 * A lane runs when its waiting bytes (at most 20 ms of them) have passed the line. Its clock advances by exactly the
 * time that the bytes take. Everything in a run counts as happening when the lane was due, however late the process is;
 * an answer to it starts at that moment, too. If the end of the answer reaches the host late, the host's next bytes get
 * that time back (lane_owes). So neither a late timer nor a coarse one costs throughput. Idle time is never given back:
 * a line that saved it up would be faster than its baud rate.
 *
 * The timer is a timerfd because poll() only counts milliseconds, and an answer of 16 bytes takes a fifth of one.
 * Setting the timer is the most expensive part, so many lanes share ticks and it is set once a tick. */
#include "pacer.h"

#include <errno.h>
#include <glib-unix.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define LOOK_AHEAD_US 20000
#define BITS_PER_BYTE 10
/* With this many waiting lanes, they run in ticks. */
#define MANY_LANES 8
#define TICK_US 1000

static GPtrArray *lanes;
static int timer = -1;
static gint64 armed;  /* the time that the timer is set to, 0 = not set */
static gint64 played; /* the time at which the running lane was due, 0 = none runs */

static gint64
now_or_played (void)
{
  return played > 0 ? played : g_get_monotonic_time ();
}

static void
arm (gint64 at)
{
  struct itimerspec when = { 0 };

  if (lanes->len >= MANY_LANES)
    at = (at + TICK_US - 1) / TICK_US * TICK_US;
  if (armed != 0 && armed <= at)
    return;
  armed = at;
  /* g_get_monotonic_time () reads CLOCK_MONOTONIC, too. Zero would disarm the timer. */
  when.it_value.tv_sec = at / G_USEC_PER_SEC;
  when.it_value.tv_nsec = at % G_USEC_PER_SEC * 1000 + 1;
  if (timerfd_settime (timer, TFD_TIMER_ABSTIME, &when, NULL) != 0)
    g_error ("timerfd_settime: %s", g_strerror (errno));
}

static void
run_lane (guint index, gint64 now)
{
  Lane *lane = g_ptr_array_index (lanes, index);

  g_ptr_array_remove_index_fast (lanes, index);
  played = MAX (lane->due, now - LOOK_AHEAD_US);
  lane->waiting = FALSE;
  lane->running = TRUE;
  lane->run (lane, played);
  lane->running = FALSE;
  played = 0;
}

/* Runs the lanes that are due at @now, and those that these make due. Returns the time of the next lane, 0 = none. */
static gint64
run_due (gint64 now)
{
  gint64 next;

  do
    {
      next = 0;
      for (guint i = lanes->len; i > 0; i--)
        {
          const Lane *lane;

          if (i > lanes->len) /* a lane may have removed others */
            continue;
          lane = g_ptr_array_index (lanes, i - 1);
          if (lane->due <= now)
            run_lane (i - 1, now);
          else if (next == 0 || lane->due < next)
            next = lane->due;
        }
      /* lanes that were added, and the last one if it moved into a gap */
      for (guint i = 0; i < lanes->len; i++)
        next = MIN (next == 0 ? G_MAXINT64 : next, ((const Lane *)g_ptr_array_index (lanes, i))->due);
    }
  while (next != 0 && next <= now);
  return next;
}

static gboolean
timer_fired (gint fd, GIOCondition condition, gpointer user_data)
{
  gint64 now = g_get_monotonic_time ();
  guint64 times;
  gint64 next;

  if (read (fd, &times, sizeof times) < 0 && errno != EAGAIN)
    g_error ("timerfd: %s", g_strerror (errno));
  armed = 1; /* lanes that start meanwhile do not need the timer */
  next = run_due (now);
  armed = 0;
  if (next > 0)
    arm (next);
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
  arm (due);
}

/* Runs the lane when @waiting_bytes, or 20 ms of them, have passed. */
void
lane_start (Lane *lane, guint baud, gsize waiting_bytes)
{
  gint64 need = time_of (baud, waiting_bytes);
  gint64 from;

  if (lane->waiting)
    return;
  from = now_or_played () - (lane->running ? LOOK_AHEAD_US : played > 0 ? 0 : lane->late);
  lane->clock = MAX (lane->clock, from);
  lane->late = 0;
  wait_until (lane, lane->clock + MIN (need, LOOK_AHEAD_US));
}

/* Runs the lane in @us, independent of its bytes. */
void
lane_start_in (Lane *lane, gint64 us)
{
  if (!lane->waiting)
    wait_until (lane, now_or_played () + us);
}

/* The number of bytes that the line has carried by @now; at least one, as the lane runs for a reason. */
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

/* The other end gets its bytes now instead of when they were due. @lane, which carries its answer, is late by as much.
 */
void
lane_owes (Lane *lane)
{
  lane->late = played > 0 ? CLAMP (g_get_monotonic_time () - played, 0, LOOK_AHEAD_US) : 0;
}
