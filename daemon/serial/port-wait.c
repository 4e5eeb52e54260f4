/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What ports wait for, in one epoll and one timer. */
#include "serial/port-wait.h"

#include "base/log.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

/* Ports served per iteration of the main loop; the others wait for the next, behind other sources. */
#define BATCH 16

struct _SqnsPortWait {
  int fd;
  SqnsPortWaitFunc func;
  gpointer user_data;
  guint32 asked; /* of the kernel */
  gint64 deadline_us;
};

typedef struct {
  GSource source;
  int epoll;
  gpointer tag;
  GPtrArray *waits; /* of SqnsPortWait, not owned */
  gint64 alarm_us;  /* not after the first deadline, -1: none */
  struct epoll_event events[BATCH];
  int n_events;
} WaitSource;

static WaitSource *shared; /* lives as long as there is a port */

/* --- the one source --- */

static void
set_alarm (WaitSource *self, gint64 at_us)
{
  self->alarm_us = at_us;
  g_source_set_ready_time (&self->source, at_us);
}

/* A deadline is mostly moved before it comes: the alarm is only set when it must come earlier, and when it comes too
 * early the next deadline is looked for. */
static void
run_deadlines (WaitSource *self, gint64 now)
{
  gint64 next = -1;
  guint served = 0;

  set_alarm (self, -1);
  for (guint i = self->waits->len; i > 0; i--)
    {
      if (i > self->waits->len) /* some were freed */
        continue;
      SqnsPortWait *wait = g_ptr_array_index (self->waits, i - 1);
      if (wait->deadline_us < 0)
        continue;
      if (wait->deadline_us > now)
        {
          next = next < 0 ? wait->deadline_us : MIN (next, wait->deadline_us);
          continue;
        }
      if (served++ == BATCH)
        {
          next = now; /* the others in the next turn */
          break;
        }
      wait->deadline_us = -1;
      wait->func (SQNS_PORT_DEADLINE, wait->user_data);
    }
  if (next >= 0 && (self->alarm_us < 0 || next < self->alarm_us))
    set_alarm (self, next);
}

static void
ask (WaitSource *self, SqnsPortWait *wait, guint32 events)
{
  struct epoll_event event = { .events = events, .data.ptr = wait };
  if (wait->asked == events)
    return;
  wait->asked = events;
  if (epoll_ctl (self->epoll, EPOLL_CTL_MOD, wait->fd, &event) != 0)
    sqns_warning (NULL, "epoll_ctl: %s", g_strerror (errno));
}

static void
run_events (WaitSource *self)
{
  self->n_events = epoll_wait (self->epoll, self->events, BATCH, 0);
  for (int i = 0; i < self->n_events; i++)
    {
      SqnsPortWait *wait = self->events[i].data.ptr;
      guint32 what = self->events[i].events;

      if (wait == NULL)
        continue;
      if (what & EPOLLOUT)
        {
          ask (self, wait, EPOLLIN);
          wait->func (SQNS_PORT_WRITABLE, wait->user_data);
        }
      if ((what & ~EPOLLOUT) && self->events[i].data.ptr == wait)
        wait->func (SQNS_PORT_READABLE, wait->user_data);
    }
  self->n_events = 0;
}

static gboolean
dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  WaitSource *self = (WaitSource *)source;

  /* handle input before deadlines: data already received is never a timeout */
  gint64 now = g_get_monotonic_time ();
  if (g_source_query_unix_fd (source, self->tag) != 0 || (self->alarm_us >= 0 && self->alarm_us <= now))
    run_events (self);
  if (shared == self && self->alarm_us >= 0 && self->alarm_us <= now)
    run_deadlines (self, now);
  return G_SOURCE_CONTINUE;
}

static void
finalize (GSource *source)
{
  WaitSource *self = (WaitSource *)source;
  g_ptr_array_unref (self->waits);
  close (self->epoll);
}

static GSourceFuncs funcs = { .dispatch = dispatch, .finalize = finalize };

static WaitSource *
need_source (void)
{
  if (shared != NULL)
    return shared;
  int epoll = epoll_create1 (EPOLL_CLOEXEC);
  if (epoll < 0)
    return NULL;
  shared = (WaitSource *)g_source_new (&funcs, sizeof *shared);
  shared->epoll = epoll;
  shared->waits = g_ptr_array_new ();
  shared->alarm_us = -1;
  shared->tag = g_source_add_unix_fd (&shared->source, epoll, G_IO_IN);
  g_source_set_static_name (&shared->source, "ports");
  g_source_attach (&shared->source, NULL);
  return shared;
}

static void
release_source (void)
{
  if (shared->waits->len > 0)
    return;
  WaitSource *old = g_steal_pointer (&shared);
  g_source_destroy (&old->source);
  g_source_unref (&old->source);
}

/* --- one port --- */

SqnsPortWait *
sqns_port_wait_new (int fd, SqnsPortWaitFunc func, gpointer user_data)
{
  WaitSource *source = need_source ();
  if (source == NULL)
    return NULL;

  SqnsPortWait *self = g_new0 (SqnsPortWait, 1);
  self->fd = fd;
  self->func = func;
  self->user_data = user_data;
  self->asked = EPOLLIN;
  self->deadline_us = -1;
  struct epoll_event event = { .events = EPOLLIN, .data.ptr = self };
  if (epoll_ctl (source->epoll, EPOLL_CTL_ADD, fd, &event) != 0)
    {
      int err = errno;
      g_free (self);
      release_source ();
      errno = err;
      return NULL;
    }
  g_ptr_array_add (source->waits, self);
  return self;
}

void
sqns_port_wait_free (SqnsPortWait *self)
{
  struct epoll_event event = { 0 };

  /* the tty of a cable that was pulled may be gone from the epoll already */
  (void)epoll_ctl (shared->epoll, EPOLL_CTL_DEL, self->fd, &event);
  g_ptr_array_remove_fast (shared->waits, self);
  for (int i = 0; i < shared->n_events; i++)
    if (shared->events[i].data.ptr == self)
      shared->events[i].data.ptr = NULL;
  g_free (self);
  release_source ();
}

void
sqns_port_wait_for_room (SqnsPortWait *self, gboolean wanted)
{
  ask (shared, self, wanted ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

void
sqns_port_wait_until (SqnsPortWait *self, gint64 at_us)
{
  self->deadline_us = at_us;
  if (at_us >= 0 && (shared->alarm_us < 0 || at_us < shared->alarm_us))
    set_alarm (shared, at_us);
}
