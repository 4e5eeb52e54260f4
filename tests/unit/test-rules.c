/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rules file: what it may say, what is an error, and which rule speaks. */
#include "plan/rules.h"

#include <string.h>

#define TAIL "Error=Incompatible\nLiftable=yes\nMessage=no\n"
#define RULE "[a]\nTo=41065\n" TAIL

static void
test_faults (void)
{
  static const struct {
    const char *text;
    const char *fault; /* what the message must contain */
  } rows[] = {
    { "", "no rule" },
    { "# nothing\n\n", "no rule" },
    { RULE "Foo=1\n", "line 6, [a]: unknown key \"Foo\"" },
    { RULE "to=1\n", "line 6, [a]: unknown key \"to\"" },
    { "# x\n\n[a]\nTo=41065\nTo=38638\n" TAIL, "line 5, [a]: duplicate key To" },
    { RULE "\n" RULE, "line 7, [a]: duplicate of the rule in line 1" },
    { "To=41065\n", "line 1: a key before the first group" },
    { RULE "nonsense\n", "line 6, [a]: \"nonsense\" is neither" },
    { "nonsense\n", "line 1: \"nonsense\" is neither" },
    { "[a\n", "line 1: \"[a\" is not a group" },
    { "[]\n", "line 1: \"[]\" is not a group" },
    { "[a]b]\n", "line 1: \"[a]b]\" is not a group" },
    { "[a]\n" TAIL, "line 1, [a]: a rule without a condition" },
    { "[a]\n" TAIL "[b]\nTo=41065\n" TAIL, "line 1, [a]: a rule without a condition" },
    { "[a]\nTo=41065\nLiftable=yes\nMessage=no\n", "line 1, [a]: key Error is missing" },
    { "[a]\nTo=41065\nError=Incompatible\nMessage=no\n", "line 1, [a]: key Liftable is missing" },
    { "[a]\nTo=41065\nError=Incompatible\nLiftable=yes\n", "line 1, [a]: key Message is missing" },
    { "[a]\nTo=41065\nError=Downgrade\n", "line 3, [a]: \"Downgrade\" is not a valid value for Error" },
    { "[a]\nLiftable=true\n", "line 2, [a]: \"true\" is not a valid value for Liftable" },
    { "[a]\nMessage=\n", "line 2, [a]: \"\" is not a valid value for Message" },
    { "[a]\nToFamily=unknown\n", "line 2, [a]: \"unknown\" is not a valid value for ToFamily" },
    { "[a]\nTo=\n", "is not a valid value for To" },
    { "[a]\nTo=;\n", "is not a valid value for To" },
    { "[a]\nTo=41065;;38638\n", "is not a valid value for To" },
    { "[a]\nTo=41065,38638\n", "is not a valid value for To" },
    { "[a]\nTo=-1\n", "is not a valid value for To" },
    { "[a]\nTo=0\n", "is not a valid value for To" },
    { "[a]\nNotTo=18446744073709551617\n", "is not a valid value for NotTo" },
    { "[a]\nFrom=0x10\n", "is not a valid value for From" },
    { "[a]\nNotFrom=x\n", "is not a valid value for NotFrom" },
    { "[a]\nBootloader0=33080 x\n", "is not a valid value for Bootloader0" },
    { "[a]\nNotRoute=\n", "\"\" is not a valid value for NotRoute" },
    { "[a]\nNotRoute=auto\n", "\"auto\" is not a valid value for NotRoute" },
    { "[a]\nNotRoute=fff;resume\n", "is not a valid value for NotRoute" },
    { "[a]\nFirstFile=true\n", "line 2, [a]: \"true\" is not a valid value for FirstFile" },
    { "[\xff]\n", "not UTF-8" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (SqnsRules) rules = sqns_rules_parse (rows[i].text, -1, &error);

      g_assert_null (rules);
      g_assert_error (error, SQNS_ERROR, SQNS_ERROR_FAILED);
      g_test_message ("%s", error->message);
      g_assert_nonnull (strstr (error->message, rows[i].fault));
    }
}

static void
test_length (void)
{
  static const char nul[] = RULE "\0";
  g_autoptr (SqnsRules) cut = sqns_rules_parse (RULE "garbage", sizeof RULE - 1, NULL);
  g_autoptr (SqnsRules) with_nul = sqns_rules_parse (nul, sizeof nul - 1, NULL);

  g_assert_nonnull (cut);
  g_assert_null (with_nul);
}

static const SqnsVersion cat_m1_38638 = { { 5, 1, 1, 0 }, 38638 };
static const SqnsVersion cat_m1_41065 = { { 5, 1, 1, 0 }, 41065 };
static const SqnsVersion nb_iot_37781 = { { 6, 0, 0, 0 }, 37781 };
static const SqnsVersion factory = { { 5, 1, 1, 0 }, 33080 };
static const SqnsVersion nothing = { { 0 }, 0 };

typedef struct {
  const char *conditions;
  const SqnsVersion *to;
  const SqnsVersion *from; /* NULL: only the file is known */
  const SqnsVersion *bootloader0;
  gboolean matches;
  SqnsRoute route;
  gboolean first_file;
  gboolean unknown_passes;
} MatchRow;

static const MatchRow match_rows[] = {
  { "To=38638", &cat_m1_38638, &factory, &nothing, TRUE },
  { "To=41065; 38638;", &cat_m1_38638, &factory, &nothing, TRUE },
  { "To=41065", &cat_m1_38638, &factory, &nothing, FALSE },
  { "To=41065", &nothing, &factory, &nothing, FALSE },
  { "NotTo=41065", &cat_m1_38638, &factory, &nothing, TRUE },
  { "NotTo=38638;41065", &cat_m1_38638, &factory, &nothing, FALSE },
  { "ToFamily=NB-IoT", &nb_iot_37781, &factory, &nothing, TRUE },
  { "ToFamily=NB-IoT", &cat_m1_38638, &factory, &nothing, FALSE },
  { "ToFamily=CAT-M1", &cat_m1_38638, &factory, &nothing, TRUE },
  { "FromFamily=CAT-M1", &nb_iot_37781, &factory, &nothing, TRUE },
  { "FromFamily=NB-IoT", &nb_iot_37781, &factory, &nothing, FALSE },
  { "FromFamily=CAT-M1", &nb_iot_37781, &nb_iot_37781, &nothing, FALSE },
  { "FromFamily=CAT-M1", &nb_iot_37781, &nothing, &nothing, FALSE },
  { "From=33080", &cat_m1_38638, &factory, &nothing, TRUE },
  { "From=33080", &cat_m1_38638, &cat_m1_41065, &nothing, FALSE },
  { "From=33080", &cat_m1_38638, &nothing, &nothing, FALSE },
  { "NotFrom=41065", &cat_m1_38638, &factory, &nothing, TRUE },
  { "NotFrom=41065", &cat_m1_38638, &nothing, &nothing, TRUE },
  { "NotFrom=41065", &cat_m1_38638, &cat_m1_41065, &nothing, FALSE },
  { "Bootloader0=33080", &cat_m1_38638, &cat_m1_41065, &factory, TRUE },
  { "Bootloader0=33080", &cat_m1_38638, &cat_m1_41065, &nothing, FALSE },
  { "From=33080\nNotTo=41065", &cat_m1_38638, &factory, &nothing, TRUE },
  { "From=33080\nNotTo=41065", &cat_m1_41065, &factory, &nothing, FALSE },
  { "From=33080\nNotTo=41065", &cat_m1_38638, &cat_m1_41065, &nothing, FALSE },
  { "NotTo=41065", &nothing, &factory, &nothing, FALSE },
  { "NotFrom=41065", &cat_m1_38638, &nothing, &nothing, FALSE, .unknown_passes = TRUE },
  { "NotFrom=41065", &cat_m1_38638, &factory, &nothing, TRUE, .unknown_passes = TRUE },
  { "To=38638", &cat_m1_38638, &nothing, &nothing, TRUE, .unknown_passes = TRUE },
  { "NotRoute=bootrom", &nb_iot_37781, &factory, &factory, TRUE, SQNS_ROUTE_ON_THE_FLY },
  { "NotRoute=bootrom", &nb_iot_37781, &factory, &factory, FALSE, SQNS_ROUTE_BOOTROM },
  { "NotRoute=on-the-fly", &nb_iot_37781, &factory, &factory, FALSE, SQNS_ROUTE_ON_THE_FLY },
  { "To=41065\nNotRoute=bootrom", &nb_iot_37781, &factory, &factory, FALSE, SQNS_ROUTE_ON_THE_FLY },
  { "FirstFile=yes", &cat_m1_38638, &factory, &nothing, FALSE },
  { "FirstFile=yes", &cat_m1_38638, &factory, &nothing, TRUE, .first_file = TRUE },
  { "FirstFile=no", &cat_m1_38638, &factory, &nothing, TRUE },
  { "FirstFile=no", &cat_m1_38638, &factory, &nothing, FALSE, .first_file = TRUE },
  /* only the file is known */
  { "FirstFile=yes", &cat_m1_38638, NULL, NULL, TRUE, .first_file = TRUE },
  { "To=38638\nNotRoute=bootrom", &cat_m1_38638, NULL, NULL, FALSE },
  { "To=38638", &cat_m1_38638, NULL, NULL, TRUE },
  { "ToFamily=NB-IoT", &nb_iot_37781, NULL, NULL, TRUE },
  { "To=38638\nNotFrom=41065", &cat_m1_38638, NULL, NULL, FALSE },
  { "To=38638\nFrom=33080", &cat_m1_38638, NULL, NULL, FALSE },
  { "To=38638\nBootloader0=33080", &cat_m1_38638, NULL, NULL, FALSE },
  { "To=38638\nFromFamily=CAT-M1", &cat_m1_38638, NULL, NULL, FALSE },
};

static void
test_match (gconstpointer data)
{
  const MatchRow *row = data;
  g_autofree char *text = g_strdup_printf ("[rule]\n%s\n" TAIL, row->conditions);
  g_autoptr (GError) error = NULL;
  g_autoptr (SqnsRules) rules = sqns_rules_parse (text, -1, &error);
  SqnsPlanState state = { .mode = SQNS_MODE_FFF };
  SqnsRulesQuery query = {
    .to = row->to,
    .to_family = sqns_version_family (row->to),
    .first_file = row->first_file,
    .state = row->from != NULL ? &state : NULL,
    .route = row->route,
    .unknown_passes = row->unknown_passes,
  };
  gboolean allowed;

  g_assert_no_error (error);
  if (row->from != NULL)
    {
      state.version = *row->from;
      state.bootloader0 = *row->bootloader0;
    }
  allowed = sqns_rules_allow (rules, &query, FALSE, &error);
  g_assert_cmpint (allowed, ==, !row->matches);
  if (row->matches)
    g_assert_error (error, SQNS_ERROR, SQNS_ERROR_INCOMPATIBLE);
  else
    g_assert_no_error (error);
}

/* The first rule that holds speaks; force passes over what is liftable, and on to the next. */
static void
test_order (void)
{
  static const char text[]
      = "[soft]\r\nTo=38638\r\nError=Incompatible\r\nLiftable=yes\r\nMessage=the soft = one\r\n\r\n"
        "  # the hard one\r\n[hard]\r\n To = 38638;41065 \r\nError=NotSupported\r\nLiftable=no\r\n"
        "Message=the hard one\r\n";
  g_autoptr (SqnsRules) rules = sqns_rules_parse (text, -1, NULL);
  const SqnsRulesQuery query = { .to = &cat_m1_38638, .to_family = SQNS_FAMILY_CAT_M1 };
  const SqnsRulesQuery other = { .to = &nb_iot_37781, .to_family = SQNS_FAMILY_NB_IOT };
  g_autoptr (GError) soft = NULL;
  g_autoptr (GError) hard = NULL;

  g_assert_nonnull (rules);
  g_assert_false (sqns_rules_allow (rules, &query, FALSE, &soft));
  g_assert_error (soft, SQNS_ERROR, SQNS_ERROR_INCOMPATIBLE);
  g_assert_cmpstr (soft->message, ==, "the soft = one (rule soft; --force overrides it)");
  g_assert_false (sqns_rules_allow (rules, &query, TRUE, &hard));
  g_assert_error (hard, SQNS_ERROR, SQNS_ERROR_NOT_SUPPORTED);
  g_assert_cmpstr (hard->message, ==, "the hard one (rule hard)");
  g_assert_true (sqns_rules_allow (rules, &other, FALSE, NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/rules/faults", test_faults);
  g_test_add_func ("/rules/length", test_length);
  for (guint i = 0; i < G_N_ELEMENTS (match_rows); i++)
    {
      g_autofree char *path = g_strdup_printf ("/rules/match/%02u", i);

      g_test_add_data_func (path, &match_rows[i], test_match);
    }
  g_test_add_func ("/rules/order", test_order);
  return g_test_run ();
}
