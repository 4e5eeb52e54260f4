/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The matrix: runs an upgrade by each route, and injects each fault at each state of each state machine. The outcome
 * must be one of matrix-table.h, allowed there, and true of the board.
 *
 *   test-matrix ROUTE FAULT                  all states, as TAP; each in its own process, many at a time
 *   test-matrix --sample                     each state of each machine once, each fault in turn, as TAP
 *   test-matrix --clean ROUTE FOLDER         the places of a clean run, for --sample
 *   test-matrix --case ROUTE FAULT PLACE     one test case, with its transcript if it fails
 *   test-matrix --table                      the table of docs/outcomes.md
 *   test-matrix --check FILE                 checks that FILE contains that table
 *
 * With SQNS_MATRIX_TRANSCRIPT, a test case prints its transcript. With SQNS_MATRIX_STATISTICS=FILE, each test case
 * appends its outcome to that file. */
#include "base/timeout.h"
#include "matrix-case.h"
#include "matrix-inject.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define AT_A_TIME (g_get_num_processors () * 8) /* they mostly wait */
#define SAMPLES_AT_A_TIME (g_get_num_processors () * 16)
#define TRIES 3 /* for a state that only some runs reach */
#define CLEAN_TRIES 5
#define BUSY_FACTOR 3
#define LATER_MS 200
#define NOT_MET_SHARE 25 /* one in this many may be a state that only a busy computer reaches */

/* Runs the test cases of one route or of all. */
typedef struct {
  GPtrArray *cases; /* Attempt */
  guint at_a_time;
  guint next;
  guint running;
  guint later; /* source */
} Pool;

typedef struct {
  const MatrixRoute *route;
  Pool *pool;
  char *folder;
  GPtrArray *places;   /* of the clean run, in order */
  GHashTable *before;  /* places of the clean run before it: a place needs both, as a busy computer may cause others */
  GHashTable *entries; /* place without its number → count */
  GHashTable *writing; /* places that send something */
  GHashTable *behind;  /* places entered while the modem is reachable */
  const char *place;   /* entered last */
  guint writes;
  guint steps;
  guint cases;
  guint done;
  guint failed;
  guint not_met;
} Suite;

typedef struct {
  Suite *suite;
  MatrixFault fault;
  const char *place;
  guint tries;
} Attempt;

static void
update_writing (Suite *suite)
{
  if (suite->place != NULL && matrix_writes () != suite->writes)
    g_hash_table_add (suite->writing, (gpointer)suite->place);
  suite->writes = matrix_writes ();
}

static void
on_clean_entered (UpgradeRun *run, const SqnsSsmClass *klass, guint state)
{
  Suite *suite = run->data;
  char *place = matrix_place_name (suite->entries, run, klass, state);

  update_writing (suite);
  g_ptr_array_add (suite->places, place);
  if (!virtual_board_is (run->board, "esp32", "repl") && !virtual_board_is (run->board, "esp32", "raw"))
    g_hash_table_add (suite->behind, place);
  suite->place = place;
}

static int
by_name (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

static void
assert_machines (const MatrixRoute *route, UpgradeRun *run)
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
reset_clean (Suite *suite)
{
  g_hash_table_remove_all (suite->entries);
  g_hash_table_remove_all (suite->writing);
  g_hash_table_remove_all (suite->behind);
  g_ptr_array_set_size (suite->places, 0);
  suite->place = NULL;
}

/* FALSE: it had to repeat something, as on a busy computer, and took another way than most runs. */
static gboolean
run_clean (Suite *suite)
{
  g_autoptr (VirtualBoard) board = matrix_route_board (suite->route);
  UpgradeFiles files;
  matrix_route_load (suite->route, suite->folder, &files);
  UpgradeRun run = matrix_run_of (suite->route, board, &files);

  reset_clean (suite);
  run.entered = on_clean_entered;
  run.data = suite;
  sqns_timeout_set_scale (matrix_route_timeout_scale (suite->route));
  upgrade_run (&run);
  update_writing (suite);
  upgrade_run_assert_version (&run, suite->route->after);
  assert_machines (suite->route, &run);
  suite->steps = run.steps;
  gboolean clean = run.retries == 0;
  upgrade_run_clear (&run);
  upgrade_files_clear (&files);
  return clean;
}

/* A state has one test case in each phase. The requests of an upload are a single state with several: RESET,
 * OPEN_SESSION, the announcement of a block, the block, and RESET at the end. */
static gboolean
is_chosen (Suite *suite, const char *place)
{
  const char *number = strrchr (place, '#');
  g_autofree char *name = g_strndup (place, number - place);
  guint n = (guint)strtoul (number + 1, NULL, 10);

  if (n == 1)
    return TRUE;
  return g_str_has_suffix (name, ":upload/request")
         && (n <= 4 || n == GPOINTER_TO_UINT (g_hash_table_lookup (suite->entries, name)));
}

static gboolean
has_case (Suite *suite, MatrixFault fault, const char *place)
{
  if (!is_chosen (suite, place) || !g_hash_table_contains (suite->before, place))
    return FALSE;
  if (matrix_fault_needs_esp32 (fault) && !matrix_route_has_esp32 (suite->route))
    return FALSE;
  if (!matrix_fault_is_immediate (fault) && !g_hash_table_contains (suite->writing, place))
    return FALSE;
  return matrix_fault_meets_repl (fault) || g_hash_table_contains (suite->behind, place);
}

static void
add_case (Suite *suite, MatrixFault fault, const char *place)
{
  Attempt *attempt = g_new0 (Attempt, 1);

  *attempt = (Attempt){ suite, fault, place, 0 };
  g_ptr_array_add (suite->pool->cases, attempt);
  suite->cases++;
}

static void start_more (Pool *pool);
static void start_attempt (Attempt *attempt);

static guint reported;

static void
report_case (const Attempt *attempt, gboolean ok, const char *text)
{
  g_autofree char *line = g_strdelimit (g_strchomp (g_strdup (text)), "\n", ' ');

  attempt->suite->done++;
  attempt->suite->failed += !ok;
  g_print ("%s %u - %s %s %s: %s\n", ok ? "ok" : "not ok", ++reported, attempt->suite->route->name,
           matrix_fault_name (attempt->fault), attempt->place, ok ? line : "");
  if (ok)
    return;
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    g_print ("# %s\n", lines[i]);
}

/* Both clean runs reached the place, but no later run did, so only a busy computer causes it. A few such places are
 * fine; with many, the matrix would inject nothing. */
static void
report_not_met (const Attempt *attempt)
{
  Suite *suite = attempt->suite;

  if (++suite->not_met > 1 + suite->cases / NOT_MET_SHARE)
    report_case (attempt, FALSE, "not reached, like too many others");
  else
    g_print ("# %s %s %s: not reached again, skipped\n", suite->route->name, matrix_fault_name (attempt->fault),
             attempt->place);
}

static void
on_attempted (GObject *source, GAsyncResult *result, gpointer data)
{
  Attempt *attempt = data;
  Suite *suite = attempt->suite;
  GSubprocess *process = G_SUBPROCESS (source);
  g_autofree char *text = NULL;

  gboolean read = g_subprocess_communicate_utf8_finish (process, result, &text, NULL, NULL);
  suite->pool->running--;
  if (!read || !g_subprocess_get_if_exited (process))
    report_case (attempt, FALSE, text != NULL ? text : "no output");
  else if (g_subprocess_get_exit_status (process) == 0)
    report_case (attempt, TRUE, text);
  else if (g_subprocess_get_exit_status (process) != MATRIX_NOT_MET)
    report_case (attempt, FALSE, text);
  else if (attempt->tries < TRIES)
    {
      start_attempt (attempt);
      return;
    }
  else
    report_not_met (attempt);
  start_more (suite->pool);
}

static void
start_attempt (Attempt *attempt)
{
  Suite *suite = attempt->suite;
  g_autoptr (GError) error = NULL;
  g_autofree char *steps = g_strdup_printf ("%u", suite->steps);
  g_autoptr (GSubprocess) process
      = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE, &error, "/proc/self/exe",
                          "--case", suite->route->name, matrix_fault_name (attempt->fault), attempt->place,
                          suite->folder, steps, NULL);

  g_assert_no_error (error);
  attempt->tries++;
  suite->pool->running++;
  g_subprocess_communicate_utf8_async (process, NULL, NULL, on_attempted, attempt);
}

/* Many programs wait for a processor, so answers may be late through no fault of the modem. */
static gboolean
machine_is_busy (void)
{
  g_autofree char *text = NULL;
  guint runnable = 0;

  /* "0.20 0.18 0.12 1/80 11206" */
  return g_file_get_contents ("/proc/loadavg", &text, NULL, NULL) && sscanf (text, "%*s %*s %*s %u/", &runnable) == 1
         && runnable > BUSY_FACTOR * g_get_num_processors ();
}

static gboolean
on_later (gpointer data)
{
  Pool *pool = data;
  pool->later = 0;
  start_more (pool);
  return G_SOURCE_REMOVE;
}

/* At least one runs, even on a busy computer. */
static void
start_more (Pool *pool)
{
  while (pool->running < pool->at_a_time && pool->next < pool->cases->len
         && (pool->running == 0 || !machine_is_busy ()))
    start_attempt (g_ptr_array_index (pool->cases, pool->next++));
  if (pool->next < pool->cases->len && pool->later == 0)
    pool->later = g_timeout_add (LATER_MS, on_later, pool);
}

static void
pool_init (Pool *pool, guint at_a_time)
{
  *pool = (Pool){ .cases = g_ptr_array_new_with_free_func (g_free), .at_a_time = at_a_time };
}

static void
pool_run (Pool *pool)
{
  start_more (pool);
  while (pool->running > 0 || pool->next < pool->cases->len)
    g_main_context_iteration (NULL, TRUE);
  g_clear_handle_id (&pool->later, g_source_remove);
  g_clear_pointer (&pool->cases, g_ptr_array_unref);
}

static void
run_clean_twice (Suite *suite)
{
  for (guint run = 0; run < 2; run++)
    {
      for (guint i = 0; i < suite->places->len; i++)
        g_hash_table_add (suite->before, g_strdup (g_ptr_array_index (suite->places, i)));
      for (guint tries = CLEAN_TRIES; tries > 0 && !run_clean (suite); tries--)
        ;
    }
}

static void
suite_init (Suite *suite, const MatrixRoute *route, Pool *pool)
{
  *suite = (Suite){ .route = route, .pool = pool };
  suite->places = g_ptr_array_new_with_free_func (g_free);
  suite->entries = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  suite->writing = g_hash_table_new (NULL, NULL);
  suite->behind = g_hash_table_new (NULL, NULL);
  suite->before = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

static void
suite_clear (Suite *suite)
{
  g_free (suite->folder);
  g_hash_table_unref (suite->before);
  g_hash_table_unref (suite->entries);
  g_hash_table_unref (suite->writing);
  g_hash_table_unref (suite->behind);
  g_ptr_array_unref (suite->places);
}

static int
run_suite (const MatrixRoute *route, MatrixFault fault)
{
  Suite suite;
  Pool pool;

  pool_init (&pool, AT_A_TIME);
  suite_init (&suite, route, &pool);
  suite.folder = matrix_route_make (route);
  run_clean_twice (&suite);
  for (guint i = 0; i < suite.places->len; i++)
    if (has_case (&suite, fault, g_ptr_array_index (suite.places, i)))
      add_case (&suite, fault, g_ptr_array_index (suite.places, i));
  pool_run (&pool);
  g_print ("1..%u\n", reported);
  gboolean bad = suite.failed > 0 || suite.done == 0;
  matrix_route_remove (suite.folder);
  suite_clear (&suite);
  return bad;
}

/* "link:wake/at#1": "wake/at" */
static char *
state_of (const char *place)
{
  const char *state = strchr (place, ':') + 1;
  return g_strndup (state, strcspn (state, "#"));
}

/* Of the faults that are possible at @place, the one that was used least so far. */
static MatrixFault
fault_in_turn (Suite *suite, const char *place, const guint injected[MATRIX_N_FAULTS])
{
  guint chosen = MATRIX_N_FAULTS;

  for (guint fault = 0; fault < MATRIX_N_FAULTS; fault++)
    if (has_case (suite, (MatrixFault)fault, place)
        && (chosen == MATRIX_N_FAULTS || injected[fault] < injected[chosen]))
      chosen = fault;
  g_assert_cmpuint (chosen, <, MATRIX_N_FAULTS);
  return (MatrixFault)chosen;
}

/* The clean runs of all routes run in parallel, each in its own process. It prints a line for each place with a letter
 * for each of these flags, and at the end the number of steps. */
enum {
  CLEAN_BEFORE = 'b',
  CLEAN_WRITING = 'w',
  CLEAN_BEHIND = 'h',
  CLEAN_STEPS = '=',
};

static int
print_clean (const MatrixRoute *route, char *folder)
{
  Suite suite;

  suite_init (&suite, route, NULL);
  suite.folder = g_strdup (folder);
  run_clean_twice (&suite);
  for (guint i = 0; i < suite.places->len; i++)
    {
      const char *place = g_ptr_array_index (suite.places, i);
      g_print ("%s%s%s %s\n", g_hash_table_contains (suite.before, place) ? "b" : "",
               g_hash_table_contains (suite.writing, place) ? "w" : "",
               g_hash_table_contains (suite.behind, place) ? "h" : "", place);
    }
  g_print ("= %u\n", suite.steps);
  suite_clear (&suite);
  return 0;
}

static void
take_clean_place (Suite *suite, const char *flags, const char *name)
{
  char *place = g_strdup (name);
  const char *number = strrchr (name, '#');

  g_ptr_array_add (suite->places, place);
  /* the numbers of a place are in order */
  g_hash_table_replace (suite->entries, g_strndup (name, number - name),
                        GUINT_TO_POINTER ((guint)strtoul (number + 1, NULL, 10)));
  if (strchr (flags, CLEAN_BEFORE) != NULL)
    g_hash_table_add (suite->before, g_strdup (name));
  if (strchr (flags, CLEAN_WRITING) != NULL)
    g_hash_table_add (suite->writing, place);
  if (strchr (flags, CLEAN_BEHIND) != NULL)
    g_hash_table_add (suite->behind, place);
}

/* The text ends with the number of steps, unless the process failed. */
static void
take_clean (Suite *suite, const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      char *space = strchr (lines[i], ' ');
      if (space == NULL)
        continue;
      *space = '\0';
      if (*lines[i] == CLEAN_STEPS)
        suite->steps = (guint)strtoul (space + 1, NULL, 10);
      else
        take_clean_place (suite, lines[i], space + 1);
    }
  if (suite->steps == 0)
    g_error ("%s has no clean run", suite->route->name);
}

static GSubprocess *
start_clean (const char *route, const char *folder)
{
  g_autoptr (GError) error = NULL;
  GSubprocess *process
      = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, "/proc/self/exe", "--clean", route, folder, NULL);

  g_assert_no_error (error);
  return process;
}

/* Injects one fault at the first place of each state of each machine. */
static void
choose (Suite *suite, GHashTable *seen, guint injected[MATRIX_N_FAULTS])
{
  for (guint i = 0; i < suite->places->len; i++)
    {
      const char *place = g_ptr_array_index (suite->places, i);
      g_autofree char *state = state_of (place);
      if (!is_chosen (suite, place) || !g_hash_table_contains (suite->before, place)
          || !g_hash_table_add (seen, g_steal_pointer (&state)))
        continue;
      MatrixFault fault = fault_in_turn (suite, place, injected);
      injected[fault]++;
      add_case (suite, fault, place);
    }
}

/* Takes the routes in order. */
static int
sample (void)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GPtrArray) clean = g_ptr_array_new_with_free_func (g_object_unref);
  g_autofree Suite *suites = NULL;
  guint injected[MATRIX_N_FAULTS] = { 0 };
  gboolean bad = FALSE;
  guint n = 0;
  Pool pool;

  pool_init (&pool, SAMPLES_AT_A_TIME);
  while (matrix_route_at (n) != NULL)
    n++;
  suites = g_new0 (Suite, n);
  for (guint r = 0; r < n; r++)
    {
      suite_init (&suites[r], matrix_route_at (r), &pool);
      suites[r].folder = matrix_route_make (suites[r].route);
      g_ptr_array_add (clean, start_clean (suites[r].route->name, suites[r].folder));
    }
  for (guint r = 0; r < n; r++)
    {
      g_autofree char *text = NULL;
      g_subprocess_communicate_utf8 (g_ptr_array_index (clean, r), NULL, NULL, &text, NULL, NULL);
      take_clean (&suites[r], text != NULL ? text : "");
      choose (&suites[r], seen, injected);
    }
  pool_run (&pool);
  for (guint r = 0; r < n; r++)
    {
      bad = bad || suites[r].failed > 0;
      matrix_route_remove (suites[r].folder);
      suite_clear (&suites[r]);
    }
  for (guint fault = 0; fault < MATRIX_N_FAULTS; fault++)
    if (injected[fault] == 0)
      g_error ("the sample has no %s", matrix_fault_name ((MatrixFault)fault));
  g_print ("1..%u\n", reported);
  return bad;
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

/* The phase at the beginning of a place. */
static SqnsPhase
phase_of (const char *place)
{
  for (guint phase = 0; phase < SQNS_N_PHASES; phase++)
    {
      const char *name = sqns_phase_name ((SqnsPhase)phase);
      if (g_str_has_prefix (place, name) && place[strlen (name)] == ':')
        return (SqnsPhase)phase;
    }
  g_error ("%s does not begin with a phase", place);
}

static int
usage (void)
{
  g_printerr ("test-matrix ROUTE FAULT | --sample | --clean ROUTE FOLDER | --case ROUTE FAULT PLACE | --table | "
              "--check FILE\n");
  return 2;
}

int
main (int argc, char **argv)
{
  const char *source = g_getenv ("SQNS_SOURCE");
  MatrixCase test = { 0 };
  gboolean named = argc > 1 && (strcmp (argv[1], "--case") == 0 || strcmp (argv[1], "--victim") == 0);

  if (argc == 2 && strcmp (argv[1], "--table") == 0)
    {
      g_autofree char *table = matrix_table_format ();
      g_print ("%s", table);
      return 0;
    }
  if (argc == 3 && strcmp (argv[1], "--check") == 0)
    return check_table (argv[2]);
  if (argc == 2 && strcmp (argv[1], "--sample") == 0 && source != NULL && chdir (source) == 0)
    return sample ();
  if (argc == 4 && strcmp (argv[1], "--clean") == 0 && source != NULL && chdir (source) == 0
      && (test.route = matrix_route_find (argv[2])) != NULL)
    return print_clean (test.route, argv[3]);
  if (argc < (named ? 5 : 3) || source == NULL || chdir (source) != 0
      || (test.route = matrix_route_find (argv[1 + named])) == NULL
      || !matrix_fault_from_name (argv[2 + named], &test.fault))
    return usage ();
  sqns_timeout_set_scale (matrix_route_timeout_scale (test.route));
  if (!named && argc == 3)
    return run_suite (test.route, test.fault);
  test.place = argv[4];
  test.phase = phase_of (test.place);
  test.entries = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  if (strcmp (argv[1], "--victim") == 0 && argc == 9)
    {
      test.keep = argv[8];
      return matrix_case_die (&test, argv[5], argv[6], argv[7]);
    }
  g_autofree char *own = argc > 5 ? NULL : matrix_route_make (test.route);
  test.clean_steps = argc > 6 ? (guint)strtoul (argv[6], NULL, 10) : G_MAXUINT;
  int status = matrix_case_run (&test, own != NULL ? own : argv[5]);
  if (own != NULL)
    matrix_route_remove (own);
  return status;
}
