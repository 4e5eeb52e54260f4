/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which ended jobs somebody asks for, and the search for them on disk. */
#pragma once

#include "job/job-record.h"

#define SQNS_HISTORY_DEFAULT 100u
#define SQNS_HISTORY_MAX 1000u

/* Whatever is NULL, 0 or FALSE fits all. */
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

/* What fits of @known (SqnsJobRecord, references are not taken: they are moved out of it) and of the records in @folder
 * (nullable) that are not among these, newest end first. Blocks: for worker threads only. */
GPtrArray *sqns_history_search (const SqnsHistoryFilter *filter, const char *folder, GPtrArray *known);
