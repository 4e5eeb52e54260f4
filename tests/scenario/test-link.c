/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The search for the way to the modem, against the virtual board: what is found from each start, what is said where
 * nothing is, and that the board is left as one would want to find it. */
#include "base/patience.h"
#include "base/ssm.h"
#include "procedure/link.h"
#include "procedure/relay.h"
#include "virtual-board.h"

#include <string.h>
#include <unistd.h>

#define BOARD_OPTIONS "--time-scale 0.01 --boot-time 2 "
#define RUN_DEADLINE_S 90 /* of real time: what a search may take for a modem that is dead */
#define PATIENCE 0.2

typedef struct {
  VirtualBoard *board;
  gboolean press; /* a person is there */
  guint asked;    /* how often a person was */
  gboolean waiting;
  GString *transcript;
  gboolean done;
  SqnsLink *link;
  GError *error;
  SqnsBoardNotes notes;
} Run;

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
on_hand (gpointer data, const char *what)
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

static void
wait_for (Run *run)
{
  guint watchdog = g_timeout_add_seconds (RUN_DEADLINE_S, on_too_long, run);
  while (!run->done)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (watchdog);
  run->done = FALSE;
}

static void
run_open (Run *run, SqnsLinkConfig config, GCancellable *cancellable)
{
  static const SqnsMonitorFuncs funcs = { .phase = on_phase, .link = on_link, .hand = on_hand, .trace = on_trace };
  const SqnsMonitor monitor = { &funcs, run };

  run->transcript = g_string_new (NULL);
  config.devnode = virtual_board_port (run->board);
  sqns_link_open_async (&config, &monitor, cancellable, on_opened, run);
  wait_for (run);
  g_assert_true ((run->link == NULL) == (run->error != NULL));
  g_assert_false (run->waiting);
}

static void
run_close (Run *run)
{
  if (run->link != NULL)
    {
      sqns_link_close_async (run->link, on_closed, run);
      wait_for (run);
    }
  g_clear_object (&run->link);
  g_clear_error (&run->error);
  g_string_free (run->transcript, TRUE);
  run->transcript = NULL;
  run->asked = 0;
  run->notes = 0;
}

static void
wait_until (VirtualBoard *board, const char *member, const char *value)
{
  gint64 deadline = g_get_monotonic_time () + 20 * G_USEC_PER_SEC;
  for (;;)
    {
      g_autofree char *is = virtual_board_status (board, member);
      if (g_str_equal (is, value))
        return;
      if (g_get_monotonic_time () > deadline)
        g_error ("%s is %s, not %s", member, is, value);
    }
}

/* --- what is found --- */

typedef struct {
  const char *name;
  const char *board;
  SqnsLinkConfig config;
  SqnsLinkKind kind;
  guint speed;
  SqnsBoardNotes notes; /* at least */
  guint asked;
  gboolean idle; /* the board's program is waited for until it has ended */
} Found;

#define SCOUT .leave = TRUE, .usb_board = TRUE
#define PERSON .hand_s = 30

static const Found finds[] = {
  { "repl", "", { .kind = SQNS_LINK_AUTO }, SQNS_LINK_PASSTHROUGH, 921600,
    SQNS_BOARD_PASSTHROUGH | SQNS_BOARD_NEEDS_LTE_TASK },
  { "repl-old", "--board-firmware 1.18.2", { .kind = SQNS_LINK_AUTO }, SQNS_LINK_PASSTHROUGH, 921600,
    SQNS_BOARD_PASSTHROUGH },
  { "repl-leave", "", { SCOUT }, SQNS_LINK_RELAY, 921600, SQNS_BOARD_PASSTHROUGH },
  { "repl-leave-passthrough", "", { .kind = SQNS_LINK_PASSTHROUGH, SCOUT }, SQNS_LINK_RELAY, 921600 },
  { "ffh", "--modem ffh", { SCOUT }, SQNS_LINK_RELAY, 115200 },
  { "ffh-gpy", "--board gpy --modem ffh", { SCOUT }, SQNS_LINK_RELAY, 115200 },
  { "ffh-direct", "--modem ffh --start direct", { .kind = SQNS_LINK_AUTO }, SQNS_LINK_DIRECT, 115200 },
  { "ffh-relay", "--modem ffh", { .kind = SQNS_LINK_RELAY }, SQNS_LINK_RELAY, 115200 },
  { "recovery-115200", "--modem recovery --recovery-baud 115200", { SCOUT }, SQNS_LINK_RELAY, 115200 },
  { "ppp", "--modem ppp", { SCOUT }, SQNS_LINK_RELAY, 921600 },
  { "asleep", "--modem asleep", { SCOUT }, SQNS_LINK_RELAY, 921600 },
  { "present-passthrough", "--start passthrough", { SCOUT }, SQNS_LINK_PASSTHROUGH, 921600 },
  { "grabs-modem", "--main-program grabs-modem", { SCOUT }, SQNS_LINK_RELAY, 921600,
    SQNS_BOARD_PROGRAM | SQNS_BOARD_SAFE_BOOT },
  { "watchdog", "--main-program wdt", { SCOUT }, SQNS_LINK_RELAY, 921600, SQNS_BOARD_PROGRAM | SQNS_BOARD_SAFE_BOOT },
  { "owns-modem", "--clean-start --main tests/scenario/lte-owner.py", { SCOUT }, SQNS_LINK_RELAY, 921600,
    SQNS_BOARD_SAFE_BOOT | SQNS_BOARD_OWNS_MODEM, .idle = TRUE },
  { "without-lte", "--board-firmware 1.10.0", { SCOUT }, SQNS_LINK_RELAY, 921600, SQNS_BOARD_NO_LTE },
  { "no-room-for-relay", "--script-max 1100", { SCOUT, PERSON }, SQNS_LINK_PASSTHROUGH, 921600 },
  { "passthrough-ffh-person", "--start passthrough --modem ffh", { SCOUT, PERSON }, SQNS_LINK_RELAY, 115200, .asked = 1 },
  { "passthrough-ffh-pic", "--start passthrough --modem ffh --usb pic", { SCOUT, .pic = TRUE }, SQNS_LINK_RELAY, 115200 },
  { "passthrough-no-pic-answer", "--start passthrough --modem ffh", { SCOUT, .pic = TRUE, PERSON }, SQNS_LINK_RELAY,
    115200, .asked = 1 },
  { "passthrough-main", "--start passthrough --modem ffh --main-program prints",
    { SCOUT, PERSON }, SQNS_LINK_RELAY, 115200, .asked = 1 },
  { "reset-person", "--start passthrough", { SCOUT, PERSON, .reset = TRUE }, SQNS_LINK_RELAY, 921600, .asked = 1 },
  { "reset-pic", "--start passthrough --usb pic", { SCOUT, .pic = TRUE, .reset = TRUE }, SQNS_LINK_RELAY, 921600 },
  { "reset-at-prompt", "--usb pic", { SCOUT, .pic = TRUE, .reset = TRUE }, SQNS_LINK_RELAY, 921600 },
  { "silent-passthrough-pic", "--usb pic --fault silence@link.passthrough", { .usb_board = TRUE, .pic = TRUE },
    SQNS_LINK_RELAY, 921600 },
  { "silent-passthrough-person", "--fault silence@link.passthrough", { .usb_board = TRUE, PERSON }, SQNS_LINK_RELAY,
    921600, .asked = 1 },
};

static void
test_found (gconstpointer data)
{
  const Found *find = data;
  g_autofree char *options = g_strconcat (BOARD_OPTIONS, find->board, NULL);
  g_autoptr (VirtualBoard) board = virtual_board_new (options);
  Run run = { .board = board, .press = TRUE };

  if (find->idle)
    wait_until (board, "esp32", "repl");
  run_open (&run, find->config, NULL);
  if (run.link == NULL)
    g_error ("%s\n%s", run.error->message, run.transcript->str);
  if (sqns_link_kind (run.link) != find->kind || sqns_link_speed (run.link) != find->speed || run.asked != find->asked
      || (run.notes & find->notes) != find->notes)
    g_error ("%s at %u, asked %u, notes %x:\n%s", sqns_link_kind_name (sqns_link_kind (run.link)),
             sqns_link_speed (run.link), run.asked, run.notes, run.transcript->str);
  g_assert_cmpuint (sqns_link_board (run.link)->notes, ==, run.notes);
  gboolean relay = find->kind == SQNS_LINK_RELAY;
  g_assert_cmpint (sqns_link_has_passthrough (run.link), ==, relay && (run.notes & SQNS_BOARD_PASSTHROUGH) != 0);
  run_close (&run);
  if (relay)
    wait_until (board, "esp32", "repl");
}

/* --- what is not --- */

typedef struct {
  const char *name;
  const char *board;
  SqnsLinkConfig config;
  SqnsError error;
  const char *words[3];
  const char *left; /* what the board is afterwards, NULL no matter */
  guint asked;
  gboolean nobody; /* who would press the button */
  gboolean real;   /* with the times of real boards, and no wait shortened */
} Missed;

static const Missed misses[] = {
  { "dead-repl", "--modem dead", { SCOUT }, SQNS_ERROR_TIMEOUT, { "relay works", "not one byte", "115200" }, "repl" },
  { "dead-repl-job", "--modem dead", { SCOUT, PERSON }, SQNS_ERROR_TIMEOUT,
    { "relay works", "not one byte", "reset button" }, "passthrough" },
  { "dead-repl-pic", "--modem dead --usb pic", { SCOUT, .pic = TRUE }, SQNS_ERROR_TIMEOUT,
    { "relay works", "not one byte" }, "repl" },
  { "dead-passthrough", "--modem dead", { .kind = SQNS_LINK_PASSTHROUGH }, SQNS_ERROR_TIMEOUT,
    { "passthrough was started", "not one byte" }, "passthrough" },
  { "dead-auto-person", "--modem dead", { .usb_board = TRUE, PERSON }, SQNS_ERROR_TIMEOUT,
    { "relay works", "not one byte" }, "repl", .asked = 1 },
  { "dead-direct", "--modem dead --start direct", { .kind = SQNS_LINK_DIRECT }, SQNS_ERROR_TIMEOUT,
    { "the modem does not answer", "not one byte" } },
  { "dead-direct-auto", "--modem dead --start direct", { .kind = SQNS_LINK_AUTO }, SQNS_ERROR_TIMEOUT,
    { "neither", "not one byte", "yields neither to Ctrl-C" } },
  { "dead-behind-passthrough", "--modem dead --start passthrough", { SCOUT }, SQNS_ERROR_TIMEOUT,
    { "neither", "not one byte", "passthrough" } },
  { "dead-behind-passthrough-pic", "--modem dead --start passthrough --usb pic", { SCOUT, .pic = TRUE },
    SQNS_ERROR_TIMEOUT, { "relay works", "not one byte" }, "repl" },
  { "hung-repl", "--modem hung", { SCOUT }, SQNS_ERROR_TIMEOUT, { "relay works", "not one byte" }, "repl" },
  { "hung-direct", "--modem hung --start direct", { .kind = SQNS_LINK_DIRECT }, SQNS_ERROR_TIMEOUT,
    { "not one byte" } },
  { "zeros-repl", "--modem zeros", { SCOUT, PERSON }, SQNS_ERROR_TIMEOUT, { "relay works", "zero bytes" }, "repl" },
  { "zeros-passthrough", "--modem zeros --start passthrough", { SCOUT, PERSON }, SQNS_ERROR_TIMEOUT,
    { "neither", "zero bytes" } },
  { "zeros-direct", "--modem zeros --start direct", { .kind = SQNS_LINK_AUTO }, SQNS_ERROR_TIMEOUT, { "zero bytes" } },
  { "nobody-presses", "--start passthrough --modem ffh", { SCOUT, .hand_s = 10 }, SQNS_ERROR_NEEDS_HAND,
    { "not reset within 10 s", "reset button" }, "passthrough", .asked = 1, .nobody = TRUE },
  { "reset-nobody", "--start passthrough", { SCOUT, .reset = TRUE }, SQNS_ERROR_NEEDS_HAND, { "reset button" },
    "passthrough" },
  { "real-dead-repl", "--modem dead", { SCOUT, PERSON }, SQNS_ERROR_TIMEOUT, { "relay works", "not one byte" },
    "passthrough", .real = TRUE },
  { "real-dead-passthrough", "--modem dead --start passthrough", { SCOUT, PERSON }, SQNS_ERROR_TIMEOUT,
    { "relay works", "not one byte" }, "passthrough", .asked = 1, .real = TRUE },
  { "real-dead-direct", "--modem dead --start direct", { .kind = SQNS_LINK_AUTO }, SQNS_ERROR_TIMEOUT,
    { "neither", "not one byte" }, .real = TRUE },
  { "old-firmware", "--board-firmware 1.17.5.b6", { .kind = SQNS_LINK_PASSTHROUGH }, SQNS_ERROR_NOT_SUPPORTED,
    { "1.17.5.b6", "1.18.1" }, "repl" },
};

static void
test_missed (gconstpointer data)
{
  const Missed *miss = data;
  g_autofree char *options = g_strconcat (miss->real ? "--boot-time 3 " : BOARD_OPTIONS, miss->board, NULL);
  g_autoptr (VirtualBoard) board = virtual_board_new (options);
  Run run = { .board = board, .press = !miss->nobody };

  sqns_patience_set_scale (miss->real ? 1 : PATIENCE);
  run_open (&run, miss->config, NULL);
  gboolean right = run.error != NULL && run.error->code == (int)miss->error && run.asked == miss->asked;
  for (guint i = 0; right && i < G_N_ELEMENTS (miss->words) && miss->words[i] != NULL; i++)
    right = strstr (run.error->message, miss->words[i]) != NULL;
  if (!right)
    g_error ("%s; asked %u\n%s", run.error ? run.error->message : "found", run.asked, run.transcript->str);
  run_close (&run);
  if (miss->left != NULL)
    wait_until (board, "esp32", miss->left);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_assert_cmpint (chdir (g_getenv ("SQNS_SOURCE")), ==, 0);
  sqns_patience_set_scale (PATIENCE);
  for (guint i = 0; i < G_N_ELEMENTS (finds); i++)
    {
      g_autofree char *path = g_strconcat ("/found/", finds[i].name, NULL);
      g_test_add_data_func (path, &finds[i], test_found);
    }
  for (guint i = 0; i < G_N_ELEMENTS (misses); i++)
    {
      g_autofree char *path = g_strconcat ("/missed/", misses[i].name, NULL);
      g_test_add_data_func (path, &misses[i], test_missed);
    }
  return g_test_run ();
}
