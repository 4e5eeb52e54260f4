/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Walks: a simulated modem follows the plan stage by stage, with a new plan after each. At every stage it falls into
 * another mode, or its upload is interrupted. Each walk has to end, at the promised version or in a refusal, and no
 * step may require another mode than the current one. */
#include "plan-files.h"

#include "plan/upgrade-state.h"

#define MAX_STAGES 12u
#define NEW_BOOT_ROM 38638u
#define FACTORY_BOOT_ROM 33080u
#define BETWEEN_FILES 39529u /* the version between the two files of 48829 */

typedef struct {
  const char *name;
  SqnsMode mode;
  SqnsVersion version;
  guint bootloader0;
  SqnsReport report;
  gboolean dead; /* the application does not boot */
  SqnsVersion to;
  FileKind kind;
  SqnsMethod method;
  gboolean refused; /* at once; otherwise it ends at the promised version */
  gboolean sturdy;  /* even if it falls into another mode */
} Start;

#define APP SQNS_MODE_FFF
#define REC SQNS_MODE_RECOVERY
#define MT SQNS_MODE_MTOOLS
#define FFH SQNS_MODE_FFH
#define BUSY SQNS_MODE_UPDATER
#define AUTO SQNS_METHOD_AUTO
#define NONE SQNS_REPORT_NONE
#define SUCCESS SQNS_REPORT_SUCCESS
#define FAILURE SQNS_REPORT_FAILURE

static const Start starts[] = {
  { "cat-m1", APP, CAT (38638), 38638, NONE, FALSE, CAT (41065), FULL, AUTO, FALSE, TRUE },
  { "cat-m1-reported", APP, CAT (38638), 38638, SUCCESS, FALSE, CAT (41065), FULL, AUTO, FALSE, TRUE },
  { "cat-m1-failed", APP, CAT (38638), 38638, FAILURE, FALSE, CAT (41065), FULL, AUTO, FALSE, TRUE },
  { "nb-iot", APP, NB (37781), 33080, NONE, FALSE, NB (41019), FULL, AUTO, FALSE, TRUE },
  { "family", APP, CAT (46470), 46470, NONE, FALSE, NB (41019), FULL, AUTO, FALSE, TRUE },
  { "factory-to-41065", APP, CAT (33080), 33080, NONE, FALSE, CAT (41065), FULL, AUTO, FALSE, TRUE },
  { "factory-to-nb-iot", APP, CAT (33080), 33080, NONE, FALSE, NB (41019), FULL, AUTO, FALSE, FALSE },
  { "factory-to-38638", APP, CAT (33080), 33080, SUCCESS, FALSE, CAT (38638), FULL, AUTO, FALSE, FALSE },
  { "boot-rom-to-nb-iot", APP, CAT (38638), 33080, NONE, FALSE, NB (37781), FULL, AUTO, FALSE, FALSE },
  { "recovery", REC, CAT (38638), 38638, NONE, FALSE, CAT (41065), FULL, AUTO, FALSE, TRUE },
  { "recovery-cut", REC, CAT (38638), 38638, FAILURE, TRUE, CAT (41065), FULL, AUTO, FALSE, TRUE },
  { "recovery-reported", REC, CAT (41065), 38638, SUCCESS, FALSE, CAT (41065), FULL, AUTO, FALSE, TRUE },
  { "recovery-lied", REC, CAT (38638), 38638, SUCCESS, TRUE, CAT (41065), FULL, AUTO, FALSE, TRUE },
  { "recovery-reported-another", REC, CAT (38638), 38638, SUCCESS, FALSE, CAT (41065), FULL, AUTO, FALSE, TRUE },
  { "mtools", MT, CAT (38638), 38638, NONE, TRUE, CAT (41065), FULL, AUTO, FALSE, TRUE },
  { "mtools-reported", MT, CAT (38638), 38638, SUCCESS, TRUE, CAT (41065), FULL, AUTO, FALSE, TRUE },
  { "ffh", FFH, CAT (38638), 38638, NONE, TRUE, CAT (41065), FULL, AUTO, FALSE, TRUE },
  { "ffh-by-recovery", FFH, NB (37781), 38638, NONE, TRUE, NB (41019), FULL, SQNS_METHOD_RECOVERY, FALSE, FALSE },
  { "updater", BUSY, CAT (38638), 38638, NONE, FALSE, CAT (41065), FULL, AUTO, FALSE, TRUE },
  { "updater-cut", BUSY, CAT (38638), 38638, FAILURE, TRUE, CAT (41065), FULL, AUTO, FALSE, TRUE },
  { "on-the-fly", APP, CAT (38638), 38638, NONE, FALSE, CAT (41065), FULL, SQNS_METHOD_ON_THE_FLY, FALSE, FALSE },
  { "by-recovery", APP, CAT (38638), 38638, NONE, FALSE, CAT (41065), FULL, SQNS_METHOD_RECOVERY, FALSE, FALSE },
  { "recovery-by-recovery", REC, CAT (38638), 38638, NONE, TRUE, CAT (41065), FULL, SQNS_METHOD_RECOVERY, FALSE,
    FALSE },
  { "diff", APP, CAT (38638), 38638, NONE, FALSE, CAT (39529), DIFF, AUTO, FALSE, FALSE },
  { "diff-reported", REC, CAT (39529), 38638, SUCCESS, FALSE, CAT (39529), DIFF, AUTO, FALSE, FALSE },
  { "diff-base", APP, CAT (46470), 46470, NONE, FALSE, CAT (39529), DIFF, AUTO, TRUE, FALSE },
  { "diff-recovery", REC, CAT (38638), 38638, NONE, FALSE, CAT (39529), DIFF, AUTO, TRUE, FALSE },
  { "boot-rom-alone", APP, CAT (38638), 33080, NONE, FALSE, UNKNOWN, BOOTROM, AUTO, FALSE, FALSE },
  { "two-files", APP, CAT (41065), 38638, NONE, FALSE, TWO_FILES, PAIR, AUTO, FALSE, FALSE },
  { "two-files-reported", APP, CAT (41065), 38638, SUCCESS, FALSE, TWO_FILES, PAIR, AUTO, FALSE, FALSE },
  { "two-files-base", APP, CAT (39529), 38638, NONE, FALSE, TWO_FILES, PAIR, AUTO, TRUE, FALSE },
  { "two-files-second", APP, CAT (41065), 38638, NONE, FALSE, TWO_FILES, FULL, AUTO, TRUE, FALSE },
  { "50523", APP, LATE_FACTORY, 50523, NONE, FALSE, CAT (41065), FULL, AUTO, TRUE, FALSE },
};

/* What happens to the modem in one stage. */
typedef enum {
  FAULT_NONE,
  FAULT_CUT, /* its upload is interrupted */
  FAULT_MODE /* + mode: it falls into that mode */
} Fault;
#define N_FAULTS (FAULT_MODE + 5)

typedef struct {
  const Start *start;
  /* the modem */
  SqnsMode mode;
  SqnsVersion version;
  guint bootloader0;
  SqnsReport report;
  gboolean boots;
  gboolean harmed;
  /* the job */
  SqnsUpgradeState state;
} Walk;

static SqnsRules *rules;

static gboolean
is_cut (Walk *walk, Fault fault)
{
  if (fault != FAULT_CUT)
    return FALSE;
  walk->report = SQNS_REPORT_FAILURE;
  return TRUE;
}

/* The write of a full image begins: the old application is gone. */
static void
begin_image (Walk *walk)
{
  const Start *start = walk->start;

  g_assert_true (walk->mode == REC || walk->mode == MT);
  /* a job that has seen the factory boot ROM replaces it before it sends NB-IoT */
  const SqnsCheckpoint *known = &walk->state.checkpoint;
  walk->harmed |= known->bootloader0.build == FACTORY_BOOT_ROM && walk->bootloader0 == FACTORY_BOOT_ROM
                  && sqns_version_family (&known->version) == SQNS_FAMILY_CAT_M1
                  && sqns_version_family (&start->to) == SQNS_FAMILY_NB_IOT;
  walk->boots = FALSE;
}

static void
apply (Walk *walk)
{
  walk->report = SQNS_REPORT_SUCCESS;
  if (walk->state.uploaded == SQNS_STEP_UPLOAD_BOOTROM)
    {
      walk->bootloader0 = NEW_BOOT_ROM;
      return;
    }
  walk->version = walk->start->to;
  walk->boots = TRUE;
}

static void
install (Walk *walk)
{
  g_assert_cmpint (walk->mode, ==, APP);
  walk->report = SQNS_REPORT_SUCCESS;
  if (walk->state.uploaded == SQNS_STEP_STORE_FIRST)
    {
      walk->harmed |= walk->version.build != 41065;
      walk->version = (SqnsVersion)CAT (BETWEEN_FILES);
      return;
    }
  if (walk->start->kind == BOOTROM)
    walk->bootloader0 = NEW_BOOT_ROM;
  else
    walk->version = walk->start->to;
}

/* FALSE: it failed, and the modem is probed. */
static gboolean
do_step (Walk *walk, SqnsStep step, Fault fault)
{
  switch (step)
    {
    case SQNS_STEP_PREPARE:
      g_assert_cmpint (walk->mode, ==, APP);
      break;
    case SQNS_STEP_BOOT_RECOVERY:
      g_assert_cmpint (walk->mode, ==, APP);
      walk->mode = REC;
      break;
    case SQNS_STEP_BOOT_FFH:
      g_assert_true (walk->mode == APP || walk->mode == REC);
      walk->mode = FFH;
      break;
    case SQNS_STEP_UPLOAD_BOOTROM:
      g_assert_cmpint (walk->mode, ==, REC);
      return !is_cut (walk, fault);
    case SQNS_STEP_LOAD_UPDATER:
      g_assert_cmpint (walk->mode, ==, FFH);
      if (is_cut (walk, fault))
        return FALSE;
      walk->mode = MT;
      break;
    case SQNS_STEP_UPLOAD_ON_THE_FLY:
      begin_image (walk);
      return !is_cut (walk, fault);
    case SQNS_STEP_APPLY:
      apply (walk);
      break;
    case SQNS_STEP_STORE_FIRST:
    case SQNS_STEP_STORE:
      g_assert_cmpint (walk->mode, ==, APP);
      return !is_cut (walk, fault);
    case SQNS_STEP_INSTALL:
      install (walk);
      break;
    case SQNS_STEP_WAIT:
      g_assert_cmpint (walk->mode, ==, BUSY);
      walk->mode = walk->boots ? APP : REC;
      break;
    case SQNS_STEP_BOOT_APPLICATION:
      g_assert_true (walk->mode == REC || walk->mode == MT);
      walk->mode = walk->boots ? APP : REC;
      break;
    case SQNS_STEP_CONFIRM:
      g_assert_not_reached (); /* the modem is probed before */
    }
  return TRUE;
}

/* FALSE: it was the last attempt; the upgrade fails. */
static gboolean
do_stage (Walk *walk, const SqnsPlan *plan, Fault fault, GError **error)
{
  for (guint i = 0; i < plan->steps->len; i++)
    {
      SqnsStep step = g_array_index (plan->steps, SqnsStep, i);

      sqns_upgrade_state_begin (&walk->state, step);
      if (!do_step (walk, step, fault))
        {
          g_set_error (error, SQNS_ERROR, SQNS_ERROR_PROTOCOL, "%s was cut", sqns_step_info (step)->name);
          if (sqns_upgrade_state_failed (&walk->state, step, *error, TRUE) == SQNS_NEXT_FAIL)
            return FALSE;
          g_clear_error (error);
          return TRUE;
        }
      sqns_upgrade_state_done (&walk->state, step);
      if (sqns_step_has (step, SQNS_TRAIT_ENDS_STAGE))
        return TRUE;
    }
  g_assert_not_reached (); /* a plan without an end */
}

static SqnsPlan *
make_plan (Walk *walk, const TestFiles *files, GError **error)
{
  const SqnsPlanOptions options = {
    .method = walk->start->method,
    .allow_family_change = TRUE,
  };
  SqnsPlanState modem = { .mode = walk->mode, .report = walk->report };

  if (walk->mode == APP)
    {
      modem.version = walk->version;
      modem.bootloader0.build = walk->bootloader0;
    }
  sqns_upgrade_state_probed (&walk->state, &modem);
  return sqns_upgrade_state_plan (&walk->state, rules, &files->files, &options, error);
}

static gboolean
arrived (const Walk *walk)
{
  if (walk->mode != APP)
    return FALSE;
  if (walk->start->kind == BOOTROM)
    return walk->bootloader0 == NEW_BOOT_ROM;
  return sqns_version_equal (&walk->version, &walk->start->to);
}

static void
inject (Walk *walk, Fault fault)
{
  if (fault < FAULT_MODE)
    return;
  walk->mode = (SqnsMode)(fault - FAULT_MODE);
  if (walk->mode == APP && !walk->boots)
    walk->mode = REC;
}

/* TRUE: it ended at the promised version. FALSE: it was refused, *@error. */
static gboolean
walk_to_end (const Start *start, const Fault *faults, gboolean *harmed, GError **error)
{
  Walk walk = {
    .start = start,
    .mode = start->mode,
    .version = start->version,
    .bootloader0 = start->bootloader0,
    .report = start->report,
    .boots = !start->dead,
  };
  gboolean done = FALSE, ended = FALSE;
  GError *local = NULL;
  TestFiles files;

  sqns_upgrade_state_init (&walk.state, &(SqnsCheckpoint){ 0 }, FALSE);
  test_files_init (&files, &start->to, start->kind);
  for (guint stage = 0; stage <= MAX_STAGES && !ended; stage++)
    {
      g_autoptr (SqnsPlan) plan = NULL;
      Fault fault = stage < MAX_STAGES ? faults[stage] : FAULT_NONE;

      inject (&walk, fault);
      plan = make_plan (&walk, &files, &local);
      ended = plan == NULL || plan->route == SQNS_ROUTE_NOTHING;
      done = plan != NULL && ended;
      if (!ended)
        ended = !do_stage (&walk, plan, fault, &local);
    }
  g_assert_true (ended);
  if (done)
    g_assert_true (arrived (&walk));
  *harmed = walk.harmed;
  if (local != NULL)
    g_propagate_error (error, local);
  sqns_upgrade_state_clear (&walk.state);
  test_files_clear (&files);
  return done;
}

static void
test_straight (gconstpointer data)
{
  static const Fault none[MAX_STAGES] = { 0 };
  const Start *start = data;
  g_autoptr (GError) error = NULL;
  gboolean harmed;
  gboolean done = walk_to_end (start, none, &harmed, &error);

  g_assert_cmpint (done, ==, !start->refused);
  g_assert_cmpint (done, ==, error == NULL);
  g_assert_false (harmed);
}

static void
test_fault (gconstpointer data)
{
  const Start *start = data;
  guint saved = 0, walks = 0;

  for (guint stage = 0; stage < MAX_STAGES; stage++)
    for (guint fault = FAULT_CUT; fault < N_FAULTS; fault++)
      {
        Fault faults[MAX_STAGES] = { 0 };
        g_autoptr (GError) error = NULL;
        gboolean harmed, done;

        faults[stage] = (Fault)fault;
        done = walk_to_end (start, faults, &harmed, &error);
        g_assert_false (harmed);
        if (!done)
          g_test_message ("stage %u, fault %u: %s", stage, fault, error->message);
        g_assert_true (done || !start->sturdy);
        walks++;
        saved += done;
      }
  g_test_message ("%u of %u walks ended at the promised version", saved, walks);
}

/* Twice in a walk: it still ends, without harm. */
static void
test_two_faults (gconstpointer data)
{
  const Start *start = data;

  for (guint first = 0; first < MAX_STAGES; first++)
    for (guint second = first + 1; second < MAX_STAGES; second++)
      for (guint pair = 0; pair < N_FAULTS * N_FAULTS; pair++)
        {
          Fault faults[MAX_STAGES] = { 0 };
          gboolean harmed;

          faults[first] = (Fault)(pair % N_FAULTS);
          faults[second] = (Fault)(pair / N_FAULTS);
          walk_to_end (start, faults, &harmed, NULL);
          g_assert_false (harmed);
        }
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  rules = test_rules_new ();
  for (guint i = 0; i < G_N_ELEMENTS (starts); i++)
    {
      g_autofree char *straight = g_strdup_printf ("/plan-walk/straight/%s", starts[i].name);
      g_autofree char *once = g_strdup_printf ("/plan-walk/fault/%s", starts[i].name);
      g_autofree char *twice = g_strdup_printf ("/plan-walk/two-faults/%s", starts[i].name);

      g_test_add_data_func (straight, &starts[i], test_straight);
      g_test_add_data_func (once, &starts[i], test_fault);
      g_test_add_data_func (twice, &starts[i], test_two_faults);
    }
  result = g_test_run ();
  sqns_rules_free (rules);
  return result;
}
