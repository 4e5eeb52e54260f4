/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A delivery ends when the daemon has closed its channels and the reader has ended. One whose reader hangs in the
 * kernel stays, at the cost of its user only. */
#include "gate/deliveries.h"

#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

void
sqns_deliveries_add (SqnsDeliveries *self, const SqnsReader *reader, int pid, uid_t uid)
{
  SqnsDelivery *delivery = &self->list[self->n++];
  *delivery = (SqnsDelivery){ .pid = pid, .uid = uid, .n_channels = reader->n_channels };
  for (guint i = 0; i < reader->n_channels; i++)
    delivery->channels[i] = reader->channels[i];
}

guint
sqns_deliveries_poll (const SqnsDeliveries *self, struct pollfd *polled)
{
  guint n = 0;
  for (guint i = 0; i < self->n; i++)
    for (guint j = 0; j < self->list[i].n_channels; j++)
      if (self->list[i].channels[j] >= 0)
        polled[n++] = (struct pollfd){ .fd = self->list[i].channels[j] }; /* POLLHUP is always reported */
  return n;
}

static gboolean
is_closed (int channel)
{
  struct pollfd polled = { .fd = channel };
  return poll (&polled, 1, 0) > 0;
}

/* Closes our end of what the daemon has closed. TRUE: that is all of them. */
static gboolean
close_channels (SqnsDelivery *delivery)
{
  gboolean all = TRUE;
  for (guint i = 0; i < delivery->n_channels; i++)
    if (delivery->channels[i] >= 0 && is_closed (delivery->channels[i]))
      {
        close (delivery->channels[i]);
        delivery->channels[i] = -1;
      }
    else
      all = all && delivery->channels[i] < 0;
  return all;
}

/* The reader is gone: the daemon reads what is left, then the end. */
static void
end_channels (SqnsDelivery *delivery)
{
  delivery->pid = 0;
  for (guint i = 0; i < delivery->n_channels; i++)
    if (delivery->channels[i] >= 0)
      shutdown (delivery->channels[i], SHUT_WR);
}

static void
reap (SqnsDeliveries *self)
{
  int pid;
  while ((pid = waitpid (-1, NULL, WNOHANG)) > 0)
    for (guint i = 0; i < self->n; i++)
      if (self->list[i].pid == pid)
        end_channels (&self->list[i]);
}

void
sqns_deliveries_sweep (SqnsDeliveries *self)
{
  reap (self);
  for (guint i = self->n; i-- > 0;)
    {
      SqnsDelivery *delivery = &self->list[i];
      gboolean closed = close_channels (delivery);
      if (closed && delivery->pid > 0)
        {
          kill (delivery->pid, SIGKILL);
          delivery->killed = TRUE;
        }
      else if (closed)
        *delivery = self->list[--self->n];
    }
}

/* Whether a process sleeps in the kernel. One that was killed and only waits for a processor will end. */
static gboolean
hangs (int pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/stat", pid);
  g_autofree char *stat = NULL;
  if (!g_file_get_contents (path, &stat, NULL, NULL))
    return FALSE;
  const char *state = strrchr (stat, ')'); /* after the name, see proc(5) */
  return state != NULL && strchr ("RZX", state[2]) == NULL;
}

gboolean
sqns_deliveries_have_room (const SqnsDeliveries *self, uid_t uid, guint max_per_user)
{
  guint max = uid == 0 ? SQNS_DELIVERIES_MAX : SQNS_DELIVERIES_MAX_OTHERS;
  guint count = 0;
  for (guint i = 0; i < self->n; i++)
    if (self->list[i].uid == uid)
      count += !self->list[i].killed || hangs (self->list[i].pid);
  return self->n < max && (max_per_user == 0 || count < max_per_user);
}
