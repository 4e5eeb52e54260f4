/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text and numbers for people. */
#include "client/ui/text.h"

#include <string.h>

static guint
char_width (gunichar c)
{
  return g_unichar_iszerowidth (c) ? 0 : g_unichar_iswide (c) ? 2 : 1;
}

guint
sqns_text_width (const char *text)
{
  guint width = 0;
  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    width += char_width (g_utf8_get_char (p));
  return width;
}

/* The number of leading bytes of @text that fit into @columns. */
static gsize
fitting (const char *text, guint columns)
{
  guint width = 0;
  const char *p = text;
  while (*p != '\0' && width + char_width (g_utf8_get_char (p)) <= columns)
    {
      width += char_width (g_utf8_get_char (p));
      p = g_utf8_next_char (p);
    }
  return (gsize)(p - text);
}

char *
sqns_text_fit (const char *text, guint columns)
{
  if (sqns_text_width (text) <= columns)
    return g_strdup (text);
  g_autofree char *head = g_strndup (text, fitting (text, columns > 2 ? columns - 2 : columns));
  return g_strconcat (head, columns > 2 ? ".." : "", NULL);
}

char *
sqns_text_fit_words (const char *text, guint columns)
{
  if (sqns_text_width (text) <= columns || columns <= 2)
    return sqns_text_fit (text, columns);
  gsize length = fitting (text, columns - 2);
  gsize word = length;
  while (word > length / 2 && text[word] != ' ')
    word--;
  if (word > length / 2)
    length = word;
  while (length > 0 && strchr (" ,;:", text[length - 1]) != NULL)
    length--;
  g_autofree char *head = g_strndup (text, length);
  return g_strconcat (head, "..", NULL);
}

char *
sqns_text_fit_end (const char *text, guint columns)
{
  guint width = sqns_text_width (text);
  if (width <= columns || columns <= 2)
    return sqns_text_fit (text, columns);
  const char *p = text;
  while (*p != '\0' && width > columns - 2)
    {
      width -= char_width (g_utf8_get_char (p));
      p = g_utf8_next_char (p);
    }
  return g_strconcat ("..", p, NULL);
}

char *
sqns_text_bytes (guint64 bytes)
{
  if (bytes < 1000)
    return g_strdup_printf ("%u B", (guint)bytes);
  if (bytes < 1000 * 1000)
    return g_strdup_printf ("%.1f kB", bytes / 1e3);
  return g_strdup_printf ("%.1f MB", bytes / 1e6);
}

char *
sqns_text_duration (gint64 seconds)
{
  if (seconds < 0)
    seconds = 0;
  gint64 hours = seconds / 3600;
  int minutes = (int)(seconds / 60 % 60);
  if (hours > 0)
    return g_strdup_printf ("%" G_GINT64_FORMAT ":%02d:%02d", hours, minutes, (int)(seconds % 60));
  return g_strdup_printf ("%d:%02d", minutes, (int)(seconds % 60));
}

char *
sqns_text_time (guint64 usec)
{
  if (usec == 0 || usec > G_MAXINT64)
    return g_strdup ("");
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_local ((gint64)(usec / G_USEC_PER_SEC));
  return time != NULL ? g_date_time_format (time, "%Y-%m-%d %H:%M:%S") : g_strdup ("");
}

char *
sqns_text_kebab (const char *camel)
{
  GString *out = g_string_new (NULL);
  for (const char *p = camel; *p != '\0'; p++)
    {
      if (g_ascii_isupper (*p) && p != camel)
        g_string_append_c (out, '-');
      g_string_append_c (out, g_ascii_tolower (*p));
    }
  return g_string_free (out, FALSE);
}

/* Levenshtein; both words are short. */
static guint
distance (const char *a, const char *b)
{
  gsize length = strlen (b);
  g_autofree guint *row = g_new (guint, length + 1);
  for (gsize j = 0; j <= length; j++)
    row[j] = (guint)j;
  for (gsize i = 1; a[i - 1] != '\0'; i++)
    {
      guint diagonal = row[0];
      row[0] = (guint)i;
      for (gsize j = 1; j <= length; j++)
        {
          guint change = diagonal + (a[i - 1] != b[j - 1]);
          diagonal = row[j];
          row[j] = MIN (MIN (row[j] + 1, row[j - 1] + 1), change);
        }
    }
  return row[length];
}

const char *
sqns_text_nearest (const char *word, const char *const *words)
{
  const char *best = NULL;
  guint best_distance = 3; /* more than two typos make another word */

  if (strlen (word) > 32)
    return NULL;
  for (gsize i = 0; words[i] != NULL; i++)
    {
      guint d = strlen (word) >= 2 && g_str_has_prefix (words[i], word) ? 1 : distance (word, words[i]);
      if (d < best_distance && d < strlen (words[i]))
        {
          best = words[i];
          best_distance = d;
        }
    }
  return best;
}
