/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Wakes the main loop once at a time of the wall clock, whether the machine slept or its clock was set meanwhile. */
#pragma once

#include <gio/gio.h>

typedef struct _SqnsAlarm SqnsAlarm;

/* @ring: called when the time has come, or when the clock was set, so that its owner looks again. */
SqnsAlarm *sqns_alarm_new (void (*ring) (gpointer user_data), gpointer user_data);
void sqns_alarm_free (SqnsAlarm *alarm);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqnsAlarm, sqns_alarm_free)

/* @when: µs since the epoch, 0 = never. Replaces what was set before. */
void sqns_alarm_set (SqnsAlarm *alarm, gint64 when);
