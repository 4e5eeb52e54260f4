/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Wraps the main context's poll function to time what happens between two polls. */
#include "base/loop-watch.h"

#include "base/log.h"

#include <time.h>

static GPollFunc real_poll;
static gint64 turn_began_us;
static gint64 turn_began_cpu_us;
static gint64 longest_us;
static gint64 longest_cpu_us;

static gint64
thread_cpu_us (void)
{
  struct timespec now;
  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);
  return (gint64)now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

static void
turn_ended (void)
{
  gint64 turn_us = g_get_monotonic_time () - turn_began_us;
  gint64 cpu_us = thread_cpu_us () - turn_began_cpu_us;

  longest_us = MAX (longest_us, turn_us);
  longest_cpu_us = MAX (longest_cpu_us, cpu_us);
  if (turn_us > SQNS_LOOP_LIMIT_MS * 1000)
    sqns_info (NULL, "the main loop did not run for %.1f ms (%.1f ms of CPU)", turn_us / 1000.0, cpu_us / 1000.0);
}

static gint
watching_poll (GPollFD *fds, guint n_fds, gint timeout_ms)
{
  if (turn_began_us != 0)
    turn_ended ();
  gint ready = real_poll (fds, n_fds, timeout_ms);
  turn_began_us = g_get_monotonic_time ();
  turn_began_cpu_us = thread_cpu_us ();
  return ready;
}

void
sqns_loop_watch_start (void)
{
  GMainContext *context = g_main_context_default ();
  g_return_if_fail (real_poll == NULL);
  real_poll = g_main_context_get_poll_func (context);
  g_main_context_set_poll_func (context, watching_poll);
}

gint64
sqns_loop_watch_longest_us (gint64 *cpu_us)
{
  if (cpu_us != NULL)
    *cpu_us = longest_cpu_us;
  return longest_us;
}
