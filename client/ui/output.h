/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All text to stdout and stderr. Text from boards, files, users and the daemon must not control the terminal: it is
 * cleaned here (common/clean.h). tests/check-layers.py finds code that prints in another way. */
#pragma once

#include <glib.h>

/* Text of whole lines on stdout, in the locale's character set. */
void sqns_out (const char *format, ...) G_GNUC_PRINTF (1, 2);

/* The same for @len bytes. */
void sqns_out_text (const char *text, gsize len);

/* One line on stderr; the newline is added. */
void sqns_err_line (const char *format, ...) G_GNUC_PRINTF (1, 2);

/* Text with our own colours or cursor moves: foreign parts are clean already. */
void sqns_out_screen (const char *text);
void sqns_err_screen (const char *text);

/* Raw bytes on stdout: JSON, which is escaped, and the console. */
void sqns_out_bytes (const void *data, gsize len);

/* FALSE: writing to stdout has failed. */
gboolean sqns_out_flush (void);
