/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* termios of a board's tty: raw at a speed, nothing else touched. */
#pragma once

#include "base/error.h"

/* Opens, checks that it is a tty, sets raw 8N1 at @speed. DTR and RTS stay as the driver has them (field-failures.md
 * §3). */
int sqns_tty_open (const char *devnode, guint speed, GError **error);

typedef enum {
  SQNS_TTY_DATA_BITS,    /* 8N1 */
  SQNS_TTY_COMMAND_BITS, /* 5N1, where the tty can: commands to the PIC of an expansion board (field-failures.md §3) */
} SqnsTtyBits;

/* FAILED with the rate's name for a rate that termios does not know, DEVICE_LOST when the tty is gone. */
gboolean sqns_tty_set_line (int fd, guint speed, SqnsTtyBits bits, GError **error);
