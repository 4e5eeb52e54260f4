/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The settings of the daemon: strict parsing, errors that name the line. */
#include "manager/config.h"

#include <string.h>

static void
test_good (void)
{
  static const char text[] = "# a comment\n; another\n\n[sqnsd]\nProbeOnPlug = yes\nAutoResume=false\n"
                             " MaxConcurrent=12 \nHistoryDays=0\r\nLogPersonal=On\n"
                             "MaxJobsPerUser=1\nMaxInhibitorsPerUser=0\nMaxConsolesPerUser=3\nMaxReadersPerUser=4\n";
  SqnsConfig config;
  g_autoptr (GError) error = NULL;
  g_assert_true (sqns_config_parse (&config, text, strlen (text), "test", &error));
  g_assert_no_error (error);
  g_assert_true (config.probe_on_plug);
  g_assert_false (config.auto_resume);
  g_assert_cmpuint (config.max_concurrent, ==, 12);
  g_assert_cmpuint (config.history_days, ==, 0);
  g_assert_true (config.log_personal);
  g_assert_cmpuint (config.max_jobs_per_user, ==, 1);
  g_assert_cmpuint (config.max_inhibitors_per_user, ==, 0);
  g_assert_cmpuint (config.max_consoles_per_user, ==, 3);
  g_assert_cmpuint (config.max_readers_per_user, ==, 4);
}

static void
test_defaults (void)
{
  SqnsConfig config = { .max_concurrent = 7, .probe_on_plug = TRUE };
  g_autoptr (GError) error = NULL;
  g_assert_true (sqns_config_parse (&config, "", 0, "test", NULL));
  g_assert_false (config.probe_on_plug);
  g_assert_true (config.auto_resume);
  g_assert_cmpuint (config.max_concurrent, ==, 0);
  g_assert_cmpuint (config.history_days, ==, 30);
  g_assert_false (config.log_personal);
  g_assert_cmpuint (config.max_jobs_per_user, ==, 512);
  g_assert_cmpuint (config.max_inhibitors_per_user, ==, 64);
  g_assert_cmpuint (config.max_consoles_per_user, ==, 8);
  g_assert_cmpuint (config.max_readers_per_user, ==, 8);

  g_assert_true (sqns_config_load (&config, "/nonexistent/sqnsd.conf", FALSE, NULL));
  g_assert_false (sqns_config_load (&config, "/nonexistent/sqnsd.conf", TRUE, &error));
  g_assert_error (error, SQNS_ERROR, SQNS_ERROR_FAILED);
  g_clear_error (&error);
  g_assert_false (sqns_config_load (&config, "/", FALSE, &error));
  g_assert_error (error, SQNS_ERROR, SQNS_ERROR_FAILED);
}

static void
test_refused (void)
{
  static const struct {
    const char *text;
    const char *words;
  } rows[] = {
    { "[sqnsd]\nProbeOnPlugg=yes\n", "f:2: unknown key \"ProbeOnPlugg\"" },
    { "[sqnsd]\nprobeonplug=yes\n", "f:2: unknown key" },
    { "[sqnsd]\n\nProbeOnPlug=maybe\n", "f:3: ProbeOnPlug must be yes or no, not \"maybe\"" },
    { "[sqnsd]\nProbeOnPlug=\n", "f:2: ProbeOnPlug must be" },
    { "[sqnsd]\nMaxConcurrent=-1\n", "f:2: MaxConcurrent must be a number from 0 to 100000" },
    { "[sqnsd]\nMaxConcurrent=5x\n", "f:2: MaxConcurrent" },
    { "[sqnsd]\nMaxConcurrent=4294967297\n", "f:2: MaxConcurrent" },
    { "[sqnsd]\nHistoryDays=1\nHistoryDays=2\n", "f:3: HistoryDays is given twice" },
    { "ProbeOnPlug=yes\n", "f:1: a key before the group [sqnsd]" },
    { "[other]\nProbeOnPlug=yes\n", "f:1: unknown group [other]" },
    { "[sqnsd]\nProbeOnPlug\n", "f:2: \"ProbeOnPlug\" is not of the form" },
    { "[sqnsd]\n\xff=1\n", "f:1: the file is not UTF-8" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      SqnsConfig config;
      g_autoptr (GError) error = NULL;
      g_assert_false (sqns_config_parse (&config, rows[i].text, strlen (rows[i].text), "f", &error));
      g_assert_error (error, SQNS_ERROR, SQNS_ERROR_FAILED);
      if (!g_str_has_prefix (error->message, rows[i].words))
        g_error ("\"%s\" does not begin with \"%s\"", error->message, rows[i].words);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/config/good", test_good);
  g_test_add_func ("/config/defaults", test_defaults);
  g_test_add_func ("/config/refused", test_refused);
  return g_test_run ();
}
