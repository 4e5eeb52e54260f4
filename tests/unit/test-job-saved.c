/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Jobs that outlive their run: what is saved when, interruptions, the next daemon. */
#include "firmware-builder.h"
#include "job/job.h"
#include "scripted.h"

#include <errno.h>
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
  SqnsJobStore *store; /* opened by use_disk() */
  char *folder;
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
  rig->device = sqns_device_new_board (&facts, TRUE);
  rig->files[SQNS_JOB_FIRMWARE] = sqns_test_firmware_new ("x.dup", 37781, 0);
  rig->request = sqns_request_new ();
  rig->rules = sqns_rules_parse (RULES, -1, NULL);
  g_assert_nonnull (rig->rules);
}

static void set_disk (gboolean waits, gboolean full);

static void
rig_tear_down (Rig *rig, gconstpointer unused)
{
  scripted_settle ();
  g_clear_object (&rig->job);
  if (rig->store != NULL)
    {
      set_disk (FALSE, FALSE);
      sqns_job_store_close (rig->store);
      scripted_settle ();
      g_object_unref (rig->store);
      scripted_remove_tree (rig->folder);
      g_free (rig->folder);
    }
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
  g_assert_true (sqns_job_start (rig->job, rig->rules, &error));
  g_assert_no_error (error);
  return info;
}

static void
on_log_open (GObject *source, GAsyncResult *result, gpointer fd)
{
  *(int *)fd = sqns_job_open_log_finish (SQNS_JOB (source), result, NULL);
  g_assert_cmpint (*(int *)fd, >=, 0);
}

static gboolean
is_open (gpointer fd)
{
  return *(int *)fd >= 0;
}

static char *
read_log (SqnsJob *job)
{
  char buffer[4096] = "";
  int fd = -1;
  sqns_job_open_log_async (job, on_log_open, &fd);
  scripted_wait (is_open, &fd);
  g_assert_cmpint (read (fd, buffer, sizeof buffer - 1), >=, 0);
  g_close (fd, NULL);
  return g_strdup (buffer);
}

/* A disk that is slow or full: replaces fsync() of the whole program. */
static struct {
  GMutex mutex;
  GCond cond;
  gboolean waits;
  gboolean full;
} disk;

int
fsync (int fd)
{
  g_mutex_lock (&disk.mutex);
  while (disk.waits)
    g_cond_wait (&disk.cond, &disk.mutex);
  gboolean full = disk.full;
  g_mutex_unlock (&disk.mutex);
  errno = full ? ENOSPC : 0;
  return full ? -1 : 0;
}

static void
set_disk (gboolean waits, gboolean full)
{
  g_mutex_lock (&disk.mutex);
  disk.waits = waits;
  disk.full = full;
  g_cond_broadcast (&disk.cond);
  g_mutex_unlock (&disk.mutex);
}

static gboolean
is_true (gpointer flag)
{
  return *(gboolean *)flag;
}

static void
on_opened (GObject *source, GAsyncResult *result, gpointer opened)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) jobs = sqns_job_store_open_finish (SQNS_JOB_STORE (source), result, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (jobs->len, ==, 0);
  *(gboolean *)opened = TRUE;
}

static void
on_flushed (GObject *source, GAsyncResult *result, gpointer flushed)
{
  sqns_job_store_flush_finish (SQNS_JOB_STORE (source), result);
  *(gboolean *)flushed = TRUE;
}

static void
flush (Rig *rig)
{
  gboolean flushed = FALSE;
  scripted_settle ();
  sqns_job_store_flush_async (rig->store, on_flushed, &flushed);
  scripted_wait (is_true, &flushed);
  scripted_settle ();
}

/* A job that is saved. */
static const SqnsJobRecord *
make_saved_job (Rig *rig)
{
  gboolean opened = FALSE;
  const SqnsJobRecord *record = make_job (rig);
  rig->folder = g_dir_make_tmp ("sqns-job-saved-XXXXXX", NULL);
  rig->store = sqns_job_store_new (1);
  sqns_job_store_open_async (rig->store, rig->folder, 10, on_opened, &opened);
  scripted_wait (is_true, &opened);
  sqns_job_set_store (rig->job, rig->store);
  return record;
}

static SqnsJobRecord *
read_saved (Rig *rig)
{
  g_autofree char *path = g_strdup_printf ("%s/jobs/%s.conf", rig->folder, sqns_job_record (rig->job)->uuid);
  g_autoptr (GError) error = NULL;
  SqnsJobRecord *record = sqns_state_folder_read_record (path, &error);
  g_assert_no_error (error);
  return record;
}

static gboolean
runs (gpointer unused)
{
  return scripted_runs (TTY);
}

static ScriptedRun *
start_saved (Rig *rig)
{
  g_assert_true (sqns_job_start (rig->job, rig->rules, NULL));
  scripted_wait (runs, NULL);
  return scripted_upgrade (TTY);
}

/* Nothing is sent before the record is saved. */
static void
test_saved_before_it_acts (Rig *rig, gconstpointer unused)
{
  const SqnsJobRecord *record = make_saved_job (rig);
  flush (rig);
  g_autoptr (SqnsJobRecord) queued = read_saved (rig);
  g_assert_cmpint (queued->state, ==, SQNS_JOB_QUEUED);
  set_disk (TRUE, FALSE);
  g_assert_true (sqns_job_start (rig->job, rig->rules, NULL));
  scripted_settle ();
  g_assert_cmpint (record->state, ==, SQNS_JOB_RUNNING);
  g_assert_false (scripted_runs (TTY));
  set_disk (FALSE, FALSE);
  scripted_wait (runs, NULL);
  g_autoptr (SqnsJobRecord) running = read_saved (rig);
  g_assert_cmpint (running->state, ==, SQNS_JOB_RUNNING);

  scripted_phase (scripted_upgrade (TTY), SQNS_PHASE_TRANSFER, FALSE, FALSE, "writing");
  set_disk (TRUE, FALSE);
  scripted_succeed (scripted_upgrade (TTY), "6.0.0.0-35351", "6.0.0.0-37781");
  scripted_settle ();
  g_assert_cmpint (record->state, ==, SQNS_JOB_SUCCEEDED);
  g_assert_cmpuint (rig->finished, ==, 0); /* not announced before it is saved */
  set_disk (FALSE, FALSE);
  flush (rig);
  g_assert_cmpuint (rig->finished, ==, 1);
  g_autoptr (SqnsJobRecord) ended = read_saved (rig);
  g_assert_cmpint (ended->state, ==, SQNS_JOB_SUCCEEDED);
  g_assert_cmpuint (ended->version_after.build, ==, 37781);
}

/* Progress is only shown once it is on disk, so it never falls, even if the daemon dies. */
static void
test_progress_is_saved (Rig *rig, gconstpointer unused)
{
  const SqnsJobRecord *record = make_saved_job (rig);
  const SqnsJobFigures *figures = sqns_job_figures (rig->job);
  ScriptedRun *run = start_saved (rig);
  g_assert_cmpfloat (figures->progress, ==, 0);
  set_disk (TRUE, FALSE);
  scripted_phase (run, SQNS_PHASE_PROBE, TRUE, FALSE, "asking");
  g_assert_cmpfloat (figures->progress, ==, 0.03); /* as in the first record */
  scripted_phase (run, SQNS_PHASE_TRANSFER, FALSE, FALSE, "writing");
  g_assert_cmpfloat (figures->progress, <=, 0.05);
  g_assert_cmpuint (record->progress, >=, 100000);
  set_disk (FALSE, FALSE);
  flush (rig);
  g_assert_cmpfloat (figures->progress, ==, 0.10);

  SqnsStoredJob stored = { .record = read_saved (rig) };
  g_autoptr (SqnsJob) next = sqns_job_restore (rig->device, &stored);
  g_assert_cmpfloat (sqns_job_figures (next)->progress, >=, figures->progress);
  g_assert_cmpfloat (sqns_job_figures (next)->progress, <, 0.2);

  /* a failing disk delays nothing */
  set_disk (FALSE, TRUE);
  scripted_phase (run, SQNS_PHASE_APPLY, FALSE, FALSE, "applying");
  flush (rig);
  g_assert_cmpfloat (figures->progress, ==, 0.80);
  set_disk (FALSE, FALSE);
  scripted_phase (run, SQNS_PHASE_PREPARE, FALSE, FALSE, "again");
  g_assert_cmpfloat (figures->progress, ==, 0.80);
  scripted_succeed (run, "6.0.0.0-35351", "6.0.0.0-37781");
  flush (rig);
  g_assert_cmpfloat (figures->progress, ==, 1.0);
  g_autoptr (SqnsJobRecord) ended = read_saved (rig);
  g_assert_cmpuint (ended->progress, ==, 1000000);
}

static gboolean
set_flag (gpointer flag)
{
  *(gboolean *)flag = TRUE;
  return G_SOURCE_REMOVE;
}

/* A step waits for its checkpoint; the state of the run is part of the next one. */
static void
test_checkpoint (Rig *rig, gconstpointer unused)
{
  const SqnsJobRecord *record = make_saved_job (rig);
  ScriptedRun *run = start_saved (rig);
  g_assert_false (run->config.checkpoint.done.modified);

  gboolean saved = FALSE;
  const SqnsCheckpoint checkpoint = { .done = { .modified = TRUE, .uploads = 1 }, .written = TRUE };
  set_disk (TRUE, FALSE);
  run->config.save (run->config.save_data, &checkpoint, set_flag, &saved);
  scripted_settle ();
  g_assert_false (saved);
  set_disk (FALSE, FALSE);
  scripted_wait (is_true, &saved);
  g_autoptr (SqnsJobRecord) before = read_saved (rig);
  g_assert_true (before->checkpoint.written);

  scripted_phase (run, SQNS_PHASE_TRANSFER, TRUE, FALSE, "writing");
  scripted_fail (run, SQNS_ERROR_DEVICE_LOST, "gone");
  flush (rig);
  g_autoptr (SqnsJobRecord) interrupted = read_saved (rig);
  g_assert_cmpint (record->state, ==, SQNS_JOB_INTERRUPTED);
  g_assert_cmpint (interrupted->state, ==, SQNS_JOB_INTERRUPTED);
  g_assert_false (record->safe); /* bytes have been written */
  g_assert_cmpint (record->phase, ==, SQNS_PHASE_TRANSFER);
  run = start_saved (rig);
  g_assert_true (run->config.checkpoint.written);
  g_assert_cmpuint (run->config.checkpoint.done.uploads, ==, 1);
  scripted_succeed (run, "", "6.0.0.0-37781");
  flush (rig);
  g_assert_cmpint (record->state, ==, SQNS_JOB_SUCCEEDED);
  g_assert_cmpuint (rig->finished, ==, 1);
}

/* A failing disk does not prevent an upgrade, but a message reports it. */
static void
test_disk_fails (Rig *rig, gconstpointer unused)
{
  const SqnsJobRecord *record = make_saved_job (rig);
  flush (rig);
  set_disk (FALSE, TRUE);
  ScriptedRun *run = start_saved (rig);
  scripted_phase (run, SQNS_PHASE_PROBE, TRUE, FALSE, "asking");
  g_assert_nonnull (strstr (record->message, "not on disk (cannot write"));
  sqns_job_stop (rig->job);
  flush (rig);
  g_assert_cmpint (record->state, ==, SQNS_JOB_CANCELLED); /* no other daemon can find it */
}

/* Release 48829: the state between its two files is saved. */
static void
test_two_steps_need_a_disk (Rig *rig, gconstpointer unused)
{
  rig->files[SQNS_JOB_FIRST_STEP] = g_object_ref (rig->files[SQNS_JOB_FIRMWARE]);
  const SqnsJobRecord *record = make_saved_job (rig);
  flush (rig);
  set_disk (FALSE, TRUE);
  g_assert_true (sqns_job_start (rig->job, rig->rules, NULL));
  flush (rig);
  flush (rig);
  g_assert_cmpstr (record->error_name, ==, "org.sqnsd1.Error.Failed");
  g_assert_nonnull (strstr (record->message, "must be saved to disk before it begins"));
  g_assert_true (record->safe);
}

/* A run may end while its checkpoint is still being saved. */
static void
test_checkpoint_outlives_run (Rig *rig, gconstpointer unused)
{
  rig->files[SQNS_JOB_FIRST_STEP] = g_object_ref (rig->files[SQNS_JOB_FIRMWARE]);
  const SqnsJobRecord *record = make_saved_job (rig);
  ScriptedRun *run = start_saved (rig);
  gboolean saved = FALSE;
  const SqnsCheckpoint checkpoint = { .done = { .modified = TRUE } };
  set_disk (TRUE, FALSE);
  run->config.save (run->config.save_data, &checkpoint, set_flag, &saved);
  scripted_fail (run, SQNS_ERROR_DEVICE_LOST, "gone");
  scripted_settle ();
  g_assert_cmpint (record->state, ==, SQNS_JOB_INTERRUPTED);
  set_disk (FALSE, TRUE);
  scripted_wait (is_true, &saved);
  g_assert_cmpint (record->state, ==, SQNS_JOB_INTERRUPTED);
}

static void
lose_board (Rig *rig)
{
  g_assert_true (sqns_job_start (rig->job, rig->rules, NULL));
  scripted_phase (scripted_upgrade (TTY), SQNS_PHASE_LINK, TRUE, FALSE, "linking");
  scripted_fail (scripted_upgrade (TTY), SQNS_ERROR_DEVICE_LOST, "gone");
  scripted_settle ();
}

/* But not endlessly. */
static void
test_lost_too_often (Rig *rig, gconstpointer unused)
{
  const SqnsJobRecord *info = make_job (rig);
  for (guint i = 0; i < SQNS_MAX_FRUITLESS; i++)
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
  g_assert_nonnull (strstr (info->message, "giving up"));
  g_assert_cmpuint (rig->finished, ==, 1);
}

/* A job that makes progress may be interrupted any number of times. */
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
      g_assert_true (sqns_job_start (rig->job, rig->rules, NULL));
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
  SqnsStoredJob loaded = { .files = { rig->files[SQNS_JOB_FIRMWARE] } };
  g_signal_handlers_disconnect_by_func (rig->job, on_changed, rig); /* it changes after its end, for once */
  sqns_job_requeue (rig->job, &loaded);
  g_assert_cmpint (info->state, ==, SQNS_JOB_QUEUED);
  g_assert_cmpstr (info->error_name, ==, "");
  g_assert_cmpint (info->finished_at, ==, 0);
  g_assert_true (sqns_job_start (rig->job, rig->rules, NULL));
  scripted_succeed (scripted_upgrade (TTY), "", "6.0.0.0-37781");
  scripted_settle ();
  g_assert_cmpint (info->state, ==, SQNS_JOB_SUCCEEDED);
  g_assert_cmpuint (rig->finished, ==, 2);
}

/* A daemon that stops gracefully leaves its jobs to the next one. */
static void
test_stop_saved (Rig *rig, gconstpointer unused)
{
  const SqnsJobRecord *record = make_saved_job (rig);
  flush (rig);
  sqns_job_stop (rig->job);
  g_assert_cmpint (record->state, ==, SQNS_JOB_QUEUED);
  ScriptedRun *run = start_saved (rig);
  scripted_phase (run, SQNS_PHASE_TRANSFER, FALSE, FALSE, "writing");
  sqns_job_stop (rig->job);
  flush (rig);
  flush (rig);
  g_autoptr (SqnsJobRecord) interrupted = read_saved (rig);
  g_assert_cmpint (record->state, ==, SQNS_JOB_INTERRUPTED);
  g_assert_nonnull (strstr (record->message, "the daemon was stopped"));
  g_assert_cmpint (interrupted->state, ==, SQNS_JOB_INTERRUPTED);
  g_assert_cmpuint (interrupted->fruitless, ==, 0);
}

/* A running job is interrupted when it is restored, and has all its properties. */
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

  SqnsStoredJob stored = {
    .record = g_steal_pointer (&record),
    .files = { g_object_ref (rig->files[SQNS_JOB_FIRMWARE]) },
    .transcript = sqns_transcript_new (),
  };
  sqns_transcript_restore (stored.transcript, log);
  g_autoptr (SqnsJob) next = sqns_job_restore (rig->device, &stored);
  const SqnsJobRecord *now = sqns_job_record (next);
  g_assert_cmpint (now->state, ==, SQNS_JOB_INTERRUPTED);
  g_assert_cmpstr (now->uuid, ==, info->uuid);
  g_assert_cmpint (now->created_at, ==, info->created_at);
  g_assert_cmpint (now->started_at, ==, info->started_at);
  g_assert_cmpuint (now->bytes_done, ==, 500);
  g_assert_cmpfloat (ABS (sqns_job_figures (next)->progress - sqns_job_figures (rig->job)->progress), <, 0.001);
  g_assert_cmpstr (now->request.files[SQNS_JOB_FIRMWARE].sha256, ==, info->request.files[SQNS_JOB_FIRMWARE].sha256);
  g_assert_false (now->safe);
  g_assert_cmpstr (sqns_job_record (next)->request.label, ==, "bench\n7 ");
  g_assert_cmpuint (sqns_job_record (next)->request.block_size, ==, 512);
  g_assert_cmpint (sqns_job_record (next)->request.priority, ==, -3);
  g_autofree char *log_now = read_log (next);
  g_assert_true (g_str_has_prefix (log_now, log));
  scripted_succeed (run, "", "6.0.0.0-37781");
  scripted_settle ();

  g_assert_true (sqns_job_start (next, rig->rules, NULL));
  scripted_fail (scripted_upgrade (TTY), SQNS_ERROR_NEEDS_RECOVERY, "it waits in recovery");
  scripted_settle ();
  g_autoptr (SqnsJobRecord) ended = sqns_job_record_copy (sqns_job_record (next));
  SqnsStoredJob end = { .record = g_steal_pointer (&ended) };
  g_autoptr (SqnsJob) last = sqns_job_restore (rig->device, &end);
  g_assert_cmpstr (sqns_job_record (last)->error_name, ==, "org.sqnsd1.Error.NeedsRecovery");
  g_assert_cmpstr (sqns_job_record (last)->advice, ==, now->advice);
  g_assert_true (sqns_job_record_is_resumable (sqns_job_record (last)));
  g_assert_cmpuint (sqns_job_log_size (last), ==, 0); /* it is only on disk */
}

int
main (int argc, char **argv)
{
  static const struct {
    const char *name;
    void (*test) (Rig *rig, gconstpointer unused);
  } tests[] = {
    { "/job-saved/before-it-acts", test_saved_before_it_acts },
    { "/job-saved/checkpoint", test_checkpoint },
    { "/job-saved/checkpoint-outlives-run", test_checkpoint_outlives_run },
    { "/job-saved/disk-fails", test_disk_fails },
    { "/job-saved/two-steps-need-a-disk", test_two_steps_need_a_disk },
    { "/job-saved/lost-too-often", test_lost_too_often },
    { "/job-saved/progress", test_progress_is_saved },
    { "/job-saved/lost-with-progress", test_lost_with_progress },
    { "/job-saved/cancel-interrupted", test_cancel_interrupted },
    { "/job-saved/stop", test_stop_saved },
    { "/job-saved/next-life", test_next_life },
  };
  g_test_init (&argc, &argv, NULL);
  g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL); /* a failed job is a warning */
  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].name, Rig, NULL, rig_set_up, tests[i].test, rig_tear_down);
  return g_test_run ();
}
