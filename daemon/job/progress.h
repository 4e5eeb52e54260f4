/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How far a job is and how fast: weighted phases, a rate of late, an expected end. Pure; the caller brings the time. */
#pragma once

#include "base/monitor.h"

#define SQNS_RATE_SAMPLES 32

typedef struct {
  gint64 time_us;
  guint64 bytes;
} SqnsRateSample;

/* Zeroed = a job that has not begun. All times are monotonic, in µs. */
typedef struct {
  SqnsPhase phase;
  gint64 phase_start;
  guint64 done;
  guint64 total;
  double value;                              /* 0..1, never falls; below 1 until sqns_progress_succeed() */
  SqnsRateSample samples[SQNS_RATE_SAMPLES]; /* ring */
  guint n_samples;
  guint next_sample;
} SqnsProgress;

void sqns_progress_phase (SqnsProgress *progress, SqnsPhase phase, gint64 now);
/* Of the transfer phase. A transfer that starts over (less done than before) starts its rate anew, the value stays. */
void sqns_progress_bytes (SqnsProgress *progress, guint64 done, guint64 total, gint64 now);
/* Time has passed: phases without bytes creep towards, never over, the next one's start. */
void sqns_progress_tick (SqnsProgress *progress, gint64 now);
/* How far the record of a job that is at @value should say that it is: ahead of it, so that what is told meanwhile is
 * never taken back by a daemon that dies; in steps, so that it is not written all the time. Below 1. */
double sqns_progress_promise (double value);

void sqns_progress_succeed (SqnsProgress *progress);

guint64 sqns_progress_rate (const SqnsProgress *progress,
                            gint64 now); /* bytes a second over the last seconds, 0 unknown */
/* µs until the job's end as far as can be told, -1 when it cannot. */
gint64 sqns_progress_remaining (const SqnsProgress *progress, gint64 now);
