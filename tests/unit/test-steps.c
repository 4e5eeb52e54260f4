/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of steps: what the user sees of each, and what must hold between its columns. */
#include "plan/steps.h"

/* A new step fails here until it has its row. */
static const struct {
  SqnsStep step;
  const char *name;
  const char *phase;
  gboolean safe;      /* power may be cut meanwhile */
  gboolean committed; /* it may not be cancelled */
} rows[] = {
  { SQNS_STEP_PREPARE, "prepare", "prepare", TRUE, FALSE },
  { SQNS_STEP_BOOT_RECOVERY, "boot-recovery", "prepare", FALSE, FALSE },
  { SQNS_STEP_BOOT_FFH, "boot-ffh", "bootrom", FALSE, FALSE },
  { SQNS_STEP_UPLOAD_BOOTROM, "upload-bootrom", "bootrom", FALSE, FALSE },
  { SQNS_STEP_LOAD_UPDATER, "load-updater", "updater", TRUE, FALSE },
  { SQNS_STEP_UPLOAD_ON_THE_FLY, "upload-on-the-fly", "transfer", FALSE, FALSE },
  { SQNS_STEP_APPLY, "apply", "apply", FALSE, TRUE },
  { SQNS_STEP_STORE_FIRST, "store-first", "prepare", FALSE, FALSE },
  { SQNS_STEP_STORE, "store", "transfer", FALSE, FALSE },
  { SQNS_STEP_INSTALL, "install", "apply", FALSE, TRUE },
  { SQNS_STEP_WAIT, "wait", "prepare", FALSE, FALSE },
  { SQNS_STEP_BOOT_APPLICATION, "boot-application", "reboot", FALSE, TRUE },
  { SQNS_STEP_CONFIRM, "confirm", "confirm", FALSE, TRUE },
};
G_STATIC_ASSERT (G_N_ELEMENTS (rows) == SQNS_N_STEPS);

static void
test_rows (void)
{
  for (guint i = 0; i < SQNS_N_STEPS; i++)
    {
      const SqnsStepInfo *info = sqns_step_info (rows[i].step);

      g_test_message ("%s", rows[i].name);
      g_assert_cmpuint (rows[i].step, ==, i);
      g_assert_cmpstr (info->name, ==, rows[i].name);
      g_assert_cmpstr (sqns_phase_name (info->phase), ==, rows[i].phase);
      g_assert_cmpint (sqns_step_has (rows[i].step, SQNS_TRAIT_SAFE), ==, rows[i].safe);
      g_assert_cmpint (sqns_step_has (rows[i].step, SQNS_TRAIT_COMMITTED), ==, rows[i].committed);
      g_assert_true (info->message != NULL && *info->message != '\0');
    }
}

static void
test_consistent (void)
{
  for (guint i = 0; i < SQNS_N_STEPS; i++)
    {
      SqnsStep step = (SqnsStep)i;
      const SqnsStepInfo *info = sqns_step_info (step);
      gboolean uploads = info->part != SQNS_PART_NONE;

      g_test_message ("%s", info->name);
      /* power is never said to be free to cut while the modem may write, or is past the point of no return */
      g_assert_false (sqns_step_has (step, SQNS_TRAIT_SAFE | SQNS_TRAIT_WRITES));
      g_assert_false (sqns_step_has (step, SQNS_TRAIT_SAFE | SQNS_TRAIT_COMMITTED));
      g_assert_true (!sqns_step_has (step, SQNS_TRAIT_WRITES) || sqns_step_has (step, SQNS_TRAIT_MODIFIES));
      /* what is uploaded is stored or written, and reported on by another step */
      g_assert_cmpint (uploads && !sqns_step_has (step, SQNS_TRAIT_STORES), ==,
                       sqns_step_has (step, SQNS_TRAIT_WRITES) && !sqns_step_has (step, SQNS_TRAIT_REPORTS));
      g_assert_true (uploads || !sqns_step_has (step, SQNS_TRAIT_STORES));
      g_assert_false (uploads && sqns_step_has (step, SQNS_TRAIT_REPORTS));
      /* each step but the last word says what is tried again */
      g_assert_true (step == SQNS_STEP_CONFIRM || info->retry != 0);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/steps/rows", test_rows);
  g_test_add_func ("/steps/consistent", test_consistent);
  return g_test_run ();
}
