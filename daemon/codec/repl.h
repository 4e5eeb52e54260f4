/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads the output of a MicroPython REPL, and prepares scripts for it (protocol.md §1). Pure. */
#pragma once

#include <glib.h>

typedef enum {
  SQNS_PROMPT_NONE,
  SQNS_PROMPT_FRIENDLY,  /* ends in ">>> " */
  SQNS_PROMPT_CONTINUED, /* a last line "... ", perhaps followed by the REPL's own indentation */
  SQNS_PROMPT_PASTE,     /* a last line "=== " */
  SQNS_PROMPT_RAW,       /* "raw REPL; CTRL-B to exit\r\n>", or 0x04 ">" after a script's output */
} SqnsPrompt;
/* The prompt at the end of @data. Bytes after a prompt mean that the REPL is not waiting there. */
SqnsPrompt sqns_repl_prompt (const guint8 *data, gsize len);

typedef enum {
  SQNS_REPL_MORE,
  SQNS_REPL_COMPLETE,
  SQNS_REPL_BROKEN, /* not the output of a raw REPL: no "OK"; more bytes will not help */
} SqnsReplState;
typedef struct {
  char *output; /* stdout, valid UTF-8 with "\n" line ends; freed by sqns_repl_result_clear() */
  char *errors; /* traceback, likewise, without the last line end; "" when none */
} SqnsReplResult;
/* Parses the answer to Ctrl-D in the raw REPL: "OK" stdout 0x04 stderr 0x04 ">". Up to one line (256 bytes) of noise
 * before the OK is skipped. *@result must be zeroed before its first use; each call replaces it. Both strings are
 * NULL unless COMPLETE. */
SqnsReplState sqns_repl_parse_result (const guint8 *data, gsize len, SqnsReplResult *result);
void sqns_repl_result_clear (SqnsReplResult *result);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SqnsReplResult, sqns_repl_result_clear)

/* TRUE once the "OK" of a running script is there: for scripts that do not return (passthrough). */
gboolean sqns_repl_accepted (const guint8 *data, gsize len);

/* The line with which the board's firmware reports a crash, at most 80 bytes; it then restarts (field-failures.md
 * row 37: os.uname() on 1.13.0.b1 and older). NULL without one; caller frees. */
char *sqns_repl_crash (const guint8 *data, gsize len);
/* How often an ESP32 reports a start: "rst:0x7 (TG0WDT_SYS_RESET),boot:..." (row 36). */
guint sqns_repl_starts (const guint8 *data, gsize len);
/* Reads the banner of a board that has started: "Pycom MicroPython 1.13.0.b1 [...] on ...; FiPy with ESP32". FALSE
 * without one; else both are set, caller frees. */
gboolean sqns_repl_banner (const char *text, char **board, char **firmware);

/* The last line of a traceback: "AttributeError: ...". Points into @errors; "" when empty. */
const char *sqns_repl_error_line (const char *errors);

/* The value of the first line "sqns NAME=VALUE" that a script printed; NULL without one, caller frees. */
char *sqns_repl_value (const char *output, const char *name);

/* Prepares a script for the board: removes comment lines and blank lines (the heap is small), uses \n line ends, and
 * replaces each "@NAME@" by its value in @substitutions (NULL-terminated name, value, ...; nullable). Other marks,
 * and marks in values, stay. Does not know strings of several lines: a line in one that starts with # goes, too.
 * Caller frees. */
char *sqns_repl_prepare (const char *script, const char *const *substitutions);

/* The version of a board's firmware, "1.20.2.r4", as a comparable number (rcN < bN < none or rN); 0: cannot be
 * parsed. A leading "v" and a build's suffix ("-dirty") are allowed; no mark counts as .r0. */
guint64 sqns_board_firmware_rank (const char *release);
