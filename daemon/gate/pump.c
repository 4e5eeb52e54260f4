/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One thread, one poll(2). The process ends when either side hangs up. Its exit closes nothing that could block,
 * because it never has a stranger's descriptor open. */
#include "gate/callers.h"
#include "gate/deliveries.h"
#include "gate/flow.h"
#include "gate/pump.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_MOVES 16       /* in one direction before the other gets its turn */
#define LAST_BYTES_MS 1000 /* for the last messages of the side that has gone */
#define NO_UID ((uid_t)-1) /* shared by all callers whose user is unknown */

typedef struct {
  int bus;
  int daemon;
  int null;
  int children; /* signalfd */
  SqnsPumpStart start;
  SqnsFlow in;  /* bus to daemon */
  SqnsFlow out; /* daemon to bus */
  SqnsCallers *callers;
  SqnsDeliveries deliveries;
} Pump;

enum {
  POLL_BUS,
  POLL_DAEMON,
  POLL_CHILDREN,
  POLL_CALLERS,
  POLL_CHANNELS,
};

/* From the daemon, which is trusted: its descriptors are sockets, pipes and files in memory. */
static gboolean
admit_own (SqnsFlow *flow, const SqnsFrame *frame, const guint8 *data, gsize len, gpointer user_data)
{
  int fds[SQNS_FDS_MAX];
  guint n = SQNS_FDS_MAX;
  gboolean cut;
  char byte;
  if (sqns_fds_receive (flow->from, &byte, sizeof byte, fds, &n, &cut, MSG_DONTWAIT) != sizeof byte)
    return FALSE;
  for (guint i = 0; i < n; i++)
    sqns_flow_attach (flow, fds[i]);
  return TRUE;
}

static void
close_all (const int *fds, guint n)
{
  for (guint i = 0; i < n; i++)
    close (fds[i]);
}

/* TRUE: the byte was taken, with its descriptors or without. */
static gboolean
deliver (Pump *self, guint n, uid_t uid, gboolean *failed)
{
  int ends[SQNS_READER_MAX_FDS];
  SqnsReader reader = { .from = self->bus, .null = self->null, .max_size = self->start.max_size };

  for (; reader.n_channels < n; reader.n_channels++)
    {
      int pair[2];
      if (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        break;
      ends[reader.n_channels] = pair[0];
      reader.channels[reader.n_channels] = pair[1];
    }
  int pid = reader.n_channels == n ? sqns_reader_start (&reader) : 0;
  *failed = pid < 0;
  if (pid <= 0)
    {
      close_all (ends, reader.n_channels);
      close_all (reader.channels, reader.n_channels);
      return FALSE;
    }
  for (guint i = 0; i < n; i++)
    sqns_flow_attach (&self->in, ends[i]);
  sqns_deliveries_add (&self->deliveries, &reader, pid, uid);
  return TRUE;
}

static gboolean
may_deliver (Pump *self, const SqnsFrame *frame, const SqnsFrameFields *fields, uid_t *uid)
{
  *uid = NO_UID;
  if ((frame->type != SQNS_FRAME_CALL && frame->type != SQNS_FRAME_RETURN) || fields->n_fds == 0
      || fields->n_fds > SQNS_READER_MAX_FDS)
    return FALSE;
  (void)sqns_callers_find_uid (self->callers, fields->sender, uid);
  sqns_deliveries_sweep (&self->deliveries);
  /* answers of logind count for no caller */
  gboolean asked_for = frame->type == SQNS_FRAME_RETURN && *uid == 0;
  guint max = asked_for ? 0 : self->start.max_readers;
  return sqns_deliveries_have_room (&self->deliveries, *uid, max);
}

static gboolean
admit_foreign (SqnsFlow *flow, const SqnsFrame *frame, const guint8 *data, gsize len, gpointer user_data)
{
  Pump *self = user_data;
  SqnsFrameFields fields;
  gboolean failed = FALSE;
  uid_t uid;
  char byte;

  sqns_frame_read_fields (frame, data, len, &fields);
  if (may_deliver (self, frame, &fields, &uid) && deliver (self, fields.n_fds, uid, &failed))
    return TRUE;
  /* without room for them the kernel drops the descriptors; the daemon sees that they are missing */
  return !failed && recv (flow->from, &byte, sizeof byte, MSG_DONTWAIT) == sizeof byte;
}

static gboolean
move (Pump *self, SqnsFlow *flow)
{
  SqnsFlowResult result = SQNS_FLOW_MOVED;
  for (guint i = 0; i < MAX_MOVES && result == SQNS_FLOW_MOVED; i++)
    result = sqns_flow_move (flow);
  self->in.in_messages = self->out.in_messages;
  return result != SQNS_FLOW_ENDED;
}

/* The sender of @flow is gone: passes on its last messages. */
static void
move_last (Pump *self, SqnsFlow *flow)
{
  gint64 end = g_get_monotonic_time () + LAST_BYTES_MS * 1000;
  gint64 left;
  while (move (self, flow) && (left = end - g_get_monotonic_time ()) > 0)
    {
      struct pollfd polled = { flow->to, POLLOUT, 0 };
      if (!sqns_flow_is_full (flow))
        continue;
      poll (&polled, 1, (int)(left / 1000) + 1);
      if (polled.revents & (POLLERR | POLLHUP))
        return;
    }
}

static short
wanted (const SqnsFlow *reads, const SqnsFlow *writes)
{
  return (sqns_flow_is_full (reads) ? 0 : POLLIN) | (sqns_flow_is_full (writes) ? POLLOUT : 0);
}

/* FALSE: one side has hung up. */
static gboolean
turn (Pump *self)
{
  struct pollfd polled[POLL_CHANNELS + SQNS_DELIVERIES_MAX_POLLED];
  struct signalfd_siginfo info;

  polled[POLL_BUS] = (struct pollfd){ self->bus, wanted (&self->in, &self->out), 0 };
  polled[POLL_DAEMON] = (struct pollfd){ self->daemon, wanted (&self->out, &self->in), 0 };
  polled[POLL_CHILDREN] = (struct pollfd){ self->children, POLLIN, 0 };
  polled[POLL_CALLERS] = sqns_callers_poll (self->callers);
  guint channels = sqns_deliveries_poll (&self->deliveries, polled + POLL_CHANNELS);
  if (poll (polled, POLL_CHANNELS + channels, -1) < 0)
    return errno == EINTR;

  gboolean sweep = polled[POLL_CHILDREN].revents != 0;
  if (sweep)
    (void)!read (self->children, &info, sizeof info);
  for (guint i = 0; i < channels; i++)
    sweep = sweep || polled[POLL_CHANNELS + i].revents != 0;
  if (sweep)
    sqns_deliveries_sweep (&self->deliveries);
  if (polled[POLL_CALLERS].revents != 0)
    sqns_callers_process (self->callers);

  if (polled[POLL_DAEMON].revents & (POLLHUP | POLLERR))
    move_last (self, &self->out);
  else if (polled[POLL_BUS].revents & (POLLHUP | POLLERR))
    move_last (self, &self->in);
  else
    return ((polled[POLL_BUS].revents | polled[POLL_DAEMON].revents) == 0)
           || (move (self, &self->out) && move (self, &self->in));
  return FALSE;
}

/* This never comes in pieces: it is one small write to a socket with a larger buffer. */
static gboolean
receive_start (Pump *self)
{
  guint n_fds = 1;
  gboolean cut;
  ssize_t n = sqns_fds_receive (self->daemon, &self->start, sizeof self->start, &self->bus, &n_fds, &cut, MSG_WAITALL);
  return n == sizeof self->start && n_fds == 1 && self->start.address[sizeof self->start.address - 1] == '\0';
}

/* Signals are the daemon's business. This process ends when the daemon closes its socket. */
static void
ignore_signals (void)
{
  static const int signals[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE };
  for (gsize i = 0; i < G_N_ELEMENTS (signals); i++)
    signal (signals[i], SIG_IGN);
}

static int
watch_children (void)
{
  sigset_t set;
  signal (SIGCHLD, SIG_DFL);
  sigemptyset (&set);
  sigaddset (&set, SIGCHLD);
  sigprocmask (SIG_BLOCK, &set, NULL);
  return signalfd (-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

void
sqns_pump_run (int daemon)
{
  static Pump self;

  prctl (PR_SET_NAME, "sqnsd-gate");
  ignore_signals ();
  self.daemon = daemon;
  self.children = watch_children ();
  self.null = open ("/dev/null", O_RDWR | O_CLOEXEC);
  if (self.children < 0 || self.null < 0 || !receive_start (&self))
    _exit (1);
  self.callers = sqns_callers_new (self.start.address);
  self.in.from = self.out.to = self.bus;
  self.in.to = self.out.from = self.daemon;
  self.in.admit = admit_foreign;
  self.in.user_data = &self;
  self.out.admit = admit_own;
  while (turn (&self))
    ;
  shutdown (self.bus, SHUT_RDWR); /* frees the bus name for the next daemon at once */
  _exit (0);
}
