/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Routes and refusals, row by row, with the rules file that is installed. */
#include "codec/plan.h"

#include <string.h>

#define CAT(build)                                                                                                     \
  {                                                                                                                    \
    { 5, 1, 1, 0 }, build                                                                                              \
  }
#define NB(build)                                                                                                      \
  {                                                                                                                    \
    { 6, 0, 0, 0 }, build                                                                                              \
  }
#define UNKNOWN                                                                                                        \
  {                                                                                                                    \
    { 0 }, 0                                                                                                           \
  }

/* What the file is. */
typedef enum {
  FULL,
  CUT,     /* behind the updater package */
  BOOTROM, /* the boot ROM package alone */
  DIFF,    /* from 38638 */
  NO_BASE, /* a diff that does not tell its base */
  FOREIGN, /* full, of no known family */
} FileKind;

/* Options, as flags so that a row stays a row. */
enum {
  DOWN = 1 << 0,
  AGAIN = 1 << 1,
  FAMILY = 1 << 2,
  FORCE = 1 << 3,
  FLY = 1 << 4,
  FFF = 1 << 5,
  RECOVERY = 1 << 6,
};

typedef enum {
  FROM_APPLICATION,
  FROM_RECOVERY,
  NOTHING,
  REFUSED,
} Way;

typedef struct {
  SqnsMode mode;
  SqnsVersion from;
  guint bootloader0; /* build, 0 = not read */
  SqnsVersion to;
  FileKind kind;
  guint flags;
  Way way;
  SqnsError error;
  const char *text; /* in the summary or the error; nullable */
} Row;

#define APP SQNS_MODE_FFF
#define REC SQNS_MODE_RECOVERY
#define MT SQNS_MODE_MTOOLS
#define ROUTE(way) way, 0
#define NO(code) REFUSED, SQNS_ERROR_##code

static const Row rows[] = {
  /* routes */
  { APP, NB (35351), 0, NB (37781), FULL, 0, ROUTE (FROM_APPLICATION),
    "6.0.0.0-35351 -> 6.0.0.0-37781 by way of recovery" },
  { APP, CAT (38638), 33080, CAT (41065), FULL, 0, ROUTE (FROM_APPLICATION), NULL },
  { APP, CAT (38638), 38638, CAT (41065), FULL, FLY, ROUTE (FROM_APPLICATION), NULL },
  { APP, { { 0 }, 38638 }, 0, CAT (41065), FULL, 0, ROUTE (FROM_APPLICATION), "[38638] -> 5.1.1.0-41065" },
  { APP, CAT (46470), 46470, NB (41019), FULL, FAMILY, ROUTE (FROM_APPLICATION), NULL },
  { REC, UNKNOWN, 0, NB (37781), FULL, 0, ROUTE (FROM_RECOVERY), "unknown version -> 6.0.0.0-37781 from recovery" },
  { REC, NB (35351), 0, NB (37781), FULL, 0, ROUTE (FROM_RECOVERY), NULL },
  { REC, NB (37781), 0, NB (37781), FULL, 0, ROUTE (FROM_RECOVERY), NULL },
  { MT, UNKNOWN, 0, CAT (41065), FULL, FLY, ROUTE (FROM_RECOVERY), "by the updater that the modem runs" },
  { MT, CAT (41065), 0, CAT (41065), FULL, 0, ROUTE (FROM_RECOVERY), NULL },
  /* the same version */
  { APP, NB (37781), 0, NB (37781), FULL, 0, ROUTE (NOTHING), "runs 6.0.0.0-37781 already" },
  { APP, { { 0 }, 37781 }, 0, NB (37781), FULL, 0, ROUTE (NOTHING), NULL },
  { APP, NB (37781), 0, NB (37781), FULL, FORCE, ROUTE (NOTHING), NULL },
  { APP, NB (37781), 0, NB (37781), FULL, AGAIN, ROUTE (FROM_APPLICATION), NULL },
  { APP, CAT (50523), 50523, CAT (50523), FULL, 0, ROUTE (NOTHING), NULL },
  { APP, CAT (41065), 0, CAT (41065), DIFF, 0, ROUTE (NOTHING), NULL },
  /* downgrade, only within a family */
  { APP, NB (41019), 0, NB (37781), FULL, 0, NO (DOWNGRADE), "allow-downgrade" },
  { APP, NB (41019), 0, NB (37781), FULL, AGAIN | FAMILY, NO (DOWNGRADE), NULL },
  { APP, NB (41019), 0, NB (37781), FULL, DOWN, ROUTE (FROM_APPLICATION), NULL },
  { APP, NB (41019), 0, NB (37781), FULL, FORCE, ROUTE (FROM_APPLICATION), NULL },
  { REC, NB (41019), 0, NB (37781), FULL, 0, NO (DOWNGRADE), NULL },
  { APP, CAT (46470), 0, NB (37781), FULL, FAMILY, ROUTE (FROM_APPLICATION), NULL },
  /* family */
  { APP, CAT (38638), 0, NB (37781), FULL, 0, NO (INCOMPATIBLE), "allow-family-change" },
  { APP, NB (37781), 0, CAT (41065), FULL, DOWN | AGAIN, NO (INCOMPATIBLE), "NB-IoT" },
  { APP, CAT (38638), 0, NB (37781), FULL, FORCE, ROUTE (FROM_APPLICATION), NULL },
  { REC, CAT (38638), 0, NB (37781), FULL, 0, NO (INCOMPATIBLE), NULL },
  { APP, { { 7, 0, 0, 0 }, 30000 }, 0, NB (37781), FULL, 0, NO (INCOMPATIBLE), NULL },
  { APP, NB (35351), 0, { { 8, 0, 5, 4 }, 61488 }, FOREIGN, FAMILY, NO (INCOMPATIBLE), "neither CAT-M1" },
  /* an application that does not tell its version */
  { APP, UNKNOWN, 0, NB (37781), FULL, 0, NO (WRONG_STATE), "allow-family-change" },
  { APP, UNKNOWN, 0, NB (37781), FULL, DOWN, NO (WRONG_STATE), NULL },
  { APP, UNKNOWN, 0, NB (37781), FULL, DOWN | FAMILY, ROUTE (FROM_APPLICATION), NULL },
  { APP, UNKNOWN, 0, NB (37781), FULL, FORCE, ROUTE (FROM_APPLICATION), "unknown version ->" },
  /* files that no modem may be given, forced or not */
  { APP, NB (35351), 0, NB (37781), CUT, FORCE, NO (INVALID_FIRMWARE), "fff, fs missing" },
  { REC, UNKNOWN, 0, NB (37781), CUT, 0, NO (INVALID_FIRMWARE), NULL },
  { APP, NB (35351), 0, UNKNOWN, FULL, FORCE, NO (INVALID_FIRMWARE), "which version it is" },
  { APP, CAT (38638), 33080, UNKNOWN, BOOTROM, FORCE, NO (NOT_SUPPORTED), "boot ROM package alone" },
  /* diffs */
  { APP, CAT (46470), 0, CAT (48000), DIFF, FORCE, NO (INCOMPATIBLE), "only to 38638" },
  { APP, UNKNOWN, 0, CAT (39529), DIFF, FORCE, NO (INCOMPATIBLE), "an unknown version" },
  { APP, CAT (38638), 0, CAT (39529), DIFF, FORCE, NO (NOT_SUPPORTED), "not supported yet" },
  { APP, { { 0 }, 38638 }, 0, CAT (39529), DIFF, 0, NO (NOT_SUPPORTED), NULL },
  { APP, CAT (38638), 0, CAT (39529), NO_BASE, FORCE, NO (INCOMPATIBLE), "upgdiff_A-to-B" },
  { SQNS_MODE_FFH, UNKNOWN, 0, CAT (39529), DIFF, FORCE, NO (INCOMPATIBLE), "ffh" },
  { REC, CAT (38638), 0, CAT (39529), DIFF, FORCE, NO (INCOMPATIBLE), "recovery" },
  { SQNS_MODE_UPDATER, CAT (38638), 0, CAT (39529), DIFF, 0, NO (WRONG_STATE), NULL },
  /* modes that no step leads out of */
  { SQNS_MODE_FFH, UNKNOWN, 0, NB (37781), FULL, 0, NO (NEEDS_RECOVERY), "not supported yet" },
  { SQNS_MODE_FFH, NB (35351), 0, NB (37781), FULL, FORCE, NO (NEEDS_RECOVERY), NULL },
  { SQNS_MODE_FFH, NB (37781), 0, NB (37781), FULL, 0, NO (NEEDS_RECOVERY), NULL },
  { SQNS_MODE_UPDATER, NB (35351), 0, NB (37781), FULL, FORCE, NO (WRONG_STATE), "wait" },
  { SQNS_MODE_UNKNOWN, UNKNOWN, 0, NB (37781), FULL, FORCE, NO (WRONG_STATE), "probe" },
  /* methods */
  { APP, NB (35351), 0, NB (37781), FULL, FFF, NO (NOT_SUPPORTED), "on-the-fly" },
  { APP, NB (35351), 0, NB (37781), FULL, RECOVERY | FORCE, NO (NOT_SUPPORTED), "on-the-fly" },
  /* rule 48829: never */
  { APP, CAT (38638), 0, { { 5, 2, 1, 0 }, 48829 }, FULL, 0, NO (INCOMPATIBLE), "rule 48829-base" },
  { APP, CAT (38638), 0, { { 5, 2, 1, 0 }, 48829 }, FULL, FORCE, NO (INCOMPATIBLE), "rule 48829-base" },
  { REC, UNKNOWN, 0, { { 5, 2, 1, 0 }, 48829 }, FULL, 0, NO (INCOMPATIBLE), "rule 48829-base" },
  { APP, CAT (41065), 0, { { 5, 2, 1, 0 }, 48829 }, FULL, 0, NO (NOT_SUPPORTED), "rule 48829-two-steps" },
  { APP, CAT (41065), 0, { { 5, 2, 1, 0 }, 48829 }, FULL, FORCE, NO (NOT_SUPPORTED), "rule 48829-two-steps" },
  /* rule 50523: needs nothing, cannot be reached */
  { APP, { { 5, 4, 1, 0 }, 50523 }, 0, CAT (41065), FULL, DOWN, NO (INCOMPATIBLE), "needs no upgrade" },
  { APP, { { 5, 4, 1, 0 }, 50523 }, 0, NB (37781), FULL, FAMILY, NO (INCOMPATIBLE), "needs no upgrade" },
  { APP, { { 5, 4, 1, 0 }, 50523 }, 0, CAT (41065), FULL, FORCE, ROUTE (FROM_APPLICATION), NULL },
  { APP, CAT (41065), 0, { { 5, 4, 1, 0 }, 50523 }, FULL, 0, NO (INCOMPATIBLE), "rule 50523-no-way-there" },
  /* rule 33080: the factory release and the factory boot ROM */
  { APP, CAT (33080), 33080, CAT (41065), FULL, 0, ROUTE (FROM_APPLICATION), NULL },
  { APP, CAT (33080), 33080, CAT (38638), FULL, 0, NO (INCOMPATIBLE), "41065 first" },
  { APP, CAT (33080), 0, NB (37781), FULL, FAMILY, NO (INCOMPATIBLE), "41065 first" },
  { APP, CAT (33080), 33080, CAT (38638), FULL, FORCE, ROUTE (FROM_APPLICATION), NULL },
  { APP, CAT (33080), 33080, NB (37781), FULL, FAMILY, NO (NOT_SUPPORTED), "factory boot ROM" },
  { APP, CAT (38638), 33080, NB (37781), FULL, FAMILY, NO (NOT_SUPPORTED), "factory boot ROM" },
  /* a modem that runs NB-IoT has had the new boot ROM, whatever its first boot loader says */
  { APP, NB (35351), 33080, NB (37781), FULL, 0, ROUTE (FROM_APPLICATION), NULL },
  { APP, CAT (38638), 33080, NB (37781), FULL, FORCE, ROUTE (FROM_APPLICATION), NULL },
  { APP, CAT (38638), 38638, NB (37781), FULL, FAMILY, ROUTE (FROM_APPLICATION), NULL },
  { APP, CAT (33080), 33080, CAT (33080), FULL, AGAIN, ROUTE (FROM_APPLICATION), NULL },
};

static SqnsRules *rules;

static SqnsPlanOptions
row_options (const Row *row)
{
  return (SqnsPlanOptions){
    .method = (row->flags & FLY)        ? SQNS_METHOD_ON_THE_FLY
              : (row->flags & FFF)      ? SQNS_METHOD_FFF
              : (row->flags & RECOVERY) ? SQNS_METHOD_RECOVERY
                                        : SQNS_METHOD_AUTO,
    .allow_downgrade = (row->flags & DOWN) != 0,
    .allow_reinstall = (row->flags & AGAIN) != 0,
    .allow_family_change = (row->flags & FAMILY) != 0,
    .force = (row->flags & FORCE) != 0,
  };
}

/* A file as the parser would describe it, without its bytes. */
static void
describe_file (SqnsCaba *caba, SqnsPackage *packages, const SqnsVersion *version, FileKind kind)
{
  guint n = kind == FULL || kind == FOREIGN ? 4 : kind == CUT ? 2 : 1;

  *caba = (SqnsCaba){
    .packages = g_ptr_array_new (),
    .diff = kind == DIFF || kind == NO_BASE,
    .base_build = kind == DIFF ? 38638 : 0,
    .complete = n == 4,
    .missing = kind == CUT       ? (char *)"fff, fs"
               : kind == BOOTROM ? (char *)"updater, fff, fs"
                                 : NULL,
    .version = *version,
    .family = sqns_version_family (version),
  };
  for (guint i = 0; i < n; i++)
    {
      packages[i] = (SqnsPackage){
        .kind = caba->diff ? SQNS_PACKAGE_DIFF : SQNS_PACKAGE_UPGR,
        .role = caba->diff ? SQNS_ROLE_OTHER : (SqnsPackageRole)(SQNS_ROLE_BOOTROM + i),
      };
      g_ptr_array_add (caba->packages, &packages[i]);
    }
}

static void
assert_steps (const SqnsPlan *plan, Way way)
{
  static const SqnsStep steps[] = {
    SQNS_STEP_PREPARE, SQNS_STEP_BOOT_RECOVERY,    SQNS_STEP_UPLOAD_ON_THE_FLY,
    SQNS_STEP_APPLY,   SQNS_STEP_BOOT_APPLICATION, SQNS_STEP_CONFIRM,
  };
  guint first = way == FROM_APPLICATION ? 0 : way == FROM_RECOVERY ? 2 : G_N_ELEMENTS (steps);

  g_assert_cmpint (plan->outcome, ==, way == NOTHING ? SQNS_PLAN_NOTHING_TO_DO : SQNS_PLAN_ROUTE);
  g_assert_cmpuint (plan->steps->len, ==, G_N_ELEMENTS (steps) - first);
  for (guint i = 0; i < plan->steps->len; i++)
    g_assert_cmpint (g_array_index (plan->steps, SqnsStep, i), ==, steps[first + i]);
}

static void
test_row (gconstpointer data)
{
  const Row *row = data;
  SqnsPlanOptions options = row_options (row);
  SqnsPlanState state = { row->mode, row->from, { .build = row->bootloader0 }, SQNS_REPORT_UNKNOWN };
  SqnsPackage packages[4];
  SqnsCaba caba;
  const char *said;

  describe_file (&caba, packages, &row->to, row->kind);
  /* the last report decides nothing: the file is uploaded again */
  for (int report = SQNS_REPORT_UNKNOWN; report <= SQNS_REPORT_FAILURE; report++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (SqnsPlan) plan = NULL;

      state.report = (SqnsReport)report;
      plan = sqns_plan_make (rules, &state, &caba, &options, &error);
      said = plan != NULL ? plan->summary : error->message;
      g_test_message ("%s", said);
      g_assert_cmpint (plan == NULL, ==, error != NULL);
      if (row->way == REFUSED)
        g_assert_error (error, SQNS_ERROR, (int)row->error);
      else
        g_assert_no_error (error);
      if (plan != NULL)
        assert_steps (plan, row->way);
      g_assert_true (row->text == NULL || strstr (said, row->text) != NULL);
      /* one sentence, as errors are joined: no capital, no full stop */
      g_assert_false (g_ascii_isupper (said[0]) && g_ascii_islower (said[1]));
      g_assert_false (g_str_has_suffix (said, "."));
    }
  g_ptr_array_unref (caba.packages);
}

typedef struct {
  SqnsVersion version;
  FileKind kind;
  guint flags;
  int error; /* -1: allowed */
} FileRow;

static void
test_check_file (void)
{
  static const FileRow file_rows[] = {
    { NB (37781), FULL, 0, -1 },
    { CAT (41065), FULL, 0, -1 },
    { CAT (39529), DIFF, 0, -1 },
    { CAT (39529), NO_BASE, FORCE, SQNS_ERROR_INCOMPATIBLE },
    { NB (37781), CUT, FORCE, SQNS_ERROR_INVALID_FIRMWARE },
    { UNKNOWN, FULL, FORCE, SQNS_ERROR_INVALID_FIRMWARE },
    { UNKNOWN, BOOTROM, FORCE, SQNS_ERROR_NOT_SUPPORTED },
    { { { 8, 0, 5, 4 }, 61488 }, FOREIGN, 0, SQNS_ERROR_INCOMPATIBLE },
    { { { 8, 0, 5, 4 }, 61488 }, FOREIGN, FORCE, -1 },
    /* before a modem is looked at */
    { { { 5, 2, 1, 0 }, 48829 }, FULL, 0, SQNS_ERROR_NOT_SUPPORTED },
    { { { 5, 2, 1, 0 }, 48829 }, FULL, FORCE, SQNS_ERROR_NOT_SUPPORTED },
    { { { 5, 4, 1, 0 }, 50523 }, FULL, 0, -1 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (file_rows); i++)
    {
      Row row = { .flags = file_rows[i].flags };
      SqnsPlanOptions options = row_options (&row);
      SqnsPackage packages[4];
      SqnsCaba caba;
      g_autoptr (GError) error = NULL;

      describe_file (&caba, packages, &file_rows[i].version, file_rows[i].kind);
      g_assert_cmpint (sqns_plan_check_file (rules, &caba, &options, &error), ==, file_rows[i].error == -1);
      if (file_rows[i].error != -1)
        g_assert_error (error, SQNS_ERROR, file_rows[i].error);
      g_ptr_array_unref (caba.packages);
    }
}

/* The version's own family counts when the parser did not say one. */
static void
test_family_of_version (void)
{
  static const SqnsVersion version = NB (37781);
  SqnsPlanState state = { SQNS_MODE_FFF, CAT (38638), UNKNOWN, SQNS_REPORT_NONE };
  SqnsPlanOptions options = { 0 };
  SqnsPackage packages[4];
  SqnsCaba caba;
  g_autoptr (GError) error = NULL;

  describe_file (&caba, packages, &version, FULL);
  caba.family = SQNS_FAMILY_UNKNOWN;
  g_assert_null (sqns_plan_make (rules, &state, &caba, &options, &error));
  g_assert_error (error, SQNS_ERROR, SQNS_ERROR_INCOMPATIBLE);
  g_ptr_array_unref (caba.packages);
}

static void
test_names (void)
{
  static const char *const names[]
      = { "prepare", "boot-recovery", "upload-on-the-fly", "apply", "boot-application", "confirm" };
  static const char *const methods[] = { "auto", "on-the-fly", "fff", "recovery" };
  SqnsMethod method;

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    g_assert_cmpstr (sqns_step_name ((SqnsStep)i), ==, names[i]);
  for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
    {
      g_assert_true (sqns_method_from_name (methods[i], &method));
      g_assert_cmpint (method, ==, i);
    }
  g_assert_false (sqns_method_from_name ("Auto", &method));
  g_assert_false (sqns_method_from_name ("", &method));
  g_assert_cmpint (method, ==, SQNS_METHOD_RECOVERY);
}

int
main (int argc, char **argv)
{
  g_autofree char *path = NULL;
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  int result;

  g_test_init (&argc, &argv, NULL);
  path = g_test_build_filename (G_TEST_DIST, "..", "..", "data", "firmware-rules.conf", NULL);
  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  rules = sqns_rules_parse (text, -1, &error);
  g_assert_no_error (error);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *name = g_strdup_printf ("/plan/row/%02u", i);

      g_test_add_data_func (name, &rows[i], test_row);
    }
  g_test_add_func ("/plan/check-file", test_check_file);
  g_test_add_func ("/plan/family-of-version", test_family_of_version);
  g_test_add_func ("/plan/names", test_names);
  result = g_test_run ();
  sqns_rules_free (rules);
  return result;
}
