/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Measures the turns of the main loop: the time between two polls, which must stay short with hundreds of boards. */
#pragma once

#include <glib.h>

#define SQNS_LOOP_LIMIT_MS 50u

/* Watches the default main context from now on; a turn longer than the limit is logged. Call once. */
void sqns_loop_watch_start (void);

/* The longest turn so far, in microseconds of wall time. *@cpu_us (nullable): the most CPU time of this thread in a
 * turn, perhaps another one; on a busy machine this is what the daemon itself takes. */
gint64 sqns_loop_watch_longest_us (gint64 *cpu_us);
