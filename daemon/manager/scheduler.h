/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starts jobs as soon as schedule.h lets them: one at a time on a board, on different boards at the same time. */
#pragma once

#include "job/job.h"
#include "manager/config.h"
#include "manager/inhibit.h"

typedef struct _SqnsScheduler SqnsScheduler;

/* Called after each round with how many jobs run. */
typedef void (*SqnsSchedulerRound) (guint running, gpointer user_data);

/* All arguments must outlive it. @jobs: SqnsJob by age, as it changes. */
SqnsScheduler *sqns_scheduler_new (GPtrArray *jobs,
                                   const SqnsConfig *config,
                                   const SqnsRules *rules,
                                   SqnsInhibit *inhibit,
                                   SqnsSchedulerRound round,
                                   gpointer user_data);
void sqns_scheduler_free (SqnsScheduler *scheduler);

void sqns_scheduler_kick (SqnsScheduler *scheduler); /* a round soon */
/* Until all holds are released, rounds leave all jobs as they are. */
void sqns_scheduler_hold (SqnsScheduler *scheduler);
void sqns_scheduler_release (SqnsScheduler *scheduler);
void sqns_scheduler_set_draining (SqnsScheduler *scheduler, gboolean draining); /* TRUE: nothing new is started */
gboolean sqns_scheduler_is_draining (SqnsScheduler *scheduler);
