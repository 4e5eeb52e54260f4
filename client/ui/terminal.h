/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a terminal can do; raw mode, and back again whatever happens. */
#pragma once

#include <glib.h>

/* A terminal that can move its cursor, and shows colours unless the person does not want them (NO_COLOR). */
gboolean sqns_terminal_is_smart (int fd);
gboolean sqns_terminal_wants_colour (int fd);

/* 0 where it is not known. */
void sqns_terminal_size (int fd, guint *columns, guint *rows);

/* Every key comes as its byte at once, nothing is echoed. Restored too when the program is aborted or quit (SIGQUIT);
 * other signals are the caller's. FALSE when @fd is no terminal. */
gboolean sqns_terminal_raw (int fd);

/* As it was before. Nothing when it was not changed. */
void sqns_terminal_restore (void);
