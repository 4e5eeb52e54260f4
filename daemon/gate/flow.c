/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dbus-daemon and dbus-broker send each message by itself and attach its descriptors to its first byte. A read with
 * MSG_PEEK and without room for descriptors detects them: MSG_CTRUNC is set. Such a read spans several sent pieces
 * and stops after the first one with descriptors, so these belong to the piece in which it stops. */
#include "gate/flow.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_LINE 1024

gboolean
sqns_flow_is_full (const SqnsFlow *self)
{
  return self->start < self->len;
}

void
sqns_flow_attach (SqnsFlow *self, int fd)
{
  if (self->n_fds < SQNS_FDS_MAX)
    self->fds[self->n_fds++] = fd;
  else
    close (fd);
}

static void
drop_fds (SqnsFlow *self)
{
  for (guint i = 0; i < self->n_fds; i++)
    close (self->fds[i]);
  self->n_fds = 0;
}

/* Receives without room for descriptors. */
static ssize_t
receive (int fd, void *data, gsize len, int flags, gboolean *has_fds)
{
  guint n_fds = 0;
  return sqns_fds_receive (fd, data, len, NULL, &n_fds, has_fds, flags | MSG_DONTWAIT);
}

/* For a read or write that moved nothing. */
static SqnsFlowResult
result_of (ssize_t n)
{
  return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? SQNS_FLOW_WAITS : SQNS_FLOW_ENDED;
}

static SqnsFlowResult
read_line (SqnsFlow *self)
{
  gboolean has_fds, begin;
  ssize_t n = receive (self->from, self->buffer, MAX_LINE, MSG_PEEK, &has_fds);
  if (n <= 0)
    return result_of (n);
  gsize len = sqns_frame_read_line (&self->line, self->buffer, (gsize)n, &begin);
  n = receive (self->from, self->buffer, len, 0, &has_fds);
  if (n <= 0)
    return result_of (n);
  self->len = (gsize)n;
  self->in_messages = begin;
  return SQNS_FLOW_MOVED;
}

/* Descriptors are pending: whether they belong to the next message. Its first @len bytes are in the buffer then. */
static gboolean
are_next (SqnsFlow *self, SqnsFrame *frame, gsize *len)
{
  gboolean has_fds;
  ssize_t n = receive (self->from, self->buffer, SQNS_FLOW_BUFFER, MSG_PEEK, &has_fds);
  *len = (gsize)MAX (n, 0);
  /* no piece fills the buffer */
  return has_fds && *len >= SQNS_FRAME_HEAD && *len < SQNS_FLOW_BUFFER && sqns_frame_read (self->buffer, frame)
         && *len <= frame->size;
}

/* Has the first byte taken together with its descriptors. */
static SqnsFlowResult
admit (SqnsFlow *self, const SqnsFrame *frame, gsize len)
{
  self->head[0] = self->buffer[0];
  self->head_len = 1;
  return self->admit (self, frame, self->buffer, len, self->user_data) ? SQNS_FLOW_MOVED : SQNS_FLOW_ENDED;
}

static SqnsFlowResult
read_head (SqnsFlow *self)
{
  SqnsFrame frame;
  gboolean has_fds;
  gsize len;
  guint8 *end = self->head + self->head_len;
  ssize_t n = receive (self->from, end, sizeof self->head - self->head_len, MSG_PEEK, &has_fds);
  if (n <= 0)
    return result_of (n);
  if (has_fds && self->head_len == 0 && n == sizeof self->head && are_next (self, &frame, &len))
    return admit (self, &frame, len);
  n = receive (self->from, end, (gsize)n, 0, &has_fds);
  if (n <= 0)
    return result_of (n);
  self->head_len += (guint)n;
  if (self->head_len < sizeof self->head)
    return SQNS_FLOW_MOVED;
  if (!sqns_frame_read (self->head, &frame))
    return SQNS_FLOW_ENDED;
  memcpy (self->buffer, self->head, sizeof self->head);
  self->len = sizeof self->head;
  self->left = frame.size - (guint32)sizeof self->head;
  self->head_len = 0;
  return SQNS_FLOW_MOVED;
}

static SqnsFlowResult
read_rest (SqnsFlow *self)
{
  gboolean has_fds;
  ssize_t n = receive (self->from, self->buffer + self->len, MIN (self->left, SQNS_FLOW_BUFFER), 0, &has_fds);
  if (n <= 0)
    return result_of (n);
  self->len += (gsize)n;
  self->left -= (guint32)n;
  return SQNS_FLOW_MOVED;
}

static SqnsFlowResult
fill (SqnsFlow *self)
{
  SqnsFlowResult result;
  self->start = self->len = 0;
  if (!self->in_messages)
    return read_line (self);
  if (self->left == 0)
    do
      result = read_head (self);
    while (result == SQNS_FLOW_MOVED && self->len == 0);
  else
    result = SQNS_FLOW_MOVED;
  if (result == SQNS_FLOW_MOVED && self->left > 0)
    {
      result = read_rest (self);
      if (self->len > 0)
        result = SQNS_FLOW_MOVED; /* the head alone; the rest follows */
    }
  return result;
}

static SqnsFlowResult
empty (SqnsFlow *self)
{
  ssize_t n;
  do
    {
      n = sqns_fds_send (self->to, self->buffer + self->start, self->len - self->start, self->fds, self->n_fds,
                         MSG_DONTWAIT);
      if (n < 0 && errno == ETOOMANYREFS) /* the message goes without them, and the daemon answers it as such */
        {
          drop_fds (self);
          errno = EINTR;
        }
    }
  while (n < 0 && errno == EINTR);
  if (n < 0)
    return result_of (n);
  drop_fds (self);
  self->start += (gsize)n;
  return SQNS_FLOW_MOVED;
}

SqnsFlowResult
sqns_flow_move (SqnsFlow *self)
{
  SqnsFlowResult result = sqns_flow_is_full (self) ? SQNS_FLOW_MOVED : fill (self);
  return result == SQNS_FLOW_MOVED ? empty (self) : result;
}
