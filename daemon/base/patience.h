/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The long waits: how long a modem may take to erase, write or boot. Tests shorten them; short waits (an answer to AT)
 * are not patience and are never scaled. */
#pragma once

#include <glib.h>

/* @ms as it is, or shortened by a test. */
guint sqns_patience_ms (guint ms);

/* The same in microseconds for @seconds, to be added to a monotonic time. */
gint64 sqns_patience_us (guint seconds);

/* For tests: factor on all long waits, 1.0 at start. */
void sqns_patience_set_scale (double scale);
