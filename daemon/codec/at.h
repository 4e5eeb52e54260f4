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
  gsize consumed;         /* bytes up to the end of the final line; 0 while pending */
} SqnsAtReply;

#define SQNS_AT_MAX_REPLY 65536u /* a reply longer than this is noise */

/* Parses the bytes received since @command (without CR) was sent: splits them at CR and LF, skips empty lines and
 * the echo, separates unsolicited lines, and stops at a final line. A final line counts once its end is there; a CR
 * at the end of @data is not enough. While the result is PENDING, call again with all bytes so far, up to
 * SQNS_AT_MAX_REPLY; later bytes are ignored. @data may be any bytes: in a line, those that are not ASCII become
 * '?'; before a line they are dropped. A "+NAME: " line belongs to the command if @command names it ("AT+CEREG?"),
 * else it is unsolicited. *@reply must be zeroed before its first use; each call replaces it. */
SqnsAtFinal sqns_at_parse (const char *command, const guint8 *data, gsize len, SqnsAtReply *reply);
void sqns_at_reply_clear (SqnsAtReply *reply);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SqnsAtReply, sqns_at_reply_clear)

/* TRUE when a complete line in @data starts with @prefix ("+SYSSTART"); *@end (nullable) gets the offset after that
 * line, or is left alone. */
gboolean sqns_at_find_line (const guint8 *data, gsize len, const char *prefix, gsize *end);

/* The functions below read a reply that sqns_at_parse() filled in. */

/* AT+SMOD?: a bare number. UNKNOWN without an OK, and with two numbers. */
SqnsMode sqns_at_smod (const SqnsAtReply *reply);
/* AT+SMSWBOOT?: the mode of the next boot. UNKNOWN without an OK, for ECOPAGING, and with several modes. */
SqnsMode sqns_at_smswboot (const SqnsAtReply *reply);

/* AT+SMUPGRADE? */
typedef enum {
  SQNS_REPORT_UNKNOWN, /* no +SMUPGRADE line, or nothing after its colon */
  SQNS_REPORT_NONE,    /* "No report" */
  SQNS_REPORT_INIT,
  SQNS_REPORT_AVAILABLE,
  SQNS_REPORT_ON_GOING,
  SQNS_REPORT_DOWNLOADING,
  SQNS_REPORT_SUCCESS,
  SQNS_REPORT_FAILURE, /* "failure..." or any other text */
} SqnsReport;
/* @reason (nullable): the text after the colon for FAILURE (caller frees), else NULL. */
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
/* AT!="showver"; FALSE without any Software or Bootloader line. */
gboolean sqns_at_showver (const SqnsAtReply *reply, SqnsShowver *showver);

/* Classifies bytes, to tell a wrong baud rate from a dead line (protocol.md §2). */
typedef enum {
  SQNS_NOISE_NONE,    /* nothing */
  SQNS_NOISE_TEXT,    /* mostly printable: the baud rate is right */
  SQNS_NOISE_GARBAGE, /* \xfe\xfd\xfe...: wrong baud rate */
  SQNS_NOISE_CRASH,   /* ^EXIT: the modem crashed and restarts (field-failures.md §1 row 30) */
  SQNS_NOISE_ZEROS,   /* only \x00 (perhaps a leading \xfe): no power, crash loop */
} SqnsNoise;
SqnsNoise sqns_at_classify (const guint8 *data, gsize len);

/* A transcript line: control and non-ASCII bytes become \xNN, backslashes are doubled, and the digits of IMEI, ICCID
 * and IMSI (14 or more in a row) become "<private>" unless @personal. Pass whole lines: numbers that are cut in two
 * are not recognized. Caller frees. */
char *sqns_at_printable (const guint8 *data, gsize len, gboolean personal);
