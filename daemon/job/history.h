/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which ended jobs are asked for. Pure. */
#pragma once

#include "job/job-record.h"

#define SQNS_HISTORY_DEFAULT 100u
#define SQNS_HISTORY_MAX 1000u

/* NULL, 0 and FALSE match all. */
typedef struct {
  char *modem; /* the board's id */
  char *label;
  gboolean by_state;
  SqnsJobState state;
  gboolean by_kind;
  gboolean recover;
  gint64 since;  /* ended then or later, µs since the epoch */
  gint64 before; /* ended before */
  guint limit;   /* most results */
} SqnsHistoryFilter;
void sqns_history_filter_clear (SqnsHistoryFilter *filter);

gboolean sqns_history_filter_fits (const SqnsHistoryFilter *filter, const SqnsJobRecord *record);

/* Collects ended jobs, the @limit newest of them; not all that fit are held at once. @found: SqnsJobRecord, made by
 * sqns_history_new(); @record is taken. */
GPtrArray *sqns_history_new (void);
void sqns_history_add (GPtrArray *found, SqnsJobRecord *record, guint limit);
void sqns_history_finish (GPtrArray *found, guint limit); /* newest end first */
