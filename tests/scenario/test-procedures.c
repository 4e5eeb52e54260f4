/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whole upgrades against the virtual board, and the matrix: at the entry of every state of every procedure that an
 * upgrade drives, the cable is pulled, the modem hangs, the next command fails, or the job is cancelled. What must hold
 * each time: it ends; success means that the board itself runs the new version; a failure has words; a cancelled modem
 * can be upgraded by the next, undisturbed run. */
#include "base/patience.h"
#include "base/ssm.h"
#include "caba-builder.h"
#include "procedure/upgrade.h"
#include "virtual-board.h"

#include <string.h>
#include <unistd.h>

#define VERSION_TEXT "6.0.0.0 [37781] by robot-soft at 2018-08-24 12:00:00"
#define VERSION "6.0.0.0-37781"
#define BOARD_OPTIONS "--time-scale 0.01 --boot-time 0.05 "
#define RUN_DEADLINE_S 120
#define PATIENCE                                                                                                       \
  0.05 /* a boot may last 9 s, an erase 16 s, the writing 60 s: enough for a board at a hundredth of its times */

/* --- one run --- */

typedef enum {
  FAULT_NONE,
  FAULT_UNPLUG,
  FAULT_HANG,
  FAULT_ERROR,
  FAULT_CANCEL,
} Fault;

typedef struct {
  VirtualBoard *board;
  GCancellable *cancellable;
  const char *machine; /* where the fault strikes, NULL nowhere */
  guint state;
  Fault fault;
  gboolean struck;
  gboolean committed;
  gboolean safe;
  gboolean done;
  SqnsUpgradeResult *result;
  GError *error;
  GString *transcript;
  guint64 bytes;
  GHashTable *machines; /* SqnsSsmClass: every one that ran */
  GHashTable *visited;  /* "machine/state" */
} Run;

static SqnsCaba *caba;
static GBytes *image;
static SqnsRules *rules;

static void
strike (Run *run)
{
  g_autofree char *reply = NULL;

  if (run->struck || (run->fault == FAULT_CANCEL && run->committed))
    return;
  run->struck = TRUE;
  switch (run->fault)
    {
    case FAULT_NONE:
      break;
    case FAULT_UNPLUG:
      reply = virtual_board_tell (run->board, "unplug");
      break;
    case FAULT_HANG:
      reply = virtual_board_tell (run->board, "fault hang@at");
      g_free (reply);
      reply = virtual_board_tell (run->board, "fault hang@stp");
      break;
    case FAULT_ERROR:
      reply = virtual_board_tell (run->board, "fault error@at");
      break;
    case FAULT_CANCEL:
      g_cancellable_cancel (run->cancellable);
      break;
    }
}

static void
on_state (const SqnsSsmClass *klass, guint state, gpointer data)
{
  Run *run = data;
  g_string_append_printf (run->transcript, "  %s: %s\n", klass->name, klass->state_names[state]);
  g_hash_table_add (run->machines, (gpointer)klass);
  g_hash_table_add (run->visited, g_strdup_printf ("%s/%s", klass->name, klass->state_names[state]));
  if (run->machine != NULL && strcmp (run->machine, klass->name) == 0 && run->state == state)
    strike (run);
}

static void
on_phase (gpointer data, SqnsPhase phase, gboolean safe, gboolean committed, const char *message)
{
  Run *run = data;
  run->safe = safe;
  run->committed = committed;
  g_assert_cmpstr (message, !=, "");
  g_string_append_printf (run->transcript, "= %s: %s\n", sqns_phase_name (phase), message);
}

static void
on_bytes (gpointer data, guint64 done, guint64 total)
{
  Run *run = data;
  g_assert_cmpuint (done, <=, total);
  run->bytes = done;
}

static void
on_trace (gpointer data, char direction, const char *line)
{
  Run *run = data;
  g_string_append_printf (run->transcript, "%c %s\n", direction, line);
}

static void
on_done (GObject *source, GAsyncResult *result, gpointer data)
{
  Run *run = data;
  run->result = sqns_upgrade_finish (result, &run->error);
  run->done = TRUE;
}

static gboolean
on_too_long (gpointer data)
{
  Run *run = data;
  g_error ("no end within %d s:\n%s", RUN_DEADLINE_S, run->transcript->str);
  return G_SOURCE_REMOVE;
}

static void
run_upgrade (Run *run, SqnsLinkKind kind, const SqnsPlanOptions *options)
{
  static const SqnsMonitorFuncs funcs = { .phase = on_phase, .bytes = on_bytes, .trace = on_trace };
  const SqnsMonitor monitor = { &funcs, run };
  SqnsUpgradeConfig config = {
    .link = { .devnode = virtual_board_port (run->board), .kind = kind },
    .image = image,
    .caba = caba,
    .rules = rules,
  };
  if (options != NULL)
    config.options = *options;

  run->cancellable = g_cancellable_new ();
  run->transcript = g_string_new (NULL);
  run->machines = g_hash_table_new (NULL, NULL);
  run->visited = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  guint watchdog = g_timeout_add_seconds (RUN_DEADLINE_S, on_too_long, run);
  sqns_ssm_set_hook (on_state, run);
  sqns_upgrade_async (&config, &monitor, run->cancellable, on_done, run);
  while (!run->done)
    g_main_context_iteration (NULL, TRUE);
  sqns_ssm_set_hook (NULL, NULL);
  g_source_remove (watchdog);
  g_assert_true ((run->result == NULL) == (run->error != NULL));
}

static void
run_clear (Run *run)
{
  g_clear_object (&run->cancellable);
  g_clear_error (&run->error);
  sqns_upgrade_result_free (run->result);
  g_string_free (run->transcript, TRUE);
  g_hash_table_unref (run->machines);
  g_hash_table_unref (run->visited);
  memset (run, 0, sizeof *run);
}

static void
assert_new_version (Run *run)
{
  if (run->error != NULL)
    g_error ("%s\n%s", run->error->message, run->transcript->str);
  g_autofree char *after = sqns_version_format (&run->result->after);
  g_autofree char *truth = virtual_board_status (run->board, "version");
  g_autofree char *smod = virtual_board_status (run->board, "smod");
  g_assert_cmpstr (after, ==, VERSION);
  g_assert_cmpstr (truth, ==, VERSION);
  g_assert_cmpstr (smod, ==, "2");
}

/* --- the ways that an upgrade may start --- */

typedef struct {
  const char *name;
  const char *board;
  SqnsLinkKind kind;
  SqnsLinkKind expected; /* AUTO: no matter */
} Start;

static const Start starts[] = {
  { "repl", "", SQNS_LINK_AUTO, SQNS_LINK_PASSTHROUGH },
  { "repl-1.18.2", "--board-firmware 1.18.2", SQNS_LINK_AUTO, SQNS_LINK_PASSTHROUGH },
  { "repl-without-passthrough", "--board-firmware 1.17.5.b6", SQNS_LINK_AUTO, SQNS_LINK_RELAY },
  { "gpy", "--board gpy", SQNS_LINK_AUTO, SQNS_LINK_PASSTHROUGH },
  { "gpy-relay", "--board gpy", SQNS_LINK_RELAY, SQNS_LINK_RELAY },
  { "g01", "--board g01", SQNS_LINK_AUTO, SQNS_LINK_PASSTHROUGH },
  { "passthrough", "--start passthrough", SQNS_LINK_AUTO, SQNS_LINK_AUTO },
  { "direct", "--start direct", SQNS_LINK_AUTO, SQNS_LINK_DIRECT },
  { "direct-recovery", "--start direct --modem recovery", SQNS_LINK_DIRECT, SQNS_LINK_DIRECT },
  { "direct-recovery-115200", "--start direct --modem recovery --recovery-baud 115200", SQNS_LINK_AUTO,
    SQNS_LINK_DIRECT },
  { "recovery", "--modem recovery", SQNS_LINK_AUTO, SQNS_LINK_PASSTHROUGH },
  { "recovery-relay", "--modem recovery", SQNS_LINK_RELAY, SQNS_LINK_RELAY },
  { "mtools", "--modem mtools", SQNS_LINK_AUTO, SQNS_LINK_RELAY },
  { "ffh-direct", "--start direct --modem ffh", SQNS_LINK_AUTO, SQNS_LINK_DIRECT },
  { "ffh-relay", "--modem ffh", SQNS_LINK_RELAY, SQNS_LINK_RELAY },
  { "ppp", "--modem ppp", SQNS_LINK_RELAY, SQNS_LINK_RELAY },
  { "old-smswboot", "--old-smswboot --start direct", SQNS_LINK_AUTO, SQNS_LINK_DIRECT },
  { "noise", "--noise", SQNS_LINK_AUTO, SQNS_LINK_PASSTHROUGH },
  { "stp-2", "--stp-version 2 --stp-crc", SQNS_LINK_AUTO, SQNS_LINK_PASSTHROUGH },
  { "stp-2048", "--stp-max 2048", SQNS_LINK_AUTO, SQNS_LINK_PASSTHROUGH },
  { "damaged-once", "--start direct --fault error@apply", SQNS_LINK_AUTO, SQNS_LINK_DIRECT },
  { "reset-in-upload", "--start direct --fault modem-reset@stp.open", SQNS_LINK_AUTO, SQNS_LINK_DIRECT },
  { "no-close-reply", "--no-close-reply", SQNS_LINK_AUTO, SQNS_LINK_PASSTHROUGH },
  { "program-prints", "--main-program prints", SQNS_LINK_AUTO, SQNS_LINK_PASSTHROUGH },
  { "program-floods", "--main-program floods", SQNS_LINK_AUTO, SQNS_LINK_PASSTHROUGH },
  { "program-grabs-modem", "--main-program grabs-modem", SQNS_LINK_AUTO, SQNS_LINK_PASSTHROUGH },
  { "program-ignores-ctrl-c", "--main-program ignores-ctrl-c --ctrl-f-any", SQNS_LINK_AUTO, SQNS_LINK_PASSTHROUGH },
};

static void
test_start (gconstpointer data)
{
  const Start *start = data;
  g_autofree char *options = g_strconcat (BOARD_OPTIONS, start->board, NULL);
  g_autoptr (VirtualBoard) board = virtual_board_new (options);
  Run run = { .board = board };

  run_upgrade (&run, start->kind, NULL);
  assert_new_version (&run);
  g_assert_cmpuint (run.bytes, ==, g_bytes_get_size (image));
  if (start->expected != SQNS_LINK_AUTO)
    {
      g_autofree char *linked = g_strdup_printf ("linked: %s at ", sqns_link_kind_name (start->expected));
      if (strstr (run.transcript->str, linked) == NULL)
        g_error ("not %s\n%s", linked, run.transcript->str);
    }
  run_clear (&run);
}

/* --- starts that must end in a refusal --- */

typedef struct {
  const char *name;
  const char *board;
  SqnsError error;
  const char *words;
} Refusal;

static const Refusal refusals[] = {
  { "quiet-program", "--main-program ignores-ctrl-c", SQNS_ERROR_TIMEOUT, "yields neither to Ctrl-C" },
  { "printing-program", "--main tests/scenario/deaf-printer.py", SQNS_ERROR_NEEDS_HAND, "yields neither to Ctrl-C" },
  { "dead", "--modem dead --start direct", SQNS_ERROR_TIMEOUT, "not one byte" },
  { "zeros", "--modem zeros --start direct", SQNS_ERROR_TIMEOUT, "zero bytes" },
  { "dead-behind-passthrough", "--modem dead --board-firmware 1.18.2", SQNS_ERROR_TIMEOUT, "not one byte" },
  { "cat-m1", "--modem-version 5.1.1.0-41065", SQNS_ERROR_INCOMPATIBLE, "CAT-M1" },
  { "newer", "--modem-version 6.0.0.0-41019", SQNS_ERROR_DOWNGRADE, "41019" },
};

static void
test_refusal (gconstpointer data)
{
  const Refusal *refusal = data;
  g_autofree char *options = g_strconcat (BOARD_OPTIONS, refusal->board, NULL);
  g_autoptr (VirtualBoard) board = virtual_board_new (options);
  Run run = { .board = board };

  run_upgrade (&run, SQNS_LINK_AUTO, NULL);
  if (run.error == NULL || run.error->code != (int)refusal->error
      || strstr (run.error->message, refusal->words) == NULL)
    g_error ("%s\n%s", run.error ? run.error->message : "success", run.transcript->str);
  g_assert_cmpuint (run.bytes, ==, 0);
  run_clear (&run);
}

static void
test_nothing_to_do (void)
{
  g_autoptr (VirtualBoard) board = virtual_board_new (BOARD_OPTIONS "--modem-version " VERSION);
  const SqnsPlanOptions again = { .allow_reinstall = TRUE };
  Run run = { .board = board };

  run_upgrade (&run, SQNS_LINK_RELAY, NULL);
  assert_new_version (&run);
  g_assert_true (run.result->nothing_to_do);
  g_assert_cmpuint (run.bytes, ==, 0);
  run_clear (&run);

  run.board = board;
  run_upgrade (&run, SQNS_LINK_RELAY, &again);
  assert_new_version (&run);
  g_assert_false (run.result->nothing_to_do);
  g_assert_cmpuint (run.bytes, ==, g_bytes_get_size (image));
  run_clear (&run);
}

/* --- the matrix --- */

typedef struct {
  const char *name;
  const char *board;
  SqnsLinkKind kind;
  Fault fault;
  const char *machine; /* only its states; NULL: all that ran */
} Matrix;

static const Matrix matrices[] = {
  { "passthrough/unplug", "", SQNS_LINK_AUTO, FAULT_UNPLUG },
  /* each waits for long, so they are told apart to run at the same time */
  { "passthrough/hang/link", "", SQNS_LINK_AUTO, FAULT_HANG, "link" },
  { "passthrough/hang/interrupt", "", SQNS_LINK_AUTO, FAULT_HANG, "interrupt" },
  { "passthrough/hang/run-script", "", SQNS_LINK_AUTO, FAULT_HANG, "run-script" },
  { "passthrough/hang/relay-search", "", SQNS_LINK_AUTO, FAULT_HANG, "relay-search" },
  { "passthrough/hang/start-relay", "", SQNS_LINK_AUTO, FAULT_HANG, "start-relay" },
  { "passthrough/hang/quit-relay", "", SQNS_LINK_AUTO, FAULT_HANG, "quit-relay" },
  { "passthrough/hang/passthrough", "", SQNS_LINK_AUTO, FAULT_HANG, "passthrough" },
  { "passthrough/hang/wake", "", SQNS_LINK_AUTO, FAULT_HANG, "wake" },
  { "passthrough/hang/probe", "", SQNS_LINK_AUTO, FAULT_HANG, "probe" },
  { "passthrough/hang/upgrade", "", SQNS_LINK_AUTO, FAULT_HANG, "upgrade" },
  { "passthrough/hang/prepare", "", SQNS_LINK_AUTO, FAULT_HANG, "prepare" },
  { "passthrough/hang/bootmode", "", SQNS_LINK_AUTO, FAULT_HANG, "bootmode" },
  { "passthrough/hang/transfer", "", SQNS_LINK_AUTO, FAULT_HANG, "transfer" },
  { "passthrough/hang/apply", "", SQNS_LINK_AUTO, FAULT_HANG, "apply" },
  { "passthrough/error", "", SQNS_LINK_AUTO, FAULT_ERROR },
  { "passthrough/cancel", "", SQNS_LINK_AUTO, FAULT_CANCEL },
  { "relay/unplug", "", SQNS_LINK_RELAY, FAULT_UNPLUG },
  { "relay/cancel", "", SQNS_LINK_RELAY, FAULT_CANCEL },
};

static void
assert_outcome (Run *run)
{
  if (run->error == NULL)
    {
      /* the last question was answered before the cable went */
      if (run->fault != FAULT_UNPLUG && run->fault != FAULT_HANG)
        assert_new_version (run);
      g_assert_true (run->result->nothing_to_do || run->bytes == g_bytes_get_size (image));
      return;
    }
  g_assert_cmpstr (run->error->message, !=, "");
  if (g_error_matches (run->error, SQNS_ERROR, SQNS_ERROR_NOT_FOUND))
    g_assert_cmpint (run->fault, ==, FAULT_UNPLUG); /* gone before it was opened */
  else if (run->fault == FAULT_UNPLUG)
    g_assert_error (run->error, SQNS_ERROR, SQNS_ERROR_DEVICE_LOST);
  if (run->fault == FAULT_CANCEL)
    g_assert_error (run->error, SQNS_ERROR, SQNS_ERROR_CANCELLED);
  /* whoever may not know must not promise */
  if (run->safe && run->error->code == SQNS_ERROR_DEVICE_LOST)
    g_assert_cmpuint (run->bytes, ==, 0);
}

static void
strike_at (const Matrix *matrix, const SqnsSsmClass *klass, guint state, gboolean on_route)
{
  g_autofree char *options = g_strconcat (BOARD_OPTIONS, matrix->board, NULL);
  g_autoptr (VirtualBoard) board = virtual_board_new (options);
  Run run = { .board = board, .machine = klass->name, .state = state, .fault = matrix->fault };

  run_upgrade (&run, matrix->kind, NULL);
  g_test_message ("%s at %s/%s: %s", matrix->name, klass->name, klass->state_names[state],
                  !run.struck ? "not met"
                  : run.error ? run.error->message
                              : "success");
  if (on_route && matrix->fault != FAULT_CANCEL)
    g_assert_true (run.struck);
  assert_outcome (&run);
  gboolean cancelled = g_error_matches (run.error, SQNS_ERROR, SQNS_ERROR_CANCELLED);
  run_clear (&run);
  if (!cancelled)
    return;

  /* what a cancel leaves behind, the next run must be able to finish */
  run.board = board;
  run_upgrade (&run, SQNS_LINK_AUTO, NULL);
  assert_new_version (&run);
  run_clear (&run);
}

/* A modem that hangs is waited for to each deadline's end: shorter ones, or it takes an hour. */
#define HANG_PATIENCE 0.01

static void
test_matrix (gconstpointer data)
{
  const Matrix *matrix = data;
  sqns_patience_set_scale (matrix->fault == FAULT_HANG ? HANG_PATIENCE : PATIENCE);
  g_autofree char *options = g_strconcat (BOARD_OPTIONS, matrix->board, NULL);
  g_autoptr (VirtualBoard) board = virtual_board_new (options);
  Run clean = { .board = board };
  GHashTableIter iter;
  gpointer machine;
  guint n_machines = 0;

  run_upgrade (&clean, matrix->kind, NULL);
  assert_new_version (&clean);
  g_assert_cmpuint (g_hash_table_size (clean.machines), >=, 9);
  g_hash_table_iter_init (&iter, clean.machines);
  while (g_hash_table_iter_next (&iter, &machine, NULL))
    {
      const SqnsSsmClass *klass = machine;
      if (matrix->machine != NULL && strcmp (matrix->machine, klass->name) != 0)
        continue;
      n_machines++;
      for (guint state = 0; state < klass->n_states; state++)
        {
          g_autofree char *place = g_strdup_printf ("%s/%s", klass->name, klass->state_names[state]);
          strike_at (matrix, klass, state, g_hash_table_contains (clean.visited, place));
        }
    }
  /* a machine that is new has to be told apart above */
  g_assert_cmpuint (n_machines, ==, matrix->machine != NULL ? 1 : g_hash_table_size (clean.machines));
  if (matrix->kind == SQNS_LINK_AUTO)
    g_assert_cmpuint (g_hash_table_size (clean.machines), ==, 14);
  run_clear (&clean);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  gsize len;

  g_test_init (&argc, &argv, NULL);
  g_assert_cmpint (chdir (g_getenv ("SQNS_SOURCE")), ==, 0);
  g_assert_true (g_file_get_contents ("data/firmware-rules.conf", &text, &len, &error));
  rules = sqns_rules_parse (text, len, &error);
  g_assert_no_error (error);
  image = sqns_test_dup_new (VERSION_TEXT, 60000, SQNS_TEST_DUP_IELF);
  caba = sqns_caba_parse (g_bytes_get_data (image, NULL), g_bytes_get_size (image), NULL, &error);
  g_assert_no_error (error);
  sqns_patience_set_scale (PATIENCE);

  for (guint i = 0; i < G_N_ELEMENTS (starts); i++)
    {
      g_autofree char *path = g_strconcat ("/start/", starts[i].name, NULL);
      g_test_add_data_func (path, &starts[i], test_start);
    }
  for (guint i = 0; i < G_N_ELEMENTS (refusals); i++)
    {
      g_autofree char *path = g_strconcat ("/refusal/", refusals[i].name, NULL);
      g_test_add_data_func (path, &refusals[i], test_refusal);
    }
  g_test_add_func ("/nothing-to-do", test_nothing_to_do);
  for (guint i = 0; i < G_N_ELEMENTS (matrices); i++)
    {
      g_autofree char *path = g_strconcat ("/matrix/", matrices[i].name, NULL);
      g_test_add_data_func (path, &matrices[i], test_matrix);
    }
  int status = g_test_run ();
  sqns_caba_free (caba);
  g_bytes_unref (image);
  sqns_rules_free (rules);
  return status;
}
