/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Measures how long the main loop is away from poll(): a daemon for hundreds of boards may never be gone for long. */
#pragma once

#include <glib.h>

#define SQNS_LOOP_LIMIT_MS 50u

/* Watches the default main context from now on; a turn longer than the limit is logged. Call once. */
void sqns_loop_watch_start (void);

/* The longest turn so far, in microseconds of wall time. *@cpu_us: the most of this thread's own CPU time that a turn
 * took, maybe another one: what the daemon is to blame for on a machine that has other things to do; nullable. */
gint64 sqns_loop_watch_longest_us (gint64 *cpu_us);
