/* Time for all lines of the process: one timer, coarse steps, no timer for single bytes.
 *
 * A lane says when the bytes that it has will have passed (at most 20 ms ahead) and is run then. Its clock goes on by
 * exactly the time that the bytes take, so that a late timer costs latency, never throughput. */
#include "pacer.h"

#define STEP_US 1000
#define LOOK_AHEAD_US 20000
#define BITS_PER_BYTE 10

static GPtrArray *lanes;
static GSource *timer;

static void
arm (void)
{
  gint64 next = -1;

  for (guint i = 0; i < lanes->len; i++)
    {
      const Lane *lane = g_ptr_array_index (lanes, i);

      if (next < 0 || lane->due < next)
        next = lane->due;
    }
  if (next >= 0)
    next = (next + STEP_US - 1) / STEP_US * STEP_US;
  g_source_set_ready_time (timer, next);
}

static gboolean
pacer_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  gint64 now = g_get_monotonic_time ();

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
      lane->run (lane, now);
    }
  arm ();
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs pacer_funcs = { .dispatch = pacer_dispatch };

static void
pacer_need (void)
{
  if (timer != NULL)
    return;
  lanes = g_ptr_array_new ();
  timer = g_source_new (&pacer_funcs, sizeof (GSource));
  g_source_set_static_name (timer, "pacer");
  g_source_attach (timer, NULL);
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
  return (gint64)bytes * BITS_PER_BYTE * G_USEC_PER_SEC / MAX (baud, 50);
}

/* There are @waiting_bytes for the line: run the lane when they, or 20 ms of them, have passed. */
void
lane_start (Lane *lane, guint baud, gsize waiting_bytes)
{
  gint64 now = g_get_monotonic_time ();
  gint64 need = time_of (baud, waiting_bytes);

  if (lane->waiting)
    return;
  pacer_need ();
  if (lane->clock < now - LOOK_AHEAD_US)
    lane->clock = now;
  lane->due = lane->clock + MIN (need, LOOK_AHEAD_US);
  lane->waiting = TRUE;
  g_ptr_array_add (lanes, lane);
  arm ();
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
