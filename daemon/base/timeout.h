/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The scale of the long timeouts: how long a modem may take to erase, write or boot. Tests shorten them. Short ones
 * (the answer to an AT command) are never scaled. */
#pragma once

#include <glib.h>

/* @ms, scaled. */
guint sqns_timeout_ms (guint ms);

/* @seconds in microseconds, scaled, to be added to a monotonic time. */
gint64 sqns_timeout_us (guint seconds);

/* For tests: the factor, 1.0 at start. */
void sqns_timeout_set_scale (double scale);
