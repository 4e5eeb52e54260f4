/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The dialogue between the daemon and a board: its beginning and its end. */
#include "common/clean.h"
#include "common/memfile.h"
#include "job/transcript.h"

#include <string.h>

#define HALF ((int)SQNS_TRANSCRIPT_MAX / 2)

struct _SqnsTranscript {
  gboolean started;
  gint64 start;  /* monotonic µs that are time 0 */
  gint64 end;    /* time of the last line that was restored, µs */
  GString *head; /* filled first, then left alone */
  GQueue tail;   /* char *: the last lines, their ends included */
  gsize tail_size;
  guint64 dropped_lines;
  guint64 dropped_bytes;
};

SqnsTranscript *
sqns_transcript_new (void)
{
  SqnsTranscript *self = g_new0 (SqnsTranscript, 1);
  self->head = g_string_new (NULL);
  g_queue_init (&self->tail);
  return self;
}

void
sqns_transcript_free (SqnsTranscript *self)
{
  if (self == NULL)
    return;
  g_string_free (self->head, TRUE);
  g_queue_clear_full (&self->tail, g_free);
  g_free (self);
}

static char *
format_line (gint64 time_us, char direction, const char *text)
{
  /* one line leaves room for others */
  gsize len = MIN (strlen (text), HALF / 4);
  g_autofree char *visible = sqns_clean_visible (text, (gssize)len);
  gint64 ms = time_us / 1000;
  return g_strdup_printf ("%" G_GINT64_FORMAT ".%03d %c %s\n", ms / 1000, (int)(ms % 1000), direction, visible);
}

/* Takes @line. */
static void
add_line (SqnsTranscript *self, char *line)
{
  gsize len = strlen (line);

  if (g_queue_is_empty (&self->tail) && self->head->len + len <= HALF)
    {
      g_string_append_len (self->head, line, len);
      g_free (line);
      return;
    }
  g_queue_push_tail (&self->tail, line);
  self->tail_size += len;
  while (self->tail_size > HALF)
    {
      g_autofree char *old = g_queue_pop_head (&self->tail);
      self->tail_size -= strlen (old);
      self->dropped_lines++;
      self->dropped_bytes += strlen (old);
    }
}

void
sqns_transcript_start (SqnsTranscript *self, gint64 now)
{
  if (!self->started)
    self->start = now - self->end;
  self->started = TRUE;
}

void
sqns_transcript_add (SqnsTranscript *self, gint64 now, char direction, const char *text)
{
  add_line (self, format_line (self->started ? MAX (now - self->start, 0) : 0, direction, text));
}

/* "12.345 > text": 12345000; -1 for any other line. */
static gint64
time_of (const char *line)
{
  char *end;
  guint64 seconds = g_ascii_strtoull (line, &end, 10);
  if (!g_ascii_isdigit (*line) || *end != '.' || strspn (end + 1, "0123456789") != 3 || end[4] != ' '
      || seconds > G_MAXINT32)
    return -1;
  return (gint64)(seconds * G_USEC_PER_SEC + g_ascii_strtoull (end + 1, NULL, 10) * 1000);
}

void
sqns_transcript_restore (SqnsTranscript *self, const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  for (char **line = lines; *line != NULL; line++)
    {
      if (**line == '\0')
        continue;
      self->end = MAX (self->end, time_of (*line));
      g_autofree char *visible = sqns_clean_visible (*line, -1); /* older daemons did not clean it */
      add_line (self, g_strdup_printf ("%.*s\n", HALF / 4, visible));
    }
}

GString *
sqns_transcript_text (const SqnsTranscript *self)
{
  GString *text = g_string_new_len (self->head->str, self->head->len);
  if (self->dropped_lines > 0)
    g_string_append_printf (text, "# ... %" G_GUINT64_FORMAT " lines (%" G_GUINT64_FORMAT " bytes) left out here ...\n",
                            self->dropped_lines, self->dropped_bytes);
  for (const GList *at = self->tail.head; at != NULL; at = at->next)
    g_string_append (text, at->data);
  return text;
}

int
sqns_transcript_snapshot (const SqnsTranscript *self, GError **error)
{
  GString *text = sqns_transcript_text (self);
  int fd = sqns_memfile_from_data ("sqnsd-log", text->str, text->len, error);
  g_string_free (text, TRUE);
  return fd;
}

gsize
sqns_transcript_size (const SqnsTranscript *self)
{
  return self->head->len + self->tail_size;
}
