/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Advice: every failed job has one. It names a next step, never risks a modem that may be writing, and makes one
 * statement about power. */
#include "plan/diagnosis.h"

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

/* The flags of a step match its text. */
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
          /* no options or commands of a program */
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
  gboolean patient; /* wait before cutting the power */
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
  static const char *const next[] = { "Run ",    "run ",   "Leave ", "Wait ", "Check ", "Close ",  "Download ",
                                      "Choose ", "Press ", "Plug ",  "Turn ", "Try ",   "recover", NULL };
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
  /* never cut the power of a modem that works on its own */
  if (failure->mode == SQNS_MODE_UPDATER)
    g_assert_cmpint (diagnosis.power, ==, SQNS_POWER_KEEP);
  /* do not power cycle a modem that was not asked */
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

/* The same modem as described by the end of the job, which uses the diagnosis of the upgrade. */
static void
check_end (const SqnsFailure *begun, const SqnsDiagnosis *diagnosis)
{
  const SqnsFailure end
      = { diagnosis->code, begun->phase, begun->mode, begun->contact, .safe = diagnosis->power != SQNS_POWER_KEEP };
  const SqnsDiagnosis again = sqns_diagnose (&end);

  g_assert_cmpint (again.code, ==, diagnosis->code);
  g_assert_cmpint (again.power, ==, diagnosis->power);
  g_assert_cmpint (again.advice, ==, diagnosis->advice);
  g_assert_null (again.message);
}

/* An upgrade that has begun: message and diagnosis agree about power, and power may never be cut while the modem may be
 * writing. */
static void
check_begun (const SqnsFailure *failure)
{
  const SqnsDiagnosis diagnosis = sqns_diagnose (failure);
  gboolean keep = diagnosis.power == SQNS_POWER_KEEP, unknown = failure->mode == SQNS_MODE_UNKNOWN;

  check (failure);
  check_end (failure, &diagnosis);
  g_assert_cmpint (keep, ==, has_one_of (diagnosis.message, keeps) || !failure->safe);
  g_assert_false (keep && failure->safe && strstr (diagnosis.message, "may be cut") != NULL);
  if (failure->between && failure->mode != SQNS_MODE_FFH && !unknown)
    g_assert_true (keep);
  if (failure->written && unknown)
    g_assert_true (keep);
  if (unknown && !failure->written && failure->code == SQNS_ERROR_CANCELLED && failure->safe)
    g_assert_false (keep);
  /* only a modem that was asked "does not answer" */
  if (failure->contact != SQNS_CONTACT_SILENT)
    g_assert_null (strstr (diagnosis.message, "does not answer"));
  g_assert_cmpint (diagnosis.code == SQNS_ERROR_CANCELLED, ==, failure->code == SQNS_ERROR_CANCELLED);
}

static void
test_every_begun (void)
{
  for (int code = 0; code < SQNS_N_ERRORS; code++)
    for (int phase = SQNS_PHASE_PREPARE; phase < SQNS_N_PHASES; phase++)
      for (gsize mode = 0; mode < G_N_ELEMENTS (modes); mode++)
        for (int contact = 0; contact < SQNS_N_CONTACTS; contact++)
          for (guint bits = 0; bits < 8; bits++)
            check_begun (&(SqnsFailure){ code, phase, modes[mode], contact, (bits & 1) != 0, TRUE, (bits & 2) != 0,
                                         (bits & 4) != 0 });
}

/* The end of an upgrade that has begun, by the observed state of the modem. */
static void
test_begun_rows (void)
{
  enum { WRITTEN = 1, BETWEEN = 2 };
  static const struct {
    SqnsError error;
    SqnsMode mode;
    SqnsContact contact;
    guint flags;
    SqnsError code;
    SqnsPower power;
    const char *message;
  } rows[] = {
#define BEGUN(error, mode, contact, flags, code, power)                                                                \
  SQNS_ERROR_##error, SQNS_MODE_##mode, SQNS_CONTACT_##contact, flags, SQNS_ERROR_##code, SQNS_POWER_##power
    { BEGUN (TIMEOUT, RECOVERY, ANSWERED, WRITTEN, NEEDS_RECOVERY, SAFE), "waiting in recovery; power may be cut" },
    { BEGUN (CANCELLED, RECOVERY, ANSWERED, WRITTEN, CANCELLED, SAFE), "is waiting in recovery" },
    { BEGUN (PROTOCOL, RECOVERY, ANSWERED, BETWEEN, NEEDS_RECOVERY, KEEP), "perhaps with the first of two files" },
    { BEGUN (PROTOCOL, MTOOLS, ANSWERED, WRITTEN, NEEDS_RECOVERY, SAFE), "is waiting in its updater (mTools)" },
    { BEGUN (PROTOCOL, MTOOLS, ANSWERED, BETWEEN, NEEDS_RECOVERY, KEEP), "perhaps with the first of two files" },
    { BEGUN (TIMEOUT, FFH, ANSWERED, 0, NEEDS_RECOVERY, SAFE), "is waiting in its boot ROM" },
    { BEGUN (MODEM_REFUSED, FFF, ANSWERED, WRITTEN, MODEM_REFUSED, SAFE), "runs its application" },
    { BEGUN (TIMEOUT, FFF, ANSWERED, WRITTEN, FAILED, SAFE), "runs its application" },
    { BEGUN (TIMEOUT, FFF, ANSWERED, BETWEEN, FAILED, KEEP), "runs the first of two files" },
    { BEGUN (MODEM_REFUSED, UPDATER, ANSWERED, WRITTEN, TIMEOUT, KEEP), "is applying an upgrade by itself" },
    { BEGUN (CANCELLED, UPDATER, ANSWERED, 0, CANCELLED, KEEP), "is applying an upgrade by itself" },
    { BEGUN (DEVICE_LOST, UNKNOWN, NONE, 0, DEVICE_LOST, KEEP), "plug the board in again" },
    { BEGUN (NEEDS_HAND, UNKNOWN, NONE, 0, NEEDS_HAND, KEEP), "leave its power on" },
    { BEGUN (PORT_LOCKED, UNKNOWN, NONE, WRITTEN, PORT_LOCKED, KEEP), "leave its power on" },
    { BEGUN (PORT_LOCKED, UNKNOWN, NONE, 0, PORT_LOCKED, UNSURE), "none of its firmware was written" },
    { BEGUN (PROTOCOL, UNKNOWN, SILENT, WRITTEN, TIMEOUT, KEEP), "leave its power on" },
    { BEGUN (PROTOCOL, UNKNOWN, SILENT, 0, TIMEOUT, UNSURE), "no longer answers" },
    { BEGUN (PROTOCOL, UNKNOWN, NONE, 0, TIMEOUT, UNSURE), "can no longer be asked" },
    { BEGUN (CANCELLED, UNKNOWN, NONE, 0, CANCELLED, SAFE), "none of its firmware was written" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      const SqnsFailure failure = {
        .code = rows[i].error,
        .phase = SQNS_PHASE_TRANSFER,
        .mode = rows[i].mode,
        .contact = rows[i].contact,
        .safe = TRUE,
        .begun = TRUE,
        .written = (rows[i].flags & WRITTEN) != 0,
        .between = (rows[i].flags & BETWEEN) != 0,
      };
      const SqnsDiagnosis diagnosis = sqns_diagnose (&failure);
      g_test_message ("row %zu: %s", i, diagnosis.message);
      g_assert_cmpint (diagnosis.code, ==, rows[i].code);
      g_assert_cmpint (diagnosis.power, ==, rows[i].power);
      g_assert_nonnull (strstr (diagnosis.message, rows[i].message));
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
    /* errors of the host are reported in any state of the modem */
    { FAILURE (PORT_LOCKED, ACQUIRE, RECOVERY, NONE, TRUE), SQNS_POWER_UNSURE, "Close the program" },
    { FAILURE (PORT_LOCKED, ACQUIRE, UNKNOWN, NONE, FALSE), SQNS_POWER_KEEP, "Close the program" },
    { FAILURE (DEVICE_LOST, TRANSFER, RECOVERY, NONE, TRUE), SQNS_POWER_UNSURE, "Plug the board in again" },
    { FAILURE (NEEDS_HAND, REBOOT, FFH, NONE, TRUE), SQNS_POWER_UNSURE, "Press the reset button" },
    { FAILURE (NEEDS_HAND, APPLY, UNKNOWN, NONE, FALSE), SQNS_POWER_KEEP, "does not affect the modem" },
    { FAILURE (DEVICE_LOST, APPLY, UNKNOWN, NONE, FALSE), SQNS_POWER_KEEP, "Plug the cable back in" },
    /* asked, and silent: fifteen minutes first, then the power, not the reset button */
    { FAILURE (TIMEOUT, LINK, UNKNOWN, SILENT, TRUE), SQNS_POWER_UNSURE, "wait fifteen minutes first" },
    { FAILURE (TIMEOUT, LINK, UNKNOWN, SILENT, TRUE), SQNS_POWER_UNSURE,
      "Unplug the board for 10 seconds, then plug it back in" },
    { FAILURE (TIMEOUT, LINK, UNKNOWN, SILENT, TRUE), SQNS_POWER_UNSURE, "reset button does not reset the modem" },
    { FAILURE (TIMEOUT, REBOOT, UNKNOWN, SILENT, TRUE), SQNS_POWER_UNSURE, "Wait fifteen minutes" },
    { FAILURE (TIMEOUT, REBOOT, UNKNOWN, SILENT, FALSE), SQNS_POWER_KEEP, "Leave the board's power on" },
    /* not asked: no claim about the modem */
    { FAILURE (TIMEOUT, LINK, UNKNOWN, NONE, TRUE), SQNS_POWER_UNSURE, "The modem itself was not asked" },
    { FAILURE (PROTOCOL, LINK, UNKNOWN, NONE, TRUE), SQNS_POWER_UNSURE, "The modem itself was not asked" },
    { FAILURE (TIMEOUT, REBOOT, UNKNOWN, NONE, TRUE), SQNS_POWER_UNSURE, "The modem itself was not asked" },
    /* how to revive a modem that does not boot */
    { FAILURE (TIMEOUT, UPDATER, FFH, ANSWERED, TRUE), SQNS_POWER_UNSURE, "Recover it" },
    { FAILURE (FAILED, TRANSFER, MTOOLS, ANSWERED, TRUE), SQNS_POWER_SAFE, "recover it" },
    { FAILURE (INCOMPATIBLE, PROBE, FFH, ANSWERED, TRUE), SQNS_POWER_SAFE, "firmware file that fits it" },
    { FAILURE (INVALID_FIRMWARE, INSPECT, UNKNOWN, NONE, TRUE), SQNS_POWER_SAFE, "SHA-256" },
    /* nothing has begun, so nothing is unknown */
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
  g_test_add_func ("/diagnosis/every-begun", test_every_begun);
  g_test_add_func ("/diagnosis/begun-rows", test_begun_rows);
  g_test_add_func ("/diagnosis/rows", test_rows);
  return g_test_run ();
}
