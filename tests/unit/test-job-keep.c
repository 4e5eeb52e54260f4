/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Jobs that outlive their run: what is kept of them, interruptions, the next life. */
#include "firmware-builder.h"
#include "job/job.h"
#include "scripted.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define RULES "[test]\nTo=1\nError=Incompatible\nLiftable=no\nMessage=for nobody\n"
#define TTY "/dev/ttyTest0"

typedef struct {
  SqnsDevice *device;
  SqnsFirmware *files[SQNS_JOB_N_FILES];
  SqnsRequest *request;
  SqnsRules *rules;
  SqnsJob *job;
  guint finished;
  guint prompts;
} Rig;

static void
on_changed (SqnsJob *job, gboolean prompt, Rig *rig)
{
  rig->prompts += prompt;
  g_assert_cmpuint (rig->finished, ==, 0);
}

static void
on_finished (SqnsJob *job, Rig *rig)
{
  rig->finished++;
}

static void
rig_set_up (Rig *rig, gconstpointer unused)
{
  char id[] = "board", devnode[] = TTY;
  const SqnsBoardFacts facts = { .id = id, .devnode = devnode };

  scripted_reset ();
  rig->device = sqns_device_new_board (&facts);
  rig->files[SQNS_JOB_FIRMWARE] = sqns_test_firmware_new ("x.dup", 37781, 0);
  rig->request = sqns_request_new ();
  rig->rules = sqns_rules_parse (RULES, -1, NULL);
  g_assert_nonnull (rig->rules);
}

static void
rig_tear_down (Rig *rig, gconstpointer unused)
{
  scripted_settle ();
  g_clear_object (&rig->job);
  g_clear_object (&rig->device);
  for (guint i = 0; i < SQNS_JOB_N_FILES; i++)
    g_clear_object (&rig->files[i]);
  sqns_request_free (rig->request);
  sqns_rules_free (rig->rules);
}

static const SqnsJobRecord *
make_job (Rig *rig)
{
  rig->job = sqns_job_new (rig->device, rig->files, rig->request);
  g_signal_connect (rig->job, "changed", G_CALLBACK (on_changed), rig);
  g_signal_connect (rig->job, "finished", G_CALLBACK (on_finished), rig);
  return sqns_job_record (rig->job);
}

static const SqnsJobRecord *
start_job (Rig *rig)
{
  const SqnsJobRecord *info = make_job (rig);
  g_autoptr (GError) error = NULL;
  g_assert_true (sqns_job_start (rig->job, scripted_backend (), rig->rules, &error));
  g_assert_no_error (error);
  return info;
}

static char *
read_log (SqnsJob *job)
{
  char buffer[4096] = "";
  int fd = sqns_job_open_log (job, NULL);
  g_assert_cmpint (read (fd, buffer, sizeof buffer - 1), >=, 0);
  g_close (fd, NULL);
  return g_strdup (buffer);
}

/* A keeper that answers when the test says so. */

typedef struct {
  guint asked;
  SqnsJobRecord *record; /* the last one */
  GPtrArray *waiting;    /* Answer */
  gboolean at_once;
  const char *problem; /* nullable */
} Keeper;

typedef struct {
  SqnsJob *job;
  SqnsJobKept done;
  gpointer data;
} Answer;

static void
answer (Keeper *keeper, const Answer *to)
{
  g_autoptr (GError) error
      = keeper->problem != NULL ? g_error_new_literal (SQNS_ERROR, SQNS_ERROR_FAILED, keeper->problem) : NULL;
  to->done (to->job, error, to->data);
}

static void
keep (gpointer data, SqnsJob *job, SqnsJobKept done, gpointer done_data)
{
  Keeper *keeper = data;
  const Answer to = { job, done, done_data };
  keeper->asked++;
  sqns_job_record_free (keeper->record);
  keeper->record = sqns_job_record_copy (sqns_job_record (job));
  if (keeper->at_once)
    answer (keeper, &to);
  else
    g_ptr_array_add (keeper->waiting, g_memdup2 (&to, sizeof to));
}

static void
answer_all (Keeper *keeper)
{
  while (keeper->waiting->len > 0)
    {
      g_autofree Answer *to = g_ptr_array_steal_index (keeper->waiting, 0);
      answer (keeper, to);
    }
  scripted_settle ();
}

static void
keeper_clear (Keeper *keeper)
{
  answer_all (keeper);
  g_ptr_array_unref (keeper->waiting);
  sqns_job_record_free (keeper->record);
}

/* Nothing is sent before the record says so. */
static void
test_kept_before_it_acts (Rig *rig, gconstpointer unused)
{
  Keeper keeper = { .waiting = g_ptr_array_new () };
  const SqnsJobRecord *info = make_job (rig);
  sqns_job_set_keeper (rig->job, keep, &keeper);
  answer_all (&keeper);
  g_assert_cmpint (keeper.record->state, ==, SQNS_JOB_QUEUED);
  g_assert_true (sqns_job_start (rig->job, scripted_backend (), rig->rules, NULL));
  scripted_settle ();
  g_assert_cmpint (keeper.record->state, ==, SQNS_JOB_RUNNING);
  g_assert_false (scripted_runs (TTY));
  answer_all (&keeper);
  g_assert_true (scripted_runs (TTY));

  guint asked = keeper.asked;
  keeper.at_once = TRUE;
  scripted_phase (scripted_upgrade (TTY), SQNS_PHASE_TRANSFER, FALSE, FALSE, "writing");
  scripted_succeed (scripted_upgrade (TTY), "6.0.0.0-35351", "6.0.0.0-37781");
  scripted_settle ();
  g_assert_cmpint (info->state, ==, SQNS_JOB_SUCCEEDED);
  g_assert_cmpuint (keeper.asked, ==, asked + 2); /* how far it will be, and its end */
  g_assert_cmpint (keeper.record->state, ==, SQNS_JOB_SUCCEEDED);
  g_assert_cmpuint (keeper.record->version_after.build, ==, 37781);
  keeper_clear (&keeper);
}

/* How far it is, is told once that is on disk: it never falls, whenever the daemon dies. */
static void
test_progress_is_kept (Rig *rig, gconstpointer unused)
{
  Keeper keeper = { .waiting = g_ptr_array_new (), .at_once = TRUE };
  make_job (rig);
  sqns_job_set_keeper (rig->job, keep, &keeper);
  g_assert_true (sqns_job_start (rig->job, scripted_backend (), rig->rules, NULL));
  scripted_settle ();
  g_assert_cmpfloat (sqns_job_figures (rig->job)->progress, ==, 0);
  ScriptedRun *run = scripted_upgrade (TTY);
  keeper.at_once = FALSE;
  scripted_phase (run, SQNS_PHASE_PROBE, TRUE, FALSE, "asking");
  g_assert_cmpfloat (sqns_job_figures (rig->job)->progress, ==, 0.03); /* as far as the first record went */
  scripted_phase (run, SQNS_PHASE_TRANSFER, FALSE, FALSE, "writing");
  g_assert_cmpfloat (sqns_job_figures (rig->job)->progress, <=, 0.05);
  g_assert_cmpuint (keeper.record->progress, >=, 100000);
  answer_all (&keeper);
  g_assert_cmpfloat (sqns_job_figures (rig->job)->progress, ==, 0.10);

  g_autoptr (SqnsJob) next
      = sqns_job_new_from_record (rig->device, sqns_job_record_copy (keeper.record), rig->files, NULL);
  g_assert_cmpfloat (sqns_job_figures (next)->progress, >=, sqns_job_figures (rig->job)->progress);
  g_assert_cmpfloat (sqns_job_figures (next)->progress, <, 0.2);

  /* a disk that fails holds nothing up */
  keeper.problem = "full";
  keeper.at_once = TRUE;
  scripted_phase (run, SQNS_PHASE_APPLY, FALSE, FALSE, "applying");
  g_assert_cmpfloat (sqns_job_figures (rig->job)->progress, ==, 0.80);
  keeper.problem = NULL;
  scripted_phase (run, SQNS_PHASE_PREPARE, FALSE, FALSE, "again");
  g_assert_cmpfloat (sqns_job_figures (rig->job)->progress, ==, 0.80);
  scripted_succeed (run, "6.0.0.0-35351", "6.0.0.0-37781");
  scripted_settle ();
  g_assert_cmpfloat (sqns_job_figures (rig->job)->progress, ==, 1.0);
  g_assert_cmpuint (keeper.record->progress, ==, 1000000);
  keeper_clear (&keeper);
}

static gboolean
set_flag (gpointer flag)
{
  *(gboolean *)flag = TRUE;
  return G_SOURCE_REMOVE;
}

/* A step waits for its checkpoint; what the run knew comes with the next one. */
static void
test_checkpoint (Rig *rig, gconstpointer unused)
{
  Keeper keeper = { .waiting = g_ptr_array_new (), .at_once = TRUE };
  make_job (rig);
  sqns_job_set_keeper (rig->job, keep, &keeper);
  g_assert_true (sqns_job_start (rig->job, scripted_backend (), rig->rules, NULL));
  scripted_settle ();
  ScriptedRun *run = scripted_upgrade (TTY);
  g_assert_false (run->config.checkpoint.done.modified);

  gboolean kept = FALSE;
  const SqnsCheckpoint checkpoint = { .done = { .modified = TRUE, .uploads = 1 }, .written = TRUE };
  keeper.at_once = FALSE;
  run->config.save (run->config.save_data, &checkpoint, set_flag, &kept);
  scripted_settle ();
  g_assert_false (kept);
  g_assert_true (keeper.record->checkpoint.written);
  answer_all (&keeper);
  g_assert_true (kept);

  keeper.at_once = TRUE;
  scripted_phase (run, SQNS_PHASE_TRANSFER, TRUE, FALSE, "writing");
  scripted_fail (run, SQNS_ERROR_DEVICE_LOST, "gone");
  scripted_settle ();
  const SqnsJobRecord *info = sqns_job_record (rig->job);
  g_assert_cmpint (info->state, ==, SQNS_JOB_INTERRUPTED);
  g_assert_cmpint (keeper.record->state, ==, SQNS_JOB_INTERRUPTED);
  g_assert_false (info->safe); /* bytes were written, whatever was said before */
  g_assert_cmpint (info->phase, ==, SQNS_PHASE_TRANSFER);
  g_assert_true (sqns_job_start (rig->job, scripted_backend (), rig->rules, NULL));
  g_assert_true (scripted_upgrade (TTY)->config.checkpoint.written);
  g_assert_cmpuint (scripted_upgrade (TTY)->config.checkpoint.done.uploads, ==, 1);
  scripted_succeed (scripted_upgrade (TTY), "", "6.0.0.0-37781");
  scripted_settle ();
  g_assert_cmpint (info->state, ==, SQNS_JOB_SUCCEEDED);
  g_assert_cmpuint (rig->finished, ==, 1);
  keeper_clear (&keeper);
}

/* A disk that fails does not keep a modem from being upgraded, but people are told. */
static void
test_disk_fails (Rig *rig, gconstpointer unused)
{
  Keeper keeper = { .waiting = g_ptr_array_new (), .at_once = TRUE, .problem = "disk full" };
  const SqnsJobRecord *info = make_job (rig);
  sqns_job_set_keeper (rig->job, keep, &keeper);
  g_assert_true (sqns_job_start (rig->job, scripted_backend (), rig->rules, NULL));
  scripted_settle ();
  scripted_phase (scripted_upgrade (TTY), SQNS_PHASE_PROBE, TRUE, FALSE, "asking");
  g_assert_nonnull (strstr (info->message, "not on disk (disk full)"));
  sqns_job_stop (rig->job);
  scripted_settle ();
  g_assert_cmpint (info->state, ==, SQNS_JOB_CANCELLED); /* nobody would find it */
  keeper_clear (&keeper);
}

/* Release 48829: what is known between its two files must not be lost. */
static void
test_two_steps_need_a_disk (Rig *rig, gconstpointer unused)
{
  Keeper keeper = { .waiting = g_ptr_array_new (), .at_once = TRUE, .problem = "disk full" };
  rig->files[SQNS_JOB_FIRST_STEP] = g_object_ref (rig->files[SQNS_JOB_FIRMWARE]);
  const SqnsJobRecord *info = make_job (rig);
  sqns_job_set_keeper (rig->job, keep, &keeper);
  g_assert_true (sqns_job_start (rig->job, scripted_backend (), rig->rules, NULL));
  scripted_settle ();
  g_assert_cmpstr (info->error_name, ==, "org.sqnsd1.Error.Failed");
  g_assert_nonnull (strstr (info->message, "disk full"));
  g_assert_true (info->safe);
  keeper_clear (&keeper);
}

static void
lose_board (Rig *rig)
{
  g_assert_true (sqns_job_start (rig->job, scripted_backend (), rig->rules, NULL));
  scripted_phase (scripted_upgrade (TTY), SQNS_PHASE_LINK, TRUE, FALSE, "linking");
  scripted_fail (scripted_upgrade (TTY), SQNS_ERROR_DEVICE_LOST, "gone");
  scripted_settle ();
}

/* Not for ever. */
static void
test_lost_too_often (Rig *rig, gconstpointer unused)
{
  const SqnsJobRecord *info = make_job (rig);
  for (guint i = 0; i < SQNS_JOB_MAX_FRUITLESS; i++)
    {
      lose_board (rig);
      g_assert_cmpint (info->state, ==, SQNS_JOB_INTERRUPTED);
      g_assert_cmpstr (info->error_name, ==, "");
      g_assert_true (info->safe);
      g_assert_false (sqns_job_is_finished (rig->job));
    }
  g_assert_cmpuint (rig->finished, ==, 0);
  lose_board (rig);
  g_assert_cmpstr (info->error_name, ==, "org.sqnsd1.Error.DeviceLost");
  g_assert_nonnull (strstr (info->message, "given up"));
  g_assert_cmpuint (rig->finished, ==, 1);
}

/* One that gets further each time may be interrupted as often as it likes. */
static void
test_lost_with_progress (Rig *rig, gconstpointer unused)
{
  const SqnsJobRecord *info = make_job (rig);
  SqnsCheckpoint checkpoint = { 0 };
  gboolean *const steps[] = { &checkpoint.done.modified, &checkpoint.written, &checkpoint.done.file_sent,
                              &checkpoint.done.file_taken, &checkpoint.done.rebooted };
  for (guint i = 0; i < 2 * G_N_ELEMENTS (steps); i++)
    {
      gboolean kept = FALSE;
      g_assert_true (sqns_job_start (rig->job, scripted_backend (), rig->rules, NULL));
      ScriptedRun *run = scripted_upgrade (TTY);
      *steps[i / 2] = TRUE;
      run->config.save (run->config.save_data, &checkpoint, set_flag, &kept);
      scripted_settle ();
      g_assert_true (kept);
      scripted_fail (run, SQNS_ERROR_DEVICE_LOST, "gone");
      scripted_settle ();
      g_assert_cmpint (info->state, ==, SQNS_JOB_INTERRUPTED);
    }
}

static void
test_cancel_interrupted (Rig *rig, gconstpointer unused)
{
  const SqnsJobRecord *info = make_job (rig);
  lose_board (rig);
  g_assert_true (sqns_job_cancel (rig->job, NULL));
  g_assert_cmpint (info->state, ==, SQNS_JOB_CANCELLED);
  g_assert_cmpuint (rig->finished, ==, 1);
  g_assert_true (sqns_job_record_is_resumable (sqns_job_record (rig->job)));
  SqnsFirmware *const files[SQNS_JOB_N_FILES] = { rig->files[SQNS_JOB_FIRMWARE] };
  g_signal_handlers_disconnect_by_func (rig->job, on_changed, rig); /* it changes after its end, for once */
  sqns_job_requeue (rig->job, files, NULL);
  g_assert_cmpint (info->state, ==, SQNS_JOB_QUEUED);
  g_assert_cmpstr (info->error_name, ==, "");
  g_assert_cmpint (info->finished_at, ==, 0);
  g_assert_true (sqns_job_start (rig->job, scripted_backend (), rig->rules, NULL));
  scripted_succeed (scripted_upgrade (TTY), "", "6.0.0.0-37781");
  scripted_settle ();
  g_assert_cmpint (info->state, ==, SQNS_JOB_SUCCEEDED);
  g_assert_cmpuint (rig->finished, ==, 2);
}

/* A daemon that is stopped in good order leaves its jobs for the next one. */
static void
test_wind_up_kept (Rig *rig, gconstpointer unused)
{
  Keeper keeper = { .waiting = g_ptr_array_new (), .at_once = TRUE };
  const SqnsJobRecord *info = make_job (rig);
  sqns_job_set_keeper (rig->job, keep, &keeper);
  sqns_job_stop (rig->job);
  g_assert_cmpint (info->state, ==, SQNS_JOB_QUEUED);
  g_assert_true (sqns_job_start (rig->job, scripted_backend (), rig->rules, NULL));
  scripted_phase (scripted_upgrade (TTY), SQNS_PHASE_TRANSFER, FALSE, FALSE, "writing");
  sqns_job_stop (rig->job);
  scripted_settle ();
  g_assert_cmpint (info->state, ==, SQNS_JOB_INTERRUPTED);
  g_assert_nonnull (strstr (info->message, "the daemon was stopped"));
  g_assert_cmpint (keeper.record->state, ==, SQNS_JOB_INTERRUPTED);
  g_assert_cmpuint (keeper.record->fruitless, ==, 0);
  keeper_clear (&keeper);
}

/* What ran is interrupted in its next life; all of what is seen of it is there. */
static void
test_next_life (Rig *rig, gconstpointer unused)
{
  g_free (rig->request->label);
  rig->request->label = g_strdup ("bench\n7 ");
  rig->request->block_size = 512;
  rig->request->priority = -3;
  const SqnsJobRecord *info = start_job (rig);
  ScriptedRun *run = scripted_upgrade (TTY);
  run->monitor.funcs->trace (run->monitor.data, '>', "AT+SMOD?");
  scripted_phase (run, SQNS_PHASE_TRANSFER, FALSE, FALSE, "writing");
  run->monitor.funcs->bytes (run->monitor.data, 500, 1000);
  g_autoptr (SqnsJobRecord) record = sqns_job_record_copy (sqns_job_record (rig->job));
  g_autofree char *log = read_log (rig->job);

  SqnsFirmware *const files[SQNS_JOB_N_FILES] = { rig->files[SQNS_JOB_FIRMWARE] };
  g_autoptr (SqnsJob) next = sqns_job_new_from_record (rig->device, g_steal_pointer (&record), files, log);
  const SqnsJobRecord *now = sqns_job_record (next);
  g_assert_cmpint (now->state, ==, SQNS_JOB_INTERRUPTED);
  g_assert_cmpstr (now->uuid, ==, info->uuid);
  g_assert_cmpint (now->created_at, ==, info->created_at);
  g_assert_cmpint (now->started_at, ==, info->started_at);
  g_assert_cmpuint (now->bytes_done, ==, 500);
  g_assert_cmpfloat (ABS (sqns_job_figures (next)->progress - sqns_job_figures (rig->job)->progress), <, 0.001);
  g_assert_cmpstr (now->request.files[SQNS_JOB_FIRMWARE].sha256, ==, info->request.files[SQNS_JOB_FIRMWARE].sha256);
  g_assert_false (now->safe);
  g_assert_cmpstr (sqns_job_request (next)->label, ==, "bench\n7 ");
  g_assert_cmpuint (sqns_job_request (next)->block_size, ==, 512);
  g_assert_cmpint (sqns_job_request (next)->priority, ==, -3);
  g_autofree char *log_now = read_log (next);
  g_assert_true (g_str_has_prefix (log_now, log));
  scripted_succeed (run, "", "6.0.0.0-37781");
  scripted_settle ();

  g_assert_true (sqns_job_start (next, scripted_backend (), rig->rules, NULL));
  scripted_fail (scripted_upgrade (TTY), SQNS_ERROR_NEEDS_RECOVERY, "it waits in recovery");
  scripted_settle ();
  g_autoptr (SqnsJobRecord) ended = sqns_job_record_copy (sqns_job_record (next));
  g_autoptr (SqnsJob) last = sqns_job_new_from_record (rig->device, g_steal_pointer (&ended), NULL, NULL);
  g_assert_cmpstr (sqns_job_record (last)->error_name, ==, "org.sqnsd1.Error.NeedsRecovery");
  g_assert_cmpstr (sqns_job_record (last)->advice, ==, now->advice);
  g_assert_true (sqns_job_record_is_resumable (sqns_job_record (last)));
  g_assert_true (sqns_job_log_is_elsewhere (last));
}

int
main (int argc, char **argv)
{
  static const struct {
    const char *name;
    void (*test) (Rig *rig, gconstpointer unused);
  } tests[] = {
    { "/job-keep/kept-before-it-acts", test_kept_before_it_acts },
    { "/job-keep/checkpoint", test_checkpoint },
    { "/job-keep/disk-fails", test_disk_fails },
    { "/job-keep/two-steps-need-a-disk", test_two_steps_need_a_disk },
    { "/job-keep/lost-too-often", test_lost_too_often },
    { "/job-keep/progress-is-kept", test_progress_is_kept },
    { "/job-keep/lost-with-progress", test_lost_with_progress },
    { "/job-keep/cancel-interrupted", test_cancel_interrupted },
    { "/job-keep/wind-up-kept", test_wind_up_kept },
    { "/job-keep/next-life", test_next_life },
  };
  g_test_init (&argc, &argv, NULL);
  g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL); /* a failed job is a warning */
  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].name, Rig, NULL, rig_set_up, tests[i].test, rig_tear_down);
  return g_test_run ();
}
