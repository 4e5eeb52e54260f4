/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ends and headers of messages, compared with GDBus, which writes them. */
#include "gate/frame.h"

#include <gio/gio.h>
#include <gio/gunixfdlist.h>
#include <string.h>
#include <unistd.h>

static const struct {
  const char *name;
  GDBusMessageType type;
  GDBusMessageByteOrder order;
  const char *sender; /* nullable */
  guint n_fds;
  guint body; /* length of its string */
} rows[] = {
  { "call", G_DBUS_MESSAGE_TYPE_METHOD_CALL, G_DBUS_MESSAGE_BYTE_ORDER_LITTLE_ENDIAN, ":1.7", 1, 0 },
  { "big endian", G_DBUS_MESSAGE_TYPE_METHOD_CALL, G_DBUS_MESSAGE_BYTE_ORDER_BIG_ENDIAN, ":1.4711", 3, 77 },
  { "no sender", G_DBUS_MESSAGE_TYPE_METHOD_CALL, G_DBUS_MESSAGE_BYTE_ORDER_LITTLE_ENDIAN, NULL, 2, 5 },
  { "no descriptors", G_DBUS_MESSAGE_TYPE_METHOD_CALL, G_DBUS_MESSAGE_BYTE_ORDER_LITTLE_ENDIAN, ":1.7", 0, 1000000 },
  { "signal", G_DBUS_MESSAGE_TYPE_SIGNAL, G_DBUS_MESSAGE_BYTE_ORDER_LITTLE_ENDIAN, ":1.7", 1, 3 },
  { "the bus", G_DBUS_MESSAGE_TYPE_SIGNAL, G_DBUS_MESSAGE_BYTE_ORDER_BIG_ENDIAN, "org.freedesktop.DBus", 0, 0 },
};

static guint8 *
make (gsize row, gsize *size)
{
  g_autoptr (GDBusMessage) message = g_dbus_message_new ();
  GError *error = NULL;
  g_dbus_message_set_byte_order (message, rows[row].order);
  g_dbus_message_set_message_type (message, rows[row].type);
  g_dbus_message_set_serial (message, 1);
  g_dbus_message_set_path (message, "/org/sqnsd1");
  g_dbus_message_set_interface (message, "org.sqnsd1.Manager");
  g_dbus_message_set_member (message, "Inspect");
  if (rows[row].sender != NULL)
    g_dbus_message_set_sender (message, rows[row].sender);
  if (rows[row].body > 0)
    {
      g_autofree char *text = g_strnfill (rows[row].body, 'x');
      g_dbus_message_set_body (message, g_variant_new ("(s)", text));
    }
  g_autoptr (GUnixFDList) fds = g_unix_fd_list_new ();
  for (guint i = 0; i < rows[row].n_fds; i++)
    g_assert_cmpint (g_unix_fd_list_append (fds, STDERR_FILENO, NULL), >=, 0);
  g_dbus_message_set_unix_fd_list (message, fds);
  guint8 *blob = g_dbus_message_to_blob (message, size, G_DBUS_CAPABILITY_FLAGS_UNIX_FD_PASSING, &error);
  g_assert_no_error (error);
  return blob;
}

static void
test_messages (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      SqnsFrame frame;
      SqnsFrameFields fields;
      gsize size;
      g_autofree guint8 *blob = make (i, &size);
      g_test_message ("%s", rows[i].name);
      g_assert_true (sqns_frame_read (blob, &frame));
      g_assert_cmpuint (frame.size, ==, size);
      g_assert_cmpint ((gint)frame.type, ==, (gint)rows[i].type);
      sqns_frame_read_fields (&frame, blob, size, &fields);
      g_assert_cmpstr (fields.sender, ==, rows[i].sender != NULL ? rows[i].sender : "");
      g_assert_cmpuint (fields.n_fds, ==, rows[i].n_fds);
      /* truncated anywhere: fewer messages, and no reads past the end */
      for (gsize len = 0; len < SQNS_FRAME_HEAD + (gsize)frame.fields_size; len++)
        {
          g_autofree guint8 *cut = g_memdup2 (blob, MAX (len, 1));
          sqns_frame_read_fields (&frame, cut, len, &fields);
          g_assert_true (fields.sender[0] == '\0' || g_str_equal (fields.sender, rows[i].sender));
        }
    }
}

static void
test_no_messages (void)
{
  static const char *const heads[] = {
    "x\1\0\1\0\0\0\0\1\0\0\0\0\0\0\0",     /* no byte order */
    "l\0\0\1\0\0\0\0\1\0\0\0\0\0\0\0",     /* no type */
    "l\1\0\2\0\0\0\0\1\0\0\0\0\0\0\0",     /* another version */
    "l\1\0\1\1\0\0\x08\1\0\0\0\0\0\0\0",   /* a body of more than 128 MiB */
    "l\1\0\1\0\0\0\0\1\0\0\0\1\0\0\x04",   /* fields of more than 64 MiB */
    "l\1\0\1\0\0\0\x06\1\0\0\0\0\0\0\x03", /* both together */
    "l\1\0\1\xff\xff\xff\xff\1\0\0\0\xff\xff\xff\xff",
  };
  for (gsize i = 0; i < G_N_ELEMENTS (heads); i++)
    {
      SqnsFrame frame;
      g_assert_false (sqns_frame_read ((const guint8 *)heads[i], &frame));
    }
}

static void
test_lines (void)
{
  static const struct {
    const char *pieces[4];
    gboolean begin;
  } lines[] = {
    { { "BEGIN\r\n" }, TRUE },   { { "BE", "GIN", "\r\n" }, TRUE },     { { "BEGIN\n" }, FALSE },
    { { "BEGIN \r\n" }, FALSE }, { { "AUTH EXTERNAL 30\r\n" }, FALSE }, { { "AUTH EXTERNAL 30", "BEGIN\r\n" }, FALSE },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      SqnsFrameLine line = { .len = 0 };
      gboolean begin = FALSE;
      for (gsize j = 0; j < G_N_ELEMENTS (lines[i].pieces) && lines[i].pieces[j] != NULL; j++)
        {
          const char *piece = lines[i].pieces[j];
          g_assert_cmpuint (sqns_frame_read_line (&line, (const guint8 *)piece, strlen (piece), &begin), ==,
                            strlen (piece));
        }
      g_assert_cmpint (begin, ==, lines[i].begin);
    }

  SqnsFrameLine line = { .len = 0 };
  static const char text[] = "OK 1234\r\nBEGIN\r\nl";
  gboolean begin;
  gsize first = sqns_frame_read_line (&line, (const guint8 *)text, strlen (text), &begin);
  g_assert_cmpuint (first, ==, strlen ("OK 1234\r\n"));
  g_assert_false (begin);
  g_assert_cmpuint (sqns_frame_read_line (&line, (const guint8 *)text + first, strlen (text + first), &begin), ==,
                    strlen ("BEGIN\r\n"));
  g_assert_true (begin);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/frame/messages", test_messages);
  g_test_add_func ("/frame/no-messages", test_no_messages);
  g_test_add_func ("/frame/lines", test_lines);
  return g_test_run ();
}
