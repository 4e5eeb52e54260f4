/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The output of MicroPython 1.8.6 to 1.11, as it arrives on the line. */
#include "codec/repl.h"

#include <string.h>

#define BYTES(string) (const guint8 *)string, sizeof string - 1

static const char banner[]
    = "MPY: soft reboot\r\nPycom MicroPython 1.20.2.r4 [v1.11-a2f2f7f] on 2021-01-12; FiPy with ESP32\r\n"
      "Pybytes Version: 1.6.1\r\nType \"help()\" for more information.\r\n>>> ";

static void
test_prompt (void)
{
  static const struct {
    const char *text;
    SqnsPrompt prompt;
  } rows[] = {
    { banner, SQNS_PROMPT_FRIENDLY },
    { "\r\n>>> ", SQNS_PROMPT_FRIENDLY },
    { ">>> ", SQNS_PROMPT_FRIENDLY },
    { ">>> print('x', end='')\r\nx>>> ", SQNS_PROMPT_FRIENDLY },
    { ">>> if 1:\r\n... ", SQNS_PROMPT_CONTINUED },
    { ">>> if 1:\r\n...     ", SQNS_PROMPT_CONTINUED },
    { "\r\npaste mode; Ctrl-C to cancel, Ctrl-D to finish\r\n=== ", SQNS_PROMPT_PASTE },
    { "raw REPL; CTRL-B to exit\r\n>", SQNS_PROMPT_RAW },
    { "\r\n>>> \r\nraw REPL; CTRL-B to exit\r\n>", SQNS_PROMPT_RAW },
    { "raw REPL; CTRL-B to exit\r\r\n>", SQNS_PROMPT_RAW },
    { "OK12\r\n\x04\x04>", SQNS_PROMPT_RAW },
    /* not at a prompt */
    { "", SQNS_PROMPT_NONE },
    { ">>>", SQNS_PROMPT_NONE },
    { ">>> x", SQNS_PROMPT_NONE },
    { ">>> \r\n", SQNS_PROMPT_NONE },
    { "raw REPL; CTRL-B to exit\r\n", SQNS_PROMPT_NONE },
    { "raw REPL; CTRL-B to exit\r\n>x", SQNS_PROMPT_NONE },
    { "raw REPL; CTRL-B to exit>", SQNS_PROMPT_NONE },
    { "a > b\r\n>", SQNS_PROMPT_NONE },
    { ">", SQNS_PROMPT_NONE },
    { "\r\n", SQNS_PROMPT_NONE },
    { "Loading... ", SQNS_PROMPT_NONE },
    { "x === ", SQNS_PROMPT_NONE },
    { "    ", SQNS_PROMPT_NONE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree guint8 *exact = g_memdup2 (rows[i].text, MAX (strlen (rows[i].text), 1));

      g_test_message ("row %u", i);
      g_assert_cmpint (sqns_repl_prompt (exact, strlen (rows[i].text)), ==, rows[i].prompt);
    }
  g_assert_cmpint (sqns_repl_prompt (BYTES ("\0\0>")), ==, SQNS_PROMPT_NONE);
}

#define TRACEBACK                                                                                                      \
  "Traceback (most recent call last):\r\n  File \"<stdin>\", line 2, in <module>\r\n"                                  \
  "AttributeError: type object 'LTE' has no attribute 'modem_upgrade_mode'\r\n"

typedef struct {
  const char *name;
  const char *bytes;
  gsize len; /* 0: strlen */
  SqnsReplState state;
  const char *output;
  const char *errors;
} ResultRow;

static const ResultRow result_rows[] = {
  { "nothing", "OK\x04\x04>", 0, SQNS_REPL_COMPLETE, "", "" },
  { "output", "OK(1, 2)\r\nsqns mode=2\r\n\x04\x04>", 0, SQNS_REPL_COMPLETE, "(1, 2)\nsqns mode=2\n", "" },
  { "traceback", "OK\x04" TRACEBACK "\x04>", 0, SQNS_REPL_COMPLETE, "",
    "Traceback (most recent call last):\n  File \"<stdin>\", line 2, in <module>\n"
    "AttributeError: type object 'LTE' has no attribute 'modem_upgrade_mode'" },
  { "both",
    "OKa\r\n\x04"
    "KeyboardInterrupt: \r\n\x04>",
    0, SQNS_REPL_COMPLETE, "a\n", "KeyboardInterrupt:" },
  { "prompt-in-front", ">OK1\r\n\x04\x04>", 0, SQNS_REPL_COMPLETE, "1\n", "" },
  { "banner-in-front", "raw REPL; CTRL-B to exit\r\n>OK1\r\n\x04\x04>", 0, SQNS_REPL_COMPLETE, "1\n", "" },
  { "all-in-front", "\r\nraw REPL; CTRL-B to exit\r\n>OK1\r\n\x04\x04>", 0, SQNS_REPL_COMPLETE, "1\n", "" },
  { "line-in-front", "LOOK: wifi is up\r\nOK1\r\n\x04\x04>", 0, SQNS_REPL_COMPLETE, "1\n", "" },
  { "garbage-in-front", "\xfe\0OK1\r\n\x04\x04>", 10, SQNS_REPL_COMPLETE, "1\n", "" },
  { "ok-in-output", "OKOK\r\nOK\r\n\x04\x04>", 0, SQNS_REPL_COMPLETE, "OK\nOK\n", "" },
  { "not-utf8", "OK\xff\0b\x04\x04>", 8, SQNS_REPL_COMPLETE,
    "\xef\xbf\xbd\xef\xbf\xbd"
    "b",
    "" },
  { "lone-cr", "OKa\rb\r\r\n\x04\x04>", 0, SQNS_REPL_COMPLETE, "a\rb\r\n", "" },
  /* cut */
  { "empty", "", 0, SQNS_REPL_MORE, NULL, NULL },
  { "half-ok", "O", 0, SQNS_REPL_MORE, NULL, NULL },
  { "running", "OK1\r\n2\r\n3\r\n", 0, SQNS_REPL_MORE, NULL, NULL },
  { "no-stderr", "OK1\r\n\x04", 0, SQNS_REPL_MORE, NULL, NULL },
  { "no-prompt", "OK1\r\n\x04\x04", 0, SQNS_REPL_MORE, NULL, NULL },
  { "one-line", "wifi is up\r\n", 0, SQNS_REPL_MORE, NULL, NULL },
  /* not the raw REPL */
  { "friendly", banner, 0, SQNS_REPL_BROKEN, NULL, NULL },
  { "echoed", ">>> import machine\r\n>>> u = 1\r\n>>> ", 0, SQNS_REPL_BROKEN, NULL, NULL },
  { "no-ok", "1\r\n\x04\x04>", 0, SQNS_REPL_BROKEN, NULL, NULL },
  { "ok-in-word", "LOOK\r\nBOOK\r\n", 0, SQNS_REPL_BROKEN, NULL, NULL },
};

static gsize
row_len (const ResultRow *row)
{
  return row->len > 0 ? row->len : strlen (row->bytes);
}

/* Byte by byte: nothing is complete before its last byte. */
static void
test_result (gconstpointer data)
{
  const ResultRow *row = data;
  g_auto (SqnsReplResult) result = { 0 };

  for (gsize have = 0; have <= row_len (row); have++)
    {
      g_autofree guint8 *exact = g_memdup2 (row->bytes, MAX (have, 1));
      SqnsReplState state = sqns_repl_parse_result (exact, have, &result);

      if (have == row_len (row))
        g_assert_cmpint (state, ==, row->state);
      else if (row->state != SQNS_REPL_BROKEN)
        g_assert_cmpint (state, ==, SQNS_REPL_MORE);
      else
        g_assert_cmpint (state, !=, SQNS_REPL_COMPLETE);
    }
  g_assert_cmpstr (result.output, ==, row->output);
  g_assert_cmpstr (result.errors, ==, row->errors);
  sqns_repl_result_clear (&result);
  g_assert_null (result.output);
}

static void
test_noise_limit (void)
{
  g_autofree char *noise = g_strnfill (254, '#');
  g_autofree char *fits = g_strconcat (noise, "OK\x04\x04>", NULL);
  g_autofree char *too_long = g_strconcat ("##", fits, NULL);
  g_auto (SqnsReplResult) result = { 0 };

  g_assert_cmpint (sqns_repl_parse_result ((guint8 *)fits, strlen (fits), &result), ==, SQNS_REPL_COMPLETE);
  g_assert_cmpint (sqns_repl_parse_result ((guint8 *)too_long, strlen (too_long), &result), ==, SQNS_REPL_BROKEN);
  g_assert_null (result.output);
}

static void
test_accepted (void)
{
  g_assert_true (sqns_repl_accepted (BYTES ("OK")));
  g_assert_true (sqns_repl_accepted (BYTES ("OKrunning\r\n")));
  g_assert_true (sqns_repl_accepted (BYTES ("\r\nraw REPL; CTRL-B to exit\r\n>OK")));
  g_assert_true (sqns_repl_accepted (BYTES (">OK")));
  g_assert_true (sqns_repl_accepted (BYTES ("\xfe"
                                            "OK")));
  g_assert_false (sqns_repl_accepted (BYTES ("")));
  g_assert_false (sqns_repl_accepted (BYTES ("O")));
  g_assert_false (sqns_repl_accepted (BYTES ("LOOK")));
  g_assert_false (sqns_repl_accepted (BYTES (">>> x\r\n... y\r\nOK")));
}

static void
test_error_line (void)
{
  static const struct {
    const char *errors;
    const char *line;
  } rows[] = {
    { "", "" },
    { "MemoryError: ", "MemoryError: " },
    { "Traceback (most recent call last):\n  File \"<stdin>\", line 1, in <module>\nImportError: cannot import name "
      "LTE",
      "ImportError: cannot import name LTE" },
    { "a\nb\n", "b\n" },
    { "a\r\nb\r\n\r\n", "b\r\n\r\n" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      const char *line = sqns_repl_error_line (rows[i].errors);

      g_assert_cmpstr (line, ==, rows[i].line);
      g_assert_true (line >= rows[i].errors && line <= rows[i].errors + strlen (rows[i].errors));
    }
}

static void
test_value (void)
{
  static const char output[]
      = "noise\nsqns board=FiPy\n sqns indented=1\nsqns board=GPy\nsqns release=1.20.2.r4\r\nsqns empty=\n"
        "sqns expr=a=b c\nxsqns mode=1\nsqns mode2=3\nsqns last=end";
  static const struct {
    const char *name;
    const char *value;
  } rows[] = {
    { "board", "FiPy" },  { "release", "1.20.2.r4" }, { "empty", "" },   { "expr", "a=b c" }, { "last", "end" },
    { "indented", NULL }, { "mode", NULL },           { "noise", NULL }, { "boar", NULL },    { "", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *value = sqns_repl_value (output, rows[i].name);

      g_assert_cmpstr (value, ==, rows[i].value);
    }
}

static void
test_prepare (void)
{
  static const char *const substitutions[] = { "BAUD", "921600", "PINS", "('P5', '@BAUD@')", "LEFT", "", NULL };
  static const struct {
    const char *script;
    const char *prepared;
  } rows[] = {
    { "", "" },
    { "\n\n# only\n   # comments\r\n \t\r\n", "" },
    { "# SPDX\nimport os\n\nif 1:\n    # why\n    print('# no comment')  # stays\n",
      "import os\nif 1:\n    print('# no comment')  # stays\n" },
    { "a = 1\r\nb = 2", "a = 1\nb = 2\n" },
    { "UART(1, @BAUD@, pins=@PINS@)@LEFT@@BAUD@", "UART(1, 921600, pins=('P5', '@BAUD@'))921600\n" },
    { "@UNKNOWN@ @ @@ @BAUD @baud@ x@", "@UNKNOWN@ @ @@ @BAUD @baud@ x@\n" },
    { "@staticmethod\ndef f():\n  pass", "@staticmethod\ndef f():\n  pass\n" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *prepared = sqns_repl_prepare (rows[i].script, substitutions);

      g_assert_cmpstr (prepared, ==, rows[i].prepared);
    }

  g_autofree char *plain = sqns_repl_prepare ("x = '@BAUD@'\n", NULL);

  g_assert_cmpstr (plain, ==, "x = '@BAUD@'\n");
}

static void
test_rank (void)
{
  /* ascending */
  static const char *const releases[] = {
    "1.6.7.b1",  "1.10.2.b1",   "1.11.0.b1",     "1.18.0",      "1.18.0.r1", "1.18.1",     "1.18.1.r1",
    "1.18.1.r6", "1.20.0.rc12", "1.20.0.rc12.1", "1.20.0.rc13", "1.20.1.r2", "1.20.2.rc3", "1.20.2.rc10",
    "1.20.2.b1", "1.20.2",      "1.20.2.r1",     "1.20.2.r2",   "1.20.2.r6", "1.20.3.b3",  "1.20.3",
  };
  static const char *const unparsable[] = {
    "",         "1",          "1.20",       "1.20.",
    "1.20.x",   "x1.20.2",    "1.20.2.",    "1.20.2.x4",
    "1.20.2.r", "1.20.2.r4.", "1.20.2.r4x", "1.20.2r4",
    "1.20.2.4", "-1.20.2",    "1000.0.0",   "1.20.2.r99999999999999999999",
  };

  for (guint i = 0; i < G_N_ELEMENTS (releases); i++)
    {
      g_autofree char *marked = g_strdup_printf ("v%s-dirty", releases[i]);
      guint64 rank = sqns_board_firmware_rank (releases[i]);

      g_test_message ("%s", releases[i]);
      g_assert_cmpuint (rank, >, i > 0 ? sqns_board_firmware_rank (releases[i - 1]) : 0);
      g_assert_cmpuint (sqns_board_firmware_rank (marked), ==, rank);
    }
  g_assert_cmpuint (sqns_board_firmware_rank ("1.20.2"), ==, sqns_board_firmware_rank ("1.20.2.r0"));
  for (guint i = 0; i < G_N_ELEMENTS (unparsable); i++)
    g_assert_cmpuint (sqns_board_firmware_rank (unparsable[i]), ==, 0);
}

/* field-failures.md row 37 */
static const char crashed[]
    = "OKGuru Meditation Error of type LoadProhibited occurred on core  0. Exception was unhandled.\r\nRegister "
      "dump:\r\n"
      "Rebooting...\r\nets Jun  8 2016 00:22:57\r\n\r\nrst:0xc (SW_CPU_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\nPycom "
      "MicroPython 1.13.0.b1 [v1.8.6-849-0000000] on 2018-01-10; FiPy with ESP32\r\nType \"help()\" for more "
      "information.\r\n>>> ";

static void
test_crash (void)
{
  static const struct {
    const char *said;
    const char *crash;
  } rows[] = {
    { crashed, "Guru Meditation Error of type LoadProhibited occurred on core  0" },
    { "Guru Meditation Error: Core  0 panic'ed (LoadProhibited)\r\n",
      "Guru Meditation Error: Core  0 panic'ed (LoadProhibited)" },
    { "abort() was called at PC 0x400\r\n", "abort() was called at PC 0x400" },
    { "OKsqns board=FiPy\r\n\x04\x04>", NULL },
    { "", NULL },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *crash = sqns_repl_crash ((const guint8 *)rows[i].said, strlen (rows[i].said));
      g_assert_cmpstr (crash, ==, rows[i].crash);
    }
  /* not a byte behind its end is read */
  for (gsize len = 0; len < sizeof crashed; len++)
    {
      g_autofree guint8 *exact = g_memdup2 (crashed, MAX (len, 1));
      g_autofree char *crash = sqns_repl_crash (exact, len);
      g_assert_cmpint (crash != NULL, ==, len >= strlen ("OKGuru Meditation Error"));
    }
}

static void
test_starts (void)
{
  static const char loop[] = "rst:0x7 (TG0WDT_SYS_RESET),boot:0x13\r\nets Jun  8 2016 00:22:57\r\nrst:0x7 (TG0";

  g_assert_cmpuint (sqns_repl_starts ((const guint8 *)crashed, strlen (crashed)), ==, 1);
  g_assert_cmpuint (sqns_repl_starts ((const guint8 *)loop, strlen (loop)), ==, 2);
  g_assert_cmpuint (sqns_repl_starts ((const guint8 *)loop, 5), ==, 0);
  g_assert_cmpuint (sqns_repl_starts (NULL, 0), ==, 0);
}

static void
test_banner (void)
{
  static const struct {
    const char *said;
    const char *board, *firmware;
  } rows[] = {
    { crashed, "FiPy", "1.13.0.b1" },
    { "Pycom MicroPython 1.20.2.r4 [v1.11-ffb0e1c] on 2021-01-12; GPy with ESP32\r\n", "GPy", "1.20.2.r4" },
    { "MicroPython v1.20 on 2023; ESP32", "ESP32", "v1.20" },
    { "MicroPython \r\n; FiPy", NULL, NULL },
    { "MicroPython 1.13.0.b1\r\nx; FiPy", NULL, NULL },
    { "MicroPython 1.13.0.b1; ", NULL, NULL },
    { "MicroPython", NULL, NULL },
    { "", NULL, NULL },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *board = NULL;
      g_autofree char *firmware = NULL;
      g_assert_cmpint (sqns_repl_banner (rows[i].said, &board, &firmware), ==, rows[i].board != NULL);
      g_assert_cmpstr (board, ==, rows[i].board);
      g_assert_cmpstr (firmware, ==, rows[i].firmware);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/repl/prompt", test_prompt);
  for (guint i = 0; i < G_N_ELEMENTS (result_rows); i++)
    {
      g_autofree char *path = g_strdup_printf ("/repl/result/%s", result_rows[i].name);

      g_test_add_data_func (path, &result_rows[i], test_result);
    }
  g_test_add_func ("/repl/noise-limit", test_noise_limit);
  g_test_add_func ("/repl/accepted", test_accepted);
  g_test_add_func ("/repl/error-line", test_error_line);
  g_test_add_func ("/repl/value", test_value);
  g_test_add_func ("/repl/prepare", test_prepare);
  g_test_add_func ("/repl/rank", test_rank);
  g_test_add_func ("/repl/crash", test_crash);
  g_test_add_func ("/repl/starts", test_starts);
  g_test_add_func ("/repl/banner", test_banner);
  return g_test_run ();
}
