/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Managers one after the other on the same folder: which jobs come back, and which of them go on. */
#include "base/backlog.h"
#include "firmware-builder.h"
#include "manager/manager.h"
#include "scripted.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define RULES "[test]\nTo=1\nError=Incompatible\nLiftable=no\nMessage=for nobody\n"
#define HOUR ((gint64)3600 * G_USEC_PER_SEC)
#define TTY "/dev/test-a"
#define MANY 60u

typedef struct {
  SqnsConfig config;
  SqnsManager *manager;
  SqnsFirmware *files[SQNS_JOB_N_FILES];
  SqnsRequest *request;
  char *folder;
  gboolean opened;
} Rig;

static void
on_opened (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  Rig *rig = user_data;
  sqns_job_table_restore_finish (SQNS_JOB_TABLE (source), result, &error);
  g_assert_no_error (error);
  rig->opened = TRUE;
}

static gboolean
is_true (gpointer flag)
{
  return *(gboolean *)flag;
}

/* With @board plugged in when it starts, or not. */
static void
start (Rig *rig, gboolean board)
{
  static char id[] = "a", devnode[] = TTY;
  const SqnsBoardFacts facts = { .id = id, .devnode = devnode };
  rig->manager = sqns_manager_new (&rig->config, sqns_rules_parse (RULES, -1, NULL));
  if (board)
    sqns_device_table_add_board (sqns_manager_devices (rig->manager), &facts);
  rig->opened = FALSE;
  sqns_job_table_restore_async (sqns_manager_jobs (rig->manager), rig->folder, on_opened, rig);
  scripted_wait (is_true, &rig->opened);
}

/* As kill -9 does: what was on its way to the disk may be there, nothing else. */
static void
die (Rig *rig)
{
  g_clear_object (&rig->manager);
  while (scripted ()->upgrades->len > 0)
    scripted_fail (scripted ()->upgrades->pdata[0], SQNS_ERROR_FAILED, "of another life");
  scripted_settle ();
}

static void
plug (Rig *rig, const char *tty)
{
  g_autofree char *devnode = g_strdup (tty);
  char id[] = "a";
  const SqnsBoardFacts facts = { .id = id, .devnode = devnode };
  sqns_device_table_add_board (sqns_manager_devices (rig->manager), &facts);
}

static void
rig_set_up (Rig *rig, gconstpointer unused)
{
  scripted_reset ();
  sqns_config_init (&rig->config);
  rig->folder = g_dir_make_tmp ("sqns-restore-XXXXXX", NULL);
  rig->files[SQNS_JOB_FIRMWARE] = sqns_test_firmware_new ("x.dup", 37781, 0);
  rig->request = sqns_request_new ();
}

static void
rig_tear_down (Rig *rig, gconstpointer unused)
{
  die (rig);
  for (guint i = 0; i < SQNS_JOB_N_FILES; i++)
    g_clear_object (&rig->files[i]);
  sqns_request_free (rig->request);
  scripted_remove_tree (rig->folder);
  g_free (rig->folder);
}

static SqnsJob *
job_at (Rig *rig, guint index)
{
  g_assert_cmpuint (sqns_job_table_jobs (sqns_manager_jobs (rig->manager))->len, >, index);
  return sqns_job_table_jobs (sqns_manager_jobs (rig->manager))->pdata[index];
}

static SqnsJob *
submit (Rig *rig)
{
  g_autoptr (GPtrArray) devices = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;
  g_ptr_array_add (devices, sqns_device_table_devices (sqns_manager_devices (rig->manager))->pdata[0]);
  g_autoptr (GPtrArray) jobs
      = sqns_job_table_submit (sqns_manager_jobs (rig->manager), devices, rig->files, rig->request, &error);
  g_assert_no_error (error);
  return jobs->pdata[0];
}

static SqnsJobState
state (SqnsJob *job)
{
  return sqns_job_record (job)->state;
}

static gboolean
runs (gpointer devnode)
{
  return scripted_runs (devnode);
}

static gboolean
set_flag (gpointer flag)
{
  *(gboolean *)flag = TRUE;
  return G_SOURCE_REMOVE;
}

/* A step of the running upgrade that changes the modem. */
static void
save (void)
{
  const SqnsCheckpoint checkpoint = { .done = { .modified = TRUE, .uploads = 1 }, .written = TRUE };
  ScriptedRun *run = scripted_upgrade (TTY);
  gboolean kept = FALSE;
  run->config.save (run->config.save_data, &checkpoint, set_flag, &kept);
  scripted_wait (is_true, &kept);
}

static guint
count_firmware (Rig *rig)
{
  g_autofree char *path = g_build_filename (rig->folder, "firmware", NULL);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  guint n = 0;
  while (dir != NULL && g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

static gboolean
is_firmware_gone (gpointer rig)
{
  return count_firmware (rig) == 0;
}

static gboolean
look (gpointer unused)
{
  return G_SOURCE_CONTINUE;
}

/* Nobody is told when it goes: looked for again and again. */
static void
wait_until_firmware_is_gone (Rig *rig)
{
  guint tick = g_timeout_add (10, look, NULL);
  scripted_wait (is_firmware_gone, rig);
  g_source_remove (tick);
}

static void
succeed (const char *devnode)
{
  scripted_succeed (scripted_upgrade (devnode), "", "6.0.0.0-37781");
  scripted_settle ();
}

static void
test_goes_on (Rig *rig, gconstpointer unused)
{
  start (rig, TRUE);
  SqnsJob *first = submit (rig);
  g_autofree char *uuid = g_strdup (sqns_job_record (first)->uuid);
  rig->request->priority = 7;
  submit (rig);
  rig->request->not_before = g_get_real_time () + HOUR;
  submit (rig);
  rig->request->priority = 0;
  /* the urgent one is first, and whatever comes then it stays so */
  scripted_wait (runs, (gpointer)TTY);
  save ();
  die (rig);

  start (rig, TRUE);
  g_assert_cmpuint (sqns_job_table_jobs (sqns_manager_jobs (rig->manager))->len, ==, 3);
  g_assert_cmpstr (sqns_job_record (job_at (rig, 0))->uuid, ==, uuid);
  scripted_wait (runs, (gpointer)TTY);
  g_assert_cmpint (state (job_at (rig, 1)), ==, SQNS_JOB_RUNNING);
  g_assert_true (scripted_upgrade (TTY)->config.checkpoint.written);
  g_assert_cmpint (state (job_at (rig, 0)), ==, SQNS_JOB_QUEUED);
  g_assert_cmpint (state (job_at (rig, 2)), ==, SQNS_JOB_WAITING);
  g_assert_cmpuint (sqns_device_table_devices (sqns_manager_devices (rig->manager))->len, ==, 1);
  succeed (TTY);
  scripted_wait (runs, (gpointer)TTY);
  g_assert_false (scripted_upgrade (TTY)->config.checkpoint.written);
  succeed (TTY);
  g_assert_cmpuint (count_firmware (rig), ==, 1);
  g_assert_true (sqns_job_cancel (job_at (rig, 2), NULL));
  g_assert_true (sqns_job_table_forget (sqns_manager_jobs (rig->manager), job_at (rig, 2), NULL));
  wait_until_firmware_is_gone (rig);
}

/* The board is not there when the daemon is: it is listed as gone, and waited for under any name. */
static void
test_board_later (Rig *rig, gconstpointer unused)
{
  start (rig, TRUE);
  submit (rig);
  scripted_wait (runs, (gpointer)TTY);
  save ();
  die (rig);
  start (rig, FALSE);
  scripted_settle ();
  SqnsJob *job = job_at (rig, 0);
  g_assert_cmpint (state (job), ==, SQNS_JOB_INTERRUPTED);
  g_assert_nonnull (strstr (sqns_job_record (job)->message, "the daemon was stopped during the job"));
  g_assert_nonnull (strstr (sqns_job_record (job)->message, "plug it in again"));
  g_assert_cmpint (sqns_device_info (sqns_job_device (job))->state, ==, SQNS_MODEM_GONE);
  plug (rig, "/dev/test-other");
  scripted_wait (runs, (gpointer) "/dev/test-other");
  g_assert_cmpuint (sqns_device_table_devices (sqns_manager_devices (rig->manager))->len, ==, 1);
  succeed ("/dev/test-other");
  g_assert_cmpint (state (job), ==, SQNS_JOB_SUCCEEDED);
}

static void
on_resumed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  sqns_job_table_resume_finish (SQNS_JOB_TABLE (source), result, &error);
  g_assert_no_error (error);
  *(gboolean *)user_data = TRUE;
}

static void
resume (Rig *rig, SqnsJob *job)
{
  gboolean resumed = FALSE;
  sqns_job_table_resume_async (sqns_manager_jobs (rig->manager), job, on_resumed, &resumed);
  scripted_wait (is_true, &resumed);
}

static void
test_no_auto_resume (Rig *rig, gconstpointer unused)
{
  rig->config.auto_resume = FALSE;
  start (rig, TRUE);
  submit (rig);
  scripted_wait (runs, (gpointer)TTY);
  save ();
  die (rig);
  start (rig, TRUE);
  scripted_settle ();
  SqnsJob *job = job_at (rig, 0);
  g_assert_cmpint (state (job), ==, SQNS_JOB_INTERRUPTED);
  g_assert_nonnull (strstr (sqns_job_record (job)->message, "sqnsctl resume"));

  /* another one goes before, and what this one knew is worth nothing then */
  SqnsJob *other = submit (rig);
  scripted_wait (runs, (gpointer)TTY);
  g_assert_cmpint (state (other), ==, SQNS_JOB_RUNNING);
  succeed (TTY);
  resume (rig, job);
  scripted_wait (runs, (gpointer)TTY);
  g_assert_cmpint (state (job), ==, SQNS_JOB_RUNNING);
  g_assert_false (scripted_upgrade (TTY)->config.checkpoint.done.modified);
  succeed (TTY);
}

/* With all that it knew, in another life of the daemon. */
static void
test_resume_failed (Rig *rig, gconstpointer unused)
{
  start (rig, TRUE);
  submit (rig);
  scripted_wait (runs, (gpointer)TTY);
  save ();
  scripted_fail (scripted_upgrade (TTY), SQNS_ERROR_NEEDS_RECOVERY, "it waits in recovery");
  scripted_settle ();
  die (rig);
  start (rig, TRUE);
  SqnsJob *job = job_at (rig, 0);
  g_assert_cmpint (state (job), ==, SQNS_JOB_FAILED);
  g_assert_cmpuint (count_firmware (rig), ==, 1);
  resume (rig, job);
  scripted_wait (runs, (gpointer)TTY);
  g_assert_true (scripted_upgrade (TTY)->config.checkpoint.written);
  g_assert_cmpstr (sqns_job_record (job)->error_name, ==, "");
  succeed (TTY);
  g_assert_cmpint (state (job), ==, SQNS_JOB_SUCCEEDED);
  wait_until_firmware_is_gone (rig);
  die (rig);
  start (rig, TRUE);
  g_assert_cmpint (state (job_at (rig, 0)), ==, SQNS_JOB_SUCCEEDED);
}

static gboolean
is_finished (gpointer job)
{
  return sqns_job_is_finished (job);
}

/* The cable, while the daemon lives: a moment's pause, and on it goes; others on this modem wait for it. */
static void
test_cable (Rig *rig, gconstpointer unused)
{
  start (rig, TRUE);
  SqnsJob *job = submit (rig);
  rig->request->priority = 9;
  scripted_wait (runs, (gpointer)TTY);
  SqnsJob *other = submit (rig);
  sqns_device_table_remove_board (sqns_manager_devices (rig->manager), "a");
  scripted_fail (scripted_upgrade (TTY), SQNS_ERROR_DEVICE_LOST, "gone");
  scripted_settle ();
  g_assert_cmpint (state (job), ==, SQNS_JOB_INTERRUPTED);
  g_assert_cmpint (state (other), ==, SQNS_JOB_WAITING);
  plug (rig, "/dev/test-b");
  scripted_wait (runs, (gpointer) "/dev/test-b");
  g_assert_cmpint (state (job), ==, SQNS_JOB_RUNNING);
  succeed ("/dev/test-b");
  g_assert_cmpint (state (job), ==, SQNS_JOB_SUCCEEDED);
  scripted_wait (runs, (gpointer) "/dev/test-b");
  succeed ("/dev/test-b");
  scripted_wait (is_finished, other);
}

static void
on_shut_down (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(gboolean *)user_data = sqns_manager_shutdown_finish (SQNS_MANAGER (source), result, NULL);
}

static void
test_shutdown (Rig *rig, gconstpointer unused)
{
  gboolean shut_down = FALSE;
  start (rig, TRUE);
  SqnsJob *job = submit (rig), *queued = submit (rig);
  scripted_wait (runs, (gpointer)TTY);
  save ();
  scripted_phase (scripted_upgrade (TTY), SQNS_PHASE_TRANSFER, FALSE, FALSE, "writing");
  sqns_manager_shutdown_async (rig->manager, on_shut_down, &shut_down);
  scripted_wait (is_true, &shut_down);
  g_assert_cmpint (state (job), ==, SQNS_JOB_INTERRUPTED);
  g_assert_cmpint (state (queued), ==, SQNS_JOB_QUEUED);
  die (rig);
  start (rig, TRUE);
  scripted_wait (runs, (gpointer)TTY);
  g_assert_cmpint (state (job_at (rig, 0)), ==, SQNS_JOB_RUNNING);
  g_assert_cmpint (state (job_at (rig, 1)), ==, SQNS_JOB_QUEUED);
}

static void
test_history_days (Rig *rig, gconstpointer unused)
{
  rig->config.history_days = 0; /* as long as the daemon runs */
  start (rig, TRUE);
  SqnsJob *job = submit (rig);
  scripted_wait (runs, (gpointer)TTY);
  succeed (TTY);
  g_assert_cmpint (state (job), ==, SQNS_JOB_SUCCEEDED);
  g_assert_cmpuint (sqns_job_table_jobs (sqns_manager_jobs (rig->manager))->len, ==, 1);
  die (rig);
  start (rig, TRUE);
  g_assert_cmpuint (sqns_job_table_jobs (sqns_manager_jobs (rig->manager))->len, ==, 0);
}

static void
hear_slowly (SqnsJob *job, guint *told)
{
  ++*told;
  gint64 end = g_get_monotonic_time () + SQNS_BACKLOG_TURN_US / 8;
  while (g_get_monotonic_time () < end)
    ;
}

typedef struct {
  guint told; /* jobs whose end was */
  gboolean settled;
} Order;

static gboolean
all_run (gpointer unused)
{
  return scripted ()->upgrades->len == MANY;
}

static gboolean
all_ended (gpointer data)
{
  GPtrArray *jobs = data;
  for (guint i = 0; i < jobs->len; i++)
    if (state (jobs->pdata[i]) != SQNS_JOB_SUCCEEDED)
      return FALSE;
  return TRUE;
}

static void
on_settled (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Order *order = user_data;
  sqns_job_store_flush_finish (SQNS_JOB_STORE (source), result);
  g_assert_cmpuint (order->told, ==, MANY);
  order->settled = TRUE;
}

/* What is settled was told, too, which takes many turns of the main loop when many jobs end at once. */
static void
test_settled (Rig *rig, gconstpointer unused)
{
  Order order = { 0 };
  g_autoptr (GError) error = NULL;

  start (rig, FALSE);
  for (guint i = 0; i < MANY; i++)
    {
      g_autofree char *id = g_strdup_printf ("board-%u", i), *devnode = g_strdup_printf ("/dev/test-%u", i);
      const SqnsBoardFacts facts = { .id = id, .devnode = devnode };
      sqns_device_table_add_board (sqns_manager_devices (rig->manager), &facts);
    }
  g_autoptr (GPtrArray) jobs = sqns_job_table_submit (sqns_manager_jobs (rig->manager),
                                                      sqns_device_table_devices (sqns_manager_devices (rig->manager)),
                                                      rig->files, rig->request, &error);
  g_assert_no_error (error);
  scripted_wait (all_run, NULL);
  for (guint i = 0; i < MANY; i++)
    {
      g_autofree char *devnode = g_strdup_printf ("/dev/test-%u", i);
      g_signal_connect (jobs->pdata[i], "finished", G_CALLBACK (hear_slowly), &order.told);
      scripted_succeed (scripted_upgrade (devnode), "", "6.0.0.0-37781");
    }
  scripted_wait (all_ended, jobs);
  sqns_job_store_flush_async (sqns_job_table_store (sqns_manager_jobs (rig->manager)), on_settled, &order);
  scripted_wait (is_true, &order.settled);
}

int
main (int argc, char **argv)
{
  static const struct {
    const char *name;
    void (*test) (Rig *rig, gconstpointer unused);
  } tests[] = {
    { "/restore/goes-on", test_goes_on },
    { "/restore/board-later", test_board_later },
    { "/restore/no-auto-resume", test_no_auto_resume },
    { "/restore/resume-failed", test_resume_failed },
    { "/restore/cable", test_cable },
    { "/restore/shutdown", test_shutdown },
    { "/restore/history-days", test_history_days },
    { "/restore/settled", test_settled },
  };
  g_test_init (&argc, &argv, NULL);
  g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL); /* an interruption is a warning */
  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].name, Rig, NULL, rig_set_up, tests[i].test, rig_tear_down);
  return g_test_run ();
}
