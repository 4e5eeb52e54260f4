/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The progress of a job: weighted phases, recent rate, expected end. */
#include "job/progress.h"

#include <math.h>
#include <string.h>

#define RATE_WINDOW (5 * G_USEC_PER_SEC)
#define SAMPLE_SPACING (RATE_WINDOW / SQNS_RATE_SAMPLES)
#define PROMISE_STEPS 20   /* one write of a record each */
#define PROMISE_AHEAD 0.02 /* the time that the disk has before progress is held up */
#define PROMISE_MOST 0.99
#define CREEP_MOST 0.95 /* of a phase's share, however long it lasts */

/* @start: the value at which a phase begins. @usual_s: how long it usually takes, for phases without bytes and for the
 * expected end; apply and reboot are those of a full image (field-failures.md §2.8). */
static const struct {
  double start;
  guint usual_s;
} phases[SQNS_N_PHASES] = {
  [SQNS_PHASE_INSPECT] = { 0.00, 1 },  [SQNS_PHASE_ACQUIRE] = { 0.00, 1 },  [SQNS_PHASE_LINK] = { 0.01, 10 },
  [SQNS_PHASE_PROBE] = { 0.03, 3 },    [SQNS_PHASE_PREPARE] = { 0.05, 20 }, [SQNS_PHASE_BOOTROM] = { 0.08, 30 },
  [SQNS_PHASE_UPDATER] = { 0.09, 30 }, [SQNS_PHASE_TRANSFER] = { 0.10, 0 }, [SQNS_PHASE_APPLY] = { 0.80, 60 },
  [SQNS_PHASE_REBOOT] = { 0.92, 20 },  [SQNS_PHASE_CONFIRM] = { 0.97, 5 },  [SQNS_PHASE_RELEASE] = { 0.99, 2 },
};

/* To @share of what lies between the begin of @phase and that of the next one. */
static void
move_to (SqnsProgress *self, SqnsPhase phase, double share)
{
  double start = phases[phase].start, end = phase + 1 < SQNS_N_PHASES ? phases[phase + 1].start : 1.0;
  self->value = MAX (self->value, start + (end - start) * share);
}

/* Failed jobs pass the last phase, too. */
static gboolean
is_on_the_way (SqnsPhase phase)
{
  return phase != SQNS_PHASE_RELEASE;
}

void
sqns_progress_phase (SqnsProgress *self, SqnsPhase phase, gint64 now)
{
  if (phase == self->phase && self->phase_start != 0)
    return;
  self->phase = phase;
  self->phase_start = now;
  if (is_on_the_way (phase))
    move_to (self, phase, 0);
}

void
sqns_progress_bytes (SqnsProgress *self, guint64 done, guint64 total, gint64 now)
{
  if (done < self->done || total != self->total)
    self->n_samples = 0;
  self->done = done;
  self->total = total;
  if (total > 0)
    move_to (self, SQNS_PHASE_TRANSFER, (double)MIN (done, total) / (double)total);

  if (self->n_samples > 0 && now - self->samples[self->n_samples - 1].time_us < SAMPLE_SPACING)
    return;
  if (self->n_samples == SQNS_RATE_SAMPLES)
    memmove (self->samples, self->samples + 1, --self->n_samples * sizeof self->samples[0]);
  self->samples[self->n_samples++] = (SqnsRateSample){ now, done };
}

void
sqns_progress_tick (SqnsProgress *self, gint64 now)
{
  guint usual_s = phases[self->phase].usual_s;
  if (self->phase_start == 0 || usual_s == 0 || !is_on_the_way (self->phase))
    return;
  double elapsed_s = (double)(now - self->phase_start) / G_USEC_PER_SEC;
  double share = CREEP_MOST * (1.0 - exp (-elapsed_s / usual_s));
  move_to (self, self->phase, share);
}

double
sqns_progress_promise (double value)
{
  return MIN ((floor ((value + PROMISE_AHEAD) * PROMISE_STEPS) + 1) / PROMISE_STEPS, PROMISE_MOST);
}

guint64
sqns_progress_rate (const SqnsProgress *self, gint64 now)
{
  guint i = 0;
  while (i < self->n_samples && now - self->samples[i].time_us > RATE_WINDOW)
    i++;
  const SqnsRateSample *first = &self->samples[i];
  if (i == self->n_samples || self->done <= first->bytes || now - first->time_us < SAMPLE_SPACING)
    return 0;
  return (guint64)((double)(self->done - first->bytes) * G_USEC_PER_SEC / (double)(now - first->time_us));
}

gint64
sqns_progress_remaining (const SqnsProgress *self, gint64 now)
{
  SqnsPhase phase = self->phase;
  gint64 remaining = phases[phase].usual_s * (gint64)G_USEC_PER_SEC - (now - self->phase_start);

  if (phase == SQNS_PHASE_TRANSFER)
    {
      guint64 rate = sqns_progress_rate (self, now);
      guint64 left = self->total - MIN (self->done, self->total);
      remaining = rate > 0 ? (gint64)((double)left * G_USEC_PER_SEC / (double)rate) : -1;
    }
  if (phase < SQNS_PHASE_TRANSFER || remaining < 0)
    return -1;
  for (guint later = phase + 1; later < SQNS_N_PHASES; later++)
    remaining += phases[later].usual_s * (gint64)G_USEC_PER_SEC;
  return remaining;
}
