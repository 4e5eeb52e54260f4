/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the matrix does to a run at a state. */
#pragma once

#include "matrix-table.h"
#include "upgrade-run.h"

/* It strikes at once; else it strikes the next request or its answer, so that a state that sends nothing has no run of
 * its own: that would be the one of the next state that does. */
gboolean matrix_fault_is_immediate (MatrixFault fault);
/* The REPL of a board is not spared by it; else it is for the modem's answers only, whoever carries them. */
gboolean matrix_fault_meets_repl (MatrixFault fault);
gboolean matrix_fault_needs_esp32 (MatrixFault fault);

/* For a run that is at @state of the machine @klass. FALSE: a cancel that would be refused. SIGKILL does not return. */
gboolean matrix_strike (MatrixFault fault, UpgradeRun *run, const SqnsSsmClass *klass, guint state);
/* Whenever a run tells of a phase: SIGTERM waits for the end of a point of no return. */
void matrix_strike_again (MatrixFault fault, UpgradeRun *run);
/* What a person would do before the next run. */
void matrix_repair (MatrixFault fault, VirtualBoard *board);

/* How often this program has written to a terminal. */
guint matrix_writes (void);
