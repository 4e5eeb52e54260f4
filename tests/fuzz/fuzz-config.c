/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any bytes as sqnsd.conf: settings that survive writing and reading, or an error that names its line. */
#include "manager/config.h"

#include "fuzz.h"

#include <string.h>

#define MAX_MESSAGE 512u /* bytes of an error message */

static char *
write_out (const SqnsConfig *config)
{
  return g_strdup_printf ("[sqnsd]\nProbeOnPlug=%s\nAutoResume=%s\nMaxConcurrent=%u\nHistoryDays=%u\nLogPersonal=%s\n"
                          "MaxJobsPerUser=%u\nMaxInhibitorsPerUser=%u\nMaxConsolesPerUser=%u\nMaxReadersPerUser=%u\n",
                          config->probe_on_plug ? "yes" : "no", config->auto_resume ? "on" : "off",
                          config->max_concurrent, config->history_days, config->log_personal ? "1" : "0",
                          config->max_jobs_per_user, config->max_inhibitors_per_user, config->max_consoles_per_user,
                          config->max_readers_per_user);
}

static void
check_same (const SqnsConfig *a, const SqnsConfig *b)
{
  g_assert_cmpmem (a, sizeof *a, b, sizeof *b);
}

/* The error names an existing line, and the defaults stay unchanged. */
static void
check_refusal (const char *text, gsize len, const SqnsConfig *config, const GError *error)
{
  SqnsConfig defaults;
  guint64 line, lines = 1;
  char *end;

  sqns_config_init (&defaults);
  check_same (config, &defaults);
  g_assert_error (error, SQNS_ERROR, SQNS_ERROR_FAILED);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  g_assert_cmpuint (strlen (error->message), <=, MAX_MESSAGE);
  g_assert_true (g_str_has_prefix (error->message, "f:"));
  line = g_ascii_strtoull (error->message + 2, &end, 10);
  for (gsize i = 0; i < len; i++)
    lines += text[i] == '\n';
  g_assert_true (g_str_has_prefix (end, ": ") && end[2] != '\0');
  g_assert_true (line >= 1 && line <= lines);
}

/* An error in an additional last line is reported; a comment there changes nothing. */
static void
check_more (const char *text, gsize len, const SqnsConfig *config)
{
  g_autofree char *comment = g_strdup_printf ("%.*s\n# x", (int)len, text);
  g_autofree char *fault = g_strdup_printf ("%.*s\nX=1\n", (int)len, text);
  g_autoptr (GError) error = NULL;
  SqnsConfig again;

  g_assert_true (sqns_config_parse (&again, comment, strlen (comment), "f", &error));
  g_assert_no_error (error);
  check_same (&again, config);
  g_assert_false (sqns_config_parse (&again, fault, strlen (fault), "f", &error));
  check_refusal (fault, strlen (fault), &again, error);
}

/* @text sets each key once. */
static void
check_twice (const char *text)
{
  static const char *const lines[] = { "ProbeOnPlug=no", "AutoResume=no",  "MaxConcurrent=1",
                                       "HistoryDays=1",  "LogPersonal=no", "MaxReadersPerUser=1" };

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      g_autofree char *twice = g_strdup_printf ("%s%s\n", text, lines[i]);
      g_autoptr (GError) error = NULL;
      SqnsConfig config;

      g_assert_false (sqns_config_parse (&config, twice, strlen (twice), "f", &error));
      check_refusal (twice, strlen (twice), &config, error);
    }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const char *bytes = (const char *)data;
  SqnsConfig config, again;
  g_autoptr (GError) error = NULL;

  memset (&config, 0x55, sizeof config);
  if (!sqns_config_parse (&config, bytes, size, "f", &error))
    {
      check_refusal (bytes, size, &config, error);
      return 0;
    }
  g_assert_no_error (error);
  g_assert_cmpuint (config.max_concurrent, <=, 100000);
  g_assert_cmpuint (config.history_days, <=, 36500);
  g_autofree char *text = write_out (&config);
  g_assert_true (sqns_config_parse (&again, text, strlen (text), "f", &error));
  g_assert_no_error (error);
  check_same (&again, &config);
  check_more (bytes, size, &config);
  check_twice (text);
  return 0;
}
