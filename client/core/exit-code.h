/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The exit code of each error (design.md §5). */
#pragma once

#include "common/error.h"

typedef enum {
  SQNS_EXIT_DONE = 0,   /* or already at that version */
  SQNS_EXIT_FAILED = 1, /* the modem is usable */
  SQNS_EXIT_USAGE = 2,
  SQNS_EXIT_NOT_FOUND = 3, /* or ambiguous */
  SQNS_EXIT_NOT_ALLOWED = 4,
  SQNS_EXIT_BUSY = 5,    /* locked, inhibited, draining */
  SQNS_EXIT_REFUSED = 6, /* bad or incompatible firmware, or not in this state; nothing was done */
  SQNS_EXIT_UNKNOWN = 7, /* device lost, timeout: the modem's state is unknown */
  SQNS_EXIT_CANCELLED = 9,
  SQNS_EXIT_RECOVERY = 10,    /* the modem is left in recovery, action needed */
  SQNS_EXIT_USER_ACTION = 11, /* a person must act at the board */
  SQNS_EXIT_NO_DAEMON = 12,
  SQNS_EXIT_DETACHED = 130,
} SqnsExit;

/* @name: a D-Bus error name, ours or the bus's; NULL and empty are DONE, unknown ones FAILED. */
SqnsExit sqns_exit_from_name (const char *name);
SqnsExit sqns_exit_from_error (const GError *error);

/* The D-Bus name of any error, local or from the bus. Caller frees. */
char *sqns_exit_error_name (const GError *error);

/* The more severe of the two: 10, 11, 7, 1, 6, 5, 4, 3, 12, 2, 9, 130, 0. */
SqnsExit sqns_exit_worse (SqnsExit a, SqnsExit b);

/* The next step for a person; NULL when the message says it. */
const char *sqns_exit_advice (SqnsExit code);
