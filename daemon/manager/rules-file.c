/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the release rules come from: the built-in resource, or the administrator's file. */
#include "base/plain-file.h"
#include "manager/rules-file.h"
#include "rules-resource.h"

#define RESOURCE_PATH "/org/sqnsd1/firmware-rules.conf"
#define MAX_SIZE (1024u * 1024u) /* bytes of an administrator's file */

static SqnsRules *
load_builtin (GError **error)
{
  g_autoptr (GBytes) text
      = g_resource_lookup_data (sqns_rules_get_resource (), RESOURCE_PATH, G_RESOURCE_LOOKUP_FLAGS_NONE, error);
  if (text == NULL)
    return NULL;
  gsize len;
  const char *data = g_bytes_get_data (text, &len);
  return sqns_rules_parse (data, len, error);
}

SqnsRules *
sqns_rules_load (const char *override, GError **error)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) local = NULL;
  gsize len;

  text = sqns_plain_file_read (override, MAX_SIZE, SQNS_PLAIN_FILE_LINKS, &len, &local);
  if (text != NULL)
    {
      SqnsRules *rules = sqns_rules_parse (text, len, error);
      if (rules == NULL)
        g_prefix_error (error, "%s: ", override);
      return rules;
    }
  if (!g_error_matches (local, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    {
      g_set_error (error, SQNS_ERROR, SQNS_ERROR_FAILED, "the firmware rules cannot be read: %s", local->message);
      return NULL;
    }
  return load_builtin (error);
}
