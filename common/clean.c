/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes foreign text harmless. */
#include "common/clean.h"

#include <string.h>

#define ZERO_WIDTH_NON_JOINER 0x200C /* these two join letters of Indic and Arabic words */
#define ZERO_WIDTH_JOINER 0x200D
#define SOFT_HYPHEN 0xAD

static gboolean
is_harmless (gunichar c)
{
  switch (g_unichar_type (c))
    {
    case G_UNICODE_CONTROL:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
    case G_UNICODE_PRIVATE_USE:
    case G_UNICODE_SURROGATE:
      return FALSE;
    case G_UNICODE_FORMAT:
      return c == ZERO_WIDTH_NON_JOINER || c == ZERO_WIDTH_JOINER || c == SOFT_HYPHEN;
    default:
      return TRUE;
    }
}

static char *
clean (const char *text, gssize len, gboolean lines)
{
  g_autofree char *valid = g_utf8_make_valid (text != NULL ? text : "", text != NULL ? len : -1);
  GString *out = g_string_sized_new (strlen (valid));

  for (const char *p = valid; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);
      if (c == '\r' && p[1] == '\n')
        continue;
      if (c == '\n' || c == '\t' || c == '\r')
        g_string_append_c (out, !lines ? ' ' : c == '\r' ? '?' : (char)c);
      else
        g_string_append_unichar (out, is_harmless (c) ? c : '?');
    }
  return g_string_free (out, FALSE);
}

char *
sqns_clean_line (const char *text, gssize len)
{
  return clean (text, len, FALSE);
}

char *
sqns_clean_lines (const char *text, gssize len)
{
  return clean (text, len, TRUE);
}

char *
sqns_clean_visible (const char *text, gssize len)
{
  g_autofree char *valid = g_utf8_make_valid (text != NULL ? text : "", text != NULL ? len : -1);
  GString *out = g_string_sized_new (strlen (valid));

  for (const char *p = valid; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);
      if (c == '\n' || c == '\r')
        g_string_append_c (out, ' ');
      else if (is_harmless (c))
        g_string_append_unichar (out, c);
      else
        g_string_append_printf (out, c < 0x100 ? "\\x%02x" : "\\u%04x", c);
    }
  return g_string_free (out, FALSE);
}

void
sqns_clean_cut (char *text, gsize max)
{
  static const char dots[] = "...";
  if (strlen (text) > max) /* a character is cut off as a whole */
    strcpy (g_utf8_find_prev_char (text, text + max - strlen (dots) + 1), dots);
}

char *
sqns_clean_quote (const char *text)
{
  /* a character of up to four bytes may become one of three */
  char *line = sqns_clean_line (text, (gssize)MIN (strlen (text), 2 * SQNS_CLEAN_QUOTE_MAX));
  sqns_clean_cut (line, SQNS_CLEAN_QUOTE_MAX);
  return line;
}

char *
sqns_clean_json (const char *json)
{
  GString *out = g_string_sized_new (strlen (json));

  for (const char *p = json; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);
      if (c == '\n' || is_harmless (c))
        g_string_append_unichar (out, c);
      else if (c < 0x10000)
        g_string_append_printf (out, "\\u%04x", c);
      else
        g_string_append_printf (out, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10),
                                0xdc00 + ((c - 0x10000) & 0x3ff));
    }
  return g_string_free (out, FALSE);
}
