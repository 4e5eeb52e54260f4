/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The progress of a job: weighted phases, recent rate, expected end. Pure; the caller passes the time. */
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
  double value;                              /* 0..1, never falls; below 1 */
  SqnsRateSample samples[SQNS_RATE_SAMPLES]; /* oldest first */
  guint n_samples;
} SqnsProgress;

void sqns_progress_phase (SqnsProgress *progress, SqnsPhase phase, gint64 now);
/* In the transfer phase. When a transfer starts over (less done than before), the rate starts anew and the value stays.
 */
void sqns_progress_bytes (SqnsProgress *progress, guint64 done, guint64 total, gint64 now);
/* Time passes: phases without bytes approach the start of the next phase, and never reach it. */
void sqns_progress_tick (SqnsProgress *progress, gint64 now);
/* The progress to save for a job at @value: ahead of it, so that a daemon that dies never takes back what was shown; in
 * steps, so that it is not saved all the time. Below 1. */
double sqns_progress_promise (double value);

guint64 sqns_progress_rate (const SqnsProgress *progress,
                            gint64 now); /* bytes a second over the last seconds, 0 unknown */
/* µs until the job ends, -1 unknown. */
gint64 sqns_progress_remaining (const SqnsProgress *progress, gint64 now);
