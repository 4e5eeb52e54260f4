/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* AT dialogue of the SQN3330: bytes in, structs out (protocol.md §2, field-failures.md §2.3). Pure, no globals. */
#pragma once

#include "common/types.h"
#include "common/version.h"

typedef enum {
  SQNS_AT_PENDING, /* no final result yet */
  SQNS_AT_OK,
  SQNS_AT_ERROR,     /* "ERROR" */
  SQNS_AT_CME_ERROR, /* "+CME ERROR: ..." or "+CMS ERROR: ..." */
} SqnsAtFinal;

typedef struct {
  SqnsAtFinal final;
  GPtrArray *lines;       /* char *: information lines that belong to the command, in order; never NULL after a parse */
  GPtrArray *unsolicited; /* char *: +CPSMS, +CEREG, +SYSSTART, ... that came in between */
  char *error_text;       /* the whole final line of a CME error, else NULL */
  gsize consumed;         /* bytes up to and with the final line's end; 0 while pending */
} SqnsAtReply;

#define SQNS_AT_MAX_REPLY 65536u /* a reply longer than this is noise */

/* Parses what came since @command (without CR) was sent: splits on CR/LF, skips empty lines and the echo, sorts
 * unsolicited lines out, ends on a whole final line; never counts bytes. Needs the line's end before it believes a
 * final result: a CR at the end of @data is none yet. Call again with all bytes so far while it returns PENDING, up to
 * SQNS_AT_MAX_REPLY: what is behind that is not looked at. Any bytes are allowed in @data; lines are ASCII, other bytes
 * inside one became '?', garbage in front of one is dropped. A "+NAME: " line belongs to the command when @command
 * names it ("AT+CEREG?"), else it is unsolicited.
 * *@reply must be zeroed before its first use; each call replaces what was in it. */
SqnsAtFinal sqns_at_parse (const char *command, const guint8 *data, gsize len, SqnsAtReply *reply);
void sqns_at_reply_clear (SqnsAtReply *reply);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SqnsAtReply, sqns_at_reply_clear)

/* TRUE when a whole line in @data starts with @prefix ("+SYSSTART"); *@end, nullable, gets the offset behind that line
 * (and is left alone otherwise). */
gboolean sqns_at_find_line (const guint8 *data, gsize len, const char *prefix, gsize *end);

/* The readers below take a reply that sqns_at_parse() filled. */

/* AT+SMOD?: a bare number. UNKNOWN without an OK, and when two numbers came. */
SqnsMode sqns_at_smod (const SqnsAtReply *reply);
/* AT+SMSWBOOT?: the named mode of the next boot; UNKNOWN without an OK, for ECOPAGING, and when several are named. */
SqnsMode sqns_at_smswboot (const SqnsAtReply *reply);

/* AT+SMUPGRADE? */
typedef enum {
  SQNS_REPORT_UNKNOWN, /* no +SMUPGRADE line in the reply, or nothing behind its colon */
  SQNS_REPORT_NONE,    /* "No report" */
  SQNS_REPORT_INIT,
  SQNS_REPORT_AVAILABLE,
  SQNS_REPORT_ON_GOING,
  SQNS_REPORT_DOWNLOADING,
  SQNS_REPORT_SUCCESS,
  SQNS_REPORT_FAILURE, /* "failure..." and any other text: a reason to fail */
} SqnsReport;
/* @reason: the text behind the colon for FAILURE (caller frees), else NULL; nullable. */
SqnsReport sqns_at_smupgrade (const SqnsAtReply *reply, char **reason);

/* ATI1: the LR line's version; @ue (nullable, caller frees) the UE text "5.0.0.0d". FALSE without an LR line. */
gboolean sqns_at_ati1 (const SqnsAtReply *reply, SqnsVersion *version, char **ue);

#define SQNS_N_BOOTLOADERS 3
typedef struct {
  SqnsVersion software;
  SqnsVersion bootloader[SQNS_N_BOOTLOADERS];
  int active; /* index of the starred bootloader, -1 none */
  char ue[32];
} SqnsShowver;
/* AT!="showver"; FALSE when not even a Software or Bootloader line is there. */
gboolean sqns_at_showver (const SqnsAtReply *reply, SqnsShowver *showver);

/* What kind of bytes these are, for telling a wrong baud from a dead line (protocol.md §2). */
typedef enum {
  SQNS_NOISE_NONE,    /* no byte */
  SQNS_NOISE_TEXT,    /* mostly printable: somebody speaks our speed */
  SQNS_NOISE_GARBAGE, /* \xfe\xfd\xfe...: wrong baud */
  SQNS_NOISE_CRASH,   /* ^EXIT: the modem's system crashes and starts again (field-failures.md §1 row 30) */
  SQNS_NOISE_ZEROS,   /* only \x00 (perhaps a leading \xfe): no power, crash loop */
} SqnsNoise;
SqnsNoise sqns_at_classify (const guint8 *data, gsize len);

/* A line for a transcript: control and non-ASCII bytes as \xNN, a backslash doubled, and IMEI, ICCID and IMSI digits
 * (14 and more in a row) as "<private>" unless @personal. Give it whole lines: digits that are cut in two are not seen.
 * Caller frees. */
char *sqns_at_printable (const guint8 *data, gsize len, gboolean personal);
