/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The texts for people: each table is whole, and says what it has to. */
#include "common/advice-words.h"
#include "common/words.h"

#include <string.h>

static void
check_finding (const SqnsFindingWords *words, guint id)
{
  g_test_message ("%s", words->code);
  g_assert_cmpuint (words->id, ==, id);
  g_assert_cmpuint (strlen (words->text), >, 10);
  g_assert_true (g_ascii_isupper (*words->text) || *words->text == '{');
  g_assert_true (g_str_has_suffix (words->text, ".") || strstr (words->text, "{error}") != NULL);
  g_assert_cmpuint (strspn (words->code, "abcdefghijklmnopqrstuvwxyz-"), ==, strlen (words->code));
  /* a problem without a next step leaves a person alone */
  if (words->level == SQNS_LEVEL_PROBLEM)
    g_assert_cmpuint (strlen (words->advice), >, 10);
  if (words->level == SQNS_LEVEL_OK)
    g_assert_cmpstr (words->advice, ==, "");
}

static void
test_tables (void)
{
  g_autoptr (GHashTable) codes = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < SQNS_N_ADVICES; i++)
    g_assert_cmpuint (strlen (sqns_advice_words ((SqnsAdviceId)i)), >, 10);
  for (guint i = 0; i < SQNS_N_FINDINGS; i++)
    {
      check_finding (sqns_finding_words ((SqnsFindingId)i), i);
      g_assert_true (g_hash_table_add (codes, (gpointer)sqns_finding_words ((SqnsFindingId)i)->code));
    }
  for (guint i = 0; i < SQNS_N_BOARD_FLAGS; i++)
    {
      const SqnsFindingWords *words = sqns_note_words ((SqnsBoardFlags)(1u << i));
      check_finding (words, 1u << i);
      g_assert_cmpstr (words->code, ==, sqns_board_flag_names[i]);
      g_assert_true (g_hash_table_add (codes, (gpointer)words->code));
    }
  for (guint i = 0; i < SQNS_N_MODEM_STATES; i++)
    {
      check_finding (&sqns_state_words ((SqnsModemState)i)->finding, i);
      g_assert_true (g_hash_table_add (codes, (gpointer)sqns_state_words ((SqnsModemState)i)->finding.code));
    }
  g_assert_cmpuint (strlen (sqns_brown_out_words ()), >, 10);
}

static void
test_names (void)
{
  for (guint i = 0; i < SQNS_N_MODEM_STATES; i++)
    g_assert_cmpstr (sqns_state_words ((SqnsModemState)i)->finding.code, ==, sqns_modem_state_name ((SqnsModemState)i));
  g_assert_cmpstr (sqns_level_name (SQNS_LEVEL_PROBLEM), ==, "problem");
  g_assert_cmpstr (sqns_subject_name (SQNS_SUBJECT_HOST), ==, "host");
}

/* The modem's own word and the forums' for each state that a person can meet (field-failures.md §2.1). */
static void
test_state_words (void)
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
      const SqnsStateWords *words = sqns_state_words (rows[i].state);
      g_assert_nonnull (strstr (words->finding.text, rows[i].own));
      g_assert_nonnull (strstr (words->finding.text, rows[i].forum));
      g_assert_nonnull (strstr (words->finding.advice, rows[i].next));
      g_assert_cmpint (words->power, ==, rows[i].power);
    }
}

/* A dead modem on a bare port: no board was reached there. */
static void
test_dead_words (void)
{
  const SqnsFindingWords *words = sqns_finding_words (SQNS_FINDING_MODEM_DEAD);
  g_assert_null (strstr (words->text, "board"));
  g_assert_nonnull (strstr (words->text, "the modem itself"));
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
    { "{b}{a}{b}", "{a}one{a}" }, /* what a value brings in stays as it is */
    { "x{a", "x{a" },
    { "{}", "{}" },
    { "{other} {a}", "{other} one" },
    { "{{a}}", "{one}" },
    { "{aa}", "{aa}" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *filled = sqns_words_fill (rows[i].text, "a", "one", "b", "{a}", NULL);
      g_assert_cmpstr (filled, ==, rows[i].want);
    }
}

static void
test_silence (void)
{
  static const struct {
    gboolean may_erase;
    guint silent_s;
    const char *words;
  } rows[] = {
    { TRUE, 5, "erasing flash; this pause is normal, up to 5 min (0:05 so far)" },
    { TRUE, 329, "erasing flash; this pause is normal, up to 5 min (5:29 so far)" },
    { TRUE, 330, "no answer from the modem for 5:30; waiting, then sending again" },
    { FALSE, 65, "no answer from the modem for 1:05; waiting, then sending again" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *words = sqns_silence_words (rows[i].may_erase, rows[i].silent_s);
      g_assert_cmpstr (words, ==, rows[i].words);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/words/tables", test_tables);
  g_test_add_func ("/words/names", test_names);
  g_test_add_func ("/words/states", test_state_words);
  g_test_add_func ("/words/dead", test_dead_words);
  g_test_add_func ("/words/fill", test_fill);
  g_test_add_func ("/words/silence", test_silence);
  return g_test_run ();
}
