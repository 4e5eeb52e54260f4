/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The limits of one user. */
#include "common/error.h"
#include "manager/limit.h"

static void
test_limits (void)
{
  static const struct {
    guint have, more, limit;
    const char *words; /* NULL: allowed */
  } rows[] = {
    { 0, 1, 1 },
    { 7, 1, 8 },
    { 8, 1, 8, "user 1000 has 8 things; the limit is 8 per user" },
    { 9, 1, 8, "user 1000 has 9 things; the limit is 8 per user" },
    { 500, 12, 512 },
    { 500, 13, 512, "user 1000 has 500 things, and this call asks for 13 more; the limit is 512 per user" },
    { 1, G_MAXUINT, 512, "user 1000 has 1 things, and this call asks for 4294967295 more; the limit is 512 per user" },
    { 600, 0, 512 }, /* the configuration may set a lower limit */
    { 100000, 100000, 0 },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      g_assert_true (sqns_limit_check ("things", 1000, rows[i].have, rows[i].more, rows[i].limit, &error)
                     == (rows[i].words == NULL));
      if (rows[i].words == NULL)
        continue;
      g_assert_error (error, SQNS_ERROR, SQNS_ERROR_LIMITS_EXCEEDED);
      g_assert_cmpstr (error->message, ==, rows[i].words);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/limit/limits", test_limits);
  return g_test_run ();
}
