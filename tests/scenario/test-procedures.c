/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whole upgrades against the virtual board: from whatever it is found in to the new version, or to a refusal before
 * harm. */
#include "base/timeout.h"
#include "caba-builder.h"
#include "upgrade-run.h"

#include <string.h>
#include <unistd.h>

#define VERSION_TEXT "6.0.0.0 [37781] by robot-soft at 2018-08-24 12:00:00"
#define VERSION "6.0.0.0-37781"
#define BOARD_OPTIONS "--time-scale 0.01 --boot-time 0.05 "
#define PATIENCE                                                                                                       \
  0.05 /* a boot may last 9 s, an erase 16 s, the writing 60 s: enough for a board at a hundredth of its times */

static UpgradeFiles files;

static void
assert_new_version (UpgradeRun *run)
{
  upgrade_run_assert_version (run, VERSION);
  g_assert_true (virtual_board_is (run->board, "smod", "2"));
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
  UpgradeRun run = { .board = board, .files = &files, .kind = start->kind };

  upgrade_run (&run);
  assert_new_version (&run);
  g_assert_cmpuint (run.bytes, ==, g_bytes_get_size (files.image));
  if (start->expected != SQNS_LINK_AUTO)
    {
      g_autofree char *linked = g_strdup_printf ("linked: %s at ", sqns_link_kind_name (start->expected));
      if (strstr (run.transcript->str, linked) == NULL)
        g_error ("not %s\n%s", linked, run.transcript->str);
    }
  upgrade_run_clear (&run);
}

/* --- starts that must end in a refusal --- */

typedef struct {
  const char *name;
  const char *board;
  SqnsError error;
  const char *words;
} Refusal;

static const Refusal refusals[] = {
  { "quiet-program", "--main-program ignores-ctrl-c", SQNS_ERROR_TIMEOUT, "neither Ctrl-C nor" },
  { "printing-program", "--main tests/scenario/deaf-printer.py", SQNS_ERROR_NEEDS_HAND, "neither Ctrl-C nor" },
  { "dead", "--modem dead --start direct", SQNS_ERROR_TIMEOUT, "no data" },
  { "zeros", "--modem zeros --start direct", SQNS_ERROR_TIMEOUT, "zero bytes" },
  { "dead-behind-passthrough", "--modem dead --board-firmware 1.18.2", SQNS_ERROR_TIMEOUT, "no data" },
  { "cat-m1", "--modem-version 5.1.1.0-41065", SQNS_ERROR_INCOMPATIBLE, "CAT-M1" },
  { "newer", "--modem-version 6.0.0.0-41019", SQNS_ERROR_DOWNGRADE, "41019" },
};

static void
test_refusal (gconstpointer data)
{
  const Refusal *refusal = data;
  g_autofree char *options = g_strconcat (BOARD_OPTIONS, refusal->board, NULL);
  g_autoptr (VirtualBoard) board = virtual_board_new (options);
  UpgradeRun run = { .board = board, .files = &files, .kind = SQNS_LINK_AUTO };

  upgrade_run (&run);
  if (run.error == NULL || run.error->code != (int)refusal->error
      || strstr (run.error->message, refusal->words) == NULL)
    g_error ("%s\n%s", run.error ? run.error->message : "success", run.transcript->str);
  g_assert_cmpuint (run.bytes, ==, 0);
  upgrade_run_clear (&run);
}

static void
test_nothing_to_do (void)
{
  g_autoptr (VirtualBoard) board = virtual_board_new (BOARD_OPTIONS "--modem-version " VERSION);
  UpgradeRun run = { .board = board, .files = &files, .kind = SQNS_LINK_RELAY };

  upgrade_run (&run);
  assert_new_version (&run);
  g_assert_true (run.result->nothing_to_do);
  g_assert_cmpuint (run.bytes, ==, 0);
  upgrade_run_clear (&run);

  run.options = (SqnsPlanOptions){ .allow_reinstall = TRUE };
  upgrade_run (&run);
  assert_new_version (&run);
  g_assert_false (run.result->nothing_to_do);
  g_assert_cmpuint (run.bytes, ==, g_bytes_get_size (files.image));
  upgrade_run_clear (&run);
}

/* The port was there when the job was given it. */
static void
test_gone (void)
{
  g_autoptr (VirtualBoard) board = virtual_board_new_named (BOARD_OPTIONS);
  UpgradeRun run = { .board = board, .files = &files, .kind = SQNS_LINK_AUTO };

  g_free (virtual_board_tell (board, "unplug"));
  upgrade_run (&run);
  g_assert_error (run.error, SQNS_ERROR, SQNS_ERROR_DEVICE_LOST);
  upgrade_run_clear (&run);

  g_free (virtual_board_tell (board, "plug"));
  upgrade_run (&run);
  assert_new_version (&run);
  upgrade_run_clear (&run);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_assert_cmpint (chdir (g_getenv ("SQNS_SOURCE")), ==, 0);
  upgrade_files_take (&files, sqns_test_dup_new (VERSION_TEXT, 60000, SQNS_TEST_DUP_IELF), "test.dup");
  sqns_timeout_set_scale (PATIENCE);

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
  g_test_add_func ("/start/gone", test_gone);
  int status = g_test_run ();
  upgrade_files_clear (&files);
  return status;
}
