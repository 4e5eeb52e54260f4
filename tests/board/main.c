/* sqns-board: Pycom boards with a Sequans modem, on pseudo-terminals. */
#include "board.h"
#include "control.h"
#include "transcript.h"

#include <glib-unix.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#ifndef SQNS_VERSION
#define SQNS_VERSION "0"
#endif

static gboolean
stop (gpointer user_data)
{
  g_main_loop_quit (user_data);
  return G_SOURCE_CONTINUE;
}

static void
quit (gpointer user_data)
{
  g_main_loop_quit (user_data);
}

static gboolean
stdin_ready (gint fd, GIOCondition condition, gpointer user_data)
{
  char buffer[256];

  if (read (fd, buffer, sizeof buffer) > 0)
    return G_SOURCE_CONTINUE;
  g_main_loop_quit (user_data);
  return G_SOURCE_REMOVE;
}

/* A board needs up to 8 descriptors. */
static void
raise_limits (void)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) == 0)
    {
      limit.rlim_cur = limit.rlim_max;
      setrlimit (RLIMIT_NOFILE, &limit);
    }
}

static void
write_status (const char *path, GPtrArray *boards)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < boards->len; i++)
    {
      g_autofree char *json = board_status (g_ptr_array_index (boards, i));

      g_string_append_printf (text, "%s\n", json);
    }
  if (!g_file_set_contents (path, text->str, (gssize)text->len, &error))
    g_printerr ("sqns-board: %s\n", error->message);
}

static gboolean
make_boards (const Options *options, GPtrArray *boards, GError **error)
{
  for (gint i = 0; i < options->count; i++)
    {
      Board *board = board_new (options, (guint)i, error);

      if (board == NULL)
        return FALSE;
      g_ptr_array_add (boards, board);
    }
  return TRUE;
}

static int
serve (const Options *options)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GPtrArray) boards = g_ptr_array_new_with_free_func ((GDestroyNotify)board_free);
  g_autoptr (Control) control = NULL;
  g_autoptr (GError) error = NULL;

  raise_limits ();
  transcript_open (options->log, options->verbose);
  g_unix_signal_add (SIGTERM, stop, loop);
  g_unix_signal_add (SIGINT, stop, loop);
  g_unix_signal_add (SIGHUP, stop, loop);
  if (!make_boards (options, boards, &error)
      || (options->control != NULL && (control = control_new (options->control, boards, quit, loop, &error)) == NULL))
    {
      g_printerr ("sqns-board: %s\n", error->message);
      return 1;
    }
  for (guint i = 0; i < boards->len; i++)
    printf ("%s\n", board_path (g_ptr_array_index (boards, i)));
  fflush (stdout);
  if (options->exit_with_stdin)
    g_unix_fd_add (STDIN_FILENO, G_IO_IN | G_IO_HUP, stdin_ready, loop);
  g_main_loop_run (loop);
  if (options->status_on_exit != NULL)
    write_status (options->status_on_exit, boards);
  return 0;
}

int
main (int argc, char **argv)
{
  Options options;
  g_autoptr (GError) error = NULL;
  int status = 0;

  setlocale (LC_ALL, "");
  setlocale (LC_NUMERIC, "C");
  if (!options_parse (&options, &argc, &argv, &error))
    {
      g_printerr ("sqns-board: %s\n", error->message);
      options_clear (&options);
      return 2;
    }
  if (options.version)
    printf ("sqns-board %s\n", SQNS_VERSION);
  else
    status = serve (&options);
  options_clear (&options);
  return status;
}
