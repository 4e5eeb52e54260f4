/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The texts of the findings: each table is complete and has the required texts. */
#include "client/doctor/texts.h"
#include "common/power.h"

#include <string.h>

static void
check_text (SqnsFindingText text)
{
  g_test_message ("%s", text.code);
  g_assert_cmpuint (strlen (text.text), >, 10);
  g_assert_true (g_ascii_isupper (*text.text) || *text.text == '{');
  g_assert_true (g_str_has_suffix (text.text, ".") || strstr (text.text, "{error}") != NULL);
  g_assert_cmpuint (strspn (text.code, "abcdefghijklmnopqrstuvwxyz-"), ==, strlen (text.code));
  /* each problem has a next step */
  if (text.level == SQNS_LEVEL_PROBLEM)
    g_assert_cmpuint (strlen (text.advice), >, 10);
  if (text.level == SQNS_LEVEL_OK)
    g_assert_cmpstr (text.advice, ==, "");
}

/* Checks each finding; no two have the same code. */
static void
add_text (GHashTable *codes, SqnsFindingText text)
{
  check_text (text);
  g_assert_true (g_hash_table_add (codes, (gpointer)text.code));
}

static void
test_tables (void)
{
  g_autoptr (GHashTable) codes = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < SQNS_N_FINDINGS; i++)
    add_text (codes, sqns_finding_text ((SqnsFindingId)i));
  for (guint i = 0; i < SQNS_N_BOARD_FLAGS; i++)
    add_text (codes, sqns_board_flag_text ((SqnsBoardFlags)(1u << i)));
  for (guint i = 0; i < SQNS_N_MODEM_STATES; i++)
    add_text (codes, sqns_modem_state_text ((SqnsModemState)i));
  /* those of flags are in the order of the bits */
  SqnsFindingText main_program = sqns_board_flag_text (SQNS_BOARD_MAIN);
  g_assert_cmpstr (main_program.code, ==, "main-program");
  g_assert_nonnull (strstr (main_program.text, "main.py"));
  g_assert_cmpstr (sqns_level_name (SQNS_LEVEL_PROBLEM), ==, "problem");
  g_assert_cmpstr (sqns_subject_name (SQNS_SUBJECT_HOST), ==, "host");
}

/* The modem's own word and the forums' for each state that a person can meet (field-failures.md §2.1). */
static void
test_states (void)
{
  static const struct {
    SqnsModemState state;
    const char *own;
    const char *forum; /* or what comes next */
    const char *next;
    SqnsPower power;
  } rows[] = {
    { SQNS_MODEM_APPLICATION, "FFF (AT+SMOD? 2)", "application", "", SQNS_POWER_SAFE },
    { SQNS_MODEM_RECOVERY, "RECOVERY (AT+SMOD? 4)", "'upgrade mode'", "sqnsctl upgrade", SQNS_POWER_SAFE },
    { SQNS_MODEM_FFH, "FFH (AT+SMOD? 0)", "'recovery mode'", "sqnsctl recover", SQNS_POWER_SAFE },
    { SQNS_MODEM_MTOOLS, "(AT+SMOD? 1)", "mTools", "sqnsctl recover", SQNS_POWER_SAFE },
    { SQNS_MODEM_UPDATER, "UPDATER (AT+SMOD? 3)", "by itself", "Leave the power on", SQNS_POWER_KEEP },
    { SQNS_MODEM_SILENT, "did not answer", "did not answer", "fifteen minutes", SQNS_POWER_UNSURE },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      SqnsFindingText text = sqns_modem_state_text (rows[i].state);
      g_assert_nonnull (strstr (text.text, rows[i].own));
      g_assert_nonnull (strstr (text.text, rows[i].forum));
      g_assert_nonnull (strstr (text.advice, rows[i].next));
      g_assert_cmpint (sqns_power_of_state (rows[i].state), ==, rows[i].power);
    }
}

/* A dead modem on a bare port, where there is no board. */
static void
test_dead (void)
{
  SqnsFindingText text = sqns_finding_text (SQNS_FINDING_MODEM_DEAD);
  g_assert_null (strstr (text.text, "board"));
  g_assert_nonnull (strstr (text.text, "the modem itself"));
}

static void
test_fill (void)
{
  static const struct {
    const char *text;
    const char *want;
  } rows[] = {
    { "", "" },
    { "plain", "plain" },
    { "{a}", "one" },
    { "{b}{a}{b}", "{a}one{a}" }, /* braces in a value stay */
    { "x{a", "x{a" },
    { "{}", "{}" },
    { "{other} {a}", "{other} one" },
    { "{{a}}", "{one}" },
    { "{aa}", "{aa}" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *filled = sqns_text_fill (rows[i].text, (const char *const[]){ "a", "one", "b", "{a}", NULL });
      g_assert_cmpstr (filled, ==, rows[i].want);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/doctor-texts/tables", test_tables);
  g_test_add_func ("/doctor-texts/states", test_states);
  g_test_add_func ("/doctor-texts/dead", test_dead);
  g_test_add_func ("/doctor-texts/fill", test_fill);
  return g_test_run ();
}
