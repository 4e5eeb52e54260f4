/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The board's MicroPython: getting its prompt, running scripts in its raw REPL. */
#pragma once

#include "base/monitor.h"
#include "serial/port.h"

typedef enum {
  SQNS_INTERRUPT_POLITE, /* Ctrl-C, some times: about 1 s when nobody is there */
  SQNS_INTERRUPT_INSIST, /* Ctrl-C for longer, then Ctrl-F, which reboots into safe boot: about 20 s */
  SQNS_INTERRUPT_REBOOT, /* Ctrl-F at a prompt that is there; without an effect on a board that does not know it */
} SqnsInterruptEffort;

typedef struct {
  gboolean prompt;   /* the friendly prompt is there */
  gboolean rebooted; /* it took a safe boot, or was to */
  gboolean program;  /* a program was interrupted */
  guint starts;      /* of the ESP32 that were heard meanwhile */
  SqnsNoise noise;   /* what came when there was no prompt; TEXT: a program runs and does not yield */
} SqnsInterrupt;

/* No prompt is a result, not an error. The port must be at the REPL's speed. Errors: DEVICE_LOST, CANCELLED. */
void sqns_repl_interrupt_async (SqnsPort *port,
                                const SqnsMonitor *monitor,
                                SqnsInterruptEffort effort,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
gboolean sqns_repl_interrupt_finish (GAsyncResult *result, SqnsInterrupt *interrupt, GError **error);

/* The friendly prompt. For SqnsExchange; @user_data is not used. */
SqnsMatch sqns_repl_match_prompt (const guint8 *data, gsize len, gsize *consumed, gpointer user_data);

typedef struct {
  char *output;
  char *errors; /* traceback, "" when the script went well */
  char *crash;  /* what the board said when its firmware crashed in the script, and as it started again; else NULL */
} SqnsScriptResult;
void sqns_script_result_free (SqnsScriptResult *result);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqnsScriptResult, sqns_script_result_free)

/* Runs data/board/@name from the resources at a prompt that is there; @substitutions as in sqns_repl_prepare(). With
 * @stay the script is not waited for: it has been taken, has said nothing wrong for a moment, and goes on running (both
 * strings are then ""), or its error is returned as usual. Errors: TIMEOUT (it was interrupted), PROTOCOL (also: the
 * board's firmware crashed), DEVICE_LOST, CANCELLED. */
void sqns_repl_run_async (SqnsPort *port,
                          const SqnsMonitor *monitor,
                          const char *name,
                          const char *const *substitutions,
                          guint timeout_ms,
                          gboolean stay,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data);
SqnsScriptResult *sqns_repl_run_finish (GAsyncResult *result, GError **error);
/* The same, but a crash is a result, with its words. */
SqnsScriptResult *sqns_repl_run_finish_crash (GAsyncResult *result, GError **error);
