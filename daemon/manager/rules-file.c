/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the release rules come from: the built-in resource, or the administrator's file. */
#include "base/plain-file.h"
#include "manager/rules-file.h"
#include "rules-resource.h"

#define RESOURCE_PATH "/org/sqnsd1/firmware-rules.conf"
#define MAX_SIZE (1024u * 1024u) /* bytes of an administrator's file */

SqnsRules *
sqns_rules_load (const char *override, GError **error)
{
  g_autoptr (GError) local = NULL;
  gsize len;
  g_autofree char *text = sqns_plain_file_read (override, MAX_SIZE, SQNS_PLAIN_FILE_LINKS, &len, &local);
  if (text != NULL)
    {
      SqnsRules *rules = sqns_rules_parse (text, len, error);
      if (rules == NULL)
        g_prefix_error (error, "%s: ", override);
      return rules;
    }
  if (!g_error_matches (local, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    {
      g_set_error (error, SQNS_ERROR, SQNS_ERROR_FAILED, "cannot read the firmware rules: %s", local->message);
      return NULL;
    }
  g_autoptr (GBytes) builtin
      = g_resource_lookup_data (sqns_rules_get_resource (), RESOURCE_PATH, G_RESOURCE_LOOKUP_FLAGS_NONE, error);
  return builtin != NULL ? sqns_rules_parse (g_bytes_get_data (builtin, NULL), g_bytes_get_size (builtin), error)
                         : NULL;
}
