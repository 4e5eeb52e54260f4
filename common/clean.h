/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes text of a board, a file or a user fit for a terminal, a log or a notification. Pure. */
#pragma once

#include <glib.h>

/* These return valid UTF-8 that steers no terminal: bytes that are not UTF-8 become U+FFFD; control characters (C0,
 * DEL, C1), invisible ones and those that change the writing direction become "?". @text: @len bytes, or
 * NUL-terminated where @len is -1; NULL counts as "". Caller frees. */

/* One line: line breaks and tabs become spaces. */
char *sqns_clean_line (const char *text, gssize len);

/* Several lines: "\n" and tabs stay, "\r\n" becomes "\n". */
char *sqns_clean_lines (const char *text, gssize len);

/* One line of a transcript: such characters become "\x1b" or "\u202e", line breaks spaces. */
char *sqns_clean_visible (const char *text, gssize len);

/* One line to be quoted in a message; more than SQNS_CLEAN_QUOTE_MAX bytes end in "...". */
#define SQNS_CLEAN_QUOTE_MAX 80u
char *sqns_clean_quote (const char *text);

/* Cuts @text, valid UTF-8, in place to @max bytes; what was cut ends in "...". */
void sqns_clean_cut (char *text, gsize max);
/* The longest message that quotes what a caller sent, in bytes. */
#define SQNS_CLEAN_MESSAGE_MAX 400u

/* JSON: such characters inside strings become "\u001b", so that nothing is lost. @json: as its generator made it,
 * NUL-terminated valid UTF-8. */
char *sqns_clean_json (const char *json);
