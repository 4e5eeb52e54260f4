/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The way of all text to stdout and stderr. Boards, files, users and the daemon bring text that must not steer a
 * terminal: it is cleaned here (base/clean.h), whoever prints it. tests/check-layers.py finds what goes round this. */
#pragma once

#include <glib.h>

/* Text of whole lines on stdout, in the locale's character set. */
void sqns_out (const char *format, ...) G_GNUC_PRINTF (1, 2);

/* The same of @len bytes. */
void sqns_out_text (const char *text, gsize len);

/* One line on stderr, and its end. */
void sqns_err_line (const char *format, ...) G_GNUC_PRINTF (1, 2);

/* With colours or moves of the cursor of our own: each piece that came from elsewhere is already clean. */
void sqns_out_screen (const char *text);
void sqns_err_screen (const char *text);

/* Bytes on stdout as they are: what is escaped by its own format (JSON), or meant to be raw (the console). */
void sqns_out_bytes (const void *data, gsize len);

/* FALSE: stdout takes no more. */
gboolean sqns_out_flush (void);
