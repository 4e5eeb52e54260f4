/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What two orders differ in: a row for each option that there is. */
#include "bus/options.h"
#include "firmware-builder.h"
#include "job/order.h"

/* Two values of the option; the first is also what an order without it means where @by_default. */
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
  { "idempotency-key", NULL, NULL }, /* by it the orders are found that are compared */
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
  SqnsOptionFiles files;
  g_assert_no_error (error);
  SqnsRequest *request = sqns_options_upgrade (dict, &files, &error);
  g_assert_no_error (error);
  return request;
}

static const char *
difference (const SqnsRequest *one, const SqnsRequest *other, SqnsFirmware *firmware)
{
  const SqnsOrder a = sqns_order_of (one, firmware), b = sqns_order_of (other, firmware);
  const char *found = sqns_order_difference (&a, &b);
  g_assert_cmpstr (sqns_order_difference (&b, &a), ==, found);
  g_assert_null (sqns_order_difference (&a, &a));
  return found;
}

static void
test_every_option (void)
{
  g_autoptr (SqnsFirmware) firmware = sqns_test_firmware_new ("x.dup", 37781, 0);
  g_autoptr (SqnsRequest) none = make (NULL, NULL);
  guint i;

  for (i = 0; sqns_options_upgrade_key (i) != NULL; i++)
    {
      g_assert_cmpuint (i, <, G_N_ELEMENTS (rows)); /* a new option wants its row, here and in order.c */
      g_assert_cmpstr (sqns_options_upgrade_key (i), ==, rows[i].key);
      if (rows[i].one == NULL)
        continue;
      g_autoptr (SqnsRequest) one = make (rows[i].key, rows[i].one);
      g_autoptr (SqnsRequest) same = make (rows[i].key, rows[i].one);
      g_autoptr (SqnsRequest) other = make (rows[i].key, rows[i].other);
      g_assert_null (difference (one, same, firmware));
      g_assert_cmpstr (difference (one, other, firmware), ==, rows[i].key);
      g_assert_cmpstr (difference (none, other, firmware), ==, rows[i].key);
      g_assert_cmpstr (difference (none, one, firmware), ==, rows[i].by_default ? NULL : rows[i].key);
    }
  g_assert_cmpuint (i, ==, G_N_ELEMENTS (rows));
}

static void
test_files_and_kind (void)
{
  g_autoptr (SqnsFirmware) one = sqns_test_firmware_new ("x.dup", 37781, 0);
  g_autoptr (SqnsFirmware) same = sqns_test_firmware_new ("another-name.dup", 37781, 0);
  g_autoptr (SqnsFirmware) other = sqns_test_firmware_new ("x.dup", 41019, 0);
  g_autoptr (SqnsRequest) plain = make (NULL, NULL);
  g_autoptr (SqnsRequest) recover = make (NULL, NULL);
  g_autoptr (SqnsRequest) first_step = make (NULL, NULL);
  g_autoptr (SqnsRequest) updater = make (NULL, NULL);
  recover->options.recover = TRUE;
  first_step->first_step = g_object_ref (other);
  updater->updater = g_object_ref (other);

  const SqnsOrder a = sqns_order_of (plain, one), b = sqns_order_of (plain, same), c = sqns_order_of (plain, other);
  g_assert_null (sqns_order_difference (&a, &b));
  g_assert_cmpstr (sqns_order_difference (&a, &c), ==, "firmware");
  g_assert_cmpstr (difference (plain, recover, one), ==, "kind");
  g_assert_cmpstr (difference (plain, first_step, one), ==, "first-step");
  g_assert_cmpstr (difference (plain, updater, one), ==, "updater");
}

/* A resumed job is still what was ordered. */
static void
test_resumed (void)
{
  g_autoptr (SqnsFirmware) firmware = sqns_test_firmware_new ("x.dup", 37781, 0);
  g_autoptr (SqnsRequest) ordered = make ("not-before", "<uint64 5>");
  g_autoptr (SqnsRequest) resumed = make ("not-before", "<uint64 5>");
  resumed->at_once = TRUE;
  g_assert_null (difference (ordered, resumed, firmware));
  g_assert_cmpint (sqns_request_begin (ordered), ==, 5);
  g_assert_cmpint (sqns_request_begin (resumed), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/order/every-option", test_every_option);
  g_test_add_func ("/order/files-and-kind", test_files_and_kind);
  g_test_add_func ("/order/resumed", test_resumed);
  return g_test_run ();
}
