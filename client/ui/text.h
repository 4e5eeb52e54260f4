/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text and numbers for people at a terminal. Pure. The caller frees all returned strings. */
#pragma once

#include <glib.h>

/* The terminal columns of valid UTF-8. */
guint sqns_text_width (const char *text);

/* @text cut to at most @columns, with ".." at the end where it is cut. */
char *sqns_text_fit (const char *text, guint columns);

/* The same, cut between two words if that is in the second half. */
char *sqns_text_fit_words (const char *text, guint columns);

/* The same, with ".." at the beginning: names differ at their end. */
char *sqns_text_fit_end (const char *text, guint columns);

char *sqns_text_bytes (guint64 bytes);     /* "5.3 MB" */
char *sqns_text_duration (gint64 seconds); /* "1:20", "2:03:04" */
char *sqns_text_time (guint64 usec);       /* "2024-05-01 02:00:00" local, "" for 0 */

/* "FirmwareSha256" -> "firmware-sha256". */
char *sqns_text_kebab (const char *camel);

/* The word of @words (NULL-terminated) that @word may be a typo of; NULL when none is near. */
const char *sqns_text_nearest (const char *word, const char *const *words);
