/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Words and numbers as people read them in a terminal. Pure. All strings returned are the caller's. */
#pragma once

#include <glib.h>

/* Columns of a terminal that valid UTF-8 takes. */
guint sqns_text_width (const char *text);

/* @text cut to at most @columns, with ".." at the end where something is missing. */
char *sqns_text_fit (const char *text, guint columns);

/* The same, cut between two words where one ends in the second half. */
char *sqns_text_fit_words (const char *text, guint columns);

/* The same, with ".." at the beginning: what tells names apart is their end. */
char *sqns_text_fit_end (const char *text, guint columns);

char *sqns_text_bytes (guint64 bytes);     /* "5.3 MB" */
char *sqns_text_duration (gint64 seconds); /* "1:20", "2:03:04" */
char *sqns_text_time (guint64 usec);       /* "2024-05-01 02:00:00" local, "" for 0 */

/* "FirmwareSha256" -> "firmware-sha256". */
char *sqns_text_kebab (const char *camel);

/* The one of @words (NULL-terminated) that @word was perhaps meant to be, NULL when none is near. */
const char *sqns_text_nearest (const char *word, const char *const *words);
