/* A readable log of both hops: what the host and the modem sent, line by line. */
#include "transcript.h"

#include <errno.h>
#include <stdio.h>

/* Longer runs are binary blocks; their beginning is enough. */
#define SHOWN_BYTES 96

static FILE *file;
static gboolean loud;

void
transcript_open (const char *path, gboolean verbose)
{
  loud = verbose;
  if (path == NULL)
    return;
  file = fopen (path, "ae");
  if (file == NULL)
    g_printerr ("sqns-board: cannot write %s: %s\n", path, g_strerror (errno));
}

static void
put (guint board, const char *text)
{
  gint64 now = g_get_monotonic_time ();

  if (file != NULL)
    {
      fprintf (file, "%" G_GINT64_FORMAT ".%06d [%u] %s\n", now / G_USEC_PER_SEC, (int)(now % G_USEC_PER_SEC), board,
               text);
      fflush (file);
    }
  if (loud)
    g_printerr ("[%u] %s\n", board, text);
}

void
transcript_bytes (guint board, const char *hop, const guint8 *data, gsize len)
{
  g_autoptr (GString) text = NULL;

  if ((file == NULL && !loud) || len == 0)
    return;
  text = g_string_new (hop);
  g_string_append_printf (text, " %" G_GSIZE_FORMAT " \"", len);
  for (gsize i = 0; i < MIN (len, SHOWN_BYTES); i++)
    {
      if (data[i] == '\r')
        g_string_append (text, "\\r");
      else if (data[i] == '\n')
        g_string_append (text, "\\n");
      else if (data[i] == '"' || data[i] == '\\')
        g_string_append_printf (text, "\\%c", data[i]);
      else if (g_ascii_isprint (data[i]))
        g_string_append_c (text, (char)data[i]);
      else
        g_string_append_printf (text, "\\x%02x", data[i]);
    }
  g_string_append (text, len > SHOWN_BYTES ? "\"..." : "\"");
  put (board, text->str);
}

void
transcript_event (guint board, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  if (file == NULL && !loud)
    return;
  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  put (board, text);
}
