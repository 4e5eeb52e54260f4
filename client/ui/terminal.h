/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a terminal can do; raw mode, and back again whatever happens. */
#pragma once

#include <glib.h>

/* Whether it can move its cursor, and whether to use colours (not with NO_COLOR). */
gboolean sqns_terminal_is_smart (int fd);
gboolean sqns_terminal_wants_colour (int fd);

/* 0 where it is not known. */
void sqns_terminal_size (int fd, guint *columns, guint *rows);

/* Keys arrive at once, nothing is echoed. Restored also on SIGQUIT and SIGABRT; other signals are the caller's. FALSE
 * when @fd is no terminal. */
gboolean sqns_terminal_raw (int fd);

/* Restores the mode before sqns_terminal_raw(), if it was called. */
void sqns_terminal_restore (void);
