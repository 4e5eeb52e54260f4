/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All properties of an object for people. */
#include "client/core/property-list.h"
#include "client/ui/output.h"
#include "client/ui/text.h"

#include "common/clean.h"

#include <string.h>

/* Counts and times share a D-Bus type; these are times. */
static gboolean
is_time (const char *name)
{
  return g_str_has_suffix (name, "At") || g_str_has_prefix (name, "Not") || g_str_equal (name, "ExpectedEnd")
         || g_str_equal (name, "LastSeen");
}

static char *
dict_text (GVariant *value)
{
  GString *out = g_string_new (NULL);
  GVariantIter iter;
  const char *key, *text;
  g_variant_iter_init (&iter, value);
  while (g_variant_iter_next (&iter, "{&s&s}", &key, &text))
    g_string_append_printf (out, "%s%s %s", out->len > 0 ? ", " : "", key, text);
  return g_string_free (out, FALSE);
}

/* The modem's id or the job's uuid. */
static char *
object_text (SqnsConnection *conn, const char *path)
{
  const char *last = strrchr (path, '/');
  g_autoptr (SqnsDbusModem) modem
      = g_str_has_prefix (path, SQNS_BUS_PATH "/modem/") ? sqns_connection_read_modem (conn, path, NULL) : NULL;
  g_autoptr (SqnsDbusJob) job
      = g_str_has_prefix (path, SQNS_BUS_PATH "/job/") ? sqns_connection_read_job (conn, path, NULL) : NULL;

  if (modem != NULL)
    return g_strdup (sqns_dbus_modem_get_id (modem));
  if (job != NULL)
    return g_strdup (sqns_dbus_job_get_uuid (job));
  return g_strdup (last != NULL ? last + 1 : path);
}

static char *
unsigned_text (const char *name, guint64 number)
{
  if (is_time (name))
    return sqns_text_time (number);
  return number != 0 ? g_strdup_printf ("%" G_GUINT64_FORMAT, number) : g_strdup ("");
}

static char *
value_text (SqnsConnection *conn, const char *name, GVariant *value)
{
  const char *type = g_variant_get_type_string (value);

  if (g_str_equal (type, "a{ss}"))
    return dict_text (value);
  if (g_str_equal (type, "as"))
    {
      g_autofree const char **strings = g_variant_get_strv (value, NULL);
      return g_strjoinv ("; ", (char **)strings);
    }
  switch (*type)
    {
    case 's':
      return g_variant_dup_string (value, NULL);
    case 'o':
      return object_text (conn, g_variant_get_string (value, NULL));
    case 'b':
      return g_strdup (g_variant_get_boolean (value) ? "yes" : "no");
    case 'q': /* USB ids */
      return g_variant_get_uint16 (value) != 0 ? g_strdup_printf ("%04x", g_variant_get_uint16 (value)) : g_strdup ("");
    case 'u':
      return unsigned_text (name, g_variant_get_uint32 (value));
    case 't':
      return unsigned_text (name, g_variant_get_uint64 (value));
    case 'i':
      return g_variant_get_int32 (value) != 0 ? g_strdup_printf ("%d", g_variant_get_int32 (value)) : g_strdup ("");
    case 'd': /* a progress, rounded down: 100 % means complete */
      return g_strdup_printf ("%d %%", (int)(g_variant_get_double (value) * 100));
    default: /* not an enum */
      return g_variant_print (value, FALSE);
    }
}

void
sqns_property_list_print (SqnsConnection *conn, GDBusProxy *proxy)
{
  GDBusInterfaceInfo *info = g_dbus_proxy_get_interface_info (proxy);
  guint width = 0;

  for (guint i = 0; info->properties[i] != NULL; i++)
    {
      g_autofree char *key = sqns_text_kebab (info->properties[i]->name);
      width = MAX (width, (guint)strlen (key));
    }
  for (guint i = 0; info->properties[i] != NULL; i++)
    {
      const char *name = info->properties[i]->name;
      g_autoptr (GVariant) value = g_dbus_proxy_get_cached_property (proxy, name);
      if (value == NULL)
        continue;
      g_autofree char *key = sqns_text_kebab (name);
      g_autofree char *text = value_text (conn, name, value);
      g_autofree char *clean = sqns_clean_line (text, -1);
      if (*clean != '\0')
        sqns_out ("%-*s  %s\n", (int)width, key, clean);
    }
}
