/* A small JSON writer. */
#include "json.h"

static void
quote (GString *json, const char *text)
{
  g_string_append_c (json, '"');
  for (const char *p = text; *p != '\0'; p++)
    {
      if (*p == '"' || *p == '\\')
        g_string_append_printf (json, "\\%c", *p);
      else if ((guchar)*p < 0x20 || (guchar)*p > 0x7e)
        g_string_append_printf (json, "\\u%04x", (guchar)*p);
      else
        g_string_append_c (json, *p);
    }
  g_string_append_c (json, '"');
}

void
json_raw (GString *json, const char *key, const char *value)
{
  if (json->str[json->len - 1] != '{')
    g_string_append (json, ", ");
  quote (json, key);
  g_string_append_printf (json, ": %s", value);
}

void
json_begin (GString *json)
{
  g_string_append_c (json, '{');
}

void
json_end (GString *json)
{
  g_string_append_c (json, '}');
}

void
json_string (GString *json, const char *key, const char *value)
{
  g_autoptr (GString) text = g_string_new (NULL);

  if (value == NULL)
    g_string_append (text, "null");
  else
    quote (text, value);
  json_raw (json, key, text->str);
}

void
json_number (GString *json, const char *key, gint64 value)
{
  g_autofree char *text = g_strdup_printf ("%" G_GINT64_FORMAT, value);

  json_raw (json, key, text);
}

void
json_double (GString *json, const char *key, double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  json_raw (json, key, g_ascii_dtostr (text, sizeof text, value));
}

void
json_boolean (GString *json, const char *key, gboolean value)
{
  json_raw (json, key, value ? "true" : "false");
}
