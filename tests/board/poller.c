/* Waits for bytes on all descriptors with one epoll, because poll () would look at each of hundreds every time. */
#include "poller.h"

#include <errno.h>
#include <glib-unix.h>
#include <sys/epoll.h>

#define EVENTS_MAX 64

static int poller = -1;

static gboolean
events_came (gint fd, GIOCondition condition, gpointer user_data)
{
  struct epoll_event events[EVENTS_MAX];
  int n = epoll_wait (fd, events, EVENTS_MAX, 0);

  for (int i = 0; i < n; i++)
    {
      Watch *watch = events[i].data.ptr;

      if (!watch->waiting) /* an earlier event ended it */
        continue;
      watch->waiting = FALSE;
      watch->ready (watch->data);
    }
  return G_SOURCE_CONTINUE;
}

static void
control (Watch *watch, int operation, guint32 events)
{
  struct epoll_event event = { .events = events, .data.ptr = watch };

  if (epoll_ctl (poller, operation, watch->fd, &event) != 0)
    g_error ("epoll_ctl: %s", g_strerror (errno));
}

void
watch_begin (Watch *watch, int fd, PollerFunc ready, gpointer data)
{
  if (poller < 0)
    {
      poller = epoll_create1 (EPOLL_CLOEXEC);
      if (poller < 0)
        g_error ("epoll_create1: %s", g_strerror (errno));
      g_unix_fd_add (poller, G_IO_IN, events_came, NULL);
    }
  *watch = (Watch){ .fd = fd, .ready = ready, .data = data };
  control (watch, EPOLL_CTL_ADD, 0);
}

void
watch_end (Watch *watch)
{
  control (watch, EPOLL_CTL_DEL, 0);
  *watch = (Watch){ .fd = -1 };
}

void
watch_wait (Watch *watch)
{
  if (watch->waiting)
    return;
  watch->waiting = TRUE;
  control (watch, EPOLL_CTL_MOD, EPOLLIN | EPOLLONESHOT);
}

void
watch_stop (Watch *watch)
{
  if (!watch->waiting)
    return;
  watch->waiting = FALSE;
  control (watch, EPOLL_CTL_MOD, 0);
}
