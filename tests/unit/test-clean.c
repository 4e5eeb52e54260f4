/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Foreign text, made safe for the terminal. */
#include "common/clean.h"

#include <string.h>

static const struct {
  const char *name;
  const char *text;
  const char *line;
  const char *lines;
} rows[] = {
  { "plain", "FiPy on ttyUSB0", "FiPy on ttyUSB0", "FiPy on ttyUSB0" },
  { "nothing", NULL, "", "" },
  { "letters of other scripts", "Prüfstand 7 測試", "Prüfstand 7 測試", "Prüfstand 7 測試" },
  { "joiners stay", "क्\u200Dष", "क्\u200Dष", "क्\u200Dष" },
  { "colour", "\x1b[31mred\x1b[0m", "?[31mred?[0m", "?[31mred?[0m" },
  { "window title", "\x1b]0;owned\a", "?]0;owned?", "?]0;owned?" },
  { "one-byte CSI",
    "\xc2\x9b"
    "2J",
    "?2J", "?2J" },
  { "backspace and delete",
    "a\b\x7f"
    "b",
    "a??b", "a??b" },
  { "line breaks", "a\r\nb\nc\rd\te", "a b c d e", "a\nb\nc?d\te" },
  { "overwriting the line", "safe\rkeep", "safe keep", "safe?keep" },
  { "writing direction", "\u202Epud.wf\u202C \u2066x\u2069", "?pud.wf? ?x?", "?pud.wf? ?x?" },
  { "other line separators", "a\u2028b\u2029c", "a?b?c", "a?b?c" },
  { "byte order mark", "\uFEFFx", "?x", "?x" },
  { "no UTF-8",
    "a\xff\xfe"
    "b",
    "a\uFFFD\uFFFDb", "a\uFFFD\uFFFDb" },
  { "overlong escape", "\xc0\x9b[2J", "\uFFFD\uFFFD[2J", "\uFFFD\uFFFD[2J" },
};

static void
test_rows (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *line = sqns_clean_line (rows[i].text, -1);
      g_autofree char *lines = sqns_clean_lines (rows[i].text, -1);
      g_test_message ("%s", rows[i].name);
      g_assert_cmpstr (line, ==, rows[i].line);
      g_assert_cmpstr (lines, ==, rows[i].lines);
    }
}

static void
test_visible (void)
{
  static const struct {
    const char *text, *visible;
  } cases[] = {
    { "AT+CGMR", "AT+CGMR" },      { "\x1b[31mred\a\x7f", "\\x1b[31mred\\x07\\x7f" },
    { "a\r\nb\tc", "a  b\\x09c" }, { "\xc2\x9b \u202e \U000e0041 Pr\u00fcf", "\\x9b \\u202e \\ue0041 Pr\u00fcf" },
    { "\xff", "\uFFFD" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *visible = sqns_clean_visible (cases[i].text, -1);
      g_assert_cmpstr (visible, ==, cases[i].visible);
    }
}

static void
test_quote (void)
{
  g_autofree char *fits = g_strnfill (SQNS_CLEAN_QUOTE_MAX, 'x'), *more = g_strnfill (1024 * 1024, 'x');
  g_autofree char *wide = g_strnfill (1000, '\xff');
  g_autofree char *same = sqns_clean_quote (fits), *cut = sqns_clean_quote (more), *wide_cut = sqns_clean_quote (wide);
  g_autofree char *harmless = sqns_clean_quote ("a\x1b\nb");
  g_assert_cmpstr (same, ==, fits);
  g_assert_cmpuint (strlen (cut), ==, SQNS_CLEAN_QUOTE_MAX);
  g_assert_true (g_str_has_prefix (cut, "xxxxx") && g_str_has_suffix (cut, "x..."));
  g_assert_true (strlen (wide_cut) <= SQNS_CLEAN_QUOTE_MAX && g_utf8_validate (wide_cut, -1, NULL));
  g_assert_cmpstr (harmless, ==, "a? b");
}

static void
test_length (void)
{
  g_autofree char *cut = sqns_clean_line ("abc\x1b", 3);
  g_autofree char *nul = sqns_clean_line ("a\0b", 3);
  g_assert_cmpstr (cut, ==, "abc");
  g_assert_cmpstr (nul, ==, "a\uFFFDb");
}

static void
test_json (void)
{
  static const struct {
    const char *json;
    const char *out;
  } cases[] = {
    { "{\n  \"a\": \"Pr\u00fcf\\u001b\"\n}", "{\n  \"a\": \"Pr\u00fcf\\u001b\"\n}" },
    { "\"\x7f \xc2\x9b \u202e\"", "\"\\u007f \\u009b \\u202e\"" },
    { "\"\U000e0041\"", "\"\\udb40\\udc41\"" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *out = sqns_clean_json (cases[i].json);
      g_assert_cmpstr (out, ==, cases[i].out);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/clean/rows", test_rows);
  g_test_add_func ("/clean/length", test_length);
  g_test_add_func ("/clean/visible", test_visible);
  g_test_add_func ("/clean/quote", test_quote);
  g_test_add_func ("/clean/json", test_json);
  return g_test_run ();
}
