/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The next attempt of a search for the modem: on the line, at the board's prompt, and after a failure. */
#include "link/link-search.h"

/* --- the line --- */

#define TEXT SQNS_NOISE_TEXT
#define GARBAGE SQNS_NOISE_GARBAGE

/* The places of a search in which nothing ever answers: told, Prompt, stray relay, Fast, Slow, program, fUll. */
static const struct {
  SqnsLinkKind kind;
  SqnsNoise at_prompt; /* what came instead of one */
  gboolean asked;      /* the program, in an earlier look */
  const char *places;
} lines[] = {
  { SQNS_LINK_AUTO, SQNS_NOISE_NONE, FALSE, "TPRFSYU" },
  { SQNS_LINK_AUTO, GARBAGE, FALSE, "TPRFSYU" },
  { SQNS_LINK_AUTO, TEXT, FALSE, "TPY" },
  { SQNS_LINK_AUTO, SQNS_NOISE_NONE, TRUE, "TPRFSU" },
  { SQNS_LINK_RELAY, SQNS_NOISE_NONE, FALSE, "TPRFSYU" },
  { SQNS_LINK_RELAY, TEXT, FALSE, "TPY" },
  { SQNS_LINK_PASSTHROUGH, SQNS_NOISE_NONE, FALSE, "TPRFYU" },
  { SQNS_LINK_PASSTHROUGH, TEXT, FALSE, "TPY" },
  { SQNS_LINK_DIRECT, SQNS_NOISE_NONE, FALSE, "TFSU" },
};

static void
test_line (void)
{
  static const char letters[] = "TPRFSYU";

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      SqnsBoardInfo board = { 0 };
      const SqnsLinkSearch search = {
        .config.kind = lines[i].kind, .board = &board, .repl_noise = lines[i].at_prompt, .program_asked = lines[i].asked
      };
      g_autoptr (GString) places = g_string_new (NULL);

      for (SqnsLook look = SQNS_LOOK_AS_TOLD; look != SQNS_LOOK_NOWHERE; look = sqns_link_search_after (&search, look))
        {
          g_string_append_c (places, letters[look]);
          g_assert_cmpuint (places->len, <, 10);
        }
      g_assert_cmpstr (places->str, ==, lines[i].places);
    }
}

/* --- at the prompt, and after a failure --- */

#define HAS SQNS_BOARD_PASSTHROUGH
#define MAIN SQNS_BOARD_MAIN
#define PROGRAM SQNS_BOARD_PROGRAM

/* The allowed attempts: Relay rather than passthrough, Passthrough, safe Boot, without its progrAm, reset of the ESP32
 * (X). */
static const struct {
  const char *name;
  SqnsLinkSearch search;
  SqnsBoardFlags notes;
  const char *may;
} prompts[] = {
  { "old firmware", { .config.kind = SQNS_LINK_AUTO }, 0, "RB" },
  { "new firmware", { .config.kind = SQNS_LINK_AUTO }, HAS, "PB" },
  { "relay wanted", { .config.kind = SQNS_LINK_RELAY }, HAS, "RB" },
  { "passthrough wanted", { .config.kind = SQNS_LINK_PASSTHROUGH }, HAS, "PB" },
  { "only looks", { .config = { .kind = SQNS_LINK_AUTO, .leave = TRUE } }, HAS, "RB" },
  { "only looks, PIC", { .config = { .kind = SQNS_LINK_AUTO, .leave = TRUE, .pic = TRUE } }, HAS, "RPBX" },
  { "only looks, person", { .config = { .kind = SQNS_LINK_AUTO, .leave = TRUE, .user_timeout_s = 900 } }, HAS, "RPBX" },
  { "relay broken", { .config = { .kind = SQNS_LINK_AUTO, .leave = TRUE }, .relay_broken = TRUE }, HAS, "B" },
  { "relay broken, PIC",
    { .config = { .kind = SQNS_LINK_AUTO, .leave = TRUE, .pic = TRUE }, .relay_broken = TRUE },
    HAS,
    "PB" },
  { "relay silent", { .config.kind = SQNS_LINK_AUTO, .relay_silent = TRUE }, HAS, "PBA" },
  { "relay silent, booted", { .config.kind = SQNS_LINK_AUTO, .relay_silent = TRUE, .safe_booted = TRUE }, HAS, "PA" },
  { "relay, zeros",
    { .config.kind = SQNS_LINK_AUTO, .relay_silent = TRUE, .modem_noise = SQNS_NOISE_ZEROS },
    HAS,
    "A" },
  { "passthrough silent", { .config.kind = SQNS_LINK_AUTO, .passthrough_tried = TRUE }, HAS, "B" },
  { "was reset", { .config = { .kind = SQNS_LINK_AUTO, .pic = TRUE }, .was_reset = TRUE }, HAS, "RP" },
  { "was reset, main.py", { .config = { .kind = SQNS_LINK_AUTO, .pic = TRUE }, .was_reset = TRUE }, HAS | MAIN, "RPB" },
  { "program", { .config.kind = SQNS_LINK_AUTO }, HAS | PROGRAM, "PBA" },
  { "main.py", { .config.kind = SQNS_LINK_AUTO }, HAS | MAIN, "PB" },
  { "main.py, fell silent", { .config = { .kind = SQNS_LINK_AUTO, .again = TRUE } }, HAS | MAIN, "PBA" },
  { "garbage, person",
    { .config = { .kind = SQNS_LINK_AUTO, .user_timeout_s = 900 }, .modem_noise = SQNS_NOISE_GARBAGE },
    0,
    "RX" },
  { "crash, person",
    { .config = { .kind = SQNS_LINK_AUTO, .user_timeout_s = 900 }, .modem_noise = SQNS_NOISE_CRASH },
    0,
    "R" },
  { "direct, person", { .config = { .kind = SQNS_LINK_DIRECT, .user_timeout_s = 900 } }, 0, "B" },
};

static void
test_prompt (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (prompts); i++)
    {
      SqnsBoardInfo board = { .notes = prompts[i].notes };
      SqnsLinkSearch search = prompts[i].search;
      g_autoptr (GString) may = g_string_new (NULL);

      search.board = &board;
      g_string_append (may, sqns_link_search_wants_relay (&search) ? "R" : "");
      g_string_append (may, sqns_link_search_may_passthrough (&search) ? "P" : "");
      g_string_append (may, sqns_link_search_may_safe_boot (&search) ? "B" : "");
      g_string_append (may, sqns_link_search_distrusts_program (&search) ? "A" : "");
      g_string_append (may, sqns_link_search_may_reset (&search) ? "X" : "");
      if (g_strcmp0 (may->str, prompts[i].may) != 0)
        g_error ("%s: %s, not %s", prompts[i].name, may->str, prompts[i].may);
    }
}

/* --- what an interrupt says --- */

static const struct {
  SqnsInterrupt heard;
  gboolean of_program;
  SqnsBoardFlags notes;
  gboolean reached, asked;
} interrupts[] = {
  { { .prompt = TRUE }, FALSE, 0, TRUE, FALSE },
  { { .prompt = TRUE, .program = TRUE }, FALSE, PROGRAM, TRUE, FALSE },
  { { .prompt = TRUE, .rebooted = TRUE }, FALSE, SQNS_BOARD_SAFE_BOOT, TRUE, FALSE },
  { { .prompt = TRUE, .rebooted = TRUE }, TRUE, SQNS_BOARD_SAFE_BOOT | PROGRAM, TRUE, FALSE },
  { { .rebooted = TRUE }, TRUE, 0, FALSE, TRUE },
  { { .noise = TEXT }, FALSE, 0, FALSE, FALSE },
};

static void
test_interrupted (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (interrupts); i++)
    {
      SqnsBoardInfo board = { 0 };
      SqnsLinkSearch search = { .board = &board };

      sqns_link_search_interrupted (&search, &interrupts[i].heard, interrupts[i].of_program);
      g_assert_cmpuint (board.notes, ==, interrupts[i].notes);
      g_assert_cmpint (search.reached, ==, interrupts[i].reached);
      g_assert_cmpint (search.program_asked, ==, interrupts[i].asked);
      g_assert_cmpint (search.safe_booted, ==, interrupts[i].heard.rebooted);
      g_assert_cmpint (search.repl_noise, ==, interrupts[i].heard.noise);
    }
}

/* --- failures --- */

static const struct {
  SqnsLinkSearch search;
  int code;
  const char *says;
} failures[] = {
  { { .config.kind = SQNS_LINK_AUTO }, SQNS_ERROR_TIMEOUT, "neither the board's prompt nor a modem answers" },
  { { .config.kind = SQNS_LINK_DIRECT }, SQNS_ERROR_TIMEOUT, "the modem does not answer on /dev/x, or the link" },
  { { .modem_noise = SQNS_NOISE_ZEROS }, SQNS_ERROR_TIMEOUT, "the modem does not answer on /dev/x: only zero" },
  { { .modem_noise = GARBAGE }, SQNS_ERROR_TIMEOUT, "or the link to it does not work: garbage" },
  { { .repl_noise = TEXT }, SQNS_ERROR_NEEDS_HAND, "a program on the board keeps printing" },
  { { .repl_noise = TEXT, .starts = 3 }, SQNS_ERROR_TIMEOUT, "keeps restarting" },
  { { .reached = TRUE, .relay_silent = TRUE }, SQNS_ERROR_TIMEOUT, "the board's relay works, but" },
  { { .reached = TRUE, .relay_silent = TRUE, .passthrough = TRUE },
    SQNS_ERROR_TIMEOUT,
    "its passthrough was tried, but the modem does not answer" },
  { { .reached = TRUE, .passthrough = TRUE }, SQNS_ERROR_TIMEOUT, "until its reset button is pressed" },
};

static void
test_failures (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (failures); i++)
    {
      SqnsBoardInfo board = { 0 };
      SqnsLinkSearch search = failures[i].search;

      search.config.devnode = "/dev/x";
      search.board = &board;
      g_autoptr (GError) error = sqns_link_search_failure (&search);
      g_assert_error (error, SQNS_ERROR, failures[i].code);
      if (strstr (error->message, failures[i].says) == NULL)
        g_error ("%s\nnot: %s", error->message, failures[i].says);
    }
}

/* The ESP32 was not reset: a board needs a person, behind a port of unknown kind there may be a dead modem. */
static void
test_not_reset (void)
{
  static const struct {
    SqnsLinkConfig config;
    int error, code;
  } rows[] = {
    { { .kind = SQNS_LINK_AUTO, .usb_board = TRUE }, SQNS_ERROR_TIMEOUT, SQNS_ERROR_NEEDS_HAND },
    { { .kind = SQNS_LINK_AUTO, .board = "gpy" }, SQNS_ERROR_TIMEOUT, SQNS_ERROR_NEEDS_HAND },
    { { .kind = SQNS_LINK_RELAY }, SQNS_ERROR_TIMEOUT, SQNS_ERROR_NEEDS_HAND },
    { { .kind = SQNS_LINK_AUTO, .reset = TRUE }, SQNS_ERROR_TIMEOUT, SQNS_ERROR_NEEDS_HAND },
    { { .kind = SQNS_LINK_AUTO }, SQNS_ERROR_TIMEOUT, SQNS_ERROR_TIMEOUT },
    { { .kind = SQNS_LINK_AUTO }, SQNS_ERROR_NEEDS_HAND, SQNS_ERROR_NEEDS_HAND },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      SqnsBoardInfo board = { 0 };
      SqnsLinkSearch search = { .config = rows[i].config, .board = &board };
      g_autoptr (GError) error = g_error_new_literal (SQNS_ERROR, rows[i].error, "not reset");
      g_autoptr (GError) meaning = sqns_link_search_not_reset (&search, error);

      g_assert_error (meaning, SQNS_ERROR, rows[i].code);
      g_assert_true (g_str_has_prefix (meaning->message, "not reset"));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/link-search/line", test_line);
  g_test_add_func ("/link-search/prompt", test_prompt);
  g_test_add_func ("/link-search/interrupted", test_interrupted);
  g_test_add_func ("/link-search/failures", test_failures);
  g_test_add_func ("/link-search/not-reset", test_not_reset);
  return g_test_run ();
}
