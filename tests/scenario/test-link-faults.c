/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The updater's way over a link, and the matrix: at each state of the machines that find a link or load an updater the
 * cable is pulled, the ESP32 or the modem hangs, a command fails, or the search is cancelled. */
#include "base/timeout.h"
#include "caba-builder.h"
#include "link-rig.h"

#include <string.h>
#include <unistd.h>

/* --- the updater --- */

typedef struct {
  const char *name;
  const char *board;
  SqnsLinkConfig config;
  guint speed; /* afterwards; 0: it fails */
  SqnsError error;
  const char *words;
  const char *spoilt; /* a file that is no updater */
} Update;

static const Update updates[] = {
  { "direct", "--modem ffh --start direct", { .kind = SQNS_LINK_DIRECT }, 921600 },
  { "relay", "--modem ffh", { SCOUT }, 921600 },
  { "no-leftovers", "--modem ffh --clean-start", { SCOUT }, 921600 },
  { "no-ipr", "--modem ffh --fault error@AT+IPRx0", { SCOUT }, 921600 },
  { "deaf-at-921600", "--modem ffh --fault silence@AT+IPR", { SCOUT }, 921600 },
  { "not-ffh", "--modem recovery", { SCOUT }, 0, SQNS_ERROR_MODEM_REFUSED, "recovery" },
  { "refused", "--modem ffh --fault error@AT+STPx0", { SCOUT }, 0, SQNS_ERROR_MODEM_REFUSED, "AT+STP" },
  { "no-updater",
    "--modem ffh",
    { SCOUT },
    0,
    SQNS_ERROR_MODEM_REFUSED,
    "boot ROM",
    "no ELF at all, but bytes enough" },
};

static void
test_update (gconstpointer data)
{
  const Update *update = data;
  g_autofree char *options = g_strconcat (LINK_RIG_BOARD, update->board, NULL);
  g_autoptr (VirtualBoard) board = virtual_board_new (options);
  g_autoptr (GBytes) elf = update->spoilt ? g_bytes_new_static (update->spoilt, strlen (update->spoilt))
                                          : sqns_test_dup_updater_elf_new ();
  Run run = { .board = board };

  run_open (&run, update->config);
  g_assert_no_error (run.error);
  /* what is not loaded does not answer: not three minutes long */
  sqns_timeout_set_scale (update->spoilt ? 0.1 : LINK_RIG_TIMEOUT_SCALE);
  run_updater (&run, elf);
  if (update->speed == 0)
    {
      if (run.error == NULL || run.error->code != (int)update->error
          || strstr (run.error->message, update->words) == NULL)
        g_error ("%s\n%s", run.error ? run.error->message : "loaded", run.transcript->str);
      run_close (&run);
      return;
    }
  if (run.error != NULL)
    g_error ("%s\n%s", run.error->message, run.transcript->str);
  virtual_board_wait (board, "smod", "1");
  g_assert_cmpuint (sqns_link_speed (run.link), ==, update->speed);
  run_close (&run);
}

/* --- the matrix --- */

typedef struct {
  const char *name;
  const char *board;
  SqnsLinkConfig config;
  const char *machines[6];
  gboolean update; /* the updater is loaded, too */
} Matrix;

static const Matrix matrices[] = {
  { "relay",
    "--modem ffh",
    { SCOUT, PERSON },
    { "link", "line-search", "relay-search", "start-relay", "speed-relay", "quit-relay" } },
  { "passthrough", "", { .usb_board = TRUE, PERSON }, { "passthrough" } },
  { "reset", "--start passthrough", { SCOUT, PERSON, .reset = TRUE }, { "leave-passthrough" } },
  { "pic",
    "--start passthrough --usb pic",
    { SCOUT, .pic = TRUE, PERSON, .reset = TRUE },
    { "leave-passthrough", "pic" } },
  { "updater", "--modem ffh", { SCOUT }, { "load-updater", "wait-mode" }, .update = TRUE },
};
static const char *const fault_names[] = { "none", "unplug", "cancel", "error", "hang-board", "hang-modem" };

static void
assert_outcome (const Matrix *matrix, Run *run)
{
  if (run->error == NULL)
    return;
  g_assert_cmpstr (run->error->message, !=, "");
  if (g_error_matches (run->error, SQNS_ERROR, SQNS_ERROR_NOT_FOUND))
    g_assert_cmpint (run->fault, ==, FAULT_UNPLUG); /* gone before it was opened */
  else if (run->fault == FAULT_UNPLUG)
    g_assert_error (run->error, SQNS_ERROR, SQNS_ERROR_DEVICE_LOST);
  if (run->fault == FAULT_CANCEL)
    g_assert_error (run->error, SQNS_ERROR, SQNS_ERROR_CANCELLED);
  /* one command that is refused is no reason to give up */
  if (run->fault == FAULT_ERROR && !matrix->update)
    g_error ("%s\n%s", run->error->message, run->transcript->str);
}

static void
inject_at (const Matrix *matrix, Fault fault, const SqnsSsmClass *klass, guint state, GBytes *elf)
{
  g_autofree char *options = g_strconcat (LINK_RIG_BOARD, matrix->board, NULL);
  g_autoptr (VirtualBoard) board = virtual_board_new (options);
  Run run = { .board = board, .press = TRUE, .machine = klass->name, .state = state, .fault = fault };

  run_open (&run, matrix->config);
  if (matrix->update)
    run_updater (&run, elf);
  g_test_message ("%s/%s at %s/%s: %s", matrix->name, fault_names[fault], klass->name, klass->state_names[state],
                  run.error ? run.error->message : "success");
  assert_outcome (matrix, &run);
  run_leave (&run);
  gboolean again = fault == FAULT_CANCEL && run.error != NULL;
  run_close (&run);
  if (!again)
    return;

  /* what a cancel leaves behind, the next search finds its way from */
  run_open (&run, (SqnsLinkConfig){ SCOUT, PERSON });
  if (run.error != NULL)
    g_error ("after a cancel at %s/%s: %s\n%s", klass->name, klass->state_names[state], run.error->message,
             run.transcript->str);
  run_close (&run);
}

static const SqnsSsmClass *
find_machine (Run *run, const char *name)
{
  GHashTableIter iter;
  gpointer klass;

  g_hash_table_iter_init (&iter, run->machines);
  while (g_hash_table_iter_next (&iter, &klass, NULL))
    if (g_str_equal (((const SqnsSsmClass *)klass)->name, name))
      return klass;
  g_error ("%s did not run", name);
}

typedef struct {
  const Matrix *matrix;
  const char *machine;
  Fault fault;
} TestCase;

static void
test_case (gconstpointer data)
{
  const TestCase *test = data;
  const Matrix *matrix = test->matrix;
  gboolean hang = test->fault == FAULT_HANG_MODEM || test->fault == FAULT_HANG_BOARD;
  g_autofree char *options = g_strconcat (LINK_RIG_BOARD, matrix->board, NULL);
  g_autoptr (VirtualBoard) board = virtual_board_new (options);
  g_autoptr (GBytes) elf = sqns_test_dup_updater_elf_new ();
  Run clean = { .board = board, .press = TRUE };

  sqns_timeout_set_scale (hang ? 0.02 : LINK_RIG_TIMEOUT_SCALE);
  run_open (&clean, matrix->config);
  g_assert_no_error (clean.error);
  if (matrix->update)
    run_updater (&clean, elf);
  g_assert_no_error (clean.error);
  run_leave (&clean);
  const SqnsSsmClass *klass = find_machine (&clean, test->machine);
  for (guint state = 0; state < klass->n_states; state++)
    {
      g_autofree char *place = g_strdup_printf ("%s/%s", klass->name, klass->state_names[state]);
      if (g_hash_table_contains (clean.visited, place))
        inject_at (matrix, test->fault, klass, state, elf);
    }
  run_close (&clean);
}

/* A test for each machine and fault: some wait for long, and can then be run at the same time. */
static void
add_cells (const Matrix *matrix)
{
  for (guint i = 0; i < G_N_ELEMENTS (matrix->machines) && matrix->machines[i] != NULL; i++)
    for (Fault fault = FAULT_UNPLUG; fault <= FAULT_HANG_MODEM; fault++)
      {
        g_autofree char *path
            = g_strconcat ("/matrix/", fault_names[fault], "/", matrix->name, "/", matrix->machines[i], NULL);
        TestCase *test = g_new0 (TestCase, 1);
        *test = (TestCase){ matrix, matrix->machines[i], fault };
        g_test_add_data_func_full (path, test, test_case, g_free);
      }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_assert_cmpint (chdir (g_getenv ("SQNS_SOURCE")), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (updates); i++)
    {
      g_autofree char *path = g_strconcat ("/updater/", updates[i].name, NULL);
      g_test_add_data_func (path, &updates[i], test_update);
    }
  for (guint i = 0; i < G_N_ELEMENTS (matrices); i++)
    add_cells (&matrices[i]);
  return g_test_run ();
}
