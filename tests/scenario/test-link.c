/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The search for the way to the modem, and the updater's way over it, against the virtual board: what is found from each
 * start, what is said where nothing is, that the board is left as one would want to find it; and the same with the cable
 * pulled, the ESP32 or the modem hung, the search cancelled at each state. */
#include "base/patience.h"
#include "base/ssm.h"
#include "caba-builder.h"
#include "procedure/command.h"
#include "procedure/link.h"
#include "procedure/relay.h"
#include "procedure/updater.h"
#include "virtual-board.h"

#include <string.h>
#include <unistd.h>

#define BOARD_OPTIONS "--time-scale 0.01 --boot-time 2 "
#define RUN_DEADLINE_S 90 /* of real time: what a search may take for a modem that is dead */
#define PATIENCE 0.2

typedef enum {
  FAULT_NONE,
  FAULT_UNPLUG,
  FAULT_CANCEL,
  FAULT_ERROR,
  FAULT_HANG_BOARD,
  FAULT_HANG_MODEM,
} Fault;

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
  const char *machine; /* where the fault strikes, NULL nowhere */
  guint state;
  Fault fault;
  gboolean struck;
  GCancellable *cancellable;
  GHashTable *machines; /* SqnsSsmClass: every one that ran */
  GHashTable *visited;  /* "machine/state" */
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
strike (Run *run)
{
  static const char *const board_places[] = { "link.repl", "link.raw", "link.relay", "link.data" };

  if (run->struck)
    return;
  run->struck = TRUE;
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
    strike (run);
}

static void
run_open (Run *run, SqnsLinkConfig config)
{
  static const SqnsMonitorFuncs funcs = { .phase = on_phase, .link = on_link, .hand = on_hand, .trace = on_trace };
  const SqnsMonitor monitor = { &funcs, run };

  run->transcript = g_string_new (NULL);
  run->cancellable = g_cancellable_new ();
  run->machines = g_hash_table_new (NULL, NULL);
  run->visited = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  config.devnode = virtual_board_port (run->board);
  sqns_ssm_set_hook (on_state, run);
  sqns_link_open_async (&config, &monitor, run->cancellable, on_opened, run);
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
  sqns_ssm_set_hook (NULL, NULL);
  g_clear_error (&run->error);
  g_clear_object (&run->cancellable);
  g_hash_table_unref (run->machines);
  g_hash_table_unref (run->visited);
  g_string_free (run->transcript, TRUE);
  *run = (Run){ .board = run->board, .press = run->press };
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
  run_open (&run, find->config);
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
  run_open (&run, miss->config);
  gboolean right = run.error != NULL && run.error->code == (int)miss->error && run.asked == miss->asked;
  for (guint i = 0; right && i < G_N_ELEMENTS (miss->words) && miss->words[i] != NULL; i++)
    right = strstr (run.error->message, miss->words[i]) != NULL;
  if (!right)
    g_error ("%s; asked %u\n%s", run.error ? run.error->message : "found", run.asked, run.transcript->str);
  run_close (&run);
  if (miss->left != NULL)
    wait_until (board, "esp32", miss->left);
}

/* --- the modem's speed --- */

static void
on_speed (GObject *source, GAsyncResult *result, gpointer data)
{
  Run *run = data;
  sqns_link_set_speed_finish (run->link, result, &run->error);
  run->done = TRUE;
}

static void
set_speed (Run *run, guint speed)
{
  sqns_link_set_speed_async (run->link, speed, NULL, on_speed, run);
  wait_for (run);
}

typedef struct {
  GError *error;
  SqnsAtReply reply;
  Run *run;
} Asked;

static void
on_asked (GObject *source, GAsyncResult *result, gpointer data)
{
  Asked *asked = data;
  sqns_command_finish (SQNS_PORT (source), result, &asked->reply, &asked->error);
  asked->run->done = TRUE;
}

/* The modem hears what is sent at its own speed, and nothing else; words for the relay never get to it. */
static void
test_speed (gconstpointer data)
{
  const char *board_options = data;
  g_autofree char *options = g_strconcat (BOARD_OPTIONS "--clean-start --modem ffh ", board_options, NULL);
  g_autoptr (VirtualBoard) board = virtual_board_new (options);
  Run run = { .board = board };
  Asked asked = { .run = &run };

  run_open (&run, (SqnsLinkConfig){ .leave = TRUE });
  g_assert_no_error (run.error);
  g_assert_true (sqns_link_can_set_speed (run.link));
  g_assert_cmpuint (sqns_link_speed (run.link), ==, 115200);
  g_autofree char *garbled = virtual_board_status (board, "garbled");
  for (guint i = 0; i < 3; i++)
    {
      set_speed (&run, i % 2 == 0 ? 921600 : 115200);
      g_assert_no_error (run.error);
      g_assert_cmpuint (sqns_link_speed (run.link), ==, i % 2 == 0 ? 921600 : 115200);
    }
  set_speed (&run, 115200);
  g_autofree char *still = virtual_board_status (board, "garbled");
  g_assert_cmpstr (still, ==, garbled);
  sqns_command_async (sqns_link_port (run.link), sqns_link_monitor (run.link), "AT+SMOD?", 3000, NULL, on_asked, &asked);
  wait_for (&run);
  g_assert_no_error (asked.error);
  g_assert_cmpint (sqns_at_smod (&asked.reply), ==, SQNS_MODE_FFH);
  sqns_at_reply_clear (&asked.reply);
  run_close (&run);
}

static void
test_speed_passthrough (void)
{
  g_autoptr (VirtualBoard) board = virtual_board_new (BOARD_OPTIONS);
  Run run = { .board = board };

  run_open (&run, (SqnsLinkConfig){ .kind = SQNS_LINK_PASSTHROUGH });
  g_assert_no_error (run.error);
  g_assert_false (sqns_link_can_set_speed (run.link));
  set_speed (&run, 115200);
  g_assert_error (run.error, SQNS_ERROR, SQNS_ERROR_NOT_SUPPORTED);
  g_assert_cmpuint (sqns_link_speed (run.link), ==, 921600);
  run_close (&run);
}

/* A daemon that was killed leaves its relay behind: the next one ends it instead of taking it for passthrough. */
static void
test_stray_relay (void)
{
  g_autoptr (VirtualBoard) board = virtual_board_new (BOARD_OPTIONS "--modem ffh");
  Run run = { .board = board };

  run_open (&run, (SqnsLinkConfig){ SCOUT });
  g_assert_no_error (run.error);
  sqns_port_close (sqns_link_port (run.link));
  run_close (&run);
  wait_until (board, "esp32", "relay");

  run_open (&run, (SqnsLinkConfig){ SCOUT });
  g_assert_no_error (run.error);
  g_assert_nonnull (strstr (run.transcript->str, "somebody has left"));
  g_assert_cmpint (sqns_link_kind (run.link), ==, SQNS_LINK_RELAY);
  run_close (&run);
  wait_until (board, "esp32", "repl");
}

/* --- the updater --- */

static void
on_updated (GObject *source, GAsyncResult *result, gpointer data)
{
  Run *run = data;
  g_assert_true (sqns_updater_finish (run->link, result, &run->error) == (run->error == NULL));
  run->done = TRUE;
}

static void
run_updater (Run *run, GBytes *elf)
{
  if (run->link == NULL)
    return;
  sqns_updater_async (run->link, elf, run->cancellable, on_updated, run);
  wait_for (run);
}

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
  { "no-updater", "--modem ffh", { SCOUT }, 0, SQNS_ERROR_MODEM_REFUSED, "boot ROM", "no ELF at all, but bytes enough" },
};

static void
test_update (gconstpointer data)
{
  const Update *update = data;
  g_autofree char *options = g_strconcat (BOARD_OPTIONS, update->board, NULL);
  g_autoptr (VirtualBoard) board = virtual_board_new (options);
  g_autoptr (GBytes) elf = update->spoilt ? g_bytes_new_static (update->spoilt, strlen (update->spoilt))
                                          : sqns_test_dup_updater_elf_new ();
  Run run = { .board = board };

  run_open (&run, update->config);
  g_assert_no_error (run.error);
  /* what is not loaded does not answer: not three minutes long */
  sqns_patience_set_scale (update->spoilt ? 0.1 : PATIENCE);
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
  wait_until (board, "smod", "1");
  g_assert_cmpuint (sqns_link_speed (run.link), ==, update->speed);
  run_close (&run);
}

/* --- the matrix --- */

typedef struct {
  const char *name;
  const char *board;
  SqnsLinkConfig config;
  const char *machines[5];
  gboolean update; /* the updater is loaded, too */
} Matrix;

static const Matrix matrices[] = {
  { "relay", "--modem ffh", { SCOUT, PERSON },
    { "link", "relay-search", "start-relay", "speed-relay", "quit-relay" } },
  { "passthrough", "", { .usb_board = TRUE, PERSON }, { "passthrough" } },
  { "reset", "--start passthrough", { SCOUT, PERSON, .reset = TRUE }, { "reset" } },
  { "pic", "--start passthrough --usb pic", { SCOUT, .pic = TRUE, PERSON, .reset = TRUE }, { "reset", "pic" } },
  { "updater", "--modem ffh", { SCOUT }, { "updater" }, .update = TRUE },
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
strike_at (const Matrix *matrix, Fault fault, const SqnsSsmClass *klass, guint state, GBytes *elf)
{
  g_autofree char *options = g_strconcat (BOARD_OPTIONS, matrix->board, NULL);
  g_autoptr (VirtualBoard) board = virtual_board_new (options);
  Run run = { .board = board, .press = TRUE, .machine = klass->name, .state = state, .fault = fault };

  run_open (&run, matrix->config);
  if (matrix->update)
    run_updater (&run, elf);
  g_test_message ("%s/%s at %s/%s: %s", matrix->name, fault_names[fault], klass->name, klass->state_names[state],
                  run.error ? run.error->message : "success");
  assert_outcome (matrix, &run);
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

static void
test_matrix (gconstpointer data)
{
  const Matrix *matrix = &matrices[GPOINTER_TO_UINT (data) / G_N_ELEMENTS (fault_names)];
  Fault fault = GPOINTER_TO_UINT (data) % G_N_ELEMENTS (fault_names);
  g_autofree char *options = g_strconcat (BOARD_OPTIONS, matrix->board, NULL);
  g_autoptr (VirtualBoard) board = virtual_board_new (options);
  g_autoptr (GBytes) elf = sqns_test_dup_updater_elf_new ();
  Run clean = { .board = board, .press = TRUE };

  sqns_patience_set_scale (fault == FAULT_HANG_MODEM || fault == FAULT_HANG_BOARD ? 0.02 : PATIENCE);
  run_open (&clean, matrix->config);
  g_assert_no_error (clean.error);
  if (matrix->update)
    run_updater (&clean, elf);
  g_assert_no_error (clean.error);
  for (guint i = 0; i < G_N_ELEMENTS (matrix->machines) && matrix->machines[i] != NULL; i++)
    {
      const SqnsSsmClass *klass = find_machine (&clean, matrix->machines[i]);
      for (guint state = 0; state < klass->n_states; state++)
        {
          g_autofree char *place = g_strdup_printf ("%s/%s", klass->name, klass->state_names[state]);
          if (g_hash_table_contains (clean.visited, place))
            strike_at (matrix, fault, klass, state, elf);
        }
    }
  run_close (&clean);
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
  g_test_add_data_func ("/speed/relay", "", test_speed);
  g_test_add_data_func ("/speed/relay-paced", "--pace", test_speed);
  g_test_add_data_func ("/speed/direct", "--start direct", test_speed);
  g_test_add_func ("/speed/passthrough", test_speed_passthrough);
  g_test_add_func ("/stray-relay", test_stray_relay);
  for (guint i = 0; i < G_N_ELEMENTS (updates); i++)
    {
      g_autofree char *path = g_strconcat ("/updater/", updates[i].name, NULL);
      g_test_add_data_func (path, &updates[i], test_update);
    }
  for (guint i = 0; i < G_N_ELEMENTS (matrices) * G_N_ELEMENTS (fault_names); i++)
    {
      guint fault = i % G_N_ELEMENTS (fault_names);
      g_autofree char *path
          = g_strconcat ("/matrix/", fault_names[fault], "/", matrices[i / G_N_ELEMENTS (fault_names)].name, NULL);
      if (fault != FAULT_NONE)
        g_test_add_data_func (path, GUINT_TO_POINTER (i), test_matrix);
    }
  return g_test_run ();
}
