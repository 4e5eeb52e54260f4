/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Object paths of the interface. */
#include "bus/paths.h"

static char *
element (const char *text)
{
  char *safe = g_strdup (*text != '\0' ? text : "_");
  for (char *at = safe; *at != '\0'; at++)
    if (!g_ascii_isalnum (*at))
      *at = '_';
  return safe;
}

char *
sqns_path_modem (const char *id, guint n)
{
  g_autofree char *safe = element (id);
  return n > 1 ? g_strdup_printf (SQNS_PATH_ROOT "/modem/%s_%u", safe, n)
               : g_strconcat (SQNS_PATH_ROOT "/modem/", safe, NULL);
}

char *
sqns_path_job (const char *uuid)
{
  g_autofree char *safe = element (uuid);
  return g_strconcat (SQNS_PATH_ROOT "/job/", safe, NULL);
}
