/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Injects the faults of the matrix. */
#pragma once

#include "matrix-table.h"
#include "upgrade-run.h"

/* Does it happen at once? Otherwise it hits the next request or its answer, so that states which send nothing have no
 * test case: it would be that of the next state that does. */
gboolean matrix_fault_is_immediate (MatrixFault fault);
/* Does it also affect the REPL of a board? Otherwise it only affects answers of the modem. */
gboolean matrix_fault_meets_repl (MatrixFault fault);
gboolean matrix_fault_needs_esp32 (MatrixFault fault);

/* The run is at @state of the machine @klass. FALSE: a cancel that would be refused. SIGKILL does not return. */
gboolean matrix_inject (MatrixFault fault, UpgradeRun *run, const SqnsSsmClass *klass, guint state);
/* Called at each change of phase: SIGTERM waits until the run can be cancelled. */
void matrix_inject_again (MatrixFault fault, UpgradeRun *run);
/* Does what a user would do before the next run. */
void matrix_repair (MatrixFault fault, VirtualBoard *board);

/* The number of writes to terminals so far. */
guint matrix_writes (void);
