/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The texts of the findings of 'sqnsctl doctor': what is wrong, and what to do next. Pure. */
#pragma once

#include "client/core/exit-code.h"
#include "common/types.h"

typedef enum {
  SQNS_LEVEL_OK,
  SQNS_LEVEL_NOTE,    /* worth knowing; nothing is broken */
  SQNS_LEVEL_PROBLEM, /* something does not work, or will not */
} SqnsLevel;
#define SQNS_N_LEVELS (SQNS_LEVEL_PROBLEM + 1)
SQNS_DECLARE_NAMES (SqnsLevel, level)

typedef enum {
  SQNS_SUBJECT_HOST,
  SQNS_SUBJECT_USB,
  SQNS_SUBJECT_BOARD,
  SQNS_SUBJECT_MODEM,
} SqnsSubject;
#define SQNS_N_SUBJECTS (SQNS_SUBJECT_MODEM + 1)
SQNS_DECLARE_NAMES (SqnsSubject, subject)

/* Texts have holes like "{port}" for sqns_text_fill(). */
typedef struct {
  SqnsSubject subject;
  SqnsLevel level;
  const char *code;   /* for programs: "port-owned"; for a state or a flag its D-Bus name */
  const char *text;   /* one or two sentences; for a state with the modem's and the forums' terms */
  const char *advice; /* the next step; "": none, never for a problem */
  SqnsExit exit;      /* of a problem; DONE means FAILED */
} SqnsFindingText;

typedef enum {
#define FINDING(id, ...) SQNS_FINDING_##id,
#include "client/doctor/findings.h"
#undef FINDING
  SQNS_N_FINDINGS
} SqnsFindingId;

SqnsFindingText sqns_finding_text (SqnsFindingId id);
SqnsFindingText sqns_modem_state_text (SqnsModemState state);
SqnsFindingText sqns_board_flag_text (SqnsBoardFlags flag); /* one flag */

/* Replaces "{name}" in @text by the value after the name in the NULL-terminated @values. A hole without a value, or
 * with NULL, stays; values are not searched for holes. Caller frees. */
char *sqns_text_fill (const char *text, const char *const *values);
