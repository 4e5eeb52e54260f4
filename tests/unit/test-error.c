/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The error domain: names both ways, over GDBus, recoding. */
#include "common/error.h"

static void
test_names (void)
{
  for (int code = 0; code < SQNS_N_ERRORS; code++)
    {
      g_autoptr (GError) error = g_error_new_literal (SQNS_ERROR, code, "x");
      const char *name = sqns_error_name (error);
      SqnsError back;
      g_assert_true (g_str_has_prefix (name, SQNS_ERROR_DBUS_PREFIX));
      g_assert_true (sqns_error_from_name (name, &back));
      g_assert_cmpint (back, ==, code);

      g_autofree char *wire = g_dbus_error_encode_gerror (error);
      g_assert_cmpstr (wire, ==, name);
      g_autoptr (GError) received = g_dbus_error_new_for_dbus_error (name, "x");
      g_assert_error (received, SQNS_ERROR, (int)code);
    }
  SqnsError none;
  g_assert_false (sqns_error_from_name ("org.sqnsd1.Error.Nonsense", &none));
  g_assert_false (sqns_error_from_name (NULL, &none));
}

static void
test_foreign (void)
{
  g_autoptr (GError) cancelled = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "x");
  g_autoptr (GError) args = g_error_new_literal (G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS, "x");
  g_autoptr (GError) other = g_error_new_literal (G_FILE_ERROR, G_FILE_ERROR_NOENT, "x");
  g_assert_cmpstr (sqns_error_name (cancelled), ==, "org.sqnsd1.Error.Cancelled");
  g_assert_cmpstr (sqns_error_name (args), ==, "org.freedesktop.DBus.Error.InvalidArgs");
  g_assert_cmpstr (sqns_error_name (other), ==, "org.sqnsd1.Error.Failed");
}

static void
test_recode (void)
{
  g_autoptr (GError) error = g_error_new_literal (SQNS_ERROR, SQNS_ERROR_TIMEOUT, "no answer");
  sqns_error_recode (&error, SQNS_ERROR_NEEDS_RECOVERY, "%s: ", "AT");
  g_assert_error (error, SQNS_ERROR, SQNS_ERROR_NEEDS_RECOVERY);
  g_assert_cmpstr (error->message, ==, "AT: no answer");
}

static void
test_normalize (void)
{
  static const struct {
    int io_code;
    SqnsError code;
  } rows[] = {
    { G_IO_ERROR_CANCELLED, SQNS_ERROR_CANCELLED },     { G_IO_ERROR_CLOSED, SQNS_ERROR_DEVICE_LOST },
    { G_IO_ERROR_BROKEN_PIPE, SQNS_ERROR_DEVICE_LOST }, { G_IO_ERROR_TIMED_OUT, SQNS_ERROR_TIMEOUT },
    { G_IO_ERROR_NO_SPACE, SQNS_ERROR_FAILED },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = sqns_error_normalize (g_error_new_literal (G_IO_ERROR, rows[i].io_code, "why"));
      g_assert_error (error, SQNS_ERROR, (int)rows[i].code);
      g_assert_cmpstr (error->message, ==, "why");
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/error/names", test_names);
  g_test_add_func ("/error/foreign", test_foreign);
  g_test_add_func ("/error/recode", test_recode);
  g_test_add_func ("/error/normalize", test_normalize);
  return g_test_run ();
}
