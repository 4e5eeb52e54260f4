/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The first difference between two requests: a row for each option. */
#include "bus/options.h"

/* Two values of the option. With @by_default, the first is the default. */
static const struct {
  const char *key;
  const char *one, *other;
  gboolean by_default;
} rows[] = {
  { "allow-downgrade", "<false>", "<true>", TRUE },
  { "allow-family-change", "<false>", "<true>", TRUE },
  { "allow-reinstall", "<false>", "<true>", TRUE },
  { "block-size", "<uint32 4096>", "<uint32 8176>" },
  { "dry-run", "<false>", "<true>", TRUE },
  { "expect-sha256", "<'c3bc08fb7f497c03cd0af60c7e273d1360565838c6925f68a8c4dae1d8ce469f'>",
    "<'d3bc08fb7f497c03cd0af60c7e273d1360565838c6925f68a8c4dae1d8ce469f'>" },
  { "expect-version", "<'37781'>", "<'41019'>" },
  { "first-step", NULL, NULL }, /* files: below */
  { "force", "<false>", "<true>", TRUE },
  { "idempotency-key", NULL, NULL }, /* it finds the requests to compare */
  { "label", "<''>", "<'x'>", TRUE },
  { "link", "<'auto'>", "<'relay'>", TRUE },
  { "method", "<'auto'>", "<'fff'>", TRUE },
  { "not-after", "<uint64 7000>", "<uint64 7001>" },
  { "not-before", "<uint64 0>", "<uint64 5>", TRUE },
  { "priority", "<0>", "<-1>", TRUE },
  { "speed", "<uint32 115200>", "<uint32 921600>" },
  { "updater", NULL, NULL },
};

static SqnsRequest *
make (const char *key, const char *value)
{
  g_autofree char *text = key != NULL ? g_strdup_printf ("{'%s': %s}", key, value) : g_strdup ("@a{sv} {}");
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) dict = g_variant_parse (G_VARIANT_TYPE_VARDICT, text, NULL, NULL, &error);
  gint32 handles[SQNS_JOB_N_FILES];
  g_assert_no_error (error);
  SqnsRequest *request = sqns_options_upgrade (dict, handles, &error);
  g_assert_no_error (error);
  return request;
}

static const char *
difference (const SqnsRequest *one, const SqnsRequest *other)
{
  const char *found = sqns_request_difference (one, other);
  g_assert_cmpstr (sqns_request_difference (other, one), ==, found);
  g_assert_null (sqns_request_difference (one, one));
  return found;
}

static void
test_every_option (void)
{
  g_autoptr (SqnsRequest) none = make (NULL, NULL);
  guint i;

  for (i = 0; sqns_options_upgrade_key (i) != NULL; i++)
    {
      g_assert_cmpuint (i, <, G_N_ELEMENTS (rows)); /* a new option wants its row, here and in job-record.c */
      g_assert_cmpstr (sqns_options_upgrade_key (i), ==, rows[i].key);
      if (rows[i].one == NULL)
        continue;
      g_autoptr (SqnsRequest) one = make (rows[i].key, rows[i].one);
      g_autoptr (SqnsRequest) same = make (rows[i].key, rows[i].one);
      g_autoptr (SqnsRequest) other = make (rows[i].key, rows[i].other);
      g_assert_null (difference (one, same));
      g_assert_cmpstr (difference (one, other), ==, rows[i].key);
      g_assert_cmpstr (difference (none, other), ==, rows[i].key);
      g_assert_cmpstr (difference (none, one), ==, rows[i].by_default ? NULL : rows[i].key);
    }
  g_assert_cmpuint (i, ==, G_N_ELEMENTS (rows));
}

static void
test_files_and_kind (void)
{
  static const char *const names[SQNS_JOB_N_FILES] = { "firmware", "first-step", "updater" };
  g_autoptr (SqnsRequest) plain = make (NULL, NULL);
  g_autoptr (SqnsRequest) recover = make (NULL, NULL);
  recover->options.recover = TRUE;
  g_assert_cmpstr (difference (plain, recover), ==, "kind");

  for (guint i = 0; i < SQNS_JOB_N_FILES; i++)
    {
      g_autoptr (SqnsRequest) one = make (NULL, NULL), same = make (NULL, NULL), other = make (NULL, NULL);
      sqns_request_set_file (one, (SqnsJobFile)i, "x.dup", "one");
      sqns_request_set_file (same, (SqnsJobFile)i, "another-name.dup", "one");
      sqns_request_set_file (other, (SqnsJobFile)i, "x.dup", "other");
      g_assert_null (difference (one, same));
      g_assert_cmpstr (difference (one, other), ==, names[i]);
      g_assert_cmpstr (difference (plain, one), ==, names[i]);
    }
}

/* A resumed job is still the same request. */
static void
test_resumed (void)
{
  g_autoptr (SqnsRequest) ordered = make ("not-before", "<uint64 5>");
  g_autoptr (SqnsRequest) resumed = make ("not-before", "<uint64 5>");
  resumed->at_once = TRUE;
  g_assert_null (difference (ordered, resumed));
  g_assert_cmpint (sqns_request_begin (ordered), ==, 5);
  g_assert_cmpint (sqns_request_begin (resumed), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/request/every-option", test_every_option);
  g_test_add_func ("/request/files-and-kind", test_files_and_kind);
  g_test_add_func ("/request/resumed", test_resumed);
  return g_test_run ();
}
