/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A stream of messages with descriptors, cut anywhere: all messages come out, each with its descriptors. */
#include "gate/flow.h"

#include <fcntl.h>
#include <gio/gio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
  int in[2]; /* ours, the flow's */
  int out[2];
  SqnsFlow flow;
  guint admitted;
  gboolean keep; /* pass the descriptors of this stream unchanged */
} Rig;

static gboolean
on_admit (SqnsFlow *flow, const SqnsFrame *frame, const guint8 *data, gsize len, gpointer user_data)
{
  Rig *rig = user_data;
  char byte;
  rig->admitted++;
  g_assert_cmpuint (len, >=, SQNS_FRAME_HEAD);
  g_assert_cmpuint (len, <=, frame->size);
  g_assert_cmpint (recv (flow->from, &byte, 1, 0), ==, 1);
  if (rig->keep)
    sqns_flow_attach (flow, open ("/dev/null", O_RDWR | O_CLOEXEC));
  return TRUE;
}

static Rig *
rig_new (gboolean keep)
{
  Rig *rig = g_new0 (Rig, 1);
  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM, 0, rig->in), ==, 0);
  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM, 0, rig->out), ==, 0);
  rig->keep = keep;
  rig->flow.from = rig->in[1];
  rig->flow.to = rig->out[0];
  rig->flow.admit = on_admit;
  rig->flow.user_data = rig;
  rig->flow.in_messages = TRUE;
  return rig;
}

static void
rig_free (Rig *rig)
{
  for (guint i = 0; i < 2; i++)
    {
      close (rig->in[i]);
      close (rig->out[i]);
    }
  g_free (rig);
}

static void
send_all (int fd, const guint8 *data, gsize len, int with)
{
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE (sizeof with)];
  } control = { 0 };
  struct iovec part = { (void *)data, len };
  struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
  if (with >= 0)
    {
      message.msg_control = &control;
      message.msg_controllen = sizeof control;
      control.header.cmsg_len = CMSG_LEN (sizeof with);
      control.header.cmsg_level = SOL_SOCKET;
      control.header.cmsg_type = SCM_RIGHTS;
      memcpy (CMSG_DATA (&control.header), &with, sizeof with);
    }
  g_assert_cmpint (sendmsg (fd, &message, 0), ==, (gssize)len);
}

/* A message whose body is @size bytes of @fill. */
static GByteArray *
make (guint size, char fill)
{
  guint8 head[SQNS_FRAME_HEAD] = { 'l', 1, 0, 1, size & 0xff, size >> 8 & 0xff, size >> 16 & 0xff, 0, 1 };
  GByteArray *message = g_byte_array_new ();
  g_byte_array_append (message, head, sizeof head);
  g_byte_array_set_size (message, sizeof head + size);
  memset (message->data + sizeof head, fill, size);
  return message;
}

/* Moves what has arrived. Appends the output to @got, and the position of each descriptor to @places. */
static void
pump (Rig *rig, GByteArray *got, GArray *places)
{
  for (gboolean more = TRUE; more;)
    {
      SqnsFlowResult result = sqns_flow_move (&rig->flow);
      g_assert_cmpint (result, !=, SQNS_FLOW_ENDED);
      more = result == SQNS_FLOW_MOVED;
      for (;;)
        {
          union {
            struct cmsghdr header;
            char space[CMSG_SPACE (sizeof (int) * 8)];
          } control;
          guint8 data[4096];
          struct iovec part = { data, sizeof data };
          struct msghdr message
              = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
          gssize n = recvmsg (rig->out[1], &message, MSG_DONTWAIT);
          if (n <= 0)
            break;
          if (CMSG_FIRSTHDR (&message) != NULL)
            {
              int fd;
              memcpy (&fd, CMSG_DATA (CMSG_FIRSTHDR (&message)), sizeof fd);
              close (fd);
              g_array_append_val (places, got->len);
            }
          g_byte_array_append (got, data, (guint)n);
          more = TRUE;
        }
    }
}

static void
run (gboolean keep, guint piece)
{
  static const struct {
    guint size;
    gboolean fd;
  } list[] = { { 0, FALSE }, { 8, TRUE },      { 40, FALSE },    { 40, TRUE },
               { 0, TRUE },  { 300000, TRUE }, { 70000, FALSE }, { 3, TRUE } };
  Rig *rig = rig_new (keep);
  g_autoptr (GByteArray) sent = g_byte_array_new ();
  g_autoptr (GByteArray) got = g_byte_array_new ();
  g_autoptr (GArray) places = g_array_new (FALSE, FALSE, sizeof (guint));
  g_autoptr (GArray) expected = g_array_new (FALSE, FALSE, sizeof (guint));
  int null = open ("/dev/null", O_RDWR | O_CLOEXEC);

  for (gsize i = 0; i < G_N_ELEMENTS (list); i++)
    {
      g_autoptr (GByteArray) message = make (list[i].size, (char)('a' + i));
      if (list[i].fd)
        g_array_append_val (expected, sent->len);
      g_byte_array_append (sent, message->data, message->len);
      /* the bus sends the head with descriptors in one piece */
      gsize first = list[i].fd ? MAX (piece, SQNS_FRAME_HEAD) : piece;
      for (gsize at = 0; at < message->len;)
        {
          gsize n = MIN (at == 0 ? first : MAX (piece, message->len / 50), message->len - at);
          send_all (rig->in[0], message->data + at, n, at == 0 && list[i].fd ? null : -1);
          at += n;
          if (piece < 1000 || at > 60000) /* otherwise messages are in the socket together */
            pump (rig, got, places);
        }
    }
  pump (rig, got, places);
  close (null);
  g_assert_cmpmem (got->data, got->len, sent->data, sent->len);
  g_assert_cmpuint (rig->admitted, ==, expected->len);
  g_assert_cmpuint (places->len, ==, keep ? expected->len : 0);
  for (guint i = 0; i < places->len; i++)
    g_assert_cmpuint (g_array_index (places, guint, i), ==, g_array_index (expected, guint, i));
  rig_free (rig);
}

static void
test_pieces (void)
{
  static const guint pieces[] = { 1, 3, 16, 17, 100, 5000 };
  for (gsize i = 0; i < G_N_ELEMENTS (pieces); i++)
    {
      run (TRUE, pieces[i]);
      run (FALSE, pieces[i]);
    }
}

static void
test_lines (void)
{
  Rig *rig = rig_new (TRUE);
  g_autoptr (GByteArray) got = g_byte_array_new ();
  g_autoptr (GArray) places = g_array_new (FALSE, FALSE, sizeof (guint));
  static const char text[] = "\0AUTH EXTERNAL 30\r\nNEGOTIATE_UNIX_FD\r\nBEGIN\r\n";
  g_autoptr (GByteArray) sent = make (5, 'z');
  g_byte_array_prepend (sent, (const guint8 *)text, sizeof text - 1);
  rig->flow.in_messages = FALSE;
  send_all (rig->in[0], sent->data, sent->len, -1);
  pump (rig, got, places);
  g_assert_cmpmem (got->data, got->len, sent->data, sent->len);
  g_assert_true (rig->flow.in_messages);
  rig_free (rig);
}

static void
test_ends (void)
{
  Rig *rig = rig_new (TRUE);
  static const guint8 junk[] = "no message at all, and longer than a head";
  send_all (rig->in[0], junk, sizeof junk, -1);
  g_assert_cmpint (sqns_flow_move (&rig->flow), ==, SQNS_FLOW_ENDED);
  rig_free (rig);

  rig = rig_new (TRUE);
  g_assert_cmpint (sqns_flow_move (&rig->flow), ==, SQNS_FLOW_WAITS);
  shutdown (rig->in[0], SHUT_WR);
  g_assert_cmpint (sqns_flow_move (&rig->flow), ==, SQNS_FLOW_ENDED);
  rig_free (rig);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/flow/pieces", test_pieces);
  g_test_add_func ("/flow/lines", test_lines);
  g_test_add_func ("/flow/ends", test_ends);
  return g_test_run ();
}
