/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One test case of the matrix. */
#include "matrix-case.h"

#include "base/timeout.h"
#include "matrix-inject.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* The run waits for each deadline of a modem that hangs, so they are shorter; otherwise it takes an hour. */
#define HANG_TIMEOUT_SCALE 0.01

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
  MatrixCase *test = run->data;
  g_autofree char *place = matrix_place_name (test->entries, run, klass, state);

  if (test->injected || strcmp (place, test->place) != 0)
    return;
  test->injected = TRUE;
  g_string_append_printf (run->transcript, "* %s is injected at %s\n", matrix_fault_name (test->fault), place);
  test->refused = !matrix_inject (test->fault, run, klass, state);
}

static void
on_told (UpgradeRun *run)
{
  MatrixCase *test = run->data;
  if (test->injected)
    matrix_inject_again (test->fault, run);
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

/* What each message to the user claims, which has to be true. */
static const struct {
  const char *words;
  gboolean waits; /* for firmware; otherwise the application is unchanged */
  gboolean safe;
  gboolean unknown;
} claims[] = {
  { "waiting in recovery; power may be cut", TRUE, TRUE, FALSE },
  { "waiting in its updater (mTools); power may be cut", TRUE, TRUE, FALSE },
  { "waiting in its boot ROM (FFH); power may be cut", TRUE, TRUE, FALSE },
  { "runs its application; power may be cut", FALSE, TRUE, FALSE },
  { "runs the first of two files: leave its power on", FALSE, FALSE, TRUE },
  { "is applying an upgrade by itself; leave its power on", FALSE, FALSE, TRUE },
  { "state is unknown", FALSE, FALSE, TRUE },
};

static gboolean
is_waiting (VirtualBoard *board)
{
  return virtual_board_is (board, "modem", "recovery") || virtual_board_is (board, "modem", "mtools")
         || virtual_board_is (board, "modem", "ffh");
}

/* Waits until a modem that has just been reset is up. */
static void
let_boot (VirtualBoard *board)
{
  gint64 deadline = g_get_monotonic_time () + 10 * G_USEC_PER_SEC;
  while (virtual_board_is (board, "modem", "booting") && g_get_monotonic_time () < deadline)
    g_usleep (2000);
}

static MatrixOutcome
classify_failure (const MatrixCase *test, UpgradeRun *run)
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
  if (!virtual_board_is (run->board, "version", test->route->before))
    refute (run, "its application is not what it was");
  return cancelled ? MATRIX_CANCELLED : MATRIX_UNTOUCHED;
}

static MatrixOutcome
classify (const MatrixCase *test, UpgradeRun *run)
{
  if (run->error != NULL)
    return classify_failure (test, run);
  upgrade_run_assert_version (run, test->route->after);
  let_boot (run->board);
  if (test->fault != MATRIX_HANG && !virtual_board_is (run->board, "smod", "2"))
    refute (run, "success, but its application is not up");
  return run->retries > 0 || run->steps > test->clean_steps ? MATRIX_RETRIED : MATRIX_DONE;
}

/* The uploaded file is useless: it is truncated, or the modem reports that it cannot apply it. */
static gboolean
is_upload_lost (VirtualBoard *board)
{
  g_autofree char *report = virtual_board_status (board, "report");
  return virtual_board_is (board, "dup", "incomplete") || g_str_has_prefix (report, "failure");
}

/* A clean run that resumes from the checkpoint of the run before must succeed. */
static void
assert_resumes (const MatrixCase *test, UpgradeRun *before, SqnsCheckpoint checkpoint)
{
  UpgradeRun run = matrix_run_of (test->route, before->board, before->files);
  gboolean sent = checkpoint.done.file_sent || checkpoint.done.file_taken;

  matrix_repair (test->fault, run.board);
  gboolean lost = sent && is_upload_lost (run.board);
  sqns_timeout_set_scale (matrix_route_timeout_scale (test->route));
  run.checkpoint = checkpoint;
  run.kind = SQNS_LINK_AUTO;
  upgrade_run (&run);
  if (run.error != NULL)
    {
      g_printerr ("%s\n--- the next run:\n", before->transcript != NULL ? before->transcript->str : "(killed)");
      refute (&run, "the next run does not succeed");
    }
  upgrade_run_assert_version (&run, test->route->after);
  if (sent && !lost && run.bytes > 0 && test->fault != MATRIX_HANG)
    refute (&run, "a finished upload was repeated");
  upgrade_run_clear (&run);
}

/* --- the victim of SIGKILL --- */

static void
on_kept (UpgradeRun *run)
{
  const MatrixCase *test = run->data;
  g_autoptr (GError) error = NULL;

  g_file_set_contents_full (test->keep, (const char *)&run->checkpoint, sizeof run->checkpoint,
                            G_FILE_SET_CONTENTS_CONSISTENT, 0600, &error);
  g_assert_no_error (error);
}

int
matrix_case_die (MatrixCase *test, const char *folder, const char *port, const char *control)
{
  g_autoptr (VirtualBoard) board = virtual_board_join (port, control);
  UpgradeFiles files;
  matrix_route_load (test->route, folder, &files);
  UpgradeRun run = matrix_run_of (test->route, board, &files);

  run.entered = on_entered;
  run.kept = on_kept;
  run.data = test;
  upgrade_run (&run);
  g_print ("not met\n");
  return 0;
}

/* FALSE: it ended without reaching the state. */
static gboolean
kill_one (const MatrixCase *test, const char *folder, VirtualBoard *board, SqnsCheckpoint *checkpoint)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *keep = g_strdup_printf ("%s/memory-%d", folder, (int)getpid ());
  g_autoptr (GSubprocess) victim
      = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_SILENCE, &error, "/proc/self/exe", "--victim", test->route->name,
                          "sigkill", test->place, folder, virtual_board_port (board), virtual_board_control (board),
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

/* --- a test case --- */

static void
report_outcome (const MatrixCase *test, const char *outcome)
{
  const char *path = g_getenv ("SQNS_MATRIX_STATISTICS");

  g_print ("%s: %s", sqns_phase_name (test->phase), outcome);
  if (path == NULL)
    return;
  FILE *file = g_fopen (path, "a");
  g_fprintf (file, "%s %s %s | %s %s\n", matrix_fault_name (test->fault), sqns_phase_name (test->phase), outcome,
             test->route->name, test->place);
  fclose (file);
}

static int
run_killed (MatrixCase *test, const char *folder)
{
  g_autoptr (VirtualBoard) board = matrix_route_board (test->route);
  UpgradeFiles files;
  SqnsCheckpoint checkpoint = { 0 };

  if (!kill_one (test, folder, board, &checkpoint))
    return MATRIX_NOT_MET;
  matrix_route_load (test->route, folder, &files);
  UpgradeRun before = { .board = board, .files = &files };
  assert_resumes (test, &before, checkpoint);
  report_outcome (test, matrix_outcome_name (MATRIX_DIED));
  upgrade_files_clear (&files);
  return 0;
}

int
matrix_case_run (MatrixCase *test, const char *folder)
{
  if (test->fault == MATRIX_SIGKILL)
    return run_killed (test, folder);

  g_autoptr (VirtualBoard) board = matrix_route_board (test->route);
  UpgradeFiles files;
  matrix_route_load (test->route, folder, &files);
  UpgradeRun run = matrix_run_of (test->route, board, &files);

  run.entered = on_entered;
  run.told = on_told;
  run.data = test;
  sqns_timeout_set_scale (test->fault == MATRIX_HANG ? HANG_TIMEOUT_SCALE : matrix_route_timeout_scale (test->route));
  upgrade_run (&run);
  if (!test->injected && run.error == NULL)
    return MATRIX_NOT_MET;
  if (!test->injected)
    refute (&run, "it failed without a fault");
  MatrixOutcome outcome = classify (test, &run);
  if (!matrix_allows (test->fault, test->phase, outcome))
    {
      g_printerr ("%s in phase %s: not allowed by the table: %s\n", matrix_fault_name (test->fault),
                  sqns_phase_name (test->phase), matrix_outcome_name (outcome));
      refute (&run, "not allowed by the table");
    }
  if (run.error != NULL)
    assert_resumes (test, &run, run.checkpoint);
  report_outcome (test, matrix_outcome_name (outcome));
  if (g_getenv ("SQNS_MATRIX_TRANSCRIPT") != NULL)
    g_print ("\n%s\n%s", run.transcript->str, run.error != NULL ? run.error->message : "");
  upgrade_run_clear (&run);
  upgrade_files_clear (&files);
  return 0;
}
