/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which rules are used: the built-in ones, or the administrator's instead of them. */
#include "manager/rules-file.h"
#include "plan/rules.h"

#include <glib/gstdio.h>
#include <string.h>

typedef struct {
  char *folder;
  char *path;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fixture->folder = g_dir_make_tmp ("sqns-rules-XXXXXX", &error);
  g_assert_no_error (error);
  fixture->path = g_build_filename (fixture->folder, "firmware-rules.conf", NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_unlink (fixture->path);
  g_rmdir (fixture->path);
  g_rmdir (fixture->folder);
  g_free (fixture->path);
  g_free (fixture->folder);
}

/* What the rules say about @build on a modem with 41065 and one file. */
static gboolean
allow (const SqnsRules *rules, guint build, GError **error)
{
  const SqnsVersion to = { { 5, 1, 1, 0 }, build };
  const SqnsPlanState state = { .mode = SQNS_MODE_FFF, .version = { { 5, 1, 1, 0 }, 41065 } };
  const SqnsRulesQuery query = { .to = &to, .to_family = SQNS_FAMILY_CAT_M1, .state = &state };

  return sqns_rules_allow (rules, &query, FALSE, error);
}

static void
test_builtin (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SqnsRules) rules = sqns_rules_load (fixture->path, &error);

  g_assert_no_error (error);
  g_assert_true (allow (rules, 46470, NULL));
  g_assert_false (allow (rules, 50523, &error));
  g_assert_nonnull (strstr (error->message, "rule 50523-no-way-there"));
}

static void
test_override (Fixture *fixture, gconstpointer data)
{
  static const char text[] = "[house]\nTo=46470\nError=Incompatible\nLiftable=no\nMessage=not in this house\n";
  g_autoptr (GError) error = NULL;
  g_autoptr (SqnsRules) rules = NULL;

  g_assert_true (g_file_set_contents (fixture->path, text, -1, NULL));
  rules = sqns_rules_load (fixture->path, &error);
  g_assert_no_error (error);
  g_assert_true (allow (rules, 50523, NULL)); /* instead of the built-in rules, not besides */
  g_assert_false (allow (rules, 46470, &error));
  g_assert_cmpstr (error->message, ==, "not in this house (rule house)");
}

/* Rules that are there and cannot be used are not passed over. */
static void
test_fault (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents (fixture->path, "[house]\nTo=46470\n", -1, NULL));
  g_assert_null (sqns_rules_load (fixture->path, &error));
  g_assert_error (error, SQNS_ERROR, SQNS_ERROR_FAILED);
  g_assert_nonnull (strstr (error->message, fixture->path));
  g_assert_nonnull (strstr (error->message, "Error is missing"));
  g_clear_error (&error);

  g_unlink (fixture->path);
  g_assert_cmpint (g_mkdir (fixture->path, 0700), ==, 0);
  g_assert_null (sqns_rules_load (fixture->path, &error));
  g_assert_error (error, SQNS_ERROR, SQNS_ERROR_FAILED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/rules-file/builtin", Fixture, NULL, set_up, test_builtin, tear_down);
  g_test_add ("/rules-file/override", Fixture, NULL, set_up, test_override, tear_down);
  g_test_add ("/rules-file/fault", Fixture, NULL, set_up, test_fault, tear_down);
  return g_test_run ();
}
