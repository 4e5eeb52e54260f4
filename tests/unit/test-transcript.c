/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Transcripts: their format, and the rest of one that is too long. */
#include "job/transcript.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void
test_form (void)
{
  g_autoptr (SqnsTranscript) transcript = sqns_transcript_new ();
  sqns_transcript_start (transcript, 0);
  sqns_transcript_add (transcript, 12345678, '>', "AT+SMOD?");
  sqns_transcript_add (transcript, 12345999, '<', "two\r\nlines");
  sqns_transcript_add (transcript, -5, '#', "bad \xff byte \x1b[2J");
  GString *text = sqns_transcript_text (transcript);
  g_assert_cmpstr (text->str, ==, "12.345 > AT+SMOD?\n12.345 < two  lines\n0.000 # bad \xef\xbf\xbd byte \\x1b[2J\n");
  g_assert_cmpuint (sqns_transcript_size (transcript), ==, text->len);
  g_string_free (text, TRUE);
}

static void
test_bound (void)
{
  g_autoptr (SqnsTranscript) transcript = sqns_transcript_new ();
  const guint n = 60000;
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *line = g_strdup_printf ("line number %06u of a long talk", i);
      sqns_transcript_add (transcript, 0, '>', line);
      g_assert_cmpuint (sqns_transcript_size (transcript), <=, SQNS_TRANSCRIPT_MAX);
    }
  GString *text = sqns_transcript_text (transcript);
  g_auto (GStrv) lines = g_strsplit (text->str, "\n", -1);
  guint count = g_strv_length (lines) - 1, first_gap = 0;
  guint dropped = 0;

  g_assert_cmpstr (lines[0], ==, "0.000 > line number 000000 of a long talk");
  g_assert_cmpstr (lines[count - 1], ==, "0.000 > line number 059999 of a long talk");
  for (guint i = 0; i < count; i++)
    if (sscanf (lines[i], "# ... %u lines (", &dropped) == 1)
      first_gap = i;
  g_assert_cmpuint (first_gap, >, 10000);
  g_assert_cmpuint (dropped + count - 1, ==, n);
  g_string_free (text, TRUE);
}

static void
test_long_line (void)
{
  g_autoptr (SqnsTranscript) transcript = sqns_transcript_new ();
  g_autofree char *line = g_strnfill (3 * SQNS_TRANSCRIPT_MAX, 'x');
  sqns_transcript_add (transcript, 0, '<', line);
  sqns_transcript_add (transcript, 0, '<', "after");
  g_assert_cmpuint (sqns_transcript_size (transcript), <=, SQNS_TRANSCRIPT_MAX);
  GString *text = sqns_transcript_text (transcript);
  g_assert_true (g_str_has_suffix (text->str, "0.000 < after\n"));
  g_string_free (text, TRUE);
}

static void
test_snapshot (void)
{
  g_autoptr (SqnsTranscript) transcript = sqns_transcript_new ();
  char buffer[64];
  sqns_transcript_add (transcript, 0, '>', "AT");
  int fd = sqns_transcript_snapshot (transcript, NULL);
  sqns_transcript_add (transcript, 0, '<', "OK");
  gssize n = read (fd, buffer, sizeof buffer);
  g_assert_cmpmem (buffer, n, "0.000 > AT\n", 11);
  g_assert_cmpint (write (fd, "x", 1), ==, -1);
  close (fd);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/transcript/form", test_form);
  g_test_add_func ("/transcript/bound", test_bound);
  g_test_add_func ("/transcript/long-line", test_long_line);
  g_test_add_func ("/transcript/snapshot", test_snapshot);
  return g_test_run ();
}
