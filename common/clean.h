/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text that a board, a file or a user brings, made fit for a terminal, a log or a notification. Pure. */
#pragma once

#include <glib.h>

/* Both return valid UTF-8 that steers no terminal: bytes that are not UTF-8 become U+FFFD; control characters (C0, DEL,
 * C1), invisible ones and those that turn the writing direction become "?". @text: @len bytes, or NUL-terminated where
 * @len is -1; NULL counts as "". Caller frees. */

/* One line: line breaks and tabs become spaces. */
char *sqns_clean_line (const char *text, gssize len);

/* Several lines: "\n" and tabs stay, "\r\n" becomes "\n". */
char *sqns_clean_lines (const char *text, gssize len);

/* One line of a transcript: the same characters as "\x1b" or "\u202e", line breaks as spaces. */
char *sqns_clean_visible (const char *text, gssize len);

/* One line that a message may quote: what is longer than SQNS_CLEAN_QUOTE_MAX bytes ends in "...". */
#define SQNS_CLEAN_QUOTE_MAX 80u
char *sqns_clean_quote (const char *text);

/* JSON as its generator made it: the same characters inside its strings as "\u001b", so that nothing is lost. @json:
 * NUL-terminated, valid UTF-8. */
char *sqns_clean_json (const char *json);
