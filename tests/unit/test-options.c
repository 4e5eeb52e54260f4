/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pure parts of the bus: option dictionaries, object paths, and the rate of signals. */
#include "bus/options.h"
#include "bus/paths.h"
#include "bus/throttle.h"

#include <string.h>

static GVariant *
dict (const char *text)
{
  g_autoptr (GError) error = NULL;
  GVariant *variant = g_variant_parse (G_VARIANT_TYPE_VARDICT, text, NULL, NULL, &error);
  g_assert_no_error (error);
  return variant;
}

static gint32 handles[SQNS_JOB_N_FILES]; /* of the last parse() */

static SqnsRequest *
parse (const char *text, GError **error)
{
  g_autoptr (GVariant) variant = dict (text);
  SqnsRequest *request = sqns_options_upgrade (variant, handles, error);
  g_assert_true ((request == NULL) == (error != NULL && *error != NULL));
  return request;
}

static void
test_all (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SqnsRequest) request
      = parse ("{'allow-downgrade': <true>, 'allow-family-change': <true>, 'allow-reinstall': <true>, "
               "'block-size': <uint32 4096>, 'dry-run': <true>, "
               "'expect-sha256': <'0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcdef'>, "
               "'expect-version': <'6.0.0.0-37781'>, 'force': <true>, 'idempotency-key': <'k'>, 'label': <'bench 3'>, "
               "'link': <'relay'>, 'method': <'on-the-fly'>, 'not-after': <uint64 20>, 'not-before': <uint64 10>, "
               "'priority': <-5>, 'speed': <uint32 230400>}",
               &error);
  g_assert_no_error (error);
  g_assert_true (request->options.allow_downgrade && request->options.allow_family_change
                 && request->options.allow_reinstall && request->options.force && request->dry_run);
  g_assert_cmpuint (request->block_size, ==, 4096);
  g_assert_cmpuint (strlen (request->expect_sha256), ==, 64);
  g_assert_cmpuint (request->expect_version.part[0], ==, 6);
  g_assert_cmpuint (request->expect_version.build, ==, 37781);
  g_assert_cmpstr (request->idempotency_key, ==, "k");
  g_assert_cmpstr (request->label, ==, "bench 3");
  g_assert_cmpint (request->link, ==, SQNS_LINK_RELAY);
  g_assert_cmpint (request->options.method, ==, SQNS_METHOD_ON_THE_FLY);
  g_assert_cmpint (request->not_before, ==, 10);
  g_assert_cmpint (request->not_after, ==, 20);
  g_assert_cmpint (request->priority, ==, -5);
  g_assert_cmpuint (request->speed, ==, 230400);
}

static void
test_none (void)
{
  g_autoptr (SqnsRequest) request = parse ("{}", NULL);
  g_autoptr (SqnsRequest) build = parse ("{'expect-version': <'37781'>}", NULL);
  g_assert_cmpstr (request->label, ==, "");
  g_assert_cmpstr (request->idempotency_key, ==, "");
  g_assert_cmpint (request->options.method, ==, SQNS_METHOD_AUTO);
  g_assert_false (request->options.force);
  g_assert_cmpuint (build->expect_version.build, ==, 37781);

  g_autoptr (GVariant) empty = dict ("{}");
  g_autoptr (GVariant) full = dict ("{'x': <1>}");
  g_autoptr (GError) error = NULL;
  g_assert_true (sqns_options_none (empty, NULL));
  g_assert_false (sqns_options_none (full, &error));
  g_assert_error (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS);
}

static void
test_types (void)
{
  static const char *const keys[]
      = { "allow-downgrade", "allow-family-change", "allow-reinstall", "block-size",      "dry-run", "expect-sha256",
          "expect-version",  "first-step",          "force",           "idempotency-key", "label",   "link",
          "method",          "not-after",           "not-before",      "priority",        "speed",   "updater" };
  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      g_autofree char *text = g_strdup_printf ("{'%s': <[byte 1]>}", keys[i]);
      g_autoptr (GError) error = NULL;
      g_assert_null (parse (text, &error));
      g_assert_error (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS);
      g_assert_nonnull (strstr (error->message, keys[i]));
    }
}

static void
test_refused (void)
{
  static const char *const rows[]
      = { "{'unknown': <true>}",
          "{'Force': <true>}",
          "{'force': <true>, 'force': <false>}",
          "{'block-size': <uint32 111>}",
          "{'block-size': <uint32 8177>}",
          "{'block-size': <uint32 0>}",
          "{'expect-sha256': <'abc'>}",
          "{'expect-sha256': <'g123456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcdef'>}",
          "{'expect-version': <'new'>}",
          "{'expect-version': <''>}",
          "{'idempotency-key': <''>}",
          "{'link': <'usb'>}",
          "{'method': <'fast'>}",
          "{'speed': <uint32 12345>}",
          "{'speed': <uint32 0>}",
          "{'not-before': <uint64 18446744073709551615>}",
          "{'not-before': <uint64 20>, 'not-after': <uint64 20>}" };
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (SqnsRequest) request = parse (rows[i], &error);
      if (request != NULL)
        g_error ("%s was taken", rows[i]);
      g_assert_error (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS);
    }
  g_autofree char *label = g_strnfill (1025, 'x');
  g_autofree char *text = g_strdup_printf ("{'label': <'%s'>}", label);
  g_autoptr (GError) error = NULL;
  g_assert_null (parse (text, &error));
  g_assert_error (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS);
}

static void
test_files (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SqnsRequest) none = parse ("{}", &error);
  g_assert_no_error (error);
  g_assert_cmpint (handles[SQNS_JOB_UPDATER], ==, -1);
  g_assert_cmpint (handles[SQNS_JOB_FIRST_STEP], ==, -1);

  g_autoptr (SqnsRequest) both = parse ("{'updater': <handle 1>, 'first-step': <handle 2>}", &error);
  g_assert_no_error (error);
  g_assert_cmpint (handles[SQNS_JOB_UPDATER], ==, 1);
  g_assert_cmpint (handles[SQNS_JOB_FIRST_STEP], ==, 2);
}

static void
test_port (void)
{
  g_autoptr (GVariant) good = dict ("{'link': <'direct'>, 'board': <'g01'>, 'speed': <uint32 921600>}");
  static const char *const bad[]
      = { "{'board': <'esp'>}", "{'board': <1>}", "{'link': <'x'>}", "{'speed': <'1'>}", "{'x': <1>}" };
  SqnsPortOptions options;
  g_assert_true (sqns_options_port (good, &options, NULL));
  g_assert_cmpint (options.link, ==, SQNS_LINK_DIRECT);
  g_assert_cmpstr (options.board, ==, "g01");
  g_assert_cmpuint (options.speed, ==, 921600);
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GVariant) variant = dict (bad[i]);
      g_autoptr (GError) error = NULL;
      g_assert_false (sqns_options_port (variant, &options, &error));
      g_assert_error (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS);
    }
}

static void
test_paths (void)
{
  static const struct {
    const char *id;
    guint n;
    const char *path;
  } rows[] = {
    { "ttyUSB0", 1, "/org/sqnsd1/modem/ttyUSB0" },
    { "pci-0000:00:14.0-usb-0:1", 1, "/org/sqnsd1/modem/pci_0000_00_14_0_usb_0_1" },
    { "Py\xc3\xa4", 2, "/org/sqnsd1/modem/Py___2" },
    { "", 1, "/org/sqnsd1/modem/_" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *path = sqns_path_modem (rows[i].id, rows[i].n);
      g_assert_cmpstr (path, ==, rows[i].path);
      g_assert_true (g_variant_is_object_path (path));
    }
  g_autofree char *job = sqns_path_job ("60bd2ffb-4fa0-48fa");
  g_assert_cmpstr (job, ==, "/org/sqnsd1/job/60bd2ffb_4fa0_48fa");
}

/* Never more than four in any second. */
static void
test_throttle (void)
{
  g_autoptr (GArray) times = g_array_new (FALSE, FALSE, sizeof (gint64));
  SqnsThrottle throttle = { 0 };
  gint64 now = 5 * G_USEC_PER_SEC, end = now + 20 * G_USEC_PER_SEC;
  guint soon = 0;

  for (; now < end; now += 10000)
    {
      SqnsTell tell = now / 10000 % 37 == 0 ? SQNS_TELL_SOON : SQNS_TELL_LATER;
      if (sqns_throttle_due (&throttle, tell, now) > now)
        continue;
      soon += tell == SQNS_TELL_SOON;
      sqns_throttle_told (&throttle, tell, now);
      g_array_append_val (times, now);
    }
  g_assert_cmpint (sqns_throttle_due (&throttle, SQNS_TELL_NOW, now), ==, now);
  g_array_append_val (times, now);
  for (guint i = 4; i < times->len; i++)
    g_assert_cmpint (g_array_index (times, gint64, i) - g_array_index (times, gint64, i - 4), >=, G_USEC_PER_SEC);
  g_assert_cmpuint (times->len, >, 40);
  g_assert_cmpuint (soon, >, 3);

  /* after a pause nothing waits */
  now += 2 * G_USEC_PER_SEC;
  g_assert_cmpint (sqns_throttle_due (&throttle, SQNS_TELL_LATER, now), ==, now);
  sqns_throttle_told (&throttle, SQNS_TELL_LATER, now);
  g_assert_cmpint (sqns_throttle_due (&throttle, SQNS_TELL_LATER, now), >, now);
  g_assert_cmpint (sqns_throttle_due (&throttle, SQNS_TELL_SOON, now), ==, now);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/options/all", test_all);
  g_test_add_func ("/options/none", test_none);
  g_test_add_func ("/options/types", test_types);
  g_test_add_func ("/options/refused", test_refused);
  g_test_add_func ("/options/files", test_files);
  g_test_add_func ("/options/port", test_port);
  g_test_add_func ("/paths", test_paths);
  g_test_add_func ("/throttle", test_throttle);
  return g_test_run ();
}
