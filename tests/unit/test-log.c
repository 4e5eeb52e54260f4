/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages in the journal: fields about a board, and no text that controls a terminal or looks like another line. */
#include "base/log.h"

#include <string.h>

static GHashTable *written; /* field -> text, of the last message */

static GLogWriterOutput
writer (GLogLevelFlags level, const GLogField *fields, gsize n, gpointer unused)
{
  g_hash_table_remove_all (written);
  for (gsize i = 0; i < n; i++)
    g_hash_table_insert (written, g_strdup (fields[i].key), g_strdup (fields[i].value));
  return G_LOG_WRITER_HANDLED;
}

static const char *
field (const char *key)
{
  return g_hash_table_lookup (written, key);
}

static void
test_fields (void)
{
  const SqnsLogContext context
      = { .modem = "id", .board = "FiPy", .port = "/dev/ttyUSB0", .job = "uuid", .phase = "link" };
  sqns_message (&context, "upgrade begins");
  g_assert_cmpstr (field ("MESSAGE"), ==, "[FiPy ttyUSB0] upgrade begins");
  g_assert_cmpstr (field ("PRIORITY"), ==, "5");
  g_assert_cmpstr (field ("SQNS_MODEM"), ==, "id");
  g_assert_cmpstr (field ("SQNS_PORT"), ==, "/dev/ttyUSB0");
  g_assert_cmpstr (field ("SQNS_JOB"), ==, "uuid");
  g_assert_cmpstr (field ("SQNS_PHASE"), ==, "link");
}

static void
test_clean (void)
{
  const SqnsLogContext context = { .modem = "a\x1b]0;b\a", .board = "Fi\u202EPy", .port = "/dev/tty\n0" };
  sqns_warning (&context, "%s", "told\nsqnsd: all is well\x1b[31m\xff");
  g_assert_cmpstr (field ("MESSAGE"), ==, "[Fi?Py tty 0] told sqnsd: all is well?[31m\uFFFD");
  g_assert_cmpstr (field ("SQNS_MODEM"), ==, "a?]0;b?");
  g_assert_cmpstr (field ("SQNS_PORT"), ==, "/dev/tty 0");
  g_assert_null (field ("SQNS_JOB"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  written = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_log_set_writer_func (writer, NULL, NULL);
  g_test_add_func ("/log/fields", test_fields);
  g_test_add_func ("/log/clean", test_clean);
  int code = g_test_run ();
  g_hash_table_unref (written);
  return code;
}
