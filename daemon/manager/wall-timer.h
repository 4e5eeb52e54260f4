/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Wakes the main loop once at a time of the wall clock, whether the machine slept or its clock was set meanwhile. */
#pragma once

#include <gio/gio.h>

typedef struct _SqnsWallTimer SqnsWallTimer;

/* @callback: called when the time has come, or when the clock was set, so that its owner looks again. */
SqnsWallTimer *sqns_wall_timer_new (void (*callback) (gpointer user_data), gpointer user_data);
void sqns_wall_timer_free (SqnsWallTimer *timer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqnsWallTimer, sqns_wall_timer_free)

/* @when: µs since the epoch, 0 = never. Replaces what was set before. */
void sqns_wall_timer_set (SqnsWallTimer *timer, gint64 when);
