/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The matrix: an upgrade by each route is struck by each fault at each state of each machine that it drives, and what
 * comes of it must be on the written list (matrix-table.h), allowed there, and true of the board.
 *
 *   test-matrix ROUTE FAULT                  all states, as TAP; each in a process of its own, many at a time
 *   test-matrix --cell ROUTE FAULT PLACE     one of them, with its transcript when it fails
 *   test-matrix --table                            the table of CONTRIBUTING.md
 *   test-matrix --check FILE                       whether it stands there */
#include "base/patience.h"
#include "matrix-strike.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BOARD_OPTIONS "--time-scale 0.01 --boot-time 0.05 "
/* A boot may last 9 s, an erase 16 s, the writing 60 s: enough for a board at a hundredth of its times. */
#define PATIENCE 0.05
/* A modem that hangs is waited for to each deadline's end: shorter ones, or it takes an hour. */
/* The boot ROM is there within 30 s, of which not much may be taken away. */
#define SLOW_PATIENCE 0.2
#define HANG_PATIENCE 0.01
#define AT_A_TIME 16
#define TRIES 3 /* a state that only some runs come by */

/* --- routes --- */

typedef struct {
  const char *name;
  const char *board;
  SqnsLinkKind kind;
  SqnsPlanOptions options;
  const char *dup; /* its name, and how make-dup.py makes it */
  const char *make;
  const char *first; /* likewise the first of two, nullable */
  const char *make_first;
  const char *before; /* what the board runs */
  const char *after;
  const char *machines; /* all that it drives */
  double patience;      /* 0: PATIENCE */
} Route;

#define NB_IOT "37781.dup", "--size 60000", NULL, NULL
#define NB_IOT_VERSIONS "6.0.0.0-35351", "6.0.0.0-37781"
static const Route routes[] = {
  { "native",
    "",
    SQNS_LINK_AUTO,
    { 0 },
    NB_IOT,
    NB_IOT_VERSIONS,
    "apply bootmode interrupt link passthrough prepare probe quit-relay relay-search run-script "
    "start-relay transfer upgrade wake" },
  { "relay",
    "",
    SQNS_LINK_RELAY,
    { 0 },
    NB_IOT,
    NB_IOT_VERSIONS,
    "apply bootmode interrupt link prepare probe quit-relay relay-search run-script start-relay "
    "transfer upgrade wake" },
  { "bare",
    "--start direct ",
    SQNS_LINK_AUTO,
    { 0 },
    NB_IOT,
    NB_IOT_VERSIONS,
    "apply bootmode interrupt link prepare probe quit-relay transfer upgrade wake" },
  { "ffh",
    "--modem ffh ",
    SQNS_LINK_AUTO,
    { 0 },
    NB_IOT,
    NB_IOT_VERSIONS,
    "apply bootmode interrupt link prepare probe quit-relay relay-search run-script speed-relay "
    "start-relay transfer updater upgrade wake" },
  { "factory",
    "--modem-version 5.1.1.0-33080 --bootloader0 33080 ",
    SQNS_LINK_AUTO,
    { .allow_family_change = TRUE },
    NB_IOT,
    "5.1.1.0-33080",
    "6.0.0.0-37781",
    "apply bootmode interrupt link prepare probe quit-relay relay-search run-script speed-relay "
    "start-relay transfer updater upgrade wake",
    SLOW_PATIENCE },
  { "diff",
    "--modem-version 5.1.1.0-38638 ",
    SQNS_LINK_AUTO,
    { 0 },
    "upgdiff_38638-to-39529.dup",
    "--version 5.1.1.0 --build 39529 --diff-from 38638 --size 60000",
    NULL,
    NULL,
    "5.1.1.0-38638",
    "5.1.1.0-39529",
    "apply interrupt link passthrough prepare probe quit-relay relay-search run-script "
    "start-relay transfer upgrade wake" },
  { "two-steps",
    "--modem-version 5.1.1.0-41065 ",
    SQNS_LINK_AUTO,
    { 0 },
    "CATM1-5.2-48829-2.dup",
    "--version 5.2.1.0 --build 48829 --size 60000",
    "CATM1-5.2-48829-1.dup",
    "--version 5.2.1.0 --build 48829 --first-step --size 30000",
    "5.1.1.0-41065",
    "5.2.1.0-48829",
    "apply bootmode interrupt link passthrough prepare probe quit-relay relay-search run-script "
    "start-relay transfer upgrade wake" },
};

/* Of a clean run. */
static double
patience_of (const Route *route)
{
  return route->patience > 0 ? route->patience : PATIENCE;
}

static const Route *
find_route (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (routes); i++)
    if (strcmp (routes[i].name, name) == 0)
      return &routes[i];
  return NULL;
}

static VirtualBoard *
board_new (const Route *route)
{
  g_autofree char *options = g_strconcat (BOARD_OPTIONS, route->board, NULL);
  return virtual_board_new (options);
}

static void
make_file (const char *folder, const char *name, const char *how)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autofree char *command = g_strdup_printf ("python3 tests/board/make-dup.py %s %s", path, how);
  int status = -1;

  g_assert_true (g_spawn_command_line_sync (command, NULL, NULL, &status, &error));
  g_assert_true (g_spawn_check_wait_status (status, NULL));
}

static void
load_files (const Route *route, const char *folder, UpgradeFiles *files)
{
  g_autofree char *dup = g_build_filename (folder, route->dup, NULL);
  g_autofree char *first = route->first != NULL ? g_build_filename (folder, route->first, NULL) : NULL;

  upgrade_files_load (files, dup, first);
}

/* --- one cell --- */

typedef struct {
  const Route *route;
  MatrixFault fault;
  const char *place;   /* see place_name() */
  guint clean_steps;   /* of a run without a fault */
  GHashTable *entries; /* of a place without its number: how many so far */
  const char *keep;    /* where a victim keeps its memory */
  gboolean struck;
  gboolean refused; /* a cancel */
  SqnsPhase phase;  /* where it was struck */
} Cell;

/* "reboot:bootmode/poll#1": its first entry in that phase. */
static char *
place_name (GHashTable *entries, UpgradeRun *run, const SqnsSsmClass *klass, guint state)
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
  Cell *cell = run->data;
  g_autofree char *place = place_name (cell->entries, run, klass, state);

  if (cell->struck || strcmp (place, cell->place) != 0)
    return;
  cell->struck = TRUE;
  cell->phase = run->phase;
  g_string_append_printf (run->transcript, "* %s strikes at %s\n", matrix_fault_name (cell->fault), place);
  cell->refused = !matrix_strike (cell->fault, run, klass, state);
}

static void
on_told (UpgradeRun *run)
{
  Cell *cell = run->data;
  if (cell->struck)
    matrix_strike_again (cell->fault, run);
}

static UpgradeRun
run_of (const Route *route, VirtualBoard *board, const UpgradeFiles *files)
{
  return (UpgradeRun){ .board = board, .files = files, .kind = route->kind, .options = route->options, .person = TRUE };
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
judge_failure (const Cell *cell, UpgradeRun *run)
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
judge (const Cell *cell, UpgradeRun *run)
{
  if (run->error != NULL)
    return judge_failure (cell, run);
  upgrade_run_assert_version (run, cell->route->after);
  let_boot (run->board);
  if (cell->fault != MATRIX_HANG && !virtual_board_is (run->board, "smod", "2"))
    refute (run, "success, but its application is not up");
  return run->retries > 0 || run->steps > cell->clean_steps ? MATRIX_RETRIED : MATRIX_DONE;
}

/* An undisturbed run with what the one before has kept must reach the end. */
static void
assert_goes_on (const Cell *cell, UpgradeRun *before, SqnsUpgradeMemory memory)
{
  UpgradeRun run = run_of (cell->route, before->board, before->files);
  gboolean sent = memory.history.file_sent || memory.history.file_taken;

  matrix_repair (cell->fault, run.board);
  gboolean lost = sent && virtual_board_is (run.board, "dup", "incomplete");
  sqns_patience_set_scale (patience_of (cell->route));
  run.memory = memory;
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
  const Cell *cell = run->data;
  g_autoptr (GError) error = NULL;

  g_file_set_contents_full (cell->keep, (const char *)&run->memory, sizeof run->memory, G_FILE_SET_CONTENTS_CONSISTENT,
                            0600, &error);
  g_assert_no_error (error);
}

static int
run_victim (Cell *cell, const char *folder, const char *port, const char *control)
{
  g_autoptr (VirtualBoard) board = virtual_board_join (port, control);
  UpgradeFiles files;
  load_files (cell->route, folder, &files);
  UpgradeRun run = run_of (cell->route, board, &files);

  run.entered = on_entered;
  run.kept = on_kept;
  run.data = cell;
  upgrade_run (&run);
  g_print ("not met\n");
  return 0;
}

/* FALSE: it came to its end without meeting the state. */
static gboolean
kill_one (const Cell *cell, const char *folder, VirtualBoard *board, SqnsUpgradeMemory *memory)
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
      g_assert_cmpuint (len, ==, sizeof *memory);
      memcpy (memory, data, len);
      g_unlink (keep);
    }
  return TRUE;
}

/* --- a cell --- */

static void
tell_outcome (const Cell *cell, const char *outcome)
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
run_killed (Cell *cell, const char *folder)
{
  g_autoptr (VirtualBoard) board = board_new (cell->route);
  UpgradeFiles files;
  SqnsUpgradeMemory memory = { 0 };

  if (!kill_one (cell, folder, board, &memory))
    return 77;
  load_files (cell->route, folder, &files);
  UpgradeRun before = { .board = board, .files = &files };
  assert_goes_on (cell, &before, memory);
  tell_outcome (cell, matrix_outcome_name (MATRIX_DIED));
  upgrade_files_clear (&files);
  return 0;
}

static int
run_cell (Cell *cell, const char *folder)
{
  g_autoptr (VirtualBoard) board = board_new (cell->route);
  UpgradeFiles files;
  load_files (cell->route, folder, &files);
  UpgradeRun run = run_of (cell->route, board, &files);

  run.entered = on_entered;
  run.told = on_told;
  run.data = cell;
  sqns_patience_set_scale (cell->fault == MATRIX_HANG ? HANG_PATIENCE : patience_of (cell->route));
  upgrade_run (&run);
  if (!cell->struck && run.error == NULL)
    return 77;
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
    assert_goes_on (cell, &run, run.memory);
  tell_outcome (cell, matrix_outcome_name (outcome));
  upgrade_run_clear (&run);
  upgrade_files_clear (&files);
  return 0;
}

/* --- all cells --- */

typedef struct {
  const Route *route;
  MatrixFault fault;
  const char *folder;
  GPtrArray *places;   /* of the clean run, in order */
  GHashTable *entries; /* of a place without its number: how many */
  GHashTable *writing; /* those that have sent something */
  GHashTable *behind;  /* those that were entered with the modem in reach */
  const char *place;   /* entered last */
  guint writes;
  guint steps;
  guint next;
  guint running;
  guint done;
  guint failed;
} Sweep;

typedef struct {
  Sweep *sweep;
  const char *place;
  guint tries;
} Attempt;

static void
note_write (Sweep *sweep)
{
  if (sweep->place != NULL && matrix_writes () != sweep->writes)
    g_hash_table_add (sweep->writing, (gpointer)sweep->place);
  sweep->writes = matrix_writes ();
}

static void
on_clean_entered (UpgradeRun *run, const SqnsSsmClass *klass, guint state)
{
  Sweep *sweep = run->data;
  char *place = place_name (sweep->entries, run, klass, state);

  note_write (sweep);
  g_ptr_array_add (sweep->places, place);
  if (!virtual_board_is (run->board, "esp32", "repl") && !virtual_board_is (run->board, "esp32", "raw"))
    g_hash_table_add (sweep->behind, place);
  sweep->place = place;
}

static int
by_name (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

static void
assert_machines (const Route *route, UpgradeRun *run)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer klass;

  g_hash_table_iter_init (&iter, run->machines);
  while (g_hash_table_iter_next (&iter, &klass, NULL))
    g_ptr_array_add (names, (gpointer)((const SqnsSsmClass *)klass)->name);
  g_ptr_array_sort (names, by_name);
  g_ptr_array_add (names, NULL);
  g_autofree char *all = g_strjoinv (" ", (char **)names->pdata);
  if (strcmp (all, route->machines) != 0)
    g_error ("%s drives: %s\nnot: %s", route->name, all, route->machines);
}

static void
run_clean (Sweep *sweep)
{
  g_autoptr (VirtualBoard) board = board_new (sweep->route);
  UpgradeFiles files;
  load_files (sweep->route, sweep->folder, &files);
  UpgradeRun run = run_of (sweep->route, board, &files);

  run.entered = on_clean_entered;
  run.data = sweep;
  sqns_patience_set_scale (patience_of (sweep->route));
  upgrade_run (&run);
  note_write (sweep);
  upgrade_run_assert_version (&run, sweep->route->after);
  assert_machines (sweep->route, &run);
  sweep->steps = run.steps;
  upgrade_run_clear (&run);
  upgrade_files_clear (&files);
}

/* A state is struck once in each phase. The requests of an upload are one state, but RESET, OPEN_SESSION, the
 * announcement of a block, the block, and RESET at the end. */
static gboolean
is_chosen (Sweep *sweep, const char *place)
{
  const char *number = strrchr (place, '#');
  g_autofree char *name = g_strndup (place, number - place);
  guint n = (guint)strtoul (number + 1, NULL, 10);

  if (n == 1)
    return TRUE;
  return g_str_has_suffix (name, ":transfer/request")
         && (n <= 4 || n == GPOINTER_TO_UINT (g_hash_table_lookup (sweep->entries, name)));
}

static gboolean
has_cell (Sweep *sweep, const char *place)
{
  if (!is_chosen (sweep, place))
    return FALSE;
  if (!matrix_fault_is_immediate (sweep->fault) && !g_hash_table_contains (sweep->writing, place))
    return FALSE;
  return matrix_fault_meets_repl (sweep->fault) || g_hash_table_contains (sweep->behind, place);
}

static void start_more (Sweep *sweep);
static void start_attempt (Attempt *attempt);

static void
tell_cell (Sweep *sweep, const char *place, gboolean ok, const char *text)
{
  sweep->done++;
  sweep->failed += !ok;
  g_print ("%s %u - %s: %s\n", ok ? "ok" : "not ok", sweep->done, place, ok ? text : "");
  if (ok)
    return;
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    g_print ("# %s\n", lines[i]);
}

static void
on_attempted (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autofree Attempt *attempt = data;
  Sweep *sweep = attempt->sweep;
  GSubprocess *process = G_SUBPROCESS (source);
  g_autofree char *text = NULL;

  gboolean read = g_subprocess_communicate_utf8_finish (process, result, &text, NULL, NULL);
  sweep->running--;
  if (!read || !g_subprocess_get_if_exited (process))
    tell_cell (sweep, attempt->place, FALSE, text != NULL ? text : "no output");
  else if (g_subprocess_get_exit_status (process) == 0)
    tell_cell (sweep, attempt->place, TRUE, text);
  else if (g_subprocess_get_exit_status (process) != 77)
    tell_cell (sweep, attempt->place, FALSE, text);
  else if (attempt->tries < TRIES)
    {
      start_attempt (g_steal_pointer (&attempt));
      return;
    }
  else
    tell_cell (sweep, attempt->place, FALSE, "not met");
  start_more (sweep);
}

static void
start_attempt (Attempt *attempt)
{
  Sweep *sweep = attempt->sweep;
  g_autoptr (GError) error = NULL;
  g_autofree char *steps = g_strdup_printf ("%u", sweep->steps);
  g_autoptr (GSubprocess) process
      = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE, &error, "/proc/self/exe",
                          "--cell", sweep->route->name, matrix_fault_name (sweep->fault), attempt->place, sweep->folder,
                          steps, NULL);

  g_assert_no_error (error);
  attempt->tries++;
  sweep->running++;
  g_subprocess_communicate_utf8_async (process, NULL, NULL, on_attempted, attempt);
}

static void
start_more (Sweep *sweep)
{
  while (sweep->running < AT_A_TIME && sweep->next < sweep->places->len)
    {
      const char *place = g_ptr_array_index (sweep->places, sweep->next++);
      if (!has_cell (sweep, place))
        continue;
      Attempt *attempt = g_new0 (Attempt, 1);
      *attempt = (Attempt){ sweep, place, 0 };
      start_attempt (attempt);
    }
}

static char *
make_files (const Route *route)
{
  g_autoptr (GError) error = NULL;
  char *folder = g_dir_make_tmp ("sqns-matrix-XXXXXX", &error);

  g_assert_no_error (error);
  make_file (folder, route->dup, route->make);
  if (route->first != NULL)
    make_file (folder, route->first, route->make_first);
  return folder;
}

static void
remove_files (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      g_unlink (path);
    }
  g_rmdir (folder);
}

static int
sweep (const Route *route, MatrixFault fault)
{
  g_autofree char *folder = make_files (route);
  Sweep sweep = { .route = route, .fault = fault, .folder = folder };

  sweep.places = g_ptr_array_new_with_free_func (g_free);
  sweep.entries = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  sweep.writing = g_hash_table_new (NULL, NULL);
  sweep.behind = g_hash_table_new (NULL, NULL);
  run_clean (&sweep);
  start_more (&sweep);
  while (sweep.running > 0)
    g_main_context_iteration (NULL, TRUE);
  g_print ("1..%u\n", sweep.done);
  remove_files (folder);
  g_hash_table_unref (sweep.entries);
  g_hash_table_unref (sweep.writing);
  g_hash_table_unref (sweep.behind);
  g_ptr_array_unref (sweep.places);
  return sweep.failed > 0 || sweep.done == 0;
}

/* --- command line --- */

static int
check_table (const char *path)
{
  g_autofree char *table = matrix_table_format ();
  g_autofree char *text = NULL;

  if (!g_file_get_contents (path, &text, NULL, NULL) || strstr (text, table) == NULL)
    {
      g_printerr ("%s does not have the table that test-matrix --table prints\n", path);
      return 1;
    }
  return 0;
}

static int
usage (void)
{
  g_printerr ("test-matrix ROUTE FAULT | --cell ROUTE FAULT PLACE | --table | --check FILE\n");
  return 2;
}

int
main (int argc, char **argv)
{
  const char *source = g_getenv ("SQNS_SOURCE");
  Cell cell = { 0 };
  gboolean named = argc > 1 && (strcmp (argv[1], "--cell") == 0 || strcmp (argv[1], "--victim") == 0);

  if (argc == 2 && strcmp (argv[1], "--table") == 0)
    {
      g_autofree char *table = matrix_table_format ();
      g_print ("%s", table);
      return 0;
    }
  if (argc == 3 && strcmp (argv[1], "--check") == 0)
    return check_table (argv[2]);
  if (argc < 3 + named || source == NULL || chdir (source) != 0 || (cell.route = find_route (argv[1 + named])) == NULL
      || !matrix_fault_from_name (argv[2 + named], &cell.fault))
    return usage ();
  sqns_patience_set_scale (patience_of (cell.route));
  if (!named && argc == 3)
    return sweep (cell.route, cell.fault);
  cell.place = argv[4];
  cell.entries = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  if (strcmp (argv[1], "--victim") == 0 && argc == 9)
    {
      cell.keep = argv[8];
      return run_victim (&cell, argv[5], argv[6], argv[7]);
    }
  g_autofree char *folder = argc > 5 ? g_strdup (argv[5]) : make_files (cell.route);
  cell.clean_steps = argc > 6 ? (guint)strtoul (argv[6], NULL, 10) : G_MAXUINT;
  return cell.fault == MATRIX_SIGKILL ? run_killed (&cell, folder) : run_cell (&cell, folder);
}
