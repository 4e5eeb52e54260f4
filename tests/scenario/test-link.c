/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The search for the way to the modem, against the virtual board: what is found from each start, what is said where
 * nothing is, and that the board is left as one would want to find it. */
#include "at/command.h"
#include "base/timeout.h"
#include "link-rig.h"

#include <string.h>
#include <unistd.h>

/* --- what is found --- */

typedef struct {
  const char *name;
  const char *board;
  SqnsLinkConfig config;
  SqnsLinkKind kind;
  guint speed;
  SqnsBoardFlags notes; /* at least */
  guint asked;
  gboolean idle; /* the board's program is waited for until it has ended */
} Found;

static const Found finds[] = {
  { "repl",
    "",
    { .kind = SQNS_LINK_AUTO },
    SQNS_LINK_PASSTHROUGH,
    921600,
    SQNS_BOARD_PASSTHROUGH | SQNS_BOARD_NEEDS_LTE_TASK },
  { "repl-old",
    "--board-firmware 1.18.2",
    { .kind = SQNS_LINK_AUTO },
    SQNS_LINK_PASSTHROUGH,
    921600,
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
  { "grabs-modem",
    "--main-program grabs-modem",
    { SCOUT },
    SQNS_LINK_RELAY,
    921600,
    SQNS_BOARD_PROGRAM | SQNS_BOARD_SAFE_BOOT },
  { "watchdog", "--main-program wdt", { SCOUT }, SQNS_LINK_RELAY, 921600, SQNS_BOARD_PROGRAM | SQNS_BOARD_SAFE_BOOT },
  { "owns-modem",
    "--clean-start --main tests/scenario/lte-owner.py",
    { SCOUT },
    SQNS_LINK_RELAY,
    921600,
    SQNS_BOARD_SAFE_BOOT | SQNS_BOARD_OWNS_MODEM,
    .idle = TRUE },
  { "without-lte", "--board-firmware 1.10.0", { SCOUT }, SQNS_LINK_RELAY, 921600, SQNS_BOARD_NO_LTE },
  { "no-room-for-relay", "--script-max 1100", { SCOUT, PERSON }, SQNS_LINK_PASSTHROUGH, 921600 },
  { "passthrough-ffh-person",
    "--start passthrough --modem ffh",
    { SCOUT, PERSON },
    SQNS_LINK_RELAY,
    115200,
    .asked = 1 },
  { "passthrough-ffh-pic",
    "--start passthrough --modem ffh --usb pic",
    { SCOUT, .pic = TRUE },
    SQNS_LINK_RELAY,
    115200 },
  { "passthrough-no-pic-answer",
    "--start passthrough --modem ffh",
    { SCOUT, .pic = TRUE, PERSON },
    SQNS_LINK_RELAY,
    115200,
    .asked = 1 },
  { "passthrough-main",
    "--start passthrough --modem ffh --main-program prints",
    { SCOUT, PERSON },
    SQNS_LINK_RELAY,
    115200,
    .asked = 1 },
  { "reset-person", "--start passthrough", { SCOUT, PERSON, .reset = TRUE }, SQNS_LINK_RELAY, 921600, .asked = 1 },
  { "reset-pic", "--start passthrough --usb pic", { SCOUT, .pic = TRUE, .reset = TRUE }, SQNS_LINK_RELAY, 921600 },
  { "reset-at-prompt", "--usb pic", { SCOUT, .pic = TRUE, .reset = TRUE }, SQNS_LINK_RELAY, 921600 },
  { "silent-passthrough-pic",
    "--usb pic --fault silence@link.passthrough",
    { .usb_board = TRUE, .pic = TRUE },
    SQNS_LINK_RELAY,
    921600 },
  { "silent-passthrough-person",
    "--fault silence@link.passthrough",
    { .usb_board = TRUE, PERSON },
    SQNS_LINK_RELAY,
    921600,
    .asked = 1 },
};

static void
test_found (gconstpointer data)
{
  const Found *find = data;
  g_autofree char *options = g_strconcat (LINK_RIG_BOARD, find->board, NULL);
  g_autoptr (VirtualBoard) board = virtual_board_new (options);
  Run run = { .board = board, .press = TRUE };

  if (find->idle)
    virtual_board_wait (board, "esp32", "repl");
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
    virtual_board_wait (board, "esp32", "repl");
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
  { "dead/repl", "--modem dead", { SCOUT }, SQNS_ERROR_TIMEOUT, { "relay works", "no data", "115200" }, "repl" },
  { "dead/repl-job",
    "--modem dead",
    { SCOUT, PERSON },
    SQNS_ERROR_TIMEOUT,
    { "relay works", "no data", "reset button" },
    "passthrough" },
  { "dead/repl-pic",
    "--modem dead --usb pic",
    { SCOUT, .pic = TRUE },
    SQNS_ERROR_TIMEOUT,
    { "relay works", "no data" },
    "repl" },
  { "dead/passthrough",
    "--modem dead",
    { .kind = SQNS_LINK_PASSTHROUGH },
    SQNS_ERROR_TIMEOUT,
    { "passthrough was started", "no data" },
    "passthrough" },
  { "dead/auto-person",
    "--modem dead",
    { .usb_board = TRUE, PERSON },
    SQNS_ERROR_TIMEOUT,
    { "relay works", "no data" },
    "repl",
    .asked = 1 },
  { "dead/direct",
    "--modem dead --start direct",
    { .kind = SQNS_LINK_DIRECT },
    SQNS_ERROR_TIMEOUT,
    { "the modem does not answer", "no data" } },
  { "dead/direct-auto",
    "--modem dead --start direct",
    { .kind = SQNS_LINK_AUTO },
    SQNS_ERROR_TIMEOUT,
    { "neither", "no data", "neither Ctrl-C nor" } },
  { "dead/behind-passthrough",
    "--modem dead --start passthrough",
    { SCOUT },
    SQNS_ERROR_TIMEOUT,
    { "neither", "no data", "passthrough" } },
  { "dead/behind-passthrough-pic",
    "--modem dead --start passthrough --usb pic",
    { SCOUT, .pic = TRUE },
    SQNS_ERROR_TIMEOUT,
    { "relay works", "no data" },
    "repl" },
  { "hung/repl", "--modem hung", { SCOUT }, SQNS_ERROR_TIMEOUT, { "relay works", "no data" }, "repl" },
  { "hung/direct", "--modem hung --start direct", { .kind = SQNS_LINK_DIRECT }, SQNS_ERROR_TIMEOUT, { "no data" } },
  { "zeros/repl", "--modem zeros", { SCOUT, PERSON }, SQNS_ERROR_TIMEOUT, { "relay works", "zero bytes" }, "repl" },
  { "zeros/passthrough",
    "--modem zeros --start passthrough",
    { SCOUT, PERSON },
    SQNS_ERROR_TIMEOUT,
    { "does not answer", "zero bytes" } },
  { "zeros/direct", "--modem zeros --start direct", { .kind = SQNS_LINK_AUTO }, SQNS_ERROR_TIMEOUT, { "zero bytes" } },
  { "no-hand/passthrough",
    "--start passthrough --modem ffh",
    { SCOUT, .user_timeout_s = 10 },
    SQNS_ERROR_NEEDS_HAND,
    { "not reset within 10 s", "reset button" },
    "passthrough",
    .asked = 1,
    .nobody = TRUE },
  { "no-hand/reset",
    "--start passthrough",
    { SCOUT, .reset = TRUE },
    SQNS_ERROR_NEEDS_HAND,
    { "reset button" },
    "passthrough" },
  { "real/dead-repl",
    "--modem dead",
    { SCOUT, PERSON },
    SQNS_ERROR_TIMEOUT,
    { "relay works", "no data" },
    "passthrough",
    .real = TRUE },
  { "real/dead-passthrough",
    "--modem dead --start passthrough",
    { SCOUT, PERSON },
    SQNS_ERROR_TIMEOUT,
    { "relay works", "no data" },
    "passthrough",
    .asked = 1,
    .real = TRUE },
  { "real/dead-direct",
    "--modem dead --start direct",
    { .kind = SQNS_LINK_AUTO },
    SQNS_ERROR_TIMEOUT,
    { "neither", "no data" },
    .real = TRUE },
  { "not-supported/old-firmware",
    "--board-firmware 1.17.5.b6",
    { .kind = SQNS_LINK_PASSTHROUGH },
    SQNS_ERROR_NOT_SUPPORTED,
    { "1.17.5.b6", "1.18.1" },
    "repl" },
};

static void
test_missed (gconstpointer data)
{
  const Missed *miss = data;
  g_autofree char *options = g_strconcat (miss->real ? "--boot-time 3 " : LINK_RIG_BOARD, miss->board, NULL);
  g_autoptr (VirtualBoard) board = virtual_board_new (options);
  Run run = { .board = board, .press = !miss->nobody };

  sqns_timeout_set_scale (miss->real ? 1 : LINK_RIG_TIMEOUT_SCALE);
  run_open (&run, miss->config);
  gboolean right = run.error != NULL && run.error->code == (int)miss->error && run.asked == miss->asked;
  for (guint i = 0; right && i < G_N_ELEMENTS (miss->words) && miss->words[i] != NULL; i++)
    right = strstr (run.error->message, miss->words[i]) != NULL;
  if (!right)
    g_error ("%s; asked %u\n%s", run.error ? run.error->message : "found", run.asked, run.transcript->str);
  run_close (&run);
  if (miss->left != NULL)
    virtual_board_wait (board, "esp32", miss->left);
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
  run_wait (run);
}

typedef struct {
  Run *run;
  SqnsMode mode;
} Asked;

static void
on_mode (SqnsSsm *ssm, gpointer data, const SqnsAtReply *reply, const GError *error)
{
  Asked *asked = data;

  if (sqns_ssm_failed (ssm, error))
    return;
  asked->mode = sqns_at_smod (reply);
  sqns_ssm_next (ssm);
}

static void
ask_state (SqnsSsm *ssm, guint state, gpointer data)
{
  const Asked *asked = data;
  sqns_at_ask (ssm, sqns_link_port (asked->run->link), "AT+SMOD?", 3000, on_mode);
}

static void
on_asked (GObject *source, GAsyncResult *result, gpointer data)
{
  Run *run = data;
  g_task_propagate_boolean (G_TASK (result), &run->error);
  run->done = TRUE;
}

static SqnsMode
ask_mode (Run *run)
{
  static const char *const names[] = { "ask" };
  static const SqnsSsmClass klass = { "rig", names, 1, 1, ask_state };
  Asked asked = { run, SQNS_MODE_UNKNOWN };

  sqns_ssm_run (&klass, g_task_new (NULL, NULL, on_asked, run), &asked, NULL);
  run_wait (run);
  g_assert_no_error (run->error);
  return asked.mode;
}

/* The modem hears what is sent at its own speed, and nothing else; words for the relay never get to it. */
static void
test_speed (gconstpointer data)
{
  const char *board_options = data;
  g_autofree char *options = g_strconcat (LINK_RIG_BOARD "--clean-start --modem ffh ", board_options, NULL);
  g_autoptr (VirtualBoard) board = virtual_board_new (options);
  Run run = { .board = board };

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
  g_assert_cmpint (ask_mode (&run), ==, SQNS_MODE_FFH);
  run_close (&run);
}

static void
test_speed_passthrough (void)
{
  g_autoptr (VirtualBoard) board = virtual_board_new (LINK_RIG_BOARD);
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
  g_autoptr (VirtualBoard) board = virtual_board_new (LINK_RIG_BOARD "--modem ffh");
  Run run = { .board = board };

  run_open (&run, (SqnsLinkConfig){ SCOUT });
  g_assert_no_error (run.error);
  sqns_port_close (sqns_link_port (run.link));
  run_close (&run);
  virtual_board_wait (board, "esp32", "relay");

  run_open (&run, (SqnsLinkConfig){ SCOUT });
  g_assert_no_error (run.error);
  g_assert_nonnull (strstr (run.transcript->str, "a relay is still running"));
  g_assert_cmpint (sqns_link_kind (run.link), ==, SQNS_LINK_RELAY);
  run_close (&run);
  virtual_board_wait (board, "esp32", "repl");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_assert_cmpint (chdir (g_getenv ("SQNS_SOURCE")), ==, 0);
  sqns_timeout_set_scale (LINK_RIG_TIMEOUT_SCALE);
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
  return g_test_run ();
}
