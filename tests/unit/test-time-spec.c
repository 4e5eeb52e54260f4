/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Times on the command line: a row for each way to write one. */
#include "client/ui/time-spec.h"

#include <gio/gio.h>

#define FROM "2024-05-01T10:00:00Z"

static void
test_times (void)
{
  static const struct {
    const char *text;
    const char *expected; /* NULL: refused */
  } rows[] = {
    { "10:30", "2024-05-01T10:30:00Z" },
    { "10:00", "2024-05-02T10:00:00Z" }, /* not now, but the next time */
    { "02:00", "2024-05-02T02:00:00Z" },
    { "2:00", "2024-05-02T02:00:00Z" },
    { "02:00:30", "2024-05-02T02:00:30Z" },
    { "2:0", "2024-05-02T02:00:00Z" },
    { "+30m", "2024-05-01T10:30:00Z" },
    { "+1h30m", "2024-05-01T11:30:00Z" },
    { "+90s", "2024-05-01T10:01:30Z" },
    { "+2d", "2024-05-03T10:00:00Z" },
    { "+0s", "2024-05-01T10:00:00Z" },
    { "2024-06-01T02:00", "2024-06-01T02:00:00Z" },
    { "2024-06-01 02:00", "2024-06-01T02:00:00Z" },
    { "2024-06-01T02:00:15", "2024-06-01T02:00:15Z" },
    { "2024-06-01T02:00+02:00", "2024-06-01T00:00:00Z" },
    { "2024-06-01T02:00Z", "2024-06-01T02:00:00Z" },
    { "", NULL },
    { "+", NULL },
    { "+5", NULL },
    { "+5x", NULL },
    { "+-5m", NULL },
    { "+4000d", NULL },
    { "24:00", NULL },
    { "02:60", NULL },
    { "02:00:60", NULL },
    { "02", NULL },
    { "02:", NULL },
    { "02:00:", NULL },
    { "02:00:00:", NULL },
    { "02:000", NULL },
    { ":30", NULL },
    { "02:00x", NULL },
    { "-02:00", NULL },
    { "2024-06-01", NULL },
    { "2024-13-01T02:00", NULL },
    { "1969-01-01T00:00", NULL },
    { "tomorrow", NULL },
  };
  g_autoptr (GDateTime) from = g_date_time_new_from_iso8601 (FROM, NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      guint64 usec = 0;
      gboolean good = sqns_time_spec_parse (rows[i].text, from, &usec, &error);

      g_test_message ("'%s'", rows[i].text);
      if (rows[i].expected == NULL)
        {
          g_assert_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE);
          g_assert_false (good);
          continue;
        }
      g_assert_no_error (error);
      g_autoptr (GDateTime) expected = g_date_time_new_from_iso8601 (rows[i].expected, NULL);
      g_assert_cmpuint (usec, ==, (guint64)g_date_time_to_unix (expected) * G_USEC_PER_SEC);
    }
}

int
main (int argc, char **argv)
{
  g_setenv ("TZ", "UTC", TRUE);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/time-spec/times", test_times);
  return g_test_run ();
}
