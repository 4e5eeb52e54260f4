/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bars at the bottom of a terminal, redrawn in place. */
#include "client/ui/bars.h"
#include "client/ui/output.h"
#include "client/ui/terminal.h"
#include "client/ui/text.h"

#include "common/clean.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <glib-unix.h>

#define DEFAULT_COLUMNS 80u
#define DEFAULT_ROWS 24u
#define GREEN "\033[32m"
#define RED "\033[31m"
#define YELLOW "\033[1;33m"
#define PLAIN "\033[0m"
#define TO_LINE_END "\033[K"
#define TO_SCREEN_END "\033[J"

struct _SqnsBars {
  GPtrArray *bars; /* SqnsBar *, strings owned */
  GArray *widths;  /* guint: columns of each line on the screen */
  GString *out;
  gboolean colour;
  guint resized; /* sources */
  guint tick;
};

static void
bar_free (gpointer data)
{
  SqnsBar *bar = data;
  g_free ((char *)bar->name);
  g_free ((char *)bar->text);
  g_free (bar);
}

/* Moves to the first row of the bars. In a window that became narrower the lines have wrapped. */
static void
go_up (SqnsBars *bars, guint columns)
{
  guint up = 0;
  for (guint i = 0; i < bars->widths->len; i++)
    {
      guint width = g_array_index (bars->widths, guint, i);
      up += width > columns ? (width + columns - 1) / columns : 1;
    }
  if (up > 0)
    g_string_append_printf (bars->out, "\r\033[%uA", up);
  g_array_set_size (bars->widths, 0);
}

static void
append_line (SqnsBars *bars, const char *line, SqnsBarLook look)
{
  const char *colour = look == SQNS_BAR_DONE ? GREEN : look == SQNS_BAR_FAILED ? RED : NULL;
  gsize power = g_str_has_prefix (line, SQNS_BAR_KEEP_POWER) ? strlen (SQNS_BAR_KEEP_POWER) : 0;
  guint width = sqns_text_width (line);

  if (bars->colour && power > 0)
    g_string_append_printf (bars->out, YELLOW SQNS_BAR_KEEP_POWER PLAIN);
  else
    power = 0;
  if (bars->colour && colour != NULL)
    g_string_append_printf (bars->out, "%s%s%s", colour, line + power, PLAIN);
  else
    g_string_append (bars->out, line + power);
  g_string_append (bars->out, TO_LINE_END "\n");
  g_array_append_val (bars->widths, width);
}

static gboolean
is_over (const SqnsBar *bar)
{
  return bar->look == SQNS_BAR_DONE || bar->look == SQNS_BAR_FAILED;
}

static void
append_bar (SqnsBars *bars, const SqnsBar *bar, const SqnsBarLayout *layout, guint columns, gint64 now)
{
  g_autofree char *line = sqns_bar_format (bar, layout, columns, now);
  append_line (bars, line, bar->look);
}

/* More boards than rows: shows those that are not over, and a line that counts the rest. */
static void
append_some (SqnsBars *bars, const SqnsBarLayout *layout, guint columns, guint rows, gint64 now)
{
  guint shown = 0, hidden = 0, over = 0;
  gboolean keep_power = FALSE;
  for (guint i = 0; i < bars->bars->len; i++)
    {
      const SqnsBar *bar = bars->bars->pdata[i];
      if (is_over (bar) && !bar->keep_power)
        over++;
      else if (shown < rows - 2)
        {
          append_bar (bars, bar, layout, columns, now);
          over += is_over (bar);
          shown++;
        }
      else
        {
          keep_power |= bar->keep_power;
          over += is_over (bar);
          hidden += !is_over (bar);
        }
    }
  g_autofree char *rest = sqns_bar_format_rest (hidden, over, bars->bars->len, keep_power, columns);
  append_line (bars, rest, SQNS_BAR_WAITING);
}

static void
draw (SqnsBars *bars, const char *note)
{
  guint columns, rows;
  SqnsBarLayout layout = { 0 };
  gint64 now = g_get_real_time ();

  sqns_terminal_size (STDERR_FILENO, &columns, &rows);
  columns = MAX (columns > 0 ? columns : DEFAULT_COLUMNS, 2)
            - 1; /* the last one stays free: some terminals wrap when it is written */
  rows = MAX (rows > 0 ? rows : DEFAULT_ROWS, 3);
  g_string_truncate (bars->out, 0);
  go_up (bars, columns + 1);
  if (note != NULL)
    g_string_append_printf (bars->out, "%s" TO_LINE_END "\n", note);

  for (guint i = 0; i < bars->bars->len; i++)
    {
      const SqnsBar *bar = bars->bars->pdata[i];
      layout.name_width = MAX (layout.name_width, sqns_text_width (bar->name));
      layout.keep_power |= bar->keep_power;
    }
  if (bars->bars->len > rows - 1)
    append_some (bars, &layout, columns, rows, now);
  else
    for (guint i = 0; i < bars->bars->len; i++)
      append_bar (bars, bars->bars->pdata[i], &layout, columns, now);
  g_string_append (bars->out, TO_SCREEN_END);
  sqns_err_screen (bars->out->str);
}

static gboolean
on_resized (gpointer data)
{
  draw (data, NULL);
  return G_SOURCE_CONTINUE;
}

SqnsBars *
sqns_bars_new (void)
{
  if (!sqns_terminal_is_smart (STDERR_FILENO))
    return NULL;
  SqnsBars *bars = g_new0 (SqnsBars, 1);

  bars->bars = g_ptr_array_new_with_free_func (bar_free);
  bars->widths = g_array_new (FALSE, FALSE, sizeof (guint));
  bars->out = g_string_new (NULL);
  bars->colour = sqns_terminal_wants_colour (STDERR_FILENO);
  bars->resized = g_unix_signal_add (SIGWINCH, on_resized, bars);
  bars->tick = g_timeout_add_seconds (1, on_resized, bars);
  return bars;
}

void
sqns_bars_set (SqnsBars *bars, guint index, const SqnsBar *bar)
{
  SqnsBar *copy = g_memdup2 (bar, sizeof *bar);
  copy->name = sqns_clean_line (bar->name, -1);
  copy->text = sqns_clean_line (bar->text, -1);

  if (index < bars->bars->len)
    g_ptr_array_remove_index (bars->bars, index);
  g_ptr_array_insert (bars->bars, (int)index, copy);
  draw (bars, NULL);
}

void
sqns_bars_note (SqnsBars *bars, const char *line)
{
  g_autofree char *clean = sqns_clean_line (line, -1);
  draw (bars, clean);
}

void
sqns_bars_free (SqnsBars *bars)
{
  draw (bars, NULL);
  g_clear_handle_id (&bars->resized, g_source_remove);
  g_clear_handle_id (&bars->tick, g_source_remove);
  g_ptr_array_unref (bars->bars);
  g_array_unref (bars->widths);
  g_string_free (bars->out, TRUE);
  g_free (bars);
}
