/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* termios of a board's tty: raw at a speed, nothing else touched, and put back at the end. */
#pragma once

#include "common/error.h"

#include <linux/serial.h>
#include <termios.h>

/* An open tty, and what it was before. */
typedef struct {
  int fd; /* -1: closed */
  gboolean line_changed;
  gboolean latency_changed;
  struct termios line;
  struct serial_struct serial;
} SqnsTty;

/* Opens it, checks that it is a tty and takes its locks; its line stays as it is. Errors as of sqns_port_open_async().
 */
gboolean sqns_tty_open (SqnsTty *tty, const char *devnode, GError **error);

/* Whether another program has the tty open, which need not be one that this process may look into. Closes and opens it
 * for that; TRUE where it cannot be known. Not for pseudo-terminals, which live as long as their master.
 * FALSE with PORT_LOCKED. Nothing was sent, DTR and RTS stay. */
gboolean sqns_tty_is_ours (SqnsTty *tty, const char *devnode, GError **error);

/* Sets raw 8N1 at @speed and low latency, throws away what has come. DTR and RTS stay as the driver has them
 * (field-failures.md §3). */
gboolean sqns_tty_begin (SqnsTty *tty, guint speed, GError **error);

/* Puts back speed, line, HUPCL and latency, unlocks, closes. */
void sqns_tty_close (SqnsTty *tty);

typedef enum {
  SQNS_TTY_DATA_BITS,    /* 8N1 */
  SQNS_TTY_COMMAND_BITS, /* 5N1, where the tty can: commands to the PIC of an expansion board (field-failures.md §3) */
} SqnsTtyBits;

/* FAILED with the rate's name for a rate that termios does not know, DEVICE_LOST when the tty is gone. */
gboolean sqns_tty_set_line (int fd, guint speed, SqnsTtyBits bits, GError **error);
