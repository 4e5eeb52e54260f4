/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was observed of a board and of its modem. */
#pragma once

#include "codec/at.h"
#include "common/types.h"

/* What was observed of the MicroPython side. */
typedef struct {
  char *board;    /* "FiPy", "GPy", "G01"; nullable */
  char *firmware; /* "1.20.2.r4"; nullable: the board did not answer */
  SqnsBoardFlags notes;
} SqnsBoardInfo;

/* What was observed of the modem. */
typedef struct {
  SqnsMode mode;       /* UNKNOWN: see noise */
  SqnsNoise noise;     /* what came instead of answers */
  guint speed;         /* baud at which it answered, 0 none */
  gboolean ppp;        /* it was in data mode, and +++ ended that */
  gboolean stp;        /* it was in STP mode, and RESET ended that */
  SqnsVersion version; /* software; unknown outside application mode */
  SqnsShowver showver; /* zeroed when not available */
  char *ue;            /* "6.0.0.0", nullable */
  SqnsReport report;   /* AT+SMUPGRADE? */
} SqnsModemStatus;
void sqns_modem_status_free (SqnsModemStatus *status);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqnsModemStatus, sqns_modem_status_free)
