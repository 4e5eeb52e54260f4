/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How much one user may have at a time, so that others get their share. Pure. */
#pragma once

#include <glib.h>

/* Whether @uid, who has @have of @what ("unfinished jobs"), may have @more of them: LIMITS_EXCEEDED with the limit and
 * how many there are. @limit 0: no bound. */
gboolean sqns_limit_check (const char *what, guint uid, guint have, guint more, guint limit, GError **error);
