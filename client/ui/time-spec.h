/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A time on the command line. Pure. */
#pragma once

#include <glib.h>

/* @text: "02:00" or "02:00:30" (local, the next such time after @from), ISO 8601 ("2024-05-01T02:00", local unless it
 * names a zone), or "+30m", "+1h30m", "+90s", "+2d" (after @from). @*usec: microseconds since the epoch. Errors:
 * G_OPTION_ERROR_BAD_VALUE. */
gboolean sqns_time_spec_parse (const char *text, GDateTime *from, guint64 *usec, GError **error);
