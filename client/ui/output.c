/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text on stdout and stderr. */
#include "client/ui/output.h"

#include "common/clean.h"

#include <stdio.h>

void
sqns_out (const char *format, ...)
{
  va_list args;
  va_start (args, format);
  g_autofree char *text = g_strdup_vprintf (format, args);
  va_end (args);
  g_autofree char *clean = sqns_clean_lines (text, -1);
  g_print ("%s", clean);
}

void
sqns_out_text (const char *text, gsize len)
{
  g_autofree char *clean = sqns_clean_lines (text, (gssize)len);
  g_print ("%s", clean);
}

void
sqns_err_line (const char *format, ...)
{
  va_list args;
  va_start (args, format);
  g_autofree char *text = g_strdup_vprintf (format, args);
  va_end (args);
  g_autofree char *clean = sqns_clean_line (text, -1);
  g_printerr ("%s\n", clean);
}

void
sqns_out_screen (const char *text)
{
  g_print ("%s", text);
}

void
sqns_err_screen (const char *text)
{
  g_printerr ("%s", text);
}

void
sqns_out_bytes (const void *data, gsize len)
{
  fwrite (data, 1, len, stdout);
}

gboolean
sqns_out_flush (void)
{
  return fflush (stdout) == 0 && !ferror (stdout);
}
