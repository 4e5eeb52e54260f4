/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The board's MicroPython: getting its prompt, running scripts in its raw REPL. */
#pragma once

#include "base/monitor.h"
#include "serial/port.h"

typedef enum {
  SQNS_INTERRUPT_BRIEF,     /* Ctrl-C, a few times: about 1 s when nothing is there */
  SQNS_INTERRUPT_LONG,      /* Ctrl-C for longer, then Ctrl-F, which reboots into safe boot: about 20 s */
  SQNS_INTERRUPT_SAFE_BOOT, /* Ctrl-F at a prompt that is there; without an effect on a board that does not know it */
} SqnsInterruptEffort;

typedef struct {
  gboolean prompt;   /* the friendly prompt is there */
  gboolean rebooted; /* it took a safe boot, or was to */
  gboolean program;  /* a program was interrupted */
  guint starts;      /* of the ESP32 that were heard meanwhile */
  SqnsNoise noise;   /* what came when there was no prompt; TEXT: a program runs and does not yield */
} SqnsInterrupt;

/* A step of @ssm; fills in @found. Sets the port to the REPL's speed. No prompt is a result: @done never gets an error.
 */
void
sqns_repl_interrupt (SqnsSsm *ssm, SqnsPort *port, SqnsInterruptEffort effort, SqnsInterrupt *found, SqnsSsmDone done);

/* The friendly prompt. For SqnsExchange; @user_data is not used. */
SqnsMatch sqns_repl_match_prompt (const guint8 *data, gsize len, gsize *consumed, gpointer user_data);

typedef struct {
  const char *name;                 /* of a file of data/board in the resources; static */
  const char *const *substitutions; /* as in sqns_repl_prepare(); nullable; needed during the call only */
  guint timeout_ms;
  gboolean stay; /* it is not waited for: it has been taken, has said nothing wrong for a moment, and goes on running */
} SqnsScript;

typedef struct {
  char *output; /* "" of a script that stays */
  char *errors; /* traceback, "" when the script went well */
  char *crash;  /* what the board said when its firmware crashed in the script, and as it started again; else NULL */
} SqnsScriptResult;
void sqns_script_result_clear (SqnsScriptResult *result);

/* A step of @ssm, at a prompt that is there; fills in @result, which must be zeroed or of an earlier run. Errors that
 * @done gets: TIMEOUT (it was interrupted), PROTOCOL. */
void sqns_repl_run (SqnsSsm *ssm, SqnsPort *port, const SqnsScript *script, SqnsScriptResult *result, SqnsSsmDone done);

/* For @done: fails the machine with @error (nullable), with a crash as PROTOCOL, or with the script's own error as
 * @code behind "@what: ". FALSE, and no transition: it went well. */
gboolean sqns_script_failed (
    SqnsSsm *ssm, const SqnsScriptResult *result, const GError *error, SqnsError code, const char *what);
