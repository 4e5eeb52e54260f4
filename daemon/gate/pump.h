/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The process between daemon and bus: it passes messages on and keeps strangers' descriptors out. */
#pragma once

#include <glib.h>

#define SQNS_PUMP_ADDRESS_SIZE 4096u

/* The daemon's first message, sent with the socket of the bus. */
typedef struct {
  guint32 max_readers; /* for each user; 0 = no limit */
  guint64 max_size;    /* of a file, in bytes */
  char address[SQNS_PUMP_ADDRESS_SIZE];
} SqnsPumpStart;

/* Serves @daemon until either side hangs up, then exits. */
void sqns_pump_run (int daemon) G_GNUC_NORETURN;
