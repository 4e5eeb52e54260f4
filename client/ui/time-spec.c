/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A time on the command line. */
#include "client/ui/time-spec.h"

#include <stdio.h>
#include <string.h>

#define MAX_DAYS 3660

static gboolean
parse_offset (const char *text, GTimeSpan *span)
{
  *span = 0;
  if (*text == '\0')
    return FALSE;
  while (*text != '\0')
    {
      char *end;
      if (!g_ascii_isdigit (*text))
        return FALSE;
      guint64 count = g_ascii_strtoull (text, &end, 10);
      GTimeSpan unit = *end == 'd'   ? G_TIME_SPAN_DAY
                       : *end == 'h' ? G_TIME_SPAN_HOUR
                       : *end == 'm' ? G_TIME_SPAN_MINUTE
                       : *end == 's' ? G_TIME_SPAN_SECOND
                                     : 0;
      if (unit == 0 || count > (guint64)(MAX_DAYS * G_TIME_SPAN_DAY / unit))
        return FALSE;
      *span += (GTimeSpan)count * unit;
      text = end + 1;
    }
  return *span <= MAX_DAYS * G_TIME_SPAN_DAY;
}

/* "02:00", "2:00", "02:00:30" */
static gboolean
parse_clock (const char *text, int *hour, int *minute, int *second)
{
  int short_end = 0, long_end = 0;
  *second = 0;
  if (!g_ascii_isdigit (*text) || strspn (text, "0123456789:") != strlen (text)
      || sscanf (text, "%2d:%2d%n:%2d%n", hour, minute, &short_end, second, &long_end) < 2)
    return FALSE;
  return text[MAX (short_end, long_end)] == '\0' && *hour < 24 && *minute < 60 && *second < 60;
}

static GDateTime *
next_clock (GDateTime *from, int hour, int minute, int second)
{
  g_autoptr (GDateTime) local = g_date_time_to_local (from);
  for (int day = 0; day <= 1; day++)
    {
      g_autoptr (GDateTime) date = g_date_time_add_days (local, day);
      g_autoptr (GDateTime) at = g_date_time_new_local (g_date_time_get_year (date), g_date_time_get_month (date),
                                                        g_date_time_get_day_of_month (date), hour, minute, second);
      if (at != NULL && g_date_time_compare (at, from) > 0)
        return g_steal_pointer (&at);
    }
  return NULL;
}

/* GLib requires the seconds, people leave them out. */
static GDateTime *
parse_iso (const char *text)
{
  g_autoptr (GTimeZone) zone = g_time_zone_new_local ();
  g_autofree char *copy = g_strdup (text);
  char *space = strchr (copy, ' ');
  if (space != NULL)
    *space = 'T';

  GDateTime *time = g_date_time_new_from_iso8601 (copy, zone);
  if (time == NULL && strlen (copy) >= 16)
    {
      g_autofree char *with_seconds = g_strdup_printf ("%.16s:00%s", copy, copy + 16);
      time = g_date_time_new_from_iso8601 (with_seconds, zone);
    }
  return time;
}

gboolean
sqns_time_spec_parse (const char *text, GDateTime *from, guint64 *usec, GError **error)
{
  g_autoptr (GDateTime) time = NULL;
  GTimeSpan span;
  int hour, minute, second;

  if (text[0] == '+')
    {
      if (parse_offset (text + 1, &span))
        time = g_date_time_add (from, span);
    }
  else if (parse_clock (text, &hour, &minute, &second))
    time = next_clock (from, hour, minute, second);
  else
    time = parse_iso (text);

  if (time == NULL || g_date_time_to_unix (time) <= 0)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                   "'%s' is no time: give 02:00, 2024-05-01T02:00 or +30m", text);
      return FALSE;
    }
  *usec = (guint64)g_date_time_to_unix (time) * G_USEC_PER_SEC + (guint64)g_date_time_get_microsecond (time);
  return TRUE;
}
