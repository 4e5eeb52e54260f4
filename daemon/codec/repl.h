/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a MicroPython REPL says, and how a script is prepared for it (protocol.md §1). Pure. */
#pragma once

#include <glib.h>

typedef enum {
  SQNS_PROMPT_NONE,
  SQNS_PROMPT_FRIENDLY,  /* ends in ">>> " */
  SQNS_PROMPT_CONTINUED, /* a last line of "... ", perhaps with the blanks that the REPL indents by itself */
  SQNS_PROMPT_PASTE,     /* a last line of "=== " */
  SQNS_PROMPT_RAW,       /* "raw REPL; CTRL-B to exit\r\n>", or the 0x04 ">" behind a script's output */
} SqnsPrompt;
/* The prompt that @data ends in; trailing bytes after a prompt mean that it is not waiting there. */
SqnsPrompt sqns_repl_prompt (const guint8 *data, gsize len);

typedef enum {
  SQNS_REPL_MORE,
  SQNS_REPL_COMPLETE,
  SQNS_REPL_BROKEN, /* not raw REPL output: "OK" is missing; more bytes will not help */
} SqnsReplState;
typedef struct {
  char *output; /* stdout, valid UTF-8 with "\n" line ends, caller frees with sqns_repl_result_clear() */
  char *errors; /* traceback, the same, without a last line end; "" when none */
} SqnsReplResult;
/* Parses "OK" stdout 0x04 stderr 0x04 ">" after a Ctrl-D in the raw REPL. Noise before the OK up to one line (256
 * bytes) is skipped. *@result must be zeroed before its first use; each call replaces it, and both strings are NULL
 * unless COMPLETE. */
SqnsReplState sqns_repl_parse_result (const guint8 *data, gsize len, SqnsReplResult *result);
void sqns_repl_result_clear (SqnsReplResult *result);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SqnsReplResult, sqns_repl_result_clear)

/* TRUE once the "OK" that says "code taken, running" is there: for scripts that do not come back (passthrough). */
gboolean sqns_repl_accepted (const guint8 *data, gsize len);

/* Where the board's firmware crashes (field-failures.md row 37: os.uname() on 1.13.0.b1 and older) it says so, and
 * starts again. The line that says it, at most 80 bytes; NULL without one, caller frees. */
char *sqns_repl_crash (const guint8 *data, gsize len);
/* How often an ESP32 says in it that it starts: "rst:0x7 (TG0WDT_SYS_RESET),boot:..." (row 36). */
guint sqns_repl_starts (const guint8 *data, gsize len);
/* What a board says of itself when it has started: "Pycom MicroPython 1.13.0.b1 [...] on ...; FiPy with ESP32". FALSE
 * without such a line; else both are set, caller frees. */
gboolean sqns_repl_banner (const char *text, char **board, char **firmware);

/* The last line of a traceback: "AttributeError: ...". Points into @errors; "" when empty. */
const char *sqns_repl_error_line (const char *errors);

/* A value that a script printed as a line "sqns NAME=VALUE", the first of that name; NULL without one, caller frees. */
char *sqns_repl_value (const char *output, const char *name);

/* A script as it goes to the board: whole-line comments and blank lines out (heap is small), \n line ends, every
 * occurrence of "@NAME@" replaced from @substitutions (NULL-terminated name, value, ...; nullable) but in values. Other
 * marks stay. It knows no strings over several lines: a line that starts with # goes there too. Caller frees. */
char *sqns_repl_prepare (const char *script, const char *const *substitutions);

/* Board firmware: "1.20.2.r4" as a comparable number (1,20,2, release candidate rank: rcN < bN < none/rN); 0
 * unparsable. A leading "v" and a build's mark ("-dirty") are allowed; no mark is .r0. */
guint64 sqns_board_firmware_rank (const char *release);
