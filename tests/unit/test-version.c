/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Versions as written by modems, images and people. */
#include "common/version.h"

#include <string.h>

typedef struct {
  const char *text;
  SqnsVersion version; /* build 0: none there */
  SqnsFamily family;
  const char *formatted;
} Row;

static const Row rows[] = {
  /* protocol.md §2 */
  { "LR5.1.1.0-39529", { { 5, 1, 1, 0 }, 39529 }, SQNS_FAMILY_CAT_M1, "5.1.1.0-39529" },
  { "Bootloader0  : 5.1.1.0 [33080]", { { 5, 1, 1, 0 }, 33080 }, SQNS_FAMILY_CAT_M1, "5.1.1.0-33080" },
  { "Software     : 5.1.1.0 [38638] by robot-soft at 2018-08-20 09:51:46",
    { { 5, 1, 1, 0 }, 38638 },
    SQNS_FAMILY_CAT_M1,
    "5.1.1.0-38638" },
  { "[41065]", { { 0 }, 41065 }, SQNS_FAMILY_CAT_M1, "[41065]" },
  { "UE5.0.0.0d", { { 0 }, 0 }, SQNS_FAMILY_UNKNOWN, "" },
  /* protocol.md §3, §5 */
  { "LR6.0.0.0-37781", { { 6, 0, 0, 0 }, 37781 }, SQNS_FAMILY_NB_IOT, "6.0.0.0-37781" },
  { "6.0.0.0 [37781] by someone", { { 6, 0, 0, 0 }, 37781 }, SQNS_FAMILY_NB_IOT, "6.0.0.0-37781" },
  { "LR5.4.1.0-50523", { { 5, 4, 1, 0 }, 50523 }, SQNS_FAMILY_CAT_M1, "5.4.1.0-50523" },
  { "LR6.1.2.0-46262", { { 6, 1, 2, 0 }, 46262 }, SQNS_FAMILY_NB_IOT, "6.1.2.0-46262" },
  /* field-failures.md §2.3 */
  { "Bootloader1* : BUILD5.1.1.0-33988 by robot-soft at 2017-12-11 15:06:33",
    { { 5, 1, 1, 0 }, 33988 },
    SQNS_FAMILY_CAT_M1,
    "5.1.1.0-33988" },
  { "ZSP0         : 1.0.99-13604", { { 0 }, 0 }, SQNS_FAMILY_UNKNOWN, "" },
  { "NV Info      : 1.1,0,0", { { 0 }, 0 }, SQNS_FAMILY_UNKNOWN, "" },
  { "UE:5.0.0.0d;att:5.1.0.0d", { { 0 }, 0 }, SQNS_FAMILY_UNKNOWN, "" },
  { "failure[diffUpgrade,239] Patch didn't apply!", { { 0 }, 0 }, SQNS_FAMILY_UNKNOWN, "" },
  { "failure[239]", { { 0 }, 0 }, SQNS_FAMILY_UNKNOWN, "" },
  /* forms */
  { "6.0.0.0-37781", { { 6, 0, 0, 0 }, 37781 }, SQNS_FAMILY_NB_IOT, "6.0.0.0-37781" },
  { "6.0.0.0\t [37781]", { { 6, 0, 0, 0 }, 37781 }, SQNS_FAMILY_NB_IOT, "6.0.0.0-37781" },
  { "UE6.0.0.0\r\nLR6.0.0.0-41019", { { 6, 0, 0, 0 }, 41019 }, SQNS_FAMILY_NB_IOT, "6.0.0.0-41019" },
  { "5.1.1.0 [41065], before 5.1.1.0 [38638]", { { 5, 1, 1, 0 }, 41065 }, SQNS_FAMILY_CAT_M1, "5.1.1.0-41065" },
  { "5.1.1.0\r\n[41065]", { { 0 }, 41065 }, SQNS_FAMILY_CAT_M1, "[41065]" },
  { "[37781]", { { 0 }, 37781 }, SQNS_FAMILY_NB_IOT, "[37781]" },
  { "[99999]", { { 0 }, 99999 }, SQNS_FAMILY_UNKNOWN, "[99999]" },
  { "8.0.5.4-61488", { { 8, 0, 5, 4 }, 61488 }, SQNS_FAMILY_UNKNOWN, "8.0.5.4-61488" },
  { "0.0.0.0 [37781]", { { 0 }, 37781 }, SQNS_FAMILY_NB_IOT, "[37781]" },
  /* field-failures.md row 33: engineering releases */
  { "LR6.0.0.0-ER9-36571", { { 6, 0, 0, 0 }, 36571, "ER9" }, SQNS_FAMILY_NB_IOT, "6.0.0.0-ER9-36571" },
  { "    Software     : 6.0.0.0-ER7 [35351] by robot-soft at 2018-01-01",
    { { 6, 0, 0, 0 }, 35351, "ER7" },
    SQNS_FAMILY_NB_IOT,
    "6.0.0.0-ER7-35351" },
  { "6.0.0.0-ER9-36571", { { 6, 0, 0, 0 }, 36571, "ER9" }, SQNS_FAMILY_NB_IOT, "6.0.0.0-ER9-36571" },
  { "UE6.0.0.0-ER9", { { 0 }, 0 }, SQNS_FAMILY_UNKNOWN, "" },
  { "UE6.0.0.0-ER9\r\nLR6.0.0.0-ER9-36571", { { 6, 0, 0, 0 }, 36571, "ER9" }, SQNS_FAMILY_NB_IOT, "6.0.0.0-ER9-36571" },
  { "6.0.0.0-ER-36571", { { 6, 0, 0, 0 }, 36571, "ER" }, SQNS_FAMILY_NB_IOT, "6.0.0.0-ER-36571" },
  { "6.0.0.0-ER9", { { 0 }, 0 }, SQNS_FAMILY_UNKNOWN, "" },
  { "6.0.0.0-ER9-", { { 0 }, 0 }, SQNS_FAMILY_UNKNOWN, "" },
  { "6.0.0.0-ER9-x", { { 0 }, 0 }, SQNS_FAMILY_UNKNOWN, "" },
  { "6.0.0.0-ER123456-36571", { { 0 }, 0 }, SQNS_FAMILY_UNKNOWN, "" },
  { "6.0.0.0-9ER-36571", { { 6, 0, 0, 0 }, 9 }, SQNS_FAMILY_NB_IOT, "6.0.0.0-9" },
  /* none */
  { "", { { 0 }, 0 }, SQNS_FAMILY_UNKNOWN, "" },
  { "5.1.1.0", { { 0 }, 0 }, SQNS_FAMILY_UNKNOWN, "" },
  { "5.1.1.0-", { { 0 }, 0 }, SQNS_FAMILY_UNKNOWN, "" },
  { "5.1.1.0-0", { { 0 }, 0 }, SQNS_FAMILY_UNKNOWN, "" },
  { "5.1.1.0 [", { { 0 }, 0 }, SQNS_FAMILY_UNKNOWN, "" },
  { "5.1.1.0 [38638", { { 0 }, 0 }, SQNS_FAMILY_UNKNOWN, "" },
  { "[38638x]", { { 0 }, 0 }, SQNS_FAMILY_UNKNOWN, "" },
  { "1.5.1.1.0-38638", { { 0 }, 0 }, SQNS_FAMILY_UNKNOWN, "" },
  { "5.1.1.0-4294967297", { { 0 }, 0 }, SQNS_FAMILY_UNKNOWN, "" },
  { "4294967301.1.1.0-38638", { { 0 }, 0 }, SQNS_FAMILY_UNKNOWN, "" },
};

static void
test_parse (gconstpointer data)
{
  const Row *row = data;
  SqnsVersion version = { { 9, 9, 9, 9 }, 9 };
  g_autofree char *formatted = NULL;

  g_assert_cmpint (sqns_version_parse (row->text, -1, &version), ==, row->version.build != 0);
  g_assert_cmpmem (&version, sizeof version, &row->version, sizeof row->version);
  g_assert_cmpint (sqns_version_known (&version), ==, row->version.build != 0);
  g_assert_cmpint (sqns_version_family (&version), ==, row->family);
  formatted = sqns_version_format (&version);
  g_assert_cmpstr (formatted, ==, row->formatted);

  /* the same with a length, without reads past it */
  g_autofree char *exact = g_memdup2 (row->text, MAX (strlen (row->text), 1));

  g_assert_cmpint (sqns_version_parse (exact, (gssize)strlen (row->text), &version), ==, row->version.build != 0);
  g_assert_cmpmem (&version, sizeof version, &row->version, sizeof row->version);
}

static void
test_length (void)
{
  static const char bytes[] = "\0\xff\0LR6.0.0.0-37781\0";
  SqnsVersion version;

  g_assert_true (sqns_version_parse (bytes, sizeof bytes - 1, &version));
  g_assert_cmpuint (version.build, ==, 37781);
  g_assert_true (sqns_version_parse ("5.1.1.0-38638", 12, &version));
  g_assert_cmpuint (version.build, ==, 3863);
  g_assert_false (sqns_version_parse ("5.1.1.0 [38638]", 14, &version));
  g_assert_false (sqns_version_parse ("[41065]", 0, &version));
}

typedef struct {
  SqnsVersion a;
  SqnsVersion b;
  int order;
  gboolean equal;
} OrderRow;

static const OrderRow order_rows[] = {
  { { { 5, 1, 1, 0 }, 38638 }, { { 5, 1, 1, 0 }, 38638 }, 0, TRUE },
  { { { 5, 1, 1, 0 }, 38638 }, { { 5, 1, 1, 0 }, 41065 }, -1, FALSE },
  { { { 5, 2, 1, 0 }, 48829 }, { { 5, 1, 1, 0 }, 46470 }, 1, FALSE },
  /* parts before builds */
  { { { 5, 2, 0, 0 }, 40000 }, { { 5, 1, 1, 0 }, 46470 }, 1, FALSE },
  { { { 6, 0, 0, 0 }, 35351 }, { { 5, 4, 1, 0 }, 50523 }, 1, FALSE },
  { { { 5, 1, 1, 0 }, 38638 }, { { 5, 1, 1, 1 }, 38638 }, -1, FALSE },
  /* if one only has a build */
  { { { 0 }, 41065 }, { { 5, 1, 1, 0 }, 41065 }, 0, TRUE },
  { { { 0 }, 41065 }, { { 5, 1, 1, 0 }, 38638 }, 1, FALSE },
  /* a mark does not affect the order */
  { { { 6, 0, 0, 0 }, 36571, "ER9" }, { { 6, 0, 0, 0 }, 36571 }, 0, TRUE },
  { { { 6, 0, 0, 0 }, 36571, "ER9" }, { { 6, 0, 0, 0 }, 37781 }, -1, FALSE },
  /* two unknown versions are not equal */
  { { { 0 }, 0 }, { { 0 }, 0 }, 0, FALSE },
  { { { 0 }, 0 }, { { 5, 1, 1, 0 }, 38638 }, -1, FALSE },
};

static void
test_order (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (order_rows); i++)
    {
      const OrderRow *row = &order_rows[i];

      g_test_message ("row %u", i);
      g_assert_cmpint (sqns_version_compare (&row->a, &row->b), ==, row->order);
      g_assert_cmpint (sqns_version_compare (&row->b, &row->a), ==, -row->order);
      g_assert_cmpint (sqns_version_equal (&row->a, &row->b), ==, row->equal);
      g_assert_cmpint (sqns_version_equal (&row->b, &row->a), ==, row->equal);
    }
}

/* protocol.md §3, "Versions" */
static void
test_released (void)
{
  static const guint cat_m1[] = { 33080, 33988, 36417, 38638, 39529, 41065, 43818, 46470, 50523, 48829 };
  static const guint nb_iot[] = { 35351, 37365, 37781, 38729, 40343, 41019, 46262, 48939 };

  for (guint i = 0; i < G_N_ELEMENTS (cat_m1); i++)
    g_assert_cmpint (sqns_version_family (&(SqnsVersion){ .build = cat_m1[i] }), ==, SQNS_FAMILY_CAT_M1);
  for (guint i = 0; i < G_N_ELEMENTS (nb_iot); i++)
    g_assert_cmpint (sqns_version_family (&(SqnsVersion){ .build = nb_iot[i] }), ==, SQNS_FAMILY_NB_IOT);
  g_assert_cmpint (sqns_version_family (&(SqnsVersion){ { 0 }, 0 }), ==, SQNS_FAMILY_UNKNOWN);
  g_assert_cmpstr (sqns_family_name (SQNS_FAMILY_UNKNOWN), ==, "unknown");
  g_assert_cmpstr (sqns_family_name (SQNS_FAMILY_CAT_M1), ==, "CAT-M1");
  g_assert_cmpstr (sqns_family_name (SQNS_FAMILY_NB_IOT), ==, "NB-IoT");
}

static void
test_chip (void)
{
  static const struct {
    SqnsVersion version;
    SqnsChip chip;
  } chip_rows[] = {
    { { { 5, 1, 1, 0 }, 41065 }, SQNS_CHIP_SQN3330 },  { { { 6, 0, 0, 0 }, 36571, "ER9" }, SQNS_CHIP_SQN3330 },
    { { { 8, 2, 1, 0 }, 61488 }, SQNS_CHIP_MONARCH2 }, { { { 8, 0, 5, 4 }, 1 }, SQNS_CHIP_MONARCH2 },
    { { { 7, 0, 0, 0 }, 30000 }, SQNS_CHIP_OTHER },    { { { 0 }, 41065 }, SQNS_CHIP_SQN3330 },
    { { { 0 }, 99999 }, SQNS_CHIP_UNKNOWN },           { { { 0 }, 0 }, SQNS_CHIP_UNKNOWN },
  };

  for (guint i = 0; i < G_N_ELEMENTS (chip_rows); i++)
    g_assert_cmpint (sqns_version_chip (&chip_rows[i].version), ==, chip_rows[i].chip);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *path = g_strdup_printf ("/version/parse/%02u", i);

      g_test_add_data_func (path, &rows[i], test_parse);
    }
  g_test_add_func ("/version/length", test_length);
  g_test_add_func ("/version/order", test_order);
  g_test_add_func ("/version/released", test_released);
  g_test_add_func ("/version/chip", test_chip);
  return g_test_run ();
}
