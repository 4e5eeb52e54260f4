/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The release rules: a key file, one group a rule, first match speaks.
 *
 * Read line by line and not with GKeyFile, which joins groups of one name, lets the last of two equal keys win and
 * knows no line numbers: a rule that is lost by a slip of the pen is a modem that is lost. */
#include "plan/rules.h"

#include <string.h>

#define MAX_BUILD 999999u

typedef enum {
  KEY_TO, /* lists of builds first */
  KEY_NOT_TO,
  KEY_FROM,
  KEY_NOT_FROM,
  KEY_BOOTLOADER0,
  KEY_NOT_BOOTLOADER0,
  KEY_TO_FAMILY,
  KEY_FROM_FAMILY,
  KEY_NOT_ROUTE,
  KEY_FIRST_FILE,
  KEY_ERROR,
  KEY_LIFTABLE,
  KEY_MESSAGE,
} Key;
#define N_LISTS (KEY_NOT_BOOTLOADER0 + 1)
#define N_CONDITIONS (KEY_FIRST_FILE + 1)

static const char *const key_names[] = {
  "To",         "NotTo",    "From",      "NotFrom", "Bootloader0", "NotBootloader0", "ToFamily",
  "FromFamily", "NotRoute", "FirstFile", "Error",   "Liftable",    "Message",
};

typedef struct {
  char *name;
  guint line;
  gboolean given[G_N_ELEMENTS (key_names)];
  GArray *builds[N_LISTS]; /* guint; NULL = not given */
  SqnsFamily to_family;
  SqnsFamily from_family;
  SqnsRoute not_route;
  gboolean first_file;
  SqnsError error;
  gboolean liftable;
  char *message;
} Rule;

struct _SqnsRules {
  GPtrArray *rules; /* Rule * */
};

static void
rule_free (Rule *rule)
{
  for (guint i = 0; i < N_LISTS; i++)
    g_clear_pointer (&rule->builds[i], g_array_unref);
  g_free (rule->name);
  g_free (rule->message);
  g_free (rule);
}

void
sqns_rules_free (SqnsRules *rules)
{
  g_ptr_array_unref (rules->rules);
  g_free (rules);
}

/* @unknown: the word "unknown" stands for a build that the modem did not tell. */
static gboolean
parse_builds (const char *value, gboolean unknown, GArray **builds)
{
  g_auto (GStrv) fields = g_strsplit (value, ";", -1);
  guint n = g_strv_length (fields);

  *builds = g_array_new (FALSE, FALSE, sizeof (guint));
  for (guint i = 0; i < n; i++)
    {
      guint64 build;

      /* A list may end in a semicolon, as key files write it. */
      if (*g_strstrip (fields[i]) == '\0' && i > 0 && i + 1 == n)
        break;
      if (unknown && g_str_equal (fields[i], "unknown"))
        build = 0;
      else if (!g_ascii_string_to_unsigned (fields[i], 10, 1, MAX_BUILD, &build, NULL))
        return FALSE;
      g_array_append_val (*builds, (guint){ (guint)build });
    }
  return (*builds)->len > 0;
}

static gboolean
parse_family (const char *value, SqnsFamily *family)
{
  return sqns_family_from_name (value, family) && *family != SQNS_FAMILY_UNKNOWN;
}

static gboolean
parse_yes (const char *value, gboolean *yes)
{
  *yes = g_str_equal (value, "yes");
  return *yes || g_str_equal (value, "no");
}

static gboolean
parse_error (const char *value, SqnsError *error)
{
  *error = g_str_equal (value, "NotSupported") ? SQNS_ERROR_NOT_SUPPORTED : SQNS_ERROR_INCOMPATIBLE;
  return g_str_equal (value, "NotSupported") || g_str_equal (value, "Incompatible");
}

static gboolean
parse_value (Rule *rule, Key key, const char *value)
{
  switch (key)
    {
    case KEY_TO:
    case KEY_NOT_TO:
    case KEY_FROM:
    case KEY_NOT_FROM:
    case KEY_BOOTLOADER0:
    case KEY_NOT_BOOTLOADER0:
      return parse_builds (value, key == KEY_BOOTLOADER0, &rule->builds[key]);
    case KEY_TO_FAMILY:
      return parse_family (value, &rule->to_family);
    case KEY_FROM_FAMILY:
      return parse_family (value, &rule->from_family);
    case KEY_NOT_ROUTE:
      return sqns_route_from_name (value, &rule->not_route);
    case KEY_FIRST_FILE:
      return parse_yes (value, &rule->first_file);
    case KEY_ERROR:
      return parse_error (value, &rule->error);
    case KEY_LIFTABLE:
      return parse_yes (value, &rule->liftable);
    case KEY_MESSAGE:
      rule->message = g_strdup (value);
      return *value != '\0';
    }
  return FALSE;
}

G_GNUC_PRINTF (4, 5)
static gboolean
fault (GError **error, guint line, const Rule *rule, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  if (rule != NULL)
    g_set_error (error, SQNS_ERROR, SQNS_ERROR_FAILED, "firmware rules, line %u, [%s]: %s", line, rule->name, text);
  else
    g_set_error (error, SQNS_ERROR, SQNS_ERROR_FAILED, "firmware rules, line %u: %s", line, text);
  return FALSE;
}

/* A rule is whole when it says when it holds, what it answers and whether force goes past it. */
static gboolean
check_rule (const Rule *rule, GError **error)
{
  guint conditions = 0;

  for (guint i = 0; i < G_N_ELEMENTS (key_names); i++)
    if (i < N_CONDITIONS)
      conditions += rule->given[i];
    else if (!rule->given[i])
      return fault (error, rule->line, rule, "key %s is missing", key_names[i]);
  if (conditions == 0)
    return fault (error, rule->line, rule, "a rule without a condition would refuse everything");
  return TRUE;
}

static Rule *
last_rule (const SqnsRules *rules)
{
  return rules->rules->len > 0 ? g_ptr_array_index (rules->rules, rules->rules->len - 1) : NULL;
}

/* "[name]" */
static gboolean
open_group (SqnsRules *rules, guint line, const char *text, GError **error)
{
  gsize len = strlen (text);
  Rule *rule;

  if (len < 3 || text[len - 1] != ']' || strcspn (text + 1, "[]") != len - 2)
    return fault (error, line, NULL, "\"%s\" is not a group", text);
  if (last_rule (rules) != NULL && !check_rule (last_rule (rules), error))
    return FALSE;

  rule = g_new0 (Rule, 1);
  rule->name = g_strndup (text + 1, len - 2);
  rule->line = line;
  for (guint i = 0; i < rules->rules->len; i++)
    {
      const Rule *other = g_ptr_array_index (rules->rules, i);

      if (g_str_equal (other->name, rule->name))
        {
          fault (error, line, rule, "duplicate of the rule in line %u", other->line);
          rule_free (rule);
          return FALSE;
        }
    }
  g_ptr_array_add (rules->rules, rule);
  return TRUE;
}

/* "Key=value" */
static gboolean
take_key (Rule *rule, guint line, const char *text, GError **error)
{
  g_auto (GStrv) fields = g_strsplit (text, "=", 2);

  if (g_strv_length (fields) != 2)
    return fault (error, line, rule, "\"%s\" is neither a group nor a key", text);
  if (rule == NULL)
    return fault (error, line, NULL, "a key before the first group");
  g_strstrip (fields[0]);
  g_strstrip (fields[1]);

  for (guint i = 0; i < G_N_ELEMENTS (key_names); i++)
    {
      if (!g_str_equal (fields[0], key_names[i]))
        continue;
      if (rule->given[i])
        return fault (error, line, rule, "duplicate key %s", key_names[i]);
      rule->given[i] = TRUE;
      return parse_value (rule, (Key)i, fields[1])
             || fault (error, line, rule, "\"%s\" is not a valid value for %s", fields[1], key_names[i]);
    }
  return fault (error, line, rule, "unknown key \"%s\"", fields[0]);
}

SqnsRules *
sqns_rules_parse (const char *text, gssize len, GError **error)
{
  g_autoptr (SqnsRules) rules = g_new0 (SqnsRules, 1);
  g_autofree char *copy = len < 0 ? g_strdup (text) : g_strndup (text, (gsize)len);
  g_auto (GStrv) lines = g_strsplit (copy, "\n", -1);

  rules->rules = g_ptr_array_new_with_free_func ((GDestroyNotify)rule_free);
  if (!g_utf8_validate (text, len, NULL))
    {
      g_set_error_literal (error, SQNS_ERROR, SQNS_ERROR_FAILED, "firmware rules: not UTF-8 text");
      return NULL;
    }
  for (guint i = 0; lines[i] != NULL; i++)
    {
      const char *line = g_strstrip (lines[i]);

      if (*line == '\0' || *line == '#')
        continue;
      if (*line == '[' ? !open_group (rules, i + 1, line, error) : !take_key (last_rule (rules), i + 1, line, error))
        return NULL;
    }
  /* An empty file is one that was cut, not one that allows all. */
  if (last_rule (rules) == NULL)
    {
      g_set_error_literal (error, SQNS_ERROR, SQNS_ERROR_FAILED, "firmware rules: the file contains no rules");
      return NULL;
    }
  return check_rule (last_rule (rules), error) ? g_steal_pointer (&rules) : NULL;
}

/* TRUE when the list is not given, or has the build of @version. */
static gboolean
any_of (const GArray *builds, const SqnsVersion *version)
{
  for (guint i = 0; builds != NULL && i < builds->len; i++)
    if (g_array_index (builds, guint, i) == version->build)
      return TRUE;
  return builds == NULL;
}

/* TRUE when the list is not given, or has not the build of @version; an unknown version is in no list. */
static gboolean
none_of (const GArray *builds, const SqnsVersion *version)
{
  return builds == NULL || !any_of (builds, version);
}

static gboolean
matches_files (const Rule *rule, const SqnsRulesQuery *query)
{
  if (!any_of (rule->builds[KEY_TO], query->to) || !none_of (rule->builds[KEY_NOT_TO], query->to))
    return FALSE;
  /* what promises no version is none of those that are meant */
  if (rule->given[KEY_NOT_TO] && !sqns_version_known (query->to))
    return FALSE;
  if (rule->given[KEY_TO_FAMILY] && rule->to_family != query->to_family)
    return FALSE;
  return !rule->given[KEY_FIRST_FILE] || rule->first_file == query->first_file;
}

static gboolean
matches_modem (const Rule *rule, const SqnsRulesQuery *query)
{
  const SqnsPlanState *state = query->state;

  if (rule->given[KEY_FROM_FAMILY] && rule->from_family != sqns_version_family (&state->version))
    return FALSE;
  if (rule->given[KEY_NOT_ROUTE] && rule->not_route == query->route)
    return FALSE;
  if (rule->given[KEY_NOT_FROM] && query->unknown_passes && !sqns_version_known (&state->version))
    return FALSE;
  if (rule->given[KEY_NOT_BOOTLOADER0]
      && (!sqns_version_known (&state->bootloader0) || any_of (rule->builds[KEY_NOT_BOOTLOADER0], &state->bootloader0)))
    return FALSE;
  return any_of (rule->builds[KEY_FROM], &state->version) && none_of (rule->builds[KEY_NOT_FROM], &state->version)
         && any_of (rule->builds[KEY_BOOTLOADER0], &state->bootloader0);
}

static gboolean
asks_for_modem (const Rule *rule)
{
  return rule->given[KEY_FROM] || rule->given[KEY_NOT_FROM] || rule->given[KEY_BOOTLOADER0]
         || rule->given[KEY_NOT_BOOTLOADER0] || rule->given[KEY_FROM_FAMILY] || rule->given[KEY_NOT_ROUTE];
}

gboolean
sqns_rules_allow (const SqnsRules *rules, const SqnsRulesQuery *query, gboolean force, GError **error)
{
  for (guint i = 0; i < rules->rules->len; i++)
    {
      const Rule *rule = g_ptr_array_index (rules->rules, i);

      if ((force && rule->liftable) || !matches_files (rule, query))
        continue;
      if (query->state != NULL ? !matches_modem (rule, query) : asks_for_modem (rule))
        continue;
      g_set_error (error, SQNS_ERROR, rule->error, "%s (rule %s%s)", rule->message, rule->name,
                   rule->liftable ? "; --force overrides it" : "");
      return FALSE;
    }
  return TRUE;
}
