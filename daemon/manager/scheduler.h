/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starts jobs as soon as schedule.h lets them: one at a time on a board, on different boards at the same time. */
#pragma once

#include "manager/inhibit.h"
#include "manager/job-table.h"

typedef struct _SqnsScheduler SqnsScheduler;

/* Called after each round with how many jobs run. */
typedef void (*SqnsSchedulerRound) (guint running, gpointer user_data);

/* All arguments must outlive it. Kicked by the table, too. */
SqnsScheduler *sqns_scheduler_new (SqnsJobTable *table,
                                   const SqnsConfig *config,
                                   const SqnsRules *rules,
                                   SqnsInhibit *inhibit,
                                   SqnsSchedulerRound round,
                                   gpointer user_data);
void sqns_scheduler_free (SqnsScheduler *scheduler);

void sqns_scheduler_kick (SqnsScheduler *scheduler); /* a round soon */
