/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Jobs: states, the visible properties of a run, and every way to end. */
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
  rig->device = sqns_device_new_board (&facts, TRUE);
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

static void
test_success (Rig *rig, gconstpointer unused)
{
  rig->request->block_size = 4096;
  rig->request->link = SQNS_LINK_RELAY;
  rig->request->speed = 230400;
  const SqnsJobRecord *info = start_job (rig);
  ScriptedRun *run = scripted_upgrade (TTY);

  g_assert_cmpint (info->state, ==, SQNS_JOB_RUNNING);
  g_assert_cmpint (sqns_device_info (rig->device)->state, ==, SQNS_MODEM_UPGRADING);
  g_assert_cmpstr (sqns_device_info (rig->device)->job, ==, info->uuid);
  g_assert_cmpint (run->kind, ==, SQNS_LINK_RELAY);
  g_assert_cmpuint (run->speed, ==, 230400);
  g_assert_cmpuint (run->image_size, ==, info->bytes_total);

  scripted_phase (run, SQNS_PHASE_PROBE, TRUE, FALSE, "asking");
  run->monitor.funcs->modem (run->monitor.data, &scripted ()->status);
  g_assert_cmpuint (info->version_before.build, ==, 35351);
  scripted_phase (run, SQNS_PHASE_TRANSFER, FALSE, FALSE, "writing");
  g_assert_false (info->safe);
  run->monitor.funcs->bytes (run->monitor.data, 500, 1000);
  g_assert_cmpuint (info->bytes_done, ==, 500);
  g_assert_cmpfloat (sqns_job_figures (rig->job)->progress, >, 0.4);
  run->monitor.funcs->retries (run->monitor.data, 3);
  run->monitor.funcs->trace (run->monitor.data, '>', "AT+SMOD?");
  scripted_phase (run, SQNS_PHASE_APPLY, FALSE, TRUE, "applying");
  g_assert_true (sqns_job_figures (rig->job)->committed);
  scripted_phase (run, SQNS_PHASE_CONFIRM, TRUE, FALSE, "reading");
  g_assert_cmpint (info->state, ==, SQNS_JOB_VERIFYING);
  g_assert_cmpfloat (sqns_job_figures (rig->job)->progress, <, 1.0);

  scripted_succeed (run, "6.0.0.0-35351", "6.0.0.0-37781");
  scripted_settle ();
  g_assert_cmpint (info->state, ==, SQNS_JOB_SUCCEEDED);
  g_assert_cmpfloat (sqns_job_figures (rig->job)->progress, ==, 1.0);
  g_assert_cmpuint (info->version_after.build, ==, 37781);
  g_assert_cmpuint (info->retries, ==, 3);
  g_assert_true (info->safe);
  g_assert_false (sqns_job_figures (rig->job)->committed);
  g_assert_cmpstr (info->error_name, ==, "");
  g_assert_cmpstr (info->advice, ==, "");
  g_assert_cmpint (info->finished_at, >=, info->started_at);
  g_assert_cmpuint (rig->finished, ==, 1);
  g_assert_cmpint (sqns_device_info (rig->device)->state, ==, SQNS_MODEM_APPLICATION);
  g_assert_cmpuint (sqns_device_info (rig->device)->version.build, ==, 37781);
  g_autofree char *log = read_log (rig->job);
  g_assert_nonnull (strstr (log, " > AT+SMOD?\n"));
  g_assert_nonnull (strstr (log, " # phase apply: applying\n"));
  g_assert_nonnull (strstr (log, info->request.files[SQNS_JOB_FIRMWARE].sha256));
  g_assert_nonnull (strstr (log, " # done: 6.0.0.0-35351 -> 6.0.0.0-37781\n"));
}

static void
test_dry_run (Rig *rig, gconstpointer unused)
{
  rig->request->dry_run = TRUE;
  const SqnsJobRecord *info = start_job (rig);
  g_assert_true (scripted_upgrade (TTY)->dry_run);
  scripted_succeed (scripted_upgrade (TTY), "6.0.0.0-35351", "");
  scripted_settle ();
  g_assert_cmpint (info->state, ==, SQNS_JOB_SUCCEEDED);
  g_assert_cmpuint (info->version_after.build, ==, 0);
}

static void
fail_in_phase (Rig *rig, SqnsPhase phase, gboolean safe, SqnsError code)
{
  ScriptedRun *run = scripted_upgrade (TTY);
  scripted_phase (run, phase, safe, FALSE, "at work");
  scripted_fail (run, code, "it went wrong");
  scripted_settle ();
}

static void
test_failure (Rig *rig, gconstpointer unused)
{
  const SqnsJobRecord *info = start_job (rig);
  fail_in_phase (rig, SQNS_PHASE_TRANSFER, TRUE, SQNS_ERROR_NEEDS_RECOVERY);
  g_assert_cmpint (info->state, ==, SQNS_JOB_FAILED);
  g_assert_cmpstr (info->error_name, ==, "org.sqnsd1.Error.NeedsRecovery");
  g_assert_cmpstr (info->message, ==, "it went wrong");
  g_assert_nonnull (strstr (info->advice, "Run the same upgrade again"));
  g_assert_cmpfloat (sqns_job_figures (rig->job)->progress, <, 1.0);
  g_assert_cmpint (sqns_device_info (rig->device)->state, ==, SQNS_MODEM_RECOVERY);
  g_assert_cmpstr (sqns_device_info (rig->device)->last_error, ==, "it went wrong");
  g_assert_cmpuint (rig->finished, ==, 1);
}

static void
test_failure_unsafe (Rig *rig, gconstpointer unused)
{
  const SqnsJobRecord *info = start_job (rig);
  fail_in_phase (rig, SQNS_PHASE_APPLY, FALSE, SQNS_ERROR_TIMEOUT);
  g_assert_cmpint (info->state, ==, SQNS_JOB_FAILED);
  g_assert_false (info->safe);
  g_assert_nonnull (strstr (info->advice, "Leave the board's power on"));
  g_assert_cmpint (sqns_device_info (rig->device)->state, ==, SQNS_MODEM_UNKNOWN);
}

/* Only a modem that does not answer over a working link is silent. */
static void
test_failure_contact (Rig *rig, gconstpointer unused)
{
  static const struct {
    SqnsContact contact;
    SqnsModemState state;
  } rows[] = {
    { SQNS_CONTACT_NONE, SQNS_MODEM_UNKNOWN },
    { SQNS_CONTACT_SILENT, SQNS_MODEM_SILENT },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      start_job (rig);
      ScriptedRun *run = scripted_upgrade (TTY);
      run->monitor.funcs->contact (run->monitor.data, rows[i].contact);
      fail_in_phase (rig, SQNS_PHASE_LINK, TRUE, SQNS_ERROR_TIMEOUT);
      g_assert_cmpint (sqns_device_info (rig->device)->state, ==, rows[i].state);
      g_clear_object (&rig->job);
      rig->finished = 0;
    }
}

/* A modem that an earlier job left writing is unsafe for the next job, too, until it is asked. */
static void
test_doubt (Rig *rig, gconstpointer unused)
{
  start_job (rig);
  fail_in_phase (rig, SQNS_PHASE_APPLY, FALSE, SQNS_ERROR_TIMEOUT);
  g_assert_true (sqns_device_link_config (rig->device).unsafe);
  g_clear_object (&rig->job);
  rig->finished = 0;

  const SqnsJobRecord *info = start_job (rig);
  g_assert_false (info->safe);
  g_assert_true (scripted_upgrade (TTY)->config.link.unsafe);
  scripted_fail (scripted_upgrade (TTY), SQNS_ERROR_TIMEOUT, "silent");
  scripted_settle ();
  g_assert_false (info->safe);
  g_assert_nonnull (strstr (info->advice, "Leave the board's power on"));
  g_clear_object (&rig->job);
  rig->finished = 0;

  info = start_job (rig);
  ScriptedRun *run = scripted_upgrade (TTY);
  run->monitor.funcs->modem (run->monitor.data, &scripted ()->status);
  g_assert_false (sqns_device_link_config (rig->device).unsafe);
  fail_in_phase (rig, SQNS_PHASE_PREPARE, TRUE, SQNS_ERROR_MODEM_REFUSED);
  g_assert_true (info->safe);
  g_clear_object (&rig->job);
  rig->finished = 0;
  g_assert_true (make_job (rig)->safe);
}

/* A modem does not write endlessly: one that stays silent longer is dead. */
static void
test_doubt_ends (Rig *rig, gconstpointer unused)
{
  sqns_device_set_flashing_since (rig->device, g_get_real_time () - (gint64)G_USEC_PER_SEC * 3600);
  g_assert_false (sqns_device_link_config (rig->device).unsafe);
  g_assert_true (make_job (rig)->safe);
}

/* A modem that was seen writing on its own, and then not seen again. */
static void
test_doubt_of_updater (Rig *rig, gconstpointer unused)
{
  scripted ()->status.mode = SQNS_MODE_UPDATER;
  sqns_device_update_status (rig->device, &scripted ()->status);
  g_assert_true (sqns_device_link_config (rig->device).unsafe);
  g_assert_false (make_job (rig)->safe);
}

/* A job that waits for a writing job must not say that power may be cut. */
static void
test_queued_behind (Rig *rig, gconstpointer unused)
{
  start_job (rig);
  scripted_phase (scripted_upgrade (TTY), SQNS_PHASE_TRANSFER, FALSE, FALSE, "writing");
  g_autoptr (SqnsJob) queued = sqns_job_new (rig->device, rig->files, rig->request);
  const SqnsJobRecord *info = sqns_job_record (queued);

  g_assert_false (info->safe);
  g_assert_true (sqns_job_cancel (queued, NULL));
  g_assert_cmpint (info->state, ==, SQNS_JOB_CANCELLED);
  g_assert_false (info->safe);

  g_autoptr (SqnsJob) next = sqns_job_new (rig->device, rig->files, rig->request);
  g_assert_false (sqns_job_record (next)->safe);
  scripted_succeed (scripted_upgrade (TTY), "", "6.0.0.0-37781");
  scripted_settle ();
  sqns_job_set_pending (next, SQNS_JOB_WAITING, 1, "waits for something");
  g_assert_true (sqns_job_record (next)->safe);
}

/* A modem that cannot be asked may be writing. */
static void
test_waits_for_hand (Rig *rig, gconstpointer unused)
{
  const SqnsJobRecord *info = start_job (rig);
  ScriptedRun *run = scripted_upgrade (TTY);
  scripted_phase (run, SQNS_PHASE_LINK, TRUE, FALSE, "linking");
  g_assert_true (info->safe);
  run->monitor.funcs->user_action (run->monitor.data, "press the reset button");
  g_assert_cmpint (sqns_job_state (rig->job), ==, SQNS_JOB_WAITING);
  g_assert_false (info->safe);
  run->monitor.funcs->user_action (run->monitor.data, NULL);
  g_assert_cmpint (sqns_job_state (rig->job), ==, SQNS_JOB_RUNNING);
  g_assert_true (info->safe);
  /* one that was asked before is in the state that it reported */
  run->monitor.funcs->modem (run->monitor.data, &scripted ()->status);
  run->monitor.funcs->user_action (run->monitor.data, "press the reset button");
  g_assert_true (info->safe);
  scripted_succeed (run, "", "6.0.0.0-37781");
}

static gboolean
on_checkpoint_kept (gpointer unused)
{
  return G_SOURCE_REMOVE;
}

/* An obstacle on the host says nothing about the modem: the job continues once the port is free. */
static void
test_locked_out (Rig *rig, gconstpointer unused)
{
  const SqnsJobRecord *info = start_job (rig);
  fail_in_phase (rig, SQNS_PHASE_ACQUIRE, TRUE, SQNS_ERROR_PORT_LOCKED);
  g_assert_cmpint (info->state, ==, SQNS_JOB_FAILED); /* it had not begun anything */
  g_assert_nonnull (strstr (info->advice, "Close the program"));
  g_clear_object (&rig->job);
  rig->finished = 0;

  info = start_job (rig);
  ScriptedRun *run = scripted_upgrade (TTY);
  const SqnsCheckpoint checkpoint = { .done = { .modified = TRUE }, .written = TRUE };
  run->config.save (run->config.save_data, &checkpoint, on_checkpoint_kept, NULL);
  scripted_settle ();
  fail_in_phase (rig, SQNS_PHASE_TRANSFER, FALSE, SQNS_ERROR_DEVICE_LOST);
  g_assert_cmpint (info->state, ==, SQNS_JOB_INTERRUPTED);
  for (guint i = 0; i < 20; i++)
    {
      g_assert_true (sqns_job_start (rig->job, rig->rules, NULL));
      fail_in_phase (rig, SQNS_PHASE_ACQUIRE, FALSE, SQNS_ERROR_PORT_LOCKED);
      g_assert_cmpint (info->state, ==, SQNS_JOB_INTERRUPTED);
      g_assert_false (info->safe);
      g_assert_nonnull (strstr (info->advice, "continues by itself"));
      g_assert_nonnull (strstr (info->message, "it went wrong"));
      g_assert_false (sqns_job_record (rig->job)->board_lost);
      g_assert_cmpint (sqns_job_figures (rig->job)->retry_at, >, g_get_real_time ());
    }
  g_assert_true (sqns_job_start (rig->job, rig->rules, NULL));
  scripted_succeed (scripted_upgrade (TTY), "", "6.0.0.0-37781");
  scripted_settle ();
  g_assert_cmpint (info->state, ==, SQNS_JOB_SUCCEEDED);
}

/* A modem in recovery reports no version; the version that an earlier job read counts. */
static void
test_remembers_version (Rig *rig, gconstpointer unused)
{
  start_job (rig);
  ScriptedRun *run = scripted_upgrade (TTY);
  run->monitor.funcs->modem (run->monitor.data, &scripted ()->status);
  fail_in_phase (rig, SQNS_PHASE_TRANSFER, TRUE, SQNS_ERROR_NEEDS_RECOVERY);
  g_clear_object (&rig->job);
  rig->finished = 0;

  start_job (rig);
  g_assert_cmpuint (scripted_upgrade (TTY)->config.checkpoint.version.build, ==, 35351);
  scripted_succeed (scripted_upgrade (TTY), "", "6.0.0.0-37781");
}

static void
test_foreign_error (Rig *rig, gconstpointer unused)
{
  const SqnsJobRecord *info = start_job (rig);
  GTask *task = g_object_ref (scripted_upgrade (TTY)->task);
  g_ptr_array_set_size (scripted ()->upgrades, 0);
  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "raw \xff");
  g_object_unref (task);
  scripted_settle ();
  g_assert_cmpstr (info->error_name, ==, "org.sqnsd1.Error.Failed");
  g_assert_cmpstr (info->message, ==, "raw \xef\xbf\xbd");
}

static void
test_cancel_pending (Rig *rig, gconstpointer unused)
{
  const SqnsJobRecord *info = make_job (rig);
  g_autoptr (GError) error = NULL;
  sqns_job_set_pending (rig->job, SQNS_JOB_WAITING, 2, "waits for something");
  g_assert_cmpint (info->state, ==, SQNS_JOB_WAITING);
  g_assert_cmpuint (sqns_job_figures (rig->job)->queue_position, ==, 2);
  g_assert_true (sqns_job_cancel (rig->job, NULL));
  g_assert_cmpint (info->state, ==, SQNS_JOB_CANCELLED);
  g_assert_cmpuint (sqns_job_figures (rig->job)->queue_position, ==, 0);
  g_assert_cmpstr (info->error_name, ==, "org.sqnsd1.Error.Cancelled");
  g_assert_cmpint (info->started_at, ==, 0);
  g_assert_cmpuint (rig->finished, ==, 1);
  g_assert_false (sqns_job_cancel (rig->job, &error));
  g_assert_error (error, SQNS_ERROR, SQNS_ERROR_WRONG_STATE);
}

static void
test_cancel_running (Rig *rig, gconstpointer unused)
{
  const SqnsJobRecord *info = start_job (rig);
  scripted_phase (scripted_upgrade (TTY), SQNS_PHASE_LINK, TRUE, FALSE, "linking");
  g_assert_true (sqns_job_cancel (rig->job, NULL));
  g_assert_cmpint (info->state, ==, SQNS_JOB_RUNNING);
  g_assert_cmpstr (info->message, ==, "cancelling");
  g_assert_true (sqns_job_cancel (rig->job, NULL));
  scripted_settle ();
  g_assert_cmpint (info->state, ==, SQNS_JOB_CANCELLED);
  g_assert_cmpuint (rig->finished, ==, 1);
  g_assert_cmpint (sqns_device_info (rig->device)->use, ==, SQNS_USE_NONE);
}

static void
test_cancel_committed (Rig *rig, gconstpointer unused)
{
  start_job (rig);
  ScriptedRun *run = scripted_upgrade (TTY);
  g_autoptr (GError) error = NULL;
  scripted_phase (run, SQNS_PHASE_APPLY, FALSE, TRUE, "applying");
  g_assert_false (sqns_job_cancel (rig->job, &error));
  g_assert_error (error, SQNS_ERROR, SQNS_ERROR_WRONG_STATE);
  g_assert_false (g_cancellable_is_cancelled (run->cancellable));
  scripted_succeed (run, "", "6.0.0.0-37781");
}

static void
test_wind_up (Rig *rig, gconstpointer unused)
{
  const SqnsJobRecord *info = start_job (rig);
  scripted_phase (scripted_upgrade (TTY), SQNS_PHASE_PREPARE, FALSE, TRUE, "preparing");
  sqns_job_stop (rig->job);
  scripted_settle ();
  g_assert_cmpint (info->state, ==, SQNS_JOB_RUNNING);
  /* as soon as it is safe to stop */
  scripted_phase (scripted_upgrade (TTY), SQNS_PHASE_TRANSFER, TRUE, FALSE, "writing");
  scripted_settle ();
  g_assert_cmpint (info->state, ==, SQNS_JOB_CANCELLED);
}

static void
test_wind_up_late (Rig *rig, gconstpointer unused)
{
  const SqnsJobRecord *info = start_job (rig);
  scripted_phase (scripted_upgrade (TTY), SQNS_PHASE_APPLY, FALSE, TRUE, "applying");
  sqns_job_stop (rig->job);
  /* the rest is short, and better for the modem */
  scripted_phase (scripted_upgrade (TTY), SQNS_PHASE_CONFIRM, TRUE, FALSE, "reading");
  scripted_settle ();
  g_assert_cmpint (info->state, ==, SQNS_JOB_VERIFYING);
  scripted_succeed (scripted_upgrade (TTY), "", "6.0.0.0-37781");
  scripted_settle ();
  g_assert_cmpint (info->state, ==, SQNS_JOB_SUCCEEDED);
}

static gboolean
says_elapsed (gpointer info)
{
  return strstr (((const SqnsJobRecord *)info)->message, "so far") != NULL;
}

/* A silent phase reports that it is alive, once a second. */
static void
test_heartbeat (Rig *rig, gconstpointer unused)
{
  const SqnsJobRecord *info = start_job (rig);
  scripted_phase (scripted_upgrade (TTY), SQNS_PHASE_APPLY, FALSE, TRUE, "the modem is erasing");
  g_assert_cmpstr (info->message, ==, "the modem is erasing");
  double before = sqns_job_figures (rig->job)->progress;
  guint prompts = rig->prompts;
  scripted_wait (says_elapsed, (gpointer)info);
  g_assert_true (g_str_has_prefix (info->message, "the modem is erasing, 0:0"));
  g_assert_cmpfloat (sqns_job_figures (rig->job)->progress, >, before);
  g_assert_cmpuint (rig->prompts, ==, prompts);
  scripted_succeed (scripted_upgrade (TTY), "", "6.0.0.0-37781");
}

static void
test_start_refused (Rig *rig, gconstpointer unused)
{
  const SqnsJobRecord *info = make_job (rig);
  g_autoptr (GError) error = NULL;
  sqns_device_unplugged (rig->device);
  g_assert_false (sqns_job_start (rig->job, rig->rules, &error));
  g_assert_error (error, SQNS_ERROR, SQNS_ERROR_DEVICE_LOST);
  g_assert_true (sqns_job_is_pending (rig->job));
  g_assert_false (info->started);
}

/* Only the run still holds a reference to the job. */
static void
test_dropped (Rig *rig, gconstpointer unused)
{
  start_job (rig);
  g_signal_handlers_disconnect_by_data (rig->job, rig);
  g_clear_object (&rig->job);
  scripted_phase (scripted_upgrade (TTY), SQNS_PHASE_APPLY, FALSE, TRUE, "applying");
  scripted_succeed (scripted_upgrade (TTY), "", "6.0.0.0-37781");
  scripted_settle ();
  g_assert_cmpint (sqns_device_info (rig->device)->use, ==, SQNS_USE_NONE);
}

int
main (int argc, char **argv)
{
  static const struct {
    const char *name;
    void (*test) (Rig *rig, gconstpointer unused);
  } tests[] = {
    { "/job/success", test_success },
    { "/job/dry-run", test_dry_run },
    { "/job/failure", test_failure },
    { "/job/failure-unsafe", test_failure_unsafe },
    { "/job/failure-contact", test_failure_contact },
    { "/job/doubt", test_doubt },
    { "/job/doubt-ends", test_doubt_ends },
    { "/job/doubt-of-updater", test_doubt_of_updater },
    { "/job/queued-behind", test_queued_behind },
    { "/job/waits-for-hand", test_waits_for_hand },
    { "/job/locked-out", test_locked_out },
    { "/job/remembers-version", test_remembers_version },
    { "/job/foreign-error", test_foreign_error },
    { "/job/cancel-pending", test_cancel_pending },
    { "/job/cancel-running", test_cancel_running },
    { "/job/cancel-committed", test_cancel_committed },
    { "/job/wind-up", test_wind_up },
    { "/job/wind-up-late", test_wind_up_late },
    { "/job/heartbeat", test_heartbeat },
    { "/job/start-refused", test_start_refused },
    { "/job/dropped", test_dropped },
  };
  g_test_init (&argc, &argv, NULL);
  g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL); /* a failed job is a warning */
  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].name, Rig, NULL, rig_set_up, tests[i].test, rig_tear_down);
  return g_test_run ();
}
