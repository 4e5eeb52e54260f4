/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The matrix: an upgrade by each route is struck by each fault at each state of each machine that it drives, and what
 * comes of it must be on the written list (matrix-table.h), allowed there, and true of the board.
 *
 *   test-matrix ROUTE FAULT                  all states, as TAP; each in a process of its own, many at a time
 *   test-matrix --sample                     each state of each machine once, each fault in turn, as TAP
 *   test-matrix --clean ROUTE FOLDER         the places of an undisturbed run, for --sample
 *   test-matrix --cell ROUTE FAULT PLACE     one of them, with its transcript when it fails
 *   test-matrix --table                      the table of docs/outcomes.md
 *   test-matrix --check FILE                 whether it stands there
 *
 * With SQNS_MATRIX_TRANSCRIPT a cell prints its transcript, with SQNS_MATRIX_SURVEY=FILE each adds a line of what came
 * of it to that file. */
#include "base/timeout.h"
#include "matrix-cell.h"
#include "matrix-strike.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define AT_A_TIME (g_get_num_processors () * 8) /* they wait for most of their time */
#define SAMPLES_AT_A_TIME (g_get_num_processors () * 16)
#define TRIES 3 /* a state that only some runs come by */
#define CLEAN_TRIES 5
#define BUSY_FACTOR 3
#define LATER_MS 200
#define NOT_MET_SHARE 25 /* one in so many may be a state that only a busy machine comes by */

/* Runs of cells, those of one route or of all. */
typedef struct {
  GPtrArray *cells; /* Attempt: what is to be struck */
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
  GHashTable *before;  /* places of the clean run before that one: what a busy machine made one of them do is no cell */
  GHashTable *entries; /* of a place without its number: how many */
  GHashTable *writing; /* those that have sent something */
  GHashTable *behind;  /* those that were entered with the modem in reach */
  const char *place;   /* entered last */
  guint writes;
  guint steps;
  guint cells;
  guint done;
  guint failed;
  guint not_met;
} Sweep;

typedef struct {
  Sweep *sweep;
  MatrixFault fault;
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
  char *place = matrix_place_name (sweep->entries, run, klass, state);

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
forget_clean (Sweep *sweep)
{
  g_hash_table_remove_all (sweep->entries);
  g_hash_table_remove_all (sweep->writing);
  g_hash_table_remove_all (sweep->behind);
  g_ptr_array_set_size (sweep->places, 0);
  sweep->place = NULL;
}

/* FALSE: it had to repeat something, as on a busy machine, and went another way than most will. */
static gboolean
run_clean (Sweep *sweep)
{
  g_autoptr (VirtualBoard) board = matrix_route_board (sweep->route);
  UpgradeFiles files;
  matrix_route_load (sweep->route, sweep->folder, &files);
  UpgradeRun run = matrix_run_of (sweep->route, board, &files);

  forget_clean (sweep);
  run.entered = on_clean_entered;
  run.data = sweep;
  sqns_timeout_set_scale (matrix_route_patience (sweep->route));
  upgrade_run (&run);
  note_write (sweep);
  upgrade_run_assert_version (&run, sweep->route->after);
  assert_machines (sweep->route, &run);
  sweep->steps = run.steps;
  gboolean clean = run.retries == 0;
  upgrade_run_clear (&run);
  upgrade_files_clear (&files);
  return clean;
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
  return g_str_has_suffix (name, ":upload/request")
         && (n <= 4 || n == GPOINTER_TO_UINT (g_hash_table_lookup (sweep->entries, name)));
}

static gboolean
has_cell (Sweep *sweep, MatrixFault fault, const char *place)
{
  if (!is_chosen (sweep, place) || !g_hash_table_contains (sweep->before, place))
    return FALSE;
  if (matrix_fault_needs_esp32 (fault) && !matrix_route_has_esp32 (sweep->route))
    return FALSE;
  if (!matrix_fault_is_immediate (fault) && !g_hash_table_contains (sweep->writing, place))
    return FALSE;
  return matrix_fault_meets_repl (fault) || g_hash_table_contains (sweep->behind, place);
}

static void
add_cell (Sweep *sweep, MatrixFault fault, const char *place)
{
  Attempt *attempt = g_new0 (Attempt, 1);

  *attempt = (Attempt){ sweep, fault, place, 0 };
  g_ptr_array_add (sweep->pool->cells, attempt);
  sweep->cells++;
}

static void start_more (Pool *pool);
static void start_attempt (Attempt *attempt);

static guint told;

static void
tell_cell (const Attempt *attempt, gboolean ok, const char *text)
{
  g_autofree char *line = g_strdelimit (g_strchomp (g_strdup (text)), "\n", ' ');

  attempt->sweep->done++;
  attempt->sweep->failed += !ok;
  g_print ("%s %u - %s %s %s: %s\n", ok ? "ok" : "not ok", ++told, attempt->sweep->route->name,
           matrix_fault_name (attempt->fault), attempt->place, ok ? line : "");
  if (ok)
    return;
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    g_print ("# %s\n", lines[i]);
}

/* Both clean runs came by it, and no later one: what only a busy machine does is no cell. A few are that; many would be
 * a matrix that strikes nothing. */
static void
tell_not_met (const Attempt *attempt)
{
  Sweep *sweep = attempt->sweep;

  if (++sweep->not_met > 1 + sweep->cells / NOT_MET_SHARE)
    tell_cell (attempt, FALSE, "not met, as too many others");
  else
    g_print ("# %s %s %s: not met again, no cell\n", sweep->route->name, matrix_fault_name (attempt->fault),
             attempt->place);
}

static void
on_attempted (GObject *source, GAsyncResult *result, gpointer data)
{
  Attempt *attempt = data;
  Sweep *sweep = attempt->sweep;
  GSubprocess *process = G_SUBPROCESS (source);
  g_autofree char *text = NULL;

  gboolean read = g_subprocess_communicate_utf8_finish (process, result, &text, NULL, NULL);
  sweep->pool->running--;
  if (!read || !g_subprocess_get_if_exited (process))
    tell_cell (attempt, FALSE, text != NULL ? text : "no output");
  else if (g_subprocess_get_exit_status (process) == 0)
    tell_cell (attempt, TRUE, text);
  else if (g_subprocess_get_exit_status (process) != MATRIX_NOT_MET)
    tell_cell (attempt, FALSE, text);
  else if (attempt->tries < TRIES)
    {
      start_attempt (attempt);
      return;
    }
  else
    tell_not_met (attempt);
  start_more (sweep->pool);
}

static void
start_attempt (Attempt *attempt)
{
  Sweep *sweep = attempt->sweep;
  g_autoptr (GError) error = NULL;
  g_autofree char *steps = g_strdup_printf ("%u", sweep->steps);
  g_autoptr (GSubprocess) process
      = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE, &error, "/proc/self/exe",
                          "--cell", sweep->route->name, matrix_fault_name (attempt->fault), attempt->place,
                          sweep->folder, steps, NULL);

  g_assert_no_error (error);
  attempt->tries++;
  sweep->pool->running++;
  g_subprocess_communicate_utf8_async (process, NULL, NULL, on_attempted, attempt);
}

/* More than a few that want a processor: answers would come late for no reason of the modem's. */
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

/* One at least runs, however busy the machine is. */
static void
start_more (Pool *pool)
{
  while (pool->running < pool->at_a_time && pool->next < pool->cells->len
         && (pool->running == 0 || !machine_is_busy ()))
    start_attempt (g_ptr_array_index (pool->cells, pool->next++));
  if (pool->next < pool->cells->len && pool->later == 0)
    pool->later = g_timeout_add (LATER_MS, on_later, pool);
}

static void
pool_init (Pool *pool, guint at_a_time)
{
  *pool = (Pool){ .cells = g_ptr_array_new_with_free_func (g_free), .at_a_time = at_a_time };
}

static void
pool_run (Pool *pool)
{
  start_more (pool);
  while (pool->running > 0 || pool->next < pool->cells->len)
    g_main_context_iteration (NULL, TRUE);
  g_clear_handle_id (&pool->later, g_source_remove);
  g_clear_pointer (&pool->cells, g_ptr_array_unref);
}

static void
run_clean_twice (Sweep *sweep)
{
  for (guint run = 0; run < 2; run++)
    {
      for (guint i = 0; i < sweep->places->len; i++)
        g_hash_table_add (sweep->before, g_strdup (g_ptr_array_index (sweep->places, i)));
      for (guint tries = CLEAN_TRIES; tries > 0 && !run_clean (sweep); tries--)
        ;
    }
}

static void
sweep_init (Sweep *sweep, const MatrixRoute *route, Pool *pool)
{
  *sweep = (Sweep){ .route = route, .pool = pool };
  sweep->places = g_ptr_array_new_with_free_func (g_free);
  sweep->entries = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  sweep->writing = g_hash_table_new (NULL, NULL);
  sweep->behind = g_hash_table_new (NULL, NULL);
  sweep->before = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

static void
sweep_clear (Sweep *sweep)
{
  g_free (sweep->folder);
  g_hash_table_unref (sweep->before);
  g_hash_table_unref (sweep->entries);
  g_hash_table_unref (sweep->writing);
  g_hash_table_unref (sweep->behind);
  g_ptr_array_unref (sweep->places);
}

static int
sweep_all (const MatrixRoute *route, MatrixFault fault)
{
  Sweep sweep;
  Pool pool;

  pool_init (&pool, AT_A_TIME);
  sweep_init (&sweep, route, &pool);
  sweep.folder = matrix_route_make (route);
  run_clean_twice (&sweep);
  for (guint i = 0; i < sweep.places->len; i++)
    if (has_cell (&sweep, fault, g_ptr_array_index (sweep.places, i)))
      add_cell (&sweep, fault, g_ptr_array_index (sweep.places, i));
  pool_run (&pool);
  g_print ("1..%u\n", told);
  gboolean bad = sweep.failed > 0 || sweep.done == 0;
  matrix_route_remove (sweep.folder);
  sweep_clear (&sweep);
  return bad;
}

/* "link:wake/at#1": "wake/at" */
static char *
state_of (const char *place)
{
  const char *state = strchr (place, ':') + 1;
  return g_strndup (state, strcspn (state, "#"));
}

/* Of those that can strike at @place the one that struck least so far. */
static MatrixFault
fault_in_turn (Sweep *sweep, const char *place, const guint strikes[MATRIX_N_FAULTS])
{
  guint chosen = MATRIX_N_FAULTS;

  for (guint fault = 0; fault < MATRIX_N_FAULTS; fault++)
    if (has_cell (sweep, (MatrixFault)fault, place) && (chosen == MATRIX_N_FAULTS || strikes[fault] < strikes[chosen]))
      chosen = fault;
  g_assert_cmpuint (chosen, <, MATRIX_N_FAULTS);
  return (MatrixFault)chosen;
}

/* The undisturbed runs of all routes are made side by side, each in a process of its own, which writes down what it
 * came by: a line for each place with a letter for each of these, and the number of steps in the end. */
enum {
  CLEAN_BEFORE = 'b',
  CLEAN_WRITING = 'w',
  CLEAN_BEHIND = 'h',
  CLEAN_STEPS = '=',
};

static int
tell_clean (const MatrixRoute *route, char *folder)
{
  Sweep sweep;

  sweep_init (&sweep, route, NULL);
  sweep.folder = g_strdup (folder);
  run_clean_twice (&sweep);
  for (guint i = 0; i < sweep.places->len; i++)
    {
      const char *place = g_ptr_array_index (sweep.places, i);
      g_print ("%s%s%s %s\n", g_hash_table_contains (sweep.before, place) ? "b" : "",
               g_hash_table_contains (sweep.writing, place) ? "w" : "",
               g_hash_table_contains (sweep.behind, place) ? "h" : "", place);
    }
  g_print ("= %u\n", sweep.steps);
  sweep_clear (&sweep);
  return 0;
}

static void
take_clean_place (Sweep *sweep, const char *flags, const char *name)
{
  char *place = g_strdup (name);
  const char *number = strrchr (name, '#');

  g_ptr_array_add (sweep->places, place);
  /* the numbers of a place come in their order */
  g_hash_table_replace (sweep->entries, g_strndup (name, number - name),
                        GUINT_TO_POINTER ((guint)strtoul (number + 1, NULL, 10)));
  if (strchr (flags, CLEAN_BEFORE) != NULL)
    g_hash_table_add (sweep->before, g_strdup (name));
  if (strchr (flags, CLEAN_WRITING) != NULL)
    g_hash_table_add (sweep->writing, place);
  if (strchr (flags, CLEAN_BEHIND) != NULL)
    g_hash_table_add (sweep->behind, place);
}

/* The text ends with the number of steps, or the process did not get there. */
static void
take_clean (Sweep *sweep, const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      char *space = strchr (lines[i], ' ');
      if (space == NULL)
        continue;
      *space = '\0';
      if (*lines[i] == CLEAN_STEPS)
        sweep->steps = (guint)strtoul (space + 1, NULL, 10);
      else
        take_clean_place (sweep, lines[i], space + 1);
    }
  if (sweep->steps == 0)
    g_error ("%s has no undisturbed run", sweep->route->name);
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

/* Each state of each machine where it is first come by, by one fault. */
static void
choose (Sweep *sweep, GHashTable *seen, guint strikes[MATRIX_N_FAULTS])
{
  for (guint i = 0; i < sweep->places->len; i++)
    {
      const char *place = g_ptr_array_index (sweep->places, i);
      g_autofree char *state = state_of (place);
      if (!is_chosen (sweep, place) || !g_hash_table_contains (sweep->before, place)
          || !g_hash_table_add (seen, g_steal_pointer (&state)))
        continue;
      MatrixFault fault = fault_in_turn (sweep, place, strikes);
      strikes[fault]++;
      add_cell (sweep, fault, place);
    }
}

/* On the routes in their order. */
static int
sample (void)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GPtrArray) clean = g_ptr_array_new_with_free_func (g_object_unref);
  g_autofree Sweep *sweeps = NULL;
  guint strikes[MATRIX_N_FAULTS] = { 0 };
  gboolean bad = FALSE;
  guint n = 0;
  Pool pool;

  pool_init (&pool, SAMPLES_AT_A_TIME);
  while (matrix_route_at (n) != NULL)
    n++;
  sweeps = g_new0 (Sweep, n);
  for (guint r = 0; r < n; r++)
    {
      sweep_init (&sweeps[r], matrix_route_at (r), &pool);
      sweeps[r].folder = matrix_route_make (sweeps[r].route);
      g_ptr_array_add (clean, start_clean (sweeps[r].route->name, sweeps[r].folder));
    }
  for (guint r = 0; r < n; r++)
    {
      g_autofree char *text = NULL;
      g_subprocess_communicate_utf8 (g_ptr_array_index (clean, r), NULL, NULL, &text, NULL, NULL);
      take_clean (&sweeps[r], text != NULL ? text : "");
      choose (&sweeps[r], seen, strikes);
    }
  pool_run (&pool);
  for (guint r = 0; r < n; r++)
    {
      bad = bad || sweeps[r].failed > 0;
      matrix_route_remove (sweeps[r].folder);
      sweep_clear (&sweeps[r]);
    }
  for (guint fault = 0; fault < MATRIX_N_FAULTS; fault++)
    if (strikes[fault] == 0)
      g_error ("the sample has no %s", matrix_fault_name ((MatrixFault)fault));
  g_print ("1..%u\n", told);
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

/* What a place begins with. */
static SqnsPhase
phase_of (const char *place)
{
  for (guint phase = 0; phase < SQNS_N_PHASES; phase++)
    {
      const char *name = sqns_phase_name ((SqnsPhase)phase);
      if (g_str_has_prefix (place, name) && place[strlen (name)] == ':')
        return (SqnsPhase)phase;
    }
  g_error ("%s begins with no phase", place);
}

static int
usage (void)
{
  g_printerr ("test-matrix ROUTE FAULT | --sample | --clean ROUTE FOLDER | --cell ROUTE FAULT PLACE | --table | "
              "--check FILE\n");
  return 2;
}

int
main (int argc, char **argv)
{
  const char *source = g_getenv ("SQNS_SOURCE");
  MatrixCell cell = { 0 };
  gboolean named = argc > 1 && (strcmp (argv[1], "--cell") == 0 || strcmp (argv[1], "--victim") == 0);

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
      && (cell.route = matrix_route_find (argv[2])) != NULL)
    return tell_clean (cell.route, argv[3]);
  if (argc < (named ? 5 : 3) || source == NULL || chdir (source) != 0
      || (cell.route = matrix_route_find (argv[1 + named])) == NULL
      || !matrix_fault_from_name (argv[2 + named], &cell.fault))
    return usage ();
  sqns_timeout_set_scale (matrix_route_patience (cell.route));
  if (!named && argc == 3)
    return sweep_all (cell.route, cell.fault);
  cell.place = argv[4];
  cell.phase = phase_of (cell.place);
  cell.entries = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  if (strcmp (argv[1], "--victim") == 0 && argc == 9)
    {
      cell.keep = argv[8];
      return matrix_cell_die (&cell, argv[5], argv[6], argv[7]);
    }
  g_autofree char *own = argc > 5 ? NULL : matrix_route_make (cell.route);
  cell.clean_steps = argc > 6 ? (guint)strtoul (argv[6], NULL, 10) : G_MAXUINT;
  int status = matrix_cell_run (&cell, own != NULL ? own : argv[5]);
  if (own != NULL)
    matrix_route_remove (own);
  return status;
}
