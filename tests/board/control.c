/* The control socket, on which tests act as the user of a board: one command a line, one answer a line. */
#include "control.h"

#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OFF_MS 500

struct Control {
  char *path;
  GSocketService *service;
  GPtrArray *boards;
  ControlQuit quit;
  gpointer user_data;
};

typedef struct {
  const char *name;
  gboolean argument;
  char *(*run) (Control *control, Board *board, const char *argument);
} Command;

static char *
ok (void)
{
  return g_strdup ("ok");
}

static char *
run_status (Control *control, Board *board, const char *argument)
{
  g_autofree char *json = board_status (board);

  return g_strconcat ("ok ", json, NULL);
}

static char *
run_unplug (Control *control, Board *board, const char *argument)
{
  board_unplug (board, 0);
  return ok ();
}

static char *
run_plug (Control *control, Board *board, const char *argument)
{
  g_autoptr (GError) error = NULL;

  if (!board_plug (board, &error))
    return g_strconcat ("error ", error->message, NULL);
  return g_strconcat ("ok ", board_path (board), NULL);
}

static char *
run_press_reset (Control *control, Board *board, const char *argument)
{
  board_press_reset (board);
  return ok ();
}

static char *
run_power_cycle (Control *control, Board *board, const char *argument)
{
  board_power_cycle (board, OFF_MS);
  return ok ();
}

static char *
run_fault (Control *control, Board *board, const char *argument)
{
  g_autoptr (GError) error = NULL;

  if (!fault_set_add (board_faults (board), argument, &error))
    return g_strconcat ("error ", error->message, NULL);
  return ok ();
}

static char *
run_data_bits (Control *control, Board *board, const char *argument)
{
  board_set_data_bits (board, (guint)strtoul (argument, NULL, 10));
  return ok ();
}

static char *
run_clear_faults (Control *control, Board *board, const char *argument)
{
  fault_set_clear (board_faults (board));
  return ok ();
}

static char *
run_quit (Control *control, Board *board, const char *argument)
{
  control->quit (control->user_data);
  return ok ();
}

static const Command commands[] = {
  { "status", FALSE, run_status },
  { "unplug", FALSE, run_unplug },
  { "plug", FALSE, run_plug },
  { "press-reset", FALSE, run_press_reset },
  { "power-cycle", FALSE, run_power_cycle },
  { "fault", TRUE, run_fault },
  { "data-bits", TRUE, run_data_bits },
  { "clear-faults", FALSE, run_clear_faults },
  { "quit", FALSE, run_quit },
};

/* "name [argument] [board]" */
static char *
obey (Control *control, const char *line)
{
  g_auto (GStrv) words = g_strsplit (line, " ", 3);
  guint n = g_strv_length (words);

  for (guint i = 0; n > 0 && i < G_N_ELEMENTS (commands); i++)
    {
      const Command *command = &commands[i];
      guint at = command->argument ? 2 : 1;
      guint64 board = 0;

      if (!g_str_equal (words[0], command->name))
        continue;
      if (n < at || n > at + 1
          || (n > at && !g_ascii_string_to_unsigned (words[at], 10, 0, control->boards->len - 1, &board, NULL)))
        return g_strdup ("error bad arguments");
      return command->run (control, g_ptr_array_index (control->boards, board), command->argument ? words[1] : "");
    }
  return g_strdup ("error no such command");
}

typedef struct {
  Control *control;
  GSocketConnection *connection;
  GDataInputStream *in;
} Client;

static void
client_free (Client *client)
{
  g_object_unref (client->in);
  g_object_unref (client->connection);
  g_free (client);
}

static void
line_read_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Client *client = user_data;
  GOutputStream *out = g_io_stream_get_output_stream (G_IO_STREAM (client->connection));
  g_autofree char *line = g_data_input_stream_read_line_finish (G_DATA_INPUT_STREAM (source), result, NULL, NULL);
  g_autofree char *answer = NULL;
  g_autofree char *text = NULL;

  if (line == NULL)
    {
      client_free (client);
      return;
    }
  answer = obey (client->control, g_strstrip (line));
  text = g_strconcat (answer, "\n", NULL);
  if (!g_output_stream_write_all (out, text, strlen (text), NULL, NULL, NULL))
    {
      client_free (client);
      return;
    }
  g_data_input_stream_read_line_async (client->in, G_PRIORITY_DEFAULT, NULL, line_read_done, client);
}

static gboolean
incoming (GSocketService *service, GSocketConnection *connection, GObject *source, gpointer user_data)
{
  Client *client = g_new0 (Client, 1);

  client->control = user_data;
  client->connection = g_object_ref (connection);
  client->in = g_data_input_stream_new (g_io_stream_get_input_stream (G_IO_STREAM (connection)));
  g_data_input_stream_read_line_async (client->in, G_PRIORITY_DEFAULT, NULL, line_read_done, client);
  return TRUE;
}

Control *
control_new (const char *path, GPtrArray *boards, ControlQuit quit, gpointer user_data, GError **error)
{
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (path);
  g_autoptr (Control) control = g_new0 (Control, 1);

  control->path = g_strdup (path);
  control->boards = boards;
  control->quit = quit;
  control->user_data = user_data;
  control->service = g_socket_service_new ();
  unlink (path);
  if (!g_socket_listener_add_address (G_SOCKET_LISTENER (control->service), address, G_SOCKET_TYPE_STREAM,
                                      G_SOCKET_PROTOCOL_DEFAULT, NULL, NULL, error))
    return NULL;
  g_signal_connect (control->service, "incoming", G_CALLBACK (incoming), control);
  return g_steal_pointer (&control);
}

void
control_free (Control *control)
{
  g_socket_service_stop (control->service);
  g_object_unref (control->service);
  unlink (control->path);
  g_free (control->path);
  g_free (control);
}
