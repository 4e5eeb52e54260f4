/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One search for the link to a virtual board's modem, with a user at the reset button and a fault at a state. */
#include "link-rig.h"

#include "modem/load-updater.h"

#include <string.h>

#define RUN_DEADLINE_S 90 /* real time; a search for a dead modem takes the longest */

static void
on_phase (gpointer data, SqnsPhase phase, gboolean safe, gboolean committed, const char *message)
{
  Run *run = data;
  g_assert_true (safe && !committed);
  g_string_append_printf (run->transcript, "= %s: %s\n", sqns_phase_name (phase), message);
}

static void
on_link (gpointer data, SqnsLinkKind kind, const SqnsBoardInfo *board)
{
  Run *run = data;
  run->notes = board->notes;
}

static void
on_user_action (gpointer data, const char *what)
{
  Run *run = data;

  g_assert_true ((what == NULL) == run->waiting);
  g_string_append_printf (run->transcript, "! %s\n", what ? what : "done");
  run->waiting = what != NULL;
  if (what == NULL)
    return;
  run->asked++;
  g_assert_nonnull (strstr (what, "reset button"));
  if (run->press)
    g_free (virtual_board_tell (run->board, "press-reset"));
}

static void
on_trace (gpointer data, char direction, const char *line)
{
  Run *run = data;
  g_string_append_printf (run->transcript, "%c %s\n", direction, line);
}

static void
on_opened (GObject *source, GAsyncResult *result, gpointer data)
{
  Run *run = data;
  run->link = sqns_link_open_finish (result, &run->error);
  run->done = TRUE;
}

static void
on_closed (GObject *source, GAsyncResult *result, gpointer data)
{
  Run *run = data;
  g_assert_true (sqns_link_close_finish (SQNS_LINK (source), result, NULL));
  run->done = TRUE;
}

static gboolean
on_too_long (gpointer data)
{
  Run *run = data;
  g_error ("no end within %d s:\n%s", RUN_DEADLINE_S, run->transcript->str);
  return G_SOURCE_REMOVE;
}

void
run_wait (Run *run)
{
  guint watchdog = g_timeout_add_seconds (RUN_DEADLINE_S, on_too_long, run);
  while (!run->done)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (watchdog);
  run->done = FALSE;
}

static void
inject (Run *run)
{
  static const char *const board_places[] = { "link.repl", "link.raw", "link.relay", "link.data" };

  if (run->injected)
    return;
  run->injected = TRUE;
  switch (run->fault)
    {
    case FAULT_NONE:
      break;
    case FAULT_UNPLUG:
      g_free (virtual_board_tell (run->board, "unplug"));
      break;
    case FAULT_CANCEL:
      g_cancellable_cancel (run->cancellable);
      break;
    case FAULT_ERROR:
      g_free (virtual_board_tell (run->board, "fault error@at"));
      break;
    case FAULT_HANG_BOARD:
      for (guint i = 0; i < G_N_ELEMENTS (board_places); i++)
        {
          g_autofree char *command = g_strconcat ("fault hang@", board_places[i], NULL);
          g_free (virtual_board_tell (run->board, command));
        }
      break;
    case FAULT_HANG_MODEM:
      g_free (virtual_board_tell (run->board, "fault hang@at"));
      g_free (virtual_board_tell (run->board, "fault hang@stp"));
      break;
    }
}

static void
on_state (const SqnsSsmClass *klass, guint state, gpointer data)
{
  Run *run = data;

  g_hash_table_add (run->machines, (gpointer)klass);
  g_hash_table_add (run->visited, g_strdup_printf ("%s/%s", klass->name, klass->state_names[state]));
  if (run->machine != NULL && strcmp (run->machine, klass->name) == 0 && run->state == state)
    inject (run);
}

void
run_open (Run *run, SqnsLinkConfig config)
{
  static const SqnsMonitorFuncs funcs
      = { .phase = on_phase, .link = on_link, .user_action = on_user_action, .trace = on_trace };
  const SqnsMonitor monitor = { &funcs, run };

  run->transcript = g_string_new (NULL);
  run->cancellable = g_cancellable_new ();
  run->machines = g_hash_table_new (NULL, NULL);
  run->visited = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  config.devnode = virtual_board_port (run->board);
  sqns_ssm_set_hook (on_state, run);
  sqns_link_open_async (&config, &monitor, run->cancellable, on_opened, run);
  run_wait (run);
  g_assert_true ((run->link == NULL) == (run->error != NULL));
  g_assert_false (run->waiting);
}

void
run_leave (Run *run)
{
  if (run->link == NULL)
    return;
  sqns_link_close_async (run->link, on_closed, run);
  run_wait (run);
  g_clear_object (&run->link);
}

void
run_close (Run *run)
{
  run_leave (run);
  sqns_ssm_set_hook (NULL, NULL);
  g_clear_error (&run->error);
  g_clear_object (&run->cancellable);
  g_hash_table_unref (run->machines);
  g_hash_table_unref (run->visited);
  g_string_free (run->transcript, TRUE);
  *run = (Run){ .board = run->board, .press = run->press };
}

static void
on_updated (GObject *source, GAsyncResult *result, gpointer data)
{
  Run *run = data;
  g_assert_true (sqns_load_updater_finish (run->link, result, &run->error) == (run->error == NULL));
  run->done = TRUE;
}

void
run_updater (Run *run, GBytes *elf)
{
  if (run->link == NULL)
    return;
  sqns_load_updater_async (run->link, elf, run->cancellable, on_updated, run);
  run_wait (run);
}
