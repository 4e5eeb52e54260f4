/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One cell of the matrix. */
#include "matrix-cell.h"

#include "base/timeout.h"
#include "matrix-strike.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* A modem that hangs is waited for to each deadline's end: shorter ones, or it takes an hour. */
#define HANG_PATIENCE 0.01

char *
matrix_place_name (GHashTable *entries, UpgradeRun *run, const SqnsSsmClass *klass, guint state)
{
  g_autofree char *place
      = g_strdup_printf ("%s:%s/%s", sqns_phase_name (run->phase), klass->name, klass->state_names[state]);
  guint n = GPOINTER_TO_UINT (g_hash_table_lookup (entries, place)) + 1;
  char *numbered = g_strdup_printf ("%s#%u", place, n);

  g_hash_table_replace (entries, g_steal_pointer (&place), GUINT_TO_POINTER (n));
  return numbered;
}

static void
on_entered (UpgradeRun *run, const SqnsSsmClass *klass, guint state)
{
  MatrixCell *cell = run->data;
  g_autofree char *place = matrix_place_name (cell->entries, run, klass, state);

  if (cell->struck || strcmp (place, cell->place) != 0)
    return;
  cell->struck = TRUE;
  g_string_append_printf (run->transcript, "* %s strikes at %s\n", matrix_fault_name (cell->fault), place);
  cell->refused = !matrix_strike (cell->fault, run, klass, state);
}

static void
on_told (UpgradeRun *run)
{
  MatrixCell *cell = run->data;
  if (cell->struck)
    matrix_strike_again (cell->fault, run);
}

UpgradeRun
matrix_run_of (const MatrixRoute *route, VirtualBoard *board, const UpgradeFiles *files)
{
  return (UpgradeRun){
    .board = board, .files = files, .kind = route->kind, .options = route->options, .pic = route->pic, .person = TRUE
  };
}

G_NORETURN static void
refute (UpgradeRun *run, const char *what)
{
  g_autofree char *status = virtual_board_tell (run->board, "status");
  g_error ("%s\nerror: %s\nboard: %s\n%s", what, run->error != NULL ? run->error->message : "none", status,
           run->transcript->str);
}

/* What people are told must be so: claim by claim. */
static const struct {
  const char *words;
  gboolean waits; /* for firmware; else the application is what it was */
  gboolean safe;
  gboolean unknown;
} claims[] = {
  { "waits in recovery, power may be cut", TRUE, TRUE, FALSE },
  { "waits in its updater (mTools), power may be cut", TRUE, TRUE, FALSE },
  { "waits in its boot ROM (FFH), power may be cut", TRUE, TRUE, FALSE },
  { "is up in its application, power may be cut", FALSE, TRUE, FALSE },
  { "runs the first of two files: leave its power on", FALSE, FALSE, TRUE },
  { "is applying an upgrade by itself; leave its power on", FALSE, FALSE, TRUE },
  { "state is not known", FALSE, FALSE, TRUE },
};

static gboolean
is_waiting (VirtualBoard *board)
{
  return virtual_board_is (board, "modem", "recovery") || virtual_board_is (board, "modem", "mtools")
         || virtual_board_is (board, "modem", "ffh");
}

/* A modem that has just been reset is asked when it is up. */
static void
let_boot (VirtualBoard *board)
{
  gint64 deadline = g_get_monotonic_time () + 10 * G_USEC_PER_SEC;
  while (virtual_board_is (board, "modem", "booting") && g_get_monotonic_time () < deadline)
    g_usleep (2000);
}

static MatrixOutcome
judge_failure (const MatrixCell *cell, UpgradeRun *run)
{
  gboolean cancelled = g_error_matches (run->error, SQNS_ERROR, SQNS_ERROR_CANCELLED);
  guint i = 0;

  while (i < G_N_ELEMENTS (claims) && strstr (run->error->message, claims[i].words) == NULL)
    i++;
  if (i < G_N_ELEMENTS (claims) && claims[i].safe != run->safe)
    refute (run, "the words and \"safe\" differ");
  if (i < G_N_ELEMENTS (claims) && claims[i].unknown)
    return MATRIX_UNKNOWN;
  let_boot (run->board);
  if (virtual_board_is (run->board, "writing", "true"))
    refute (run, "\"safe\", but the modem writes");
  if (i < G_N_ELEMENTS (claims) && claims[i].waits)
    {
      if (!is_waiting (run->board))
        refute (run, "it does not wait for firmware");
      return cancelled ? MATRIX_CANCELLED_RESUMABLE : MATRIX_RESUMABLE;
    }
  if (!run->safe)
    refute (run, "neither safe nor a reason");
  if (!virtual_board_is (run->board, "version", cell->route->before))
    refute (run, "its application is not what it was");
  return cancelled ? MATRIX_CANCELLED : MATRIX_UNTOUCHED;
}

static MatrixOutcome
judge (const MatrixCell *cell, UpgradeRun *run)
{
  if (run->error != NULL)
    return judge_failure (cell, run);
  upgrade_run_assert_version (run, cell->route->after);
  let_boot (run->board);
  if (cell->fault != MATRIX_HANG && !virtual_board_is (run->board, "smod", "2"))
    refute (run, "success, but its application is not up");
  return run->retries > 0 || run->steps > cell->clean_steps ? MATRIX_RETRIED : MATRIX_DONE;
}

/* What was sent is of no use any more: it was cut, or the modem has told that it could not apply it. */
static gboolean
is_upload_lost (VirtualBoard *board)
{
  g_autofree char *report = virtual_board_status (board, "report");
  return virtual_board_is (board, "dup", "incomplete") || g_str_has_prefix (report, "failure");
}

/* An undisturbed run with what the one before has kept must reach the end. */
static void
assert_goes_on (const MatrixCell *cell, UpgradeRun *before, SqnsCheckpoint checkpoint)
{
  UpgradeRun run = matrix_run_of (cell->route, before->board, before->files);
  gboolean sent = checkpoint.done.file_sent || checkpoint.done.file_taken;

  matrix_repair (cell->fault, run.board);
  gboolean lost = sent && is_upload_lost (run.board);
  sqns_timeout_set_scale (matrix_route_patience (cell->route));
  run.checkpoint = checkpoint;
  run.kind = SQNS_LINK_AUTO;
  upgrade_run (&run);
  if (run.error != NULL)
    {
      g_printerr ("%s\n--- the next run:\n", before->transcript != NULL ? before->transcript->str : "(killed)");
      refute (&run, "the next run does not succeed");
    }
  upgrade_run_assert_version (&run, cell->route->after);
  if (sent && !lost && run.bytes > 0 && cell->fault != MATRIX_HANG)
    refute (&run, "a finished upload was repeated");
  upgrade_run_clear (&run);
}

/* --- the victim of SIGKILL --- */

static void
on_kept (UpgradeRun *run)
{
  const MatrixCell *cell = run->data;
  g_autoptr (GError) error = NULL;

  g_file_set_contents_full (cell->keep, (const char *)&run->checkpoint, sizeof run->checkpoint,
                            G_FILE_SET_CONTENTS_CONSISTENT, 0600, &error);
  g_assert_no_error (error);
}

int
matrix_cell_die (MatrixCell *cell, const char *folder, const char *port, const char *control)
{
  g_autoptr (VirtualBoard) board = virtual_board_join (port, control);
  UpgradeFiles files;
  matrix_route_load (cell->route, folder, &files);
  UpgradeRun run = matrix_run_of (cell->route, board, &files);

  run.entered = on_entered;
  run.kept = on_kept;
  run.data = cell;
  upgrade_run (&run);
  g_print ("not met\n");
  return 0;
}

/* FALSE: it came to its end without meeting the state. */
static gboolean
kill_one (const MatrixCell *cell, const char *folder, VirtualBoard *board, SqnsCheckpoint *checkpoint)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *keep = g_strdup_printf ("%s/memory-%d", folder, (int)getpid ());
  g_autoptr (GSubprocess) victim
      = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_SILENCE, &error, "/proc/self/exe", "--victim", cell->route->name,
                          "sigkill", cell->place, folder, virtual_board_port (board), virtual_board_control (board),
                          keep, NULL);
  g_autofree char *data = NULL;
  gsize len = 0;

  g_assert_no_error (error);
  g_subprocess_wait (victim, NULL, NULL);
  if (!g_subprocess_get_if_signaled (victim))
    {
      g_assert_cmpint (g_subprocess_get_exit_status (victim), ==, 0);
      return FALSE;
    }
  g_assert_cmpint (g_subprocess_get_term_sig (victim), ==, SIGKILL);
  if (g_file_get_contents (keep, &data, &len, NULL))
    {
      g_assert_cmpuint (len, ==, sizeof *checkpoint);
      memcpy (checkpoint, data, len);
      g_unlink (keep);
    }
  return TRUE;
}

/* --- a cell --- */

static void
tell_outcome (const MatrixCell *cell, const char *outcome)
{
  const char *survey = g_getenv ("SQNS_MATRIX_SURVEY");

  g_print ("%s: %s", sqns_phase_name (cell->phase), outcome);
  if (survey == NULL)
    return;
  FILE *file = g_fopen (survey, "a");
  g_fprintf (file, "%s %s %s | %s %s\n", matrix_fault_name (cell->fault), sqns_phase_name (cell->phase), outcome,
             cell->route->name, cell->place);
  fclose (file);
}

static int
run_killed (MatrixCell *cell, const char *folder)
{
  g_autoptr (VirtualBoard) board = matrix_route_board (cell->route);
  UpgradeFiles files;
  SqnsCheckpoint checkpoint = { 0 };

  if (!kill_one (cell, folder, board, &checkpoint))
    return MATRIX_NOT_MET;
  matrix_route_load (cell->route, folder, &files);
  UpgradeRun before = { .board = board, .files = &files };
  assert_goes_on (cell, &before, checkpoint);
  tell_outcome (cell, matrix_outcome_name (MATRIX_DIED));
  upgrade_files_clear (&files);
  return 0;
}

int
matrix_cell_run (MatrixCell *cell, const char *folder)
{
  if (cell->fault == MATRIX_SIGKILL)
    return run_killed (cell, folder);

  g_autoptr (VirtualBoard) board = matrix_route_board (cell->route);
  UpgradeFiles files;
  matrix_route_load (cell->route, folder, &files);
  UpgradeRun run = matrix_run_of (cell->route, board, &files);

  run.entered = on_entered;
  run.told = on_told;
  run.data = cell;
  sqns_timeout_set_scale (cell->fault == MATRIX_HANG ? HANG_PATIENCE : matrix_route_patience (cell->route));
  upgrade_run (&run);
  if (!cell->struck && run.error == NULL)
    return MATRIX_NOT_MET;
  if (!cell->struck)
    refute (&run, "it failed by itself");
  MatrixOutcome outcome = judge (cell, &run);
  if (!matrix_allows (cell->fault, cell->phase, outcome))
    {
      g_printerr ("%s in phase %s: not allowed by the table: %s\n", matrix_fault_name (cell->fault),
                  sqns_phase_name (cell->phase), matrix_outcome_name (outcome));
      refute (&run, "not allowed by the table");
    }
  if (run.error != NULL)
    assert_goes_on (cell, &run, run.checkpoint);
  tell_outcome (cell, matrix_outcome_name (outcome));
  if (g_getenv ("SQNS_MATRIX_TRANSCRIPT") != NULL)
    g_print ("\n%s\n%s", run.transcript->str, run.error != NULL ? run.error->message : "");
  upgrade_run_clear (&run);
  upgrade_files_clear (&files);
  return 0;
}
