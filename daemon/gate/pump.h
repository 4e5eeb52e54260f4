/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The process between the daemon and the bus: it lets messages through and keeps strangers' descriptors out. */
#pragma once

#include <glib.h>

#define SQNS_PUMP_ADDRESS_SIZE 4096u

/* What the daemon sends first, with the socket to the bus. */
typedef struct {
  guint32 max_readers; /* for each user; 0: no bound of its own */
  guint64 max_size;    /* bytes of a file that is read */
  char address[SQNS_PUMP_ADDRESS_SIZE];
} SqnsPumpStart;

/* Serves @daemon until that or the bus is gone, then ends the process. */
void sqns_pump_run (int daemon) G_GNUC_NORETURN;
