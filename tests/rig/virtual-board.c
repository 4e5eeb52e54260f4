/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A sqns-board process for a test. */
#include "virtual-board.h"

#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#define REPLY_S 20
#define WAIT_S 60 /* for sixteen boards that start at once on a busy computer */
#define LOOK_MS 5 /* polling without a pause would slow the board down */

struct _VirtualBoard {
  GSubprocess *process;
  GDataInputStream *output;
  char *port;
  char *folder;
  char *control;
  char *link; /* nullable */
  GSocketConnection *connection;
  GDataInputStream *replies;
};

static void
connect_control (VirtualBoard *board)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (board->control);

  g_socket_client_set_timeout (client, REPLY_S);
  board->connection = g_socket_client_connect (client, G_SOCKET_CONNECTABLE (address), NULL, &error);
  g_assert_no_error (error);
  board->replies = g_data_input_stream_new (g_io_stream_get_input_stream (G_IO_STREAM (board->connection)));
}

VirtualBoard *
virtual_board_join (const char *port, const char *control)
{
  VirtualBoard *board = g_new0 (VirtualBoard, 1);

  board->port = g_strdup (port);
  board->control = g_strdup (control);
  connect_control (board);
  return board;
}

/* Waits until a program at boot does what it is for, as it could be interrupted before that. */
static void
wait_for_program (VirtualBoard *board, const char *options)
{
  if (strstr (options, "ignores-ctrl-c") != NULL || strstr (options, "deaf-printer") != NULL)
    virtual_board_wait (board, "esp32", "deaf");
  else if (strstr (options, "lte-owner") != NULL) /* ends as soon as it runs */
    virtual_board_wait (board, "lte-task", "true");
  else
    virtual_board_wait (board, "esp32", "running");
}

static VirtualBoard *
start_board (const char *options, gboolean named)
{
  g_autoptr (GError) error = NULL;
  VirtualBoard *board = g_new0 (VirtualBoard, 1);
  g_auto (GStrv) words = NULL;
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  const char *program = g_getenv ("SQNS_BOARD");

  g_assert_nonnull (program);
  g_assert_true (*options == '\0' || g_shell_parse_argv (options, NULL, &words, NULL));
  board->folder = g_dir_make_tmp ("sqns-board-XXXXXX", &error);
  g_assert_no_error (error);
  board->control = g_build_filename (board->folder, "control", NULL);

  g_ptr_array_add (argv, (gpointer)program);
  g_ptr_array_add (argv, (gpointer) "--control");
  g_ptr_array_add (argv, board->control);
  g_ptr_array_add (argv, (gpointer) "--exit-with-stdin"); /* ends with the test */
  if (named)
    {
      board->link = g_build_filename (board->folder, "tty", NULL);
      g_ptr_array_add (argv, (gpointer) "--link");
      g_ptr_array_add (argv, board->link);
    }
  for (guint i = 0; words != NULL && words[i] != NULL; i++)
    g_ptr_array_add (argv, words[i]);
  g_ptr_array_add (argv, NULL);
  board->process = g_subprocess_newv ((const char *const *)argv->pdata,
                                      G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error);
  g_assert_no_error (error);
  board->output = g_data_input_stream_new (g_subprocess_get_stdout_pipe (board->process));
  board->port = g_data_input_stream_read_line (board->output, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (board->port);

  connect_control (board);
  if (strstr (options, "--main") != NULL && strstr (options, "--start") == NULL)
    wait_for_program (board, options);
  return board;
}

VirtualBoard *
virtual_board_new (const char *options)
{
  return start_board (options, FALSE);
}

VirtualBoard *
virtual_board_new_named (const char *options)
{
  return start_board (options, TRUE);
}

void
virtual_board_free (VirtualBoard *board)
{
  g_object_unref (board->replies);
  g_object_unref (board->connection);
  if (board->process != NULL)
    {
      g_subprocess_send_signal (board->process, SIGTERM);
      g_subprocess_wait (board->process, NULL, NULL);
      g_object_unref (board->output);
      g_object_unref (board->process);
      g_unlink (board->control);
      if (board->link != NULL)
        g_unlink (board->link);
      g_rmdir (board->folder);
    }
  g_free (board->control);
  g_free (board->link);
  g_free (board->folder);
  g_free (board->port);
  g_free (board);
}

const char *
virtual_board_port (VirtualBoard *board)
{
  return board->link != NULL ? board->link : board->port;
}

const char *
virtual_board_control (VirtualBoard *board)
{
  return board->control;
}

char *
virtual_board_tell (VirtualBoard *board, const char *command)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *line = g_strconcat (command, "\n", NULL);
  GOutputStream *out = g_io_stream_get_output_stream (G_IO_STREAM (board->connection));

  g_output_stream_write_all (out, line, strlen (line), NULL, NULL, &error);
  g_assert_no_error (error);
  g_autofree char *reply = g_data_input_stream_read_line (board->replies, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (reply);
  if (!g_str_has_prefix (reply, "ok"))
    g_error ("sqns-board: %s: %s", command, reply);
  return g_strdup (g_strstrip (reply + 2));
}

char *
virtual_board_status (VirtualBoard *board, const char *member)
{
  g_autofree char *json = virtual_board_tell (board, "status");
  g_autofree char *key = g_strdup_printf ("\"%s\": ", member);
  const char *found = strstr (json, key);
  if (found == NULL)
    return g_strdup ("");
  found += strlen (key);
  if (*found == '"')
    return g_strndup (found + 1, strcspn (found + 1, "\""));
  return g_strndup (found, strcspn (found, ",}"));
}

gboolean
virtual_board_is (VirtualBoard *board, const char *member, const char *value)
{
  g_autofree char *now = virtual_board_status (board, member);
  return strcmp (now, value) == 0;
}

void
virtual_board_wait (VirtualBoard *board, const char *member, const char *value)
{
  gint64 deadline = g_get_monotonic_time () + WAIT_S * G_USEC_PER_SEC;
  while (!virtual_board_is (board, member, value))
    if (g_get_monotonic_time () < deadline)
      g_usleep (LOOK_MS * 1000);
    else
      g_error ("%s is %s, not %s", member, virtual_board_status (board, member), value);
}
