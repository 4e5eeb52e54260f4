/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Advice: every failed job gets one that names a next step, never risks a modem that may be writing, and says one thing
 * of power. */
#include "plan/diagnosis.h"
#include "plan/verdict.h"

#include <string.h>

static const SqnsMode modes[]
    = { SQNS_MODE_UNKNOWN, SQNS_MODE_FFH, SQNS_MODE_MTOOLS, SQNS_MODE_FFF, SQNS_MODE_UPDATER, SQNS_MODE_RECOVERY };

static gboolean
has_one_of (const char *text, const char *const *words)
{
  for (; *words != NULL; words++)
    if (strstr (text, *words) != NULL)
      return TRUE;
  return FALSE;
}

static const char *const cuts[]
    = { "off and on", "witch off", "nplug", "power cycle", "power away", "witch the board", "seconds", NULL };
static const char *const keeps[] = { "ower on", "eave it on", "eave the", NULL };
static const char *const waits[] = { "ifteen minutes", NULL };

/* What a step is said to be is what its text says. */
static void
test_steps (void)
{
  for (guint id = 0; id < SQNS_N_ADVICES; id++)
    {
      const SqnsAdviceStep *step;
      guint n = 0;
      for (; (step = sqns_advice_step ((SqnsAdviceId)id, n)) != NULL; n++)
        {
          g_test_message ("%s", step->text);
          g_assert_cmpint (has_one_of (step->text, cuts), ==, step->kind == SQNS_ADVICE_STEP_CUTS);
          g_assert_cmpint (has_one_of (step->text, keeps), ==, step->kind == SQNS_ADVICE_STEP_KEEPS);
          g_assert_cmpint (has_one_of (step->text, waits), ==, step->kind == SQNS_ADVICE_STEP_WAITS);
          g_assert_true (g_ascii_isupper (step->text[0]));
          g_assert_true (g_str_has_suffix (step->text, "."));
          /* no program's options, no commands */
          g_assert_null (strstr (step->text, "--"));
          g_assert_null (strstr (step->text, "sqns"));
          g_assert_null (strchr (step->text, '{'));
        }
      g_assert_cmpuint (n, >, 0);
      g_assert_cmpstr (sqns_advice_message ((SqnsAdviceId)id), ==, sqns_advice_message ((SqnsAdviceId)id));
    }
}

typedef struct {
  guint keeps, waits, cuts;
  gboolean patient; /* who cuts has waited before */
} Said;

static Said
what_is_said (SqnsAdviceId id)
{
  Said said = { .patient = TRUE };
  const SqnsAdviceStep *step;
  for (guint i = 0; (step = sqns_advice_step (id, i)) != NULL; i++)
    switch (step->kind)
      {
      case SQNS_ADVICE_STEP_PLAIN:
        break;
      case SQNS_ADVICE_STEP_KEEPS:
        said.keeps++;
        break;
      case SQNS_ADVICE_STEP_WAITS:
        said.waits++;
        break;
      case SQNS_ADVICE_STEP_CUTS:
        said.cuts++;
        said.patient &= said.waits > 0;
        break;
      }
  return said;
}

static void
check (const SqnsFailure *failure)
{
  static const char *const next[] = { "Run ",   "run ",  "Leave ",  "Wait ", "Check ",  "Close ",  "Get ", "Choose ",
                                      "Press ", "Plug ", "Switch ", "Try ",  "recover", "ask for", NULL };
  SqnsDiagnosis diagnosis = sqns_diagnose (failure);
  Said said = what_is_said (diagnosis.advice);

  g_test_message ("code %d phase %d mode %d contact %d safe %d: power %d, %s", failure->code, failure->phase,
                  failure->mode, failure->contact, failure->safe, diagnosis.power,
                  sqns_advice_message (diagnosis.advice));
  g_assert_true (has_one_of (sqns_advice_message (diagnosis.advice), next));
  switch (diagnosis.power)
    {
    case SQNS_POWER_KEEP:
      g_assert_cmpuint (said.keeps, >, 0);
      g_assert_cmpuint (said.cuts, ==, 0);
      break;
    case SQNS_POWER_SAFE:
      g_assert_cmpuint (said.keeps, ==, 0);
      break;
    case SQNS_POWER_UNSURE:
      g_assert_cmpuint (said.keeps, ==, 0);
      g_assert_true (said.patient);
      break;
    }
  g_assert_true (failure->safe || diagnosis.power == SQNS_POWER_KEEP);
  /* a modem that is at work by itself is not to be cut off, whatever the job thought */
  if (failure->mode == SQNS_MODE_UPDATER)
    g_assert_cmpint (diagnosis.power, ==, SQNS_POWER_KEEP);
  /* who was not asked is not to be switched off and on */
  if (failure->contact == SQNS_CONTACT_NONE && failure->code == SQNS_ERROR_TIMEOUT)
    g_assert_cmpuint (said.cuts, ==, 0);
}

static void
test_every_case (void)
{
  for (int code = 0; code < SQNS_N_ERRORS; code++)
    for (int phase = 0; phase < SQNS_N_PHASES; phase++)
      for (gsize mode = 0; mode < G_N_ELEMENTS (modes); mode++)
        for (int contact = 0; contact < SQNS_N_CONTACTS; contact++)
          for (int safe = FALSE; safe <= TRUE; safe++)
            check (&(SqnsFailure){ code, phase, modes[mode], contact, safe });
}

/* The message and the advice behind it say one thing. */
static void
test_verdicts (void)
{
  for (int code = 0; code < SQNS_N_ERRORS; code++)
    for (gsize mode = 0; mode < G_N_ELEMENTS (modes); mode++)
      for (guint bits = 0; bits < 8; bits++)
        {
          const SqnsAftermath aftermath = {
            .mode = modes[mode],
            .silent = (bits & 1) != 0,
            .written = (bits & 2) != 0,
            .between = (bits & 4) != 0,
          };
          g_autoptr (GError) error = g_error_new_literal (SQNS_ERROR, code, "so it ended");
          const char *words;
          gboolean safe;
          g_autoptr (GError) judged = sqns_verdict (error, &aftermath, &safe, &words);
          const SqnsFailure failure = {
            .code = judged->code,
            .phase = SQNS_PHASE_RELEASE,
            .mode = modes[mode],
            .contact = aftermath.mode != SQNS_MODE_UNKNOWN ? SQNS_CONTACT_ANSWERED
                       : aftermath.silent                  ? SQNS_CONTACT_SILENT
                                                           : SQNS_CONTACT_NONE,
            .safe = safe,
          };
          SqnsPower power = sqns_diagnose (&failure).power;
          g_test_message ("%s: power %d", judged->message, power);
          check (&failure);
          g_assert_false (safe && has_one_of (words, keeps));
          g_assert_false (!safe && strstr (words, "may be cut") != NULL);
          g_assert_cmpint (power == SQNS_POWER_KEEP, ==, !safe);
          /* "does not answer" is said of what was asked */
          g_assert_false (!aftermath.silent && strstr (words, "does not answer") != NULL);
          if (aftermath.mode == SQNS_MODE_UNKNOWN && !aftermath.written && code == SQNS_ERROR_CANCELLED)
            g_assert_cmpint (power, !=, SQNS_POWER_KEEP);
        }
}

static void
test_rows (void)
{
  static const struct {
    SqnsFailure failure;
    SqnsPower power;
    const char *words;
  } rows[] = {
#define FAILURE(code, phase, mode, contact, safe)                                                                      \
  { SQNS_ERROR_##code, SQNS_PHASE_##phase, SQNS_MODE_##mode, SQNS_CONTACT_##contact, safe }
    { FAILURE (NEEDS_RECOVERY, TRANSFER, RECOVERY, ANSWERED, TRUE), SQNS_POWER_SAFE, "Run the same upgrade again" },
    { FAILURE (PORT_LOCKED, ACQUIRE, UNKNOWN, NONE, TRUE), SQNS_POWER_UNSURE, "Close the program" },
    /* what the host does wrong is told whatever the modem waits in */
    { FAILURE (PORT_LOCKED, ACQUIRE, RECOVERY, NONE, TRUE), SQNS_POWER_UNSURE, "Close the program" },
    { FAILURE (PORT_LOCKED, ACQUIRE, UNKNOWN, NONE, FALSE), SQNS_POWER_KEEP, "Close the program" },
    { FAILURE (DEVICE_LOST, TRANSFER, RECOVERY, NONE, TRUE), SQNS_POWER_UNSURE, "Plug the board in again" },
    { FAILURE (NEEDS_HAND, REBOOT, FFH, NONE, TRUE), SQNS_POWER_UNSURE, "Press the reset button" },
    { FAILURE (NEEDS_HAND, APPLY, UNKNOWN, NONE, FALSE), SQNS_POWER_KEEP, "does not touch the modem" },
    { FAILURE (DEVICE_LOST, APPLY, UNKNOWN, NONE, FALSE), SQNS_POWER_KEEP, "Put the cable back" },
    /* asked, and silent: fifteen minutes first, then the power, not the reset button */
    { FAILURE (TIMEOUT, LINK, UNKNOWN, SILENT, TRUE), SQNS_POWER_UNSURE, "wait fifteen minutes first" },
    { FAILURE (TIMEOUT, LINK, UNKNOWN, SILENT, TRUE), SQNS_POWER_UNSURE,
      "Unplug the board for 10 seconds, then plug it back in" },
    { FAILURE (TIMEOUT, LINK, UNKNOWN, SILENT, TRUE), SQNS_POWER_UNSURE, "reset button does not reset the modem" },
    { FAILURE (TIMEOUT, REBOOT, UNKNOWN, SILENT, TRUE), SQNS_POWER_UNSURE, "Wait fifteen minutes" },
    { FAILURE (TIMEOUT, REBOOT, UNKNOWN, SILENT, FALSE), SQNS_POWER_KEEP, "Leave the board's power on" },
    /* not asked: nothing is said of the modem */
    { FAILURE (TIMEOUT, LINK, UNKNOWN, NONE, TRUE), SQNS_POWER_UNSURE, "The modem itself was not asked" },
    { FAILURE (PROTOCOL, LINK, UNKNOWN, NONE, TRUE), SQNS_POWER_UNSURE, "The modem itself was not asked" },
    { FAILURE (TIMEOUT, REBOOT, UNKNOWN, NONE, TRUE), SQNS_POWER_UNSURE, "The modem itself was not asked" },
    /* what brings a modem back that does not boot */
    { FAILURE (TIMEOUT, UPDATER, FFH, ANSWERED, TRUE), SQNS_POWER_UNSURE, "Recover it" },
    { FAILURE (FAILED, TRANSFER, MTOOLS, ANSWERED, TRUE), SQNS_POWER_SAFE, "recover it" },
    { FAILURE (INCOMPATIBLE, PROBE, FFH, ANSWERED, TRUE), SQNS_POWER_SAFE, "firmware file that fits it" },
    { FAILURE (INVALID_FIRMWARE, INSPECT, UNKNOWN, NONE, TRUE), SQNS_POWER_SAFE, "SHA-256" },
    /* nothing was begun, so nothing is in doubt */
    { FAILURE (CANCELLED, LINK, UNKNOWN, NONE, TRUE), SQNS_POWER_SAFE, "Nothing was changed" },
    { FAILURE (CANCELLED, LINK, UNKNOWN, NONE, FALSE), SQNS_POWER_KEEP, "Leave the board's power on" },
    { FAILURE (CANCELLED, TRANSFER, RECOVERY, ANSWERED, TRUE), SQNS_POWER_SAFE, "in recovery" },
    { FAILURE (CANCELLED, LINK, UPDATER, ANSWERED, TRUE), SQNS_POWER_KEEP, "applying an upgrade by itself" },
    { FAILURE (DOWNGRADE, PROBE, FFF, ANSWERED, TRUE), SQNS_POWER_SAFE, "allow the downgrade" },
    { FAILURE (MODEM_REFUSED, PREPARE, FFF, ANSWERED, TRUE), SQNS_POWER_SAFE, "Unplug the board for 10 seconds" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      SqnsDiagnosis diagnosis = sqns_diagnose (&rows[i].failure);
      g_test_message ("row %zu: %s", i, sqns_advice_message (diagnosis.advice));
      g_assert_nonnull (strstr (sqns_advice_message (diagnosis.advice), rows[i].words));
      g_assert_cmpint (diagnosis.power, ==, rows[i].power);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/diagnosis/steps", test_steps);
  g_test_add_func ("/diagnosis/every-case", test_every_case);
  g_test_add_func ("/diagnosis/verdicts", test_verdicts);
  g_test_add_func ("/diagnosis/rows", test_rows);
  return g_test_run ();
}
