/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The messages with descriptors that the daemon has not finished with, each with its reader and its user. */
#pragma once

#include "gate/reader.h"

#include <poll.h>
#include <sys/types.h>

#define SQNS_DELIVERIES_MAX_OTHERS 64u /* for all users but root */
#define SQNS_DELIVERIES_MAX (SQNS_DELIVERIES_MAX_OTHERS + 8u)
#define SQNS_DELIVERIES_MAX_POLLED (SQNS_DELIVERIES_MAX * SQNS_READER_MAX_FDS)

typedef struct {
  int pid; /* of the reader; 0: it has ended */
  uid_t uid;
  guint n_channels;
  int channels[SQNS_READER_MAX_FDS]; /* -1: the daemon has closed its end */
  gboolean killed;                   /* all channels are closed */
} SqnsDelivery;

typedef struct {
  SqnsDelivery list[SQNS_DELIVERIES_MAX];
  guint n;
} SqnsDeliveries;

/* Whether there is room for one more of @uid. @max_per_user 0: only the limit on all users applies. A reader that
 * was killed counts while it hangs in the kernel. */
gboolean sqns_deliveries_have_room (const SqnsDeliveries *deliveries, uid_t uid, guint max_per_user);
/* Takes over the channels of @reader. */
void sqns_deliveries_add (SqnsDeliveries *deliveries, const SqnsReader *reader, int pid, uid_t uid);

/* Fills in what to poll, and returns how many entries that is; @polled has room for SQNS_DELIVERIES_MAX_POLLED. */
guint sqns_deliveries_poll (const SqnsDeliveries *deliveries, struct pollfd *polled);
/* Kills the readers whose channels the daemon has closed, and removes deliveries that have ended. Polls nothing but
 * what it needs itself. */
void sqns_deliveries_sweep (SqnsDeliveries *deliveries);
