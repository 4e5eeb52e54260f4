/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The terminal in raw mode, and back again whatever happens. */
#pragma once

#include <glib.h>

/* Every key comes as its byte at once, nothing is echoed. Restored too when the program is aborted or quit (SIGQUIT);
 * other signals are the caller's. FALSE when @fd is no terminal. */
gboolean sqns_terminal_raw (int fd);

/* As it was before. Nothing when it was not changed. */
void sqns_terminal_restore (void);
