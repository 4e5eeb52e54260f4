/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Wakes the main loop at a time of the wall clock, by a timerfd. */
#include "manager/wall-timer.h"

#include <glib-unix.h>
#include <glib/gstdio.h>
#include <sys/timerfd.h>
#include <unistd.h>

struct _SqnsWallTimer {
  int fd;
  guint source;
  void (*callback) (gpointer user_data);
  gpointer user_data;
};

static gboolean
on_ready (int fd, GIOCondition condition, gpointer user_data)
{
  SqnsWallTimer *self = user_data;
  guint64 ticks;
  /* ECANCELED: the clock was set */
  if (read (fd, &ticks, sizeof ticks) == (gssize)sizeof ticks || errno == ECANCELED)
    self->callback (self->user_data);
  return G_SOURCE_CONTINUE;
}

SqnsWallTimer *
sqns_wall_timer_new (void (*callback) (gpointer user_data), gpointer user_data)
{
  SqnsWallTimer *self = g_new0 (SqnsWallTimer, 1);
  self->callback = callback;
  self->user_data = user_data;
  self->fd = timerfd_create (CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
  if (self->fd >= 0)
    self->source = g_unix_fd_add (self->fd, G_IO_IN, on_ready, self);
  else
    g_warning ("no timer: jobs with a time do not start: %s", g_strerror (errno));
  return self;
}

void
sqns_wall_timer_free (SqnsWallTimer *self)
{
  if (self == NULL)
    return;
  g_clear_handle_id (&self->source, g_source_remove);
  if (self->fd >= 0)
    g_close (self->fd, NULL);
  g_free (self);
}

void
sqns_wall_timer_set (SqnsWallTimer *self, gint64 when)
{
  struct itimerspec spec = { .it_value = { when / G_USEC_PER_SEC, when % G_USEC_PER_SEC * 1000 } };
  if (self->fd >= 0)
    timerfd_settime (self->fd, when > 0 ? TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET : 0, &spec, NULL);
}
