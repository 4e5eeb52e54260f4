/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Progress: it never falls and is never wrong; rate and expected end. */
#include "job/progress.h"

#include <string.h>

#define SECOND G_USEC_PER_SEC

static void
test_never_falls (void)
{
  SqnsProgress progress = { 0 };
  gint64 now = 1000 * SECOND;
  double last = 0;

  for (int phase = 0; phase < SQNS_N_PHASES; phase++)
    {
      sqns_progress_phase (&progress, phase, now);
      g_assert_cmpfloat (progress.value, >=, last);
      last = progress.value;
      for (int i = 0; i < 600; i++)
        {
          now += SECOND;
          sqns_progress_tick (&progress, now);
          if (phase == SQNS_PHASE_TRANSFER)
            sqns_progress_bytes (&progress, i * 1000, 600000, now);
          g_assert_cmpfloat (progress.value, >=, last);
          g_assert_cmpfloat (progress.value, <, 1.0);
          last = progress.value;
        }
    }
}

static void
test_upload_again (void)
{
  SqnsProgress progress = { 0 };
  gint64 now = SECOND;
  sqns_progress_phase (&progress, SQNS_PHASE_TRANSFER, now);
  sqns_progress_bytes (&progress, 900, 1000, now);
  double reached = progress.value;
  g_assert_cmpfloat (reached, >, 0.7);
  /* the modem lost everything, so the upload starts over */
  sqns_progress_bytes (&progress, 0, 1000, now + SECOND);
  g_assert_cmpfloat (progress.value, ==, reached);
  g_assert_cmpuint (sqns_progress_rate (&progress, now + SECOND), ==, 0);
  sqns_progress_phase (&progress, SQNS_PHASE_PREPARE, now + 2 * SECOND);
  g_assert_cmpfloat (progress.value, ==, reached);
}

/* A job that fails early releases the board, too. */
static void
test_failed (void)
{
  SqnsProgress progress = { 0 };
  sqns_progress_phase (&progress, SQNS_PHASE_PREPARE, SECOND);
  double reached = progress.value;
  sqns_progress_phase (&progress, SQNS_PHASE_RELEASE, 2 * SECOND);
  sqns_progress_tick (&progress, 9 * SECOND);
  g_assert_cmpfloat (progress.value, ==, reached);
}

static void
test_rate (void)
{
  SqnsProgress progress = { 0 };
  gint64 now = 50 * SECOND;
  sqns_progress_phase (&progress, SQNS_PHASE_TRANSFER, now);
  sqns_progress_bytes (&progress, 0, 1000000, now);
  g_assert_cmpuint (sqns_progress_rate (&progress, now), ==, 0);
  g_assert_cmpint (sqns_progress_remaining (&progress, now), ==, -1);

  for (int i = 1; i <= 100; i++) /* 10 kB/s in small steps */
    sqns_progress_bytes (&progress, i * 1000, 1000000, now + i * SECOND / 10);
  now += 10 * SECOND;
  g_assert_cmpuint (sqns_progress_rate (&progress, now), >=, 9900);
  g_assert_cmpuint (sqns_progress_rate (&progress, now), <=, 10100);
  gint64 transfer_left = 90 * SECOND;
  g_assert_cmpint (sqns_progress_remaining (&progress, now), >, transfer_left);
  g_assert_cmpint (sqns_progress_remaining (&progress, now), <, transfer_left + 300 * SECOND);

  /* nothing for long: the old rate is no longer reported */
  g_assert_cmpuint (sqns_progress_rate (&progress, now + 20 * SECOND), ==, 0);
}

static void
test_remaining_after_transfer (void)
{
  SqnsProgress progress = { 0 };
  sqns_progress_phase (&progress, SQNS_PHASE_LINK, SECOND);
  g_assert_cmpint (sqns_progress_remaining (&progress, SECOND), ==, -1);
  sqns_progress_phase (&progress, SQNS_PHASE_APPLY, 2 * SECOND);
  g_assert_cmpint (sqns_progress_remaining (&progress, 2 * SECOND), >, 0);
  g_assert_cmpint (sqns_progress_remaining (&progress, 3 * SECOND), <, sqns_progress_remaining (&progress, 2 * SECOND));
  /* longer than usual: unknown */
  g_assert_cmpint (sqns_progress_remaining (&progress, 1000 * SECOND), ==, -1);
}

/* The progress on disk is ahead of the reported progress, in few steps. */
static void
test_promise (void)
{
  double last = 0;
  guint steps = 0;
  for (int i = 0; i < 1000; i++)
    {
      double value = i / 1000.0 * 0.99;
      double promise = sqns_progress_promise (value);
      g_assert_cmpfloat (promise, >=, MIN (value + 0.02, 0.99));
      g_assert_cmpfloat (promise, <=, value + 0.08);
      g_assert_cmpfloat (promise, <=, 0.99);
      g_assert_cmpfloat (promise, >=, last);
      steps += promise > last;
      last = promise;
    }
  g_assert_cmpuint (steps, <=, 20);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/progress/never-falls", test_never_falls);
  g_test_add_func ("/progress/upload-again", test_upload_again);
  g_test_add_func ("/progress/failed", test_failed);
  g_test_add_func ("/progress/rate", test_rate);
  g_test_add_func ("/progress/remaining-after-transfer", test_remaining_after_transfer);
  g_test_add_func ("/progress/promise", test_promise);
  return g_test_run ();
}
