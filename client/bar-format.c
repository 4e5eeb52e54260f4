/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One progress line that fits. */
#include "bar.h"
#include "text.h"

#include "base/clean.h"

#include <string.h>

#define BAR_MIN 10u
#define BAR_MAX 30u
#define TEXT_MIN 12u
#define NAME_MAX_SHARE 3 /* a long name takes at most a third of the line */

static guint
percent (const SqnsBar *bar)
{
  if (bar->look == SQNS_BAR_DONE)
    return 100;
  double fraction = CLAMP (bar->fraction, 0.0, 1.0); /* NaN stays NaN and becomes 0 below */
  return fraction > 0 ? MIN ((guint)(fraction * 100), 99) : 0;
}

static char *
draw (guint filled_percent, guint width)
{
  guint filled = filled_percent * width / 100;
  char *bar = g_malloc (width + 3);
  bar[0] = '[';
  memset (bar + 1, '#', filled);
  memset (bar + 1 + filled, '.', width - filled);
  bar[width + 1] = ']';
  bar[width + 2] = '\0';
  return bar;
}

static char *
bytes_words (const SqnsBar *bar)
{
  if (bar->total == 0 || bar->look != SQNS_BAR_RUNNING)
    return g_strdup ("");
  g_autofree char *done = sqns_text_bytes (bar->done);
  g_autofree char *total = sqns_text_bytes (bar->total);
  return g_strdup_printf ("  %s of %s", done, total);
}

static char *
rate_words (const SqnsBar *bar)
{
  if (bar->rate == 0 || bar->look != SQNS_BAR_RUNNING)
    return g_strdup ("");
  g_autofree char *rate = sqns_text_bytes (bar->rate);
  return g_strdup_printf ("  %s/s", rate);
}

static char *
left_words (const SqnsBar *bar, gint64 now)
{
  if (bar->expected_end <= now || bar->look != SQNS_BAR_RUNNING)
    return g_strdup ("");
  g_autofree char *left = sqns_text_duration ((bar->expected_end - now) / G_USEC_PER_SEC);
  return g_strdup_printf ("  %s left", left);
}

char *
sqns_bar_format (const SqnsBar *bar, guint name_width, guint columns, gint64 now)
{
  g_autofree char *clean_name = sqns_clean_line (bar->name, -1);
  g_autofree char *clean_text = sqns_clean_line (bar->text, -1);
  g_autofree char *bytes = bytes_words (bar);
  g_autofree char *rate = rate_words (bar);
  g_autofree char *left = left_words (bar, now);
  g_autofree char *percents = g_strdup_printf ("%3u %%", percent (bar));

  name_width = MIN (name_width, columns / NAME_MAX_SHARE);
  g_autofree char *name = sqns_text_fit (clean_name, name_width);
  g_autofree char *padded = g_strdup_printf ("%s%*s  ", name, (int)(name_width - sqns_text_width (name)), "");

  if (bar->look == SQNS_BAR_IDLE)
    {
      g_autofree char *idle = g_strconcat (padded, clean_text, NULL);
      return sqns_text_fit (idle, columns);
    }
  /* What is left goes to the pieces by their worth. */
  if (sqns_text_width (padded) + strlen (percents) > columns)
    padded[0] = '\0';
  guint used = sqns_text_width (padded) + (guint)strlen (percents);
  guint room = columns > used ? columns - used : 0;
  guint wanted = MIN (sqns_text_width (clean_text), TEXT_MIN) + 2;
  gboolean with_bar = room >= wanted + BAR_MIN + 3;
  room -= with_bar ? BAR_MIN + 3 : 0;
  char *const pieces[] = { bytes, left, rate };
  for (guint i = 0; i < G_N_ELEMENTS (pieces); i++)
    {
      guint width = (guint)strlen (pieces[i]);
      if (room >= wanted + width)
        room -= width;
      else
        pieces[i][0] = '\0';
    }
  guint text_width = MIN (sqns_text_width (clean_text), room > 2 ? room - 2 : 0);
  g_autofree char *text = sqns_text_fit (clean_text, text_width);
  room -= text_width > 0 ? text_width + 2 : 0;

  g_autofree char *drawn = with_bar ? draw (percent (bar), MIN (BAR_MIN + room, BAR_MAX)) : g_strdup ("");
  g_autofree char *line = g_strconcat (padded, drawn, with_bar ? " " : "", percents, bytes, rate, left,
                                       text_width > 0 ? "  " : "", text, NULL);
  return sqns_text_fit (line, columns);
}
