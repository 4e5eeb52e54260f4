/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One progress line that fits. */
#include "client/ui/bar.h"
#include "client/ui/text.h"

#include "common/clean.h"

#include <string.h>

#define BAR_MIN 10u
#define BAR_MAX 30u
#define TEXT_MIN 24u
#define SENTENCE_MIN 48u /* while no bytes flow, the reason is worth more than the bar */
#define INDENT_MIN 60u   /* on narrower screens lines are not aligned */
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
bytes_text (const SqnsBar *bar)
{
  if (bar->total == 0 || bar->look != SQNS_BAR_RUNNING)
    return g_strdup ("");
  g_autofree char *done = sqns_text_bytes (bar->done);
  g_autofree char *total = sqns_text_bytes (bar->total);
  return g_strdup_printf ("  %s of %s", done, total);
}

static char *
rate_text (const SqnsBar *bar)
{
  if (bar->rate == 0 || bar->look != SQNS_BAR_RUNNING)
    return g_strdup ("");
  g_autofree char *rate = sqns_text_bytes (bar->rate);
  return g_strdup_printf ("  %s/s", rate);
}

static char *
left_text (const SqnsBar *bar, gint64 now)
{
  if (bar->expected_end <= now || bar->look != SQNS_BAR_RUNNING)
    return g_strdup ("");
  g_autofree char *left = sqns_text_duration ((bar->expected_end - now) / G_USEC_PER_SEC);
  return g_strdup_printf ("  %s left", left);
}

/* The longest form that fits. */
static const char *
power_text (guint columns)
{
  static const char *const warning[] = { SQNS_BAR_KEEP_POWER, "KEEP POWER", "KEEP ON", "KEEP" };
  for (guint i = 0; i < G_N_ELEMENTS (warning); i++)
    if (strlen (warning[i]) <= columns)
      return warning[i];
  return "";
}

static char *
percent_text (const SqnsBar *bar, guint columns)
{
  g_autofree char *spaced = g_strdup_printf ("%u %%", percent (bar));
  g_autofree char *tight = g_strdup_printf ("%u%%", percent (bar));
  /* a truncated number would be another number */
  return g_strdup (strlen (spaced) <= columns ? spaced : strlen (tight) <= columns ? tight : "");
}

static const char *
without_head (const SqnsBar *bar, const char *clean_text)
{
  const char *head_end = bar->headed ? strstr (clean_text, ": ") : NULL;
  return head_end != NULL ? head_end + strlen (": ") : clean_text;
}

static char *
status_text (const SqnsBar *bar, const char *clean_text, guint columns)
{
  gboolean fits = sqns_text_width (clean_text) <= columns;
  return sqns_text_fit_words (fits ? clean_text : without_head (bar, clean_text), columns);
}

/* The line without the power warning. */
static char *
format_rest (const SqnsBar *bar, guint name_width, guint columns, gint64 now)
{
  g_autofree char *clean_name = sqns_clean_line (bar->name, -1);
  g_autofree char *clean_text = sqns_clean_line (bar->text, -1);
  g_autofree char *bytes = bytes_text (bar);
  g_autofree char *rate = rate_text (bar);
  g_autofree char *left = left_text (bar, now);
  g_autofree char *percents = g_strdup_printf ("%3u %%", percent (bar));

  name_width = MIN (name_width, columns / NAME_MAX_SHARE);
  g_autofree char *name = sqns_text_fit_end (clean_name, name_width);
  g_autofree char *padded = g_strdup_printf ("%s%*s  ", name, (int)(name_width - sqns_text_width (name)), "");

  if (bar->look == SQNS_BAR_IDLE)
    {
      g_autofree char *idle = g_strconcat (padded, clean_text, NULL);
      return sqns_text_fit (idle, columns);
    }
  if (sqns_text_width (padded) + strlen (percents) > columns)
    return percent_text (bar, columns);
  /* The remaining columns go to the pieces by priority. */
  guint room = columns - sqns_text_width (padded) - (guint)strlen (percents);
  guint wanted = MIN (sqns_text_width (without_head (bar, clean_text)), bar->rate > 0 ? TEXT_MIN : SENTENCE_MIN) + 2;
  gboolean with_bar = room >= wanted + BAR_MIN + 3;
  room -= with_bar ? BAR_MIN + 3 : 0;
  char *const pieces[] = { left, bytes, rate };
  for (guint i = 0; i < G_N_ELEMENTS (pieces); i++)
    {
      guint width = (guint)strlen (pieces[i]);
      if (room >= wanted + width)
        room -= width;
      else
        pieces[i][0] = '\0';
    }
  g_autofree char *text = status_text (bar, clean_text, room > 2 ? room - 2 : 0);
  guint text_width = sqns_text_width (text);
  room -= text_width > 0 ? text_width + 2 : 0;

  g_autofree char *drawn = with_bar ? draw (percent (bar), MIN (BAR_MIN + room, BAR_MAX)) : g_strdup ("");
  return g_strconcat (padded, drawn, with_bar ? " " : "", percents, bytes, rate, left, text_width > 0 ? "  " : "", text,
                      NULL);
}

static char *
after_power (const char *warning, guint columns, const char *rest)
{
  guint taken = (guint)strlen (warning) + 2;
  g_autofree char *fitting = sqns_text_fit_words (rest, columns > taken ? columns - taken : 0);
  return g_strconcat (warning, *fitting != '\0' ? "  " : "", fitting, NULL);
}

char *
sqns_bar_format (const SqnsBar *bar, const SqnsBarLayout *layout, guint columns, gint64 now)
{
  gboolean keep = bar->keep_power && bar->look != SQNS_BAR_IDLE;
  const char *warning = keep ? power_text (columns) : "";
  gboolean indented = !keep && layout->keep_power && columns >= INDENT_MIN;
  guint taken = keep || indented ? (guint)strlen (keep ? warning : SQNS_BAR_KEEP_POWER) + 2 : 0;
  g_autofree char *rest = format_rest (bar, layout->name_width, columns > taken ? columns - taken : 0, now);

  if (keep)
    return after_power (warning, columns, rest);
  return indented ? g_strdup_printf ("%*s%s", (int)taken, "", rest) : g_steal_pointer (&rest);
}

char *
sqns_bar_format_rest (guint hidden, guint finished, guint all, gboolean keep_power, guint columns)
{
  g_autofree char *rest
      = g_strdup_printf ("%u more board%s; %u of %u finished", hidden, hidden == 1 ? "" : "s", finished, all);
  return keep_power ? after_power (power_text (columns), columns, rest) : sqns_text_fit_words (rest, columns);
}
