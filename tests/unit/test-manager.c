/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The manager: ports and boards, which job runs when, draining, shutdown. */
#include "caba-builder.h"
#include "device/console.h"
#include "firmware-builder.h"
#include "manager/manager.h"
#include "scripted.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define RULES "[test]\nTo=1\nError=Incompatible\nLiftable=no\nMessage=for nobody\n"
#define HOUR ((gint64)3600 * G_USEC_PER_SEC)

typedef struct {
  SqnsConfig config;
  SqnsManager *manager;
  SqnsFirmware *files[SQNS_JOB_N_FILES];
  SqnsRequest *request;
  guint finished;
  gboolean shut_down;
} Rig;

static void
on_job_finished (SqnsJobTable *jobs, SqnsJob *job, Rig *rig)
{
  rig->finished++;
}

static void
make_manager (Rig *rig)
{
  g_clear_object (&rig->manager);
  SqnsRules *rules = sqns_rules_parse (RULES, -1, NULL);
  g_assert_nonnull (rules);
  rig->manager = sqns_manager_new (&rig->config, rules);
  g_signal_connect (sqns_manager_jobs (rig->manager), "finished", G_CALLBACK (on_job_finished), rig);
}

static void
rig_set_up (Rig *rig, gconstpointer unused)
{
  scripted_reset ();
  sqns_config_init (&rig->config);
  make_manager (rig);
  rig->files[SQNS_JOB_FIRMWARE] = sqns_test_firmware_new ("x.dup", 37781, 0);
  rig->request = sqns_request_new ();
}

static void
rig_tear_down (Rig *rig, gconstpointer unused)
{
  do /* the end of one starts the next in its queue */
    {
      while (scripted ()->upgrades->len > 0)
        scripted_fail (scripted ()->upgrades->pdata[0], SQNS_ERROR_FAILED, "the test ends");
      scripted_settle ();
    }
  while (scripted ()->upgrades->len > 0);
  g_clear_object (&rig->manager);
  for (guint i = 0; i < SQNS_JOB_N_FILES; i++)
    g_clear_object (&rig->files[i]);
  sqns_request_free (rig->request);
}

static SqnsDevice *
add_board (Rig *rig, const char *id)
{
  g_autofree char *devnode = g_strdup_printf ("/dev/test-%s", id);
  const SqnsBoardFacts facts = { .id = (char *)id, .devnode = devnode };
  sqns_device_table_add_board (sqns_manager_devices (rig->manager), &facts);
  GPtrArray *devices = sqns_device_table_devices (sqns_manager_devices (rig->manager));
  return devices->pdata[devices->len - 1];
}

static SqnsJob *
submit (Rig *rig, SqnsDevice *device)
{
  g_autoptr (GPtrArray) devices = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;
  g_ptr_array_add (devices, device);
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

static ScriptedRun *
run_of (SqnsDevice *device)
{
  return scripted_upgrade (sqns_device_info (device)->devnode);
}

static void
finish_one (SqnsDevice *device)
{
  scripted_succeed (run_of (device), "", "6.0.0.0-37781");
  scripted_settle ();
}

/* One job at a time on a board, by priority and age; other boards run in parallel. */
static void
test_queue (Rig *rig, gconstpointer unused)
{
  SqnsDevice *one = add_board (rig, "one"), *two = add_board (rig, "two");
  SqnsJob *first = submit (rig, one), *second = submit (rig, one);
  rig->request->priority = 5;
  SqnsJob *urgent = submit (rig, one);
  scripted_settle ();

  /* nothing had begun, so the urgent one is first */
  g_assert_cmpint (state (urgent), ==, SQNS_JOB_RUNNING);
  g_assert_cmpint (state (first), ==, SQNS_JOB_QUEUED);
  g_assert_cmpuint (sqns_job_figures (first)->queue_position, ==, 1);
  g_assert_cmpuint (sqns_job_figures (second)->queue_position, ==, 2);
  g_assert_cmpuint (scripted ()->upgrades->len, ==, 1);
  SqnsJob *other = submit (rig, two);
  scripted_settle ();
  g_assert_cmpint (state (other), ==, SQNS_JOB_RUNNING);
  g_assert_cmpuint (sqns_job_table_status (sqns_manager_jobs (rig->manager)).running, ==, 2);
  g_assert_cmpuint (sqns_job_table_status (sqns_manager_jobs (rig->manager)).queued, ==, 2);

  finish_one (one);
  g_assert_cmpint (state (urgent), ==, SQNS_JOB_SUCCEEDED);
  g_assert_cmpint (state (first), ==, SQNS_JOB_RUNNING);
  g_assert_cmpuint (sqns_job_figures (first)->queue_position, ==, 0);
  g_assert_cmpuint (sqns_job_figures (second)->queue_position, ==, 1);
  /* a failure does not delay the next */
  scripted_fail (run_of (one), SQNS_ERROR_TIMEOUT, "no answer");
  scripted_settle ();
  g_assert_cmpint (state (second), ==, SQNS_JOB_RUNNING);
  g_assert_cmpuint (rig->finished, ==, 2);
}

static void
test_max_concurrent (Rig *rig, gconstpointer unused)
{
  rig->config.max_concurrent = 2;
  make_manager (rig);
  SqnsDevice *boards[] = { add_board (rig, "a"), add_board (rig, "b"), add_board (rig, "c") };
  SqnsJob *jobs[3];
  for (guint i = 0; i < 3; i++)
    jobs[i] = submit (rig, boards[i]);
  scripted_settle ();
  g_assert_cmpint (state (jobs[1]), ==, SQNS_JOB_RUNNING);
  g_assert_cmpint (state (jobs[2]), ==, SQNS_JOB_QUEUED);
  g_assert_nonnull (strstr (sqns_job_record (jobs[2])->message, "free place"));
  finish_one (boards[0]);
  g_assert_cmpint (state (jobs[2]), ==, SQNS_JOB_RUNNING);
}

static void
test_absent (Rig *rig, gconstpointer unused)
{
  SqnsDevice *board = add_board (rig, "a");
  sqns_device_table_remove_board (sqns_manager_devices (rig->manager), "a");
  SqnsJob *job = submit (rig, board);
  scripted_settle ();
  g_assert_cmpint (state (job), ==, SQNS_JOB_WAITING);
  g_assert_nonnull (strstr (sqns_job_record (job)->message, "not plugged in"));
  g_assert_true (add_board (rig, "a") == board);
  scripted_settle ();
  g_assert_cmpint (state (job), ==, SQNS_JOB_RUNNING);
}

static gboolean
is_running (gpointer job)
{
  return sqns_job_is_running (job);
}

static gboolean
is_finished (gpointer job)
{
  return sqns_job_is_finished (job);
}

static void
test_not_before (Rig *rig, gconstpointer unused)
{
  SqnsDevice *board = add_board (rig, "a");
  rig->request->not_before = g_get_real_time () + HOUR;
  rig->request->priority = 100;
  SqnsJob *late = submit (rig, board);
  rig->request->not_before = g_get_real_time () + G_USEC_PER_SEC / 2;
  rig->request->priority = 0;
  SqnsJob *soon = submit (rig, board);
  scripted_settle ();
  g_assert_cmpint (state (late), ==, SQNS_JOB_WAITING);
  g_assert_cmpint (state (soon), ==, SQNS_JOB_WAITING);
  g_assert_nonnull (strstr (sqns_job_record (late)->message, "waiting until"));
  g_assert_cmpuint (sqns_job_figures (soon)->queue_position, ==, 1);
  g_assert_cmpuint (sqns_job_figures (late)->queue_position, ==, 2);
  scripted_wait (is_running, soon);
  g_assert_cmpint (g_get_real_time (), >=, sqns_job_record (soon)->request.not_before);
  g_assert_cmpint (state (late), ==, SQNS_JOB_WAITING);
}

static void
test_not_after (Rig *rig, gconstpointer unused)
{
  SqnsDevice *board = add_board (rig, "a");
  SqnsJob *running = submit (rig, board);
  rig->request->not_after = g_get_real_time () + G_USEC_PER_SEC / 2;
  SqnsJob *bound = submit (rig, board);
  rig->request->not_after = g_get_real_time () - HOUR;
  SqnsJob *past = submit (rig, board);
  scripted_settle ();
  g_assert_cmpint (state (past), ==, SQNS_JOB_FAILED);
  g_assert_cmpstr (sqns_job_record (past)->error_name, ==, "org.sqnsd1.Error.Timeout");
  g_assert_cmpint (state (bound), ==, SQNS_JOB_QUEUED);
  scripted_wait (is_finished, bound);
  g_assert_cmpstr (sqns_job_record (bound)->error_name, ==, "org.sqnsd1.Error.Timeout");
  g_assert_cmpint (state (running), ==, SQNS_JOB_RUNNING);
}

static void
on_console (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(int *)user_data = sqns_console_open_finish (SQNS_DEVICE (source), result, NULL);
}

/* A job takes the modem from a console user once it can actually start. */
static void
test_console (Rig *rig, gconstpointer unused)
{
  SqnsDevice *board = add_board (rig, "a");
  int fd = -1;
  sqns_console_open_async (board, 0, on_console, &fd);
  scripted_open_link ();
  scripted_settle ();
  SqnsJob *job = submit (rig, board);
  sqns_job_table_set_draining (sqns_manager_jobs (rig->manager), TRUE);
  scripted_settle ();
  g_assert_cmpint (state (job), ==, SQNS_JOB_QUEUED);
  g_assert_cmpint (sqns_device_info (board)->use, ==, SQNS_USE_CONSOLE);

  sqns_job_table_set_draining (sqns_manager_jobs (rig->manager), FALSE);
  scripted_settle ();
  g_assert_cmpint (state (job), ==, SQNS_JOB_RUNNING);
  char words[256] = { 0 };
  g_assert_cmpint (read (fd, words, sizeof words - 1), >, 0);
  g_assert_nonnull (strstr (words, sqns_job_record (job)->uuid));
  g_assert_cmpint (read (fd, words, sizeof words), ==, 0);
  g_close (fd, NULL);
}

static void
test_draining (Rig *rig, gconstpointer unused)
{
  SqnsDevice *one = add_board (rig, "one");
  SqnsJob *running = submit (rig, one), *queued = submit (rig, one);
  g_autoptr (GPtrArray) devices = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;
  scripted_settle ();
  sqns_job_table_set_draining (sqns_manager_jobs (rig->manager), TRUE);
  scripted_settle ();
  finish_one (one);
  g_assert_cmpint (state (running), ==, SQNS_JOB_SUCCEEDED);
  g_assert_cmpint (state (queued), ==, SQNS_JOB_QUEUED);
  g_assert_nonnull (strstr (sqns_job_record (queued)->message, "draining"));
  g_ptr_array_add (devices, one);
  g_assert_null (sqns_job_table_submit (sqns_manager_jobs (rig->manager), devices, rig->files, rig->request, &error));
  g_assert_error (error, SQNS_ERROR, SQNS_ERROR_DRAINING);
  sqns_job_table_set_draining (sqns_manager_jobs (rig->manager), FALSE);
  scripted_settle ();
  g_assert_cmpint (state (queued), ==, SQNS_JOB_RUNNING);
}

/* NULL: refused with @code. The caller owns the array. */
static GPtrArray *
submit_many (Rig *rig, SqnsDevice *one, SqnsDevice *two, SqnsError code)
{
  g_autoptr (GPtrArray) devices = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;
  if (one != NULL)
    g_ptr_array_add (devices, one);
  if (two != NULL)
    g_ptr_array_add (devices, two);
  GPtrArray *jobs = sqns_job_table_submit (sqns_manager_jobs (rig->manager), devices, rig->files, rig->request, &error);
  if (jobs == NULL)
    g_assert_error (error, SQNS_ERROR, (int)code);
  return jobs;
}

static void
refused (Rig *rig, SqnsDevice *one, SqnsDevice *two, SqnsError code)
{
  guint jobs = sqns_job_table_jobs (sqns_manager_jobs (rig->manager))->len;
  g_assert_null (submit_many (rig, one, two, code));
  g_assert_cmpuint (sqns_job_table_jobs (sqns_manager_jobs (rig->manager))->len, ==, jobs);
}

static void
test_idempotency (Rig *rig, gconstpointer unused)
{
  SqnsDevice *one = add_board (rig, "one"), *two = add_board (rig, "two");
  g_autoptr (SqnsFirmware) other = sqns_test_firmware_new ("y.dup", 41019, 0);
  rig->request->creator_uid = 1000;
  sqns_job_record_set (&rig->request->idempotency_key, "night of the 5th");
  SqnsJob *first = submit (rig, one);
  g_assert_true (submit (rig, one) == first);
  /* the same key, with anything else: see also test-request.c */
  refused (rig, two, NULL, SQNS_ERROR_KEY_REUSED);
  refused (rig, one, two, SQNS_ERROR_KEY_REUSED);
  rig->request->dry_run = TRUE;
  refused (rig, one, NULL, SQNS_ERROR_KEY_REUSED);
  rig->request->dry_run = FALSE;
  g_autoptr (SqnsFirmware) firmware = g_steal_pointer (&rig->files[SQNS_JOB_FIRMWARE]);
  rig->files[SQNS_JOB_FIRMWARE] = g_object_ref (other);
  refused (rig, one, NULL, SQNS_ERROR_KEY_REUSED);
  g_object_unref (rig->files[SQNS_JOB_FIRMWARE]);
  rig->files[SQNS_JOB_FIRMWARE] = g_steal_pointer (&firmware);
  /* keys of another user are different */
  rig->request->creator_uid = 1001;
  rig->request->dry_run = TRUE;
  g_assert_true (submit (rig, one) != first);
  rig->request->creator_uid = 1000;
  rig->request->dry_run = FALSE;
  scripted_settle ();
  finish_one (one);
  /* even after its end */
  g_assert_true (submit (rig, one) == first);
}

/* A key for many modems covers all of them. */
static void
test_idempotency_of_many (Rig *rig, gconstpointer unused)
{
  SqnsDevice *one = add_board (rig, "one"), *two = add_board (rig, "two");
  g_autoptr (GError) error = NULL;
  sqns_job_record_set (&rig->request->idempotency_key, "all");
  g_autoptr (GPtrArray) jobs = submit_many (rig, one, two, SQNS_ERROR_FAILED);
  g_autoptr (GPtrArray) again = submit_many (rig, two, one, SQNS_ERROR_FAILED);
  g_assert_true (again->pdata[0] == jobs->pdata[1] && again->pdata[1] == jobs->pdata[0]);
  refused (rig, one, NULL, SQNS_ERROR_KEY_REUSED);
  scripted_settle ();
  finish_one (one);
  /* who knows whether it was named: that would be a second upgrade */
  g_assert_true (sqns_job_table_forget (sqns_manager_jobs (rig->manager), jobs->pdata[0], &error));
  g_assert_no_error (error);
  refused (rig, one, two, SQNS_ERROR_KEY_REUSED);
}

/* Ended jobs and those of other users do not count. */
static void
test_limit_of_jobs (Rig *rig, gconstpointer unused)
{
  SqnsDevice *one = add_board (rig, "one"), *two = add_board (rig, "two");
  rig->config.max_jobs_per_user = 3;
  make_manager (rig);
  one = add_board (rig, "one");
  two = add_board (rig, "two");
  rig->request->creator_uid = 1000;
  submit (rig, one);
  submit (rig, two);
  refused (rig, one, two, SQNS_ERROR_LIMITS_EXCEEDED);
  sqns_job_record_set (&rig->request->idempotency_key, "k");
  SqnsJob *third = submit (rig, one);
  g_assert_true (submit (rig, one) == third); /* that has ended */
  sqns_job_record_set (&rig->request->idempotency_key, NULL);
  refused (rig, one, NULL, SQNS_ERROR_LIMITS_EXCEEDED);
  rig->request->creator_uid = 1001;
  submit (rig, one);
  rig->request->creator_uid = 1000;
  scripted_settle ();
  finish_one (one);
  submit (rig, one);
  refused (rig, one, NULL, SQNS_ERROR_LIMITS_EXCEEDED);
}

static void
test_limit_of_consoles (Rig *rig, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  int fd = -1;
  rig->config.max_consoles_per_user = 1;
  make_manager (rig);
  SqnsDevice *one = add_board (rig, "one");
  g_assert_true (sqns_manager_allows_console (rig->manager, 1000, &error));
  sqns_console_open_async (one, 1000, on_console, &fd);
  g_assert_false (sqns_manager_allows_console (rig->manager, 1000, &error)); /* it is being opened */
  g_assert_error (error, SQNS_ERROR, SQNS_ERROR_LIMITS_EXCEEDED);
  g_assert_nonnull (strstr (error->message, "user 1000 has 1 consoles open; the limit is 1 per user"));
  g_clear_error (&error);
  g_assert_true (sqns_manager_allows_console (rig->manager, 1001, &error));
  scripted_open_link ();
  scripted_settle ();
  g_assert_cmpint (fd, >=, 0);
  g_assert_false (sqns_manager_allows_console (rig->manager, 1000, NULL));
  g_close (fd, NULL);
  scripted_close_far_end ();
  scripted_settle ();
  g_assert_true (sqns_manager_allows_console (rig->manager, 1000, NULL));
}

static void
test_refused_file (Rig *rig, gconstpointer unused)
{
  g_autoptr (GPtrArray) devices = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;
  g_ptr_array_add (devices, add_board (rig, "a"));
  rig->request->expect_version.build = 41019;
  g_assert_null (sqns_job_table_submit (sqns_manager_jobs (rig->manager), devices, rig->files, rig->request, &error));
  g_assert_error (error, SQNS_ERROR, SQNS_ERROR_INCOMPATIBLE);
  g_clear_error (&error);
  rig->request->expect_version.build = 0;

  g_autoptr (SqnsFirmware) incomplete = sqns_test_firmware_new ("p.dup", 37781, SQNS_TEST_DUP_SKIP_FS);
  g_assert_null (sqns_job_table_submit (sqns_manager_jobs (rig->manager), devices,
                                        (SqnsFirmware *const[SQNS_JOB_N_FILES]){ incomplete }, rig->request, &error));
  g_assert_nonnull (error);
  g_assert_cmpuint (sqns_job_table_jobs (sqns_manager_jobs (rig->manager))->len, ==, 0);
}

static void
test_forget (Rig *rig, gconstpointer unused)
{
  SqnsDevice *board = add_board (rig, "a");
  SqnsJob *job = submit (rig, board);
  g_autoptr (GError) error = NULL;
  scripted_settle ();
  g_assert_false (sqns_job_table_forget (sqns_manager_jobs (rig->manager), job, &error));
  g_assert_error (error, SQNS_ERROR, SQNS_ERROR_WRONG_STATE);
  finish_one (board);
  g_assert_true (sqns_job_table_forget (sqns_manager_jobs (rig->manager), job, NULL));
  g_assert_cmpuint (sqns_job_table_jobs (sqns_manager_jobs (rig->manager))->len, ==, 0);
}

static void
test_many_finished (Rig *rig, gconstpointer unused)
{
  SqnsDevice *board = add_board (rig, "a");
  sqns_device_table_remove_board (sqns_manager_devices (rig->manager), "a");
  for (guint i = 0; i < 1100; i++)
    {
      SqnsJob *job = submit (rig, board);
      g_assert_true (sqns_job_cancel (job, NULL));
    }
  SqnsJob *last = submit (rig, board);
  scripted_settle ();
  g_assert_cmpuint (sqns_job_table_jobs (sqns_manager_jobs (rig->manager))->len, ==, 1001);
  g_assert_cmpint (state (last), ==, SQNS_JOB_WAITING);
  g_assert_cmpuint (rig->finished, ==, 1100);
}

static void
on_shut_down (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(gboolean *)user_data = sqns_manager_shutdown_finish (SQNS_MANAGER (source), result, NULL);
}

static void
test_shutdown (Rig *rig, gconstpointer unused)
{
  SqnsDevice *early = add_board (rig, "early"), *late = add_board (rig, "late"), *talk = add_board (rig, "talk");
  SqnsJob *early_job = submit (rig, early), *late_job = submit (rig, late), *queued = submit (rig, late);
  g_autoptr (GError) error = NULL;
  int fd = -1;
  sqns_console_open_async (talk, 0, on_console, &fd);
  scripted_open_link ();
  scripted_settle ();
  scripted_phase (run_of (early), SQNS_PHASE_LINK, TRUE, FALSE, "linking");
  scripted_phase (run_of (late), SQNS_PHASE_APPLY, FALSE, TRUE, "applying");

  sqns_manager_shutdown_async (rig->manager, on_shut_down, &rig->shut_down);
  scripted_settle ();
  g_assert_cmpint (state (early_job), ==, SQNS_JOB_CANCELLED);
  g_assert_cmpint (state (queued), ==, SQNS_JOB_CANCELLED);
  g_assert_cmpint (state (late_job), ==, SQNS_JOB_RUNNING);
  g_assert_cmpint (sqns_device_info (talk)->use, ==, SQNS_USE_NONE);
  g_assert_false (rig->shut_down);
  g_assert_false (sqns_job_table_accepts (sqns_manager_jobs (rig->manager), &error));
  g_assert_error (error, SQNS_ERROR, SQNS_ERROR_DRAINING);
  finish_one (late);
  g_assert_cmpint (state (late_job), ==, SQNS_JOB_SUCCEEDED);
  g_assert_true (rig->shut_down);
  g_close (fd, NULL);
}

static void
test_probe_on_plug (Rig *rig, gconstpointer unused)
{
  add_board (rig, "quiet");
  g_assert_cmpuint (scripted ()->opens->len, ==, 0);
  rig->config.probe_on_plug = TRUE;
  make_manager (rig);
  SqnsDevice *board = add_board (rig, "a");
  SqnsJob *job = submit (rig, board);
  scripted_settle ();
  g_assert_cmpint (state (job), ==, SQNS_JOB_QUEUED);
  g_assert_cmpuint (scripted ()->opens->len, ==, 1);
  scripted_open_link ();
  scripted_settle ();
  g_assert_cmpint (state (job), ==, SQNS_JOB_RUNNING);
}

static void
port_refused (Rig *rig, const char *devnode, GQuark domain, int code)
{
  const SqnsPortOptions options = { 0 };
  g_autoptr (GError) error = NULL;
  g_assert_null (sqns_device_table_add_port (sqns_manager_devices (rig->manager), devnode, &options, &error));
  g_assert_error (error, domain, code);
}

static void
test_ports (Rig *rig, gconstpointer unused)
{
  int master;
  g_autofree char *tty = scripted_pty (&master);
  g_autofree char *folder = g_dir_make_tmp ("sqns-test-XXXXXX", NULL);
  g_autofree char *link = g_build_filename (folder, "board 1", NULL);
  const SqnsPortOptions options = { 0 }, direct = { .link = SQNS_LINK_DIRECT };
  g_autoptr (GError) error = NULL;

  port_refused (rig, "ttyUSB0", G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS);
  port_refused (rig, "", G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS);
  port_refused (rig, "/dev/there-is-none", SQNS_ERROR, SQNS_ERROR_NOT_FOUND);
  port_refused (rig, "/dev/null/x", SQNS_ERROR, SQNS_ERROR_NOT_FOUND);
  port_refused (rig, "/dev/null", SQNS_ERROR, SQNS_ERROR_FAILED);
  port_refused (rig, folder, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS);
  sqns_device_table_set_port_places (sqns_manager_devices (rig->manager), SQNS_PORTS_ANYWHERE);
  port_refused (rig, folder, SQNS_ERROR, SQNS_ERROR_FAILED);

  g_assert_cmpint (symlink (tty, link), ==, 0);
  SqnsDevice *device = sqns_device_table_add_port (sqns_manager_devices (rig->manager), link, &options, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (sqns_device_info (device)->devnode, ==, link);
  g_assert_cmpstr (sqns_device_info (device)->id, ==, "board-1");
  g_assert_true (sqns_device_table_add_port (sqns_manager_devices (rig->manager), tty, &direct, NULL) == device);
  g_assert_cmpint (sqns_device_link_config (device).kind, ==, SQNS_LINK_DIRECT);
  g_assert_cmpuint (sqns_device_table_devices (sqns_manager_devices (rig->manager))->len, ==, 1);

  SqnsJob *job = submit (rig, device);
  scripted_settle ();
  g_assert_false (sqns_device_table_remove_port (sqns_manager_devices (rig->manager), device, &error));
  g_assert_error (error, SQNS_ERROR, SQNS_ERROR_BUSY);
  g_clear_error (&error);
  finish_one (device);
  g_assert_cmpint (state (job), ==, SQNS_JOB_SUCCEEDED);
  g_assert_true (sqns_device_table_remove_port (sqns_manager_devices (rig->manager), device, NULL));
  g_assert_cmpuint (sqns_device_table_devices (sqns_manager_devices (rig->manager))->len, ==, 0);

  g_assert_false (sqns_device_table_remove_port (sqns_manager_devices (rig->manager), add_board (rig, "udev"), &error));
  g_assert_error (error, SQNS_ERROR, SQNS_ERROR_WRONG_STATE);
  g_close (master, NULL);
  g_unlink (link);
  g_rmdir (folder);
}

/* A port that returns is noticed automatically. */
static void
port_comes_back (Rig *rig, gboolean watched)
{
  int master;
  g_autofree char *tty = scripted_pty (&master);
  g_autofree char *folder = g_dir_make_tmp ("sqns-test-XXXXXX", NULL);
  g_autofree char *link = g_build_filename (folder, "port", NULL);
  const SqnsPortOptions options = { 0 };
  g_assert_cmpint (symlink (tty, link), ==, 0);
  sqns_device_table_set_port_places (sqns_manager_devices (rig->manager), SQNS_PORTS_ANYWHERE);
  SqnsDevice *device = sqns_device_table_add_port (sqns_manager_devices (rig->manager), link, &options, NULL);
  g_assert_nonnull (device);
  if (!watched) /* as when the kernel has no watches left */
    sqns_device_unwatch_port (device);
  g_unlink (link);
  SqnsJob *job = submit (rig, device);
  scripted_settle ();
  g_assert_cmpint (state (job), ==, SQNS_JOB_WAITING);
  g_assert_cmpint (sqns_device_info (device)->state, ==, SQNS_MODEM_GONE);
  g_assert_cmpint (symlink (tty, link), ==, 0);
  scripted_wait (is_running, job);
  g_close (master, NULL);
  g_unlink (link);
  g_rmdir (folder);
}

static void
test_port_comes_back (Rig *rig, gconstpointer unused)
{
  port_comes_back (rig, TRUE);
}

static void
test_unwatched_port_comes_back (Rig *rig, gconstpointer unused)
{
  port_comes_back (rig, FALSE);
}

/* udev finds a port that was added manually before. */
static void
test_port_becomes_board (Rig *rig, gconstpointer unused)
{
  int master;
  g_autofree char *tty = scripted_pty (&master);
  const SqnsPortOptions options = { 0 };
  char id[] = "Py1234", name[] = "Expansion3";
  const SqnsBoardFacts facts = { .id = id, .devnode = tty, .product_name = name, .vendor = 0x04d8 };
  SqnsDevice *device = sqns_device_table_add_port (sqns_manager_devices (rig->manager), tty, &options, NULL);
  sqns_device_table_add_board (sqns_manager_devices (rig->manager), &facts);
  g_assert_cmpuint (sqns_device_table_devices (sqns_manager_devices (rig->manager))->len, ==, 1);
  g_assert_false (sqns_device_info (device)->manual);
  g_assert_cmpstr (sqns_device_info (device)->board, ==, "Expansion3");
  sqns_device_table_remove_board (sqns_manager_devices (rig->manager), "Py1234");
  g_assert_cmpint (sqns_device_info (device)->state, ==, SQNS_MODEM_GONE);
  g_close (master, NULL);
}

/* The same for a known board that was gone: it stays one modem. */
static void
test_port_was_board (Rig *rig, gconstpointer unused)
{
  int master;
  g_autofree char *tty = scripted_pty (&master);
  const SqnsPortOptions options = { 0 };
  char id[] = "Py1234", other_id[] = "Py5678";
  const SqnsBoardFacts facts = { .id = id, .devnode = tty, .vendor = 0x04d8 };
  const SqnsBoardFacts other = { .id = other_id, .devnode = tty, .vendor = 0x04d8 };
  sqns_device_table_add_board (sqns_manager_devices (rig->manager), &facts);
  SqnsDevice *board = sqns_device_table_devices (sqns_manager_devices (rig->manager))->pdata[0];
  sqns_device_table_remove_board (sqns_manager_devices (rig->manager), id);

  SqnsDevice *port = sqns_device_table_add_port (sqns_manager_devices (rig->manager), tty, &options, NULL);
  g_assert_true (port != board);
  sqns_device_table_add_board (sqns_manager_devices (rig->manager), &facts);
  g_assert_cmpuint (sqns_device_table_devices (sqns_manager_devices (rig->manager))->len, ==, 1);
  g_assert_true (sqns_device_info (board)->present);

  /* another board in its place owns the port */
  sqns_device_table_remove_board (sqns_manager_devices (rig->manager), id);
  sqns_device_table_add_board (sqns_manager_devices (rig->manager), &other);
  g_assert_cmpuint (sqns_device_table_devices (sqns_manager_devices (rig->manager))->len, ==, 2);
  port = sqns_device_table_add_port (sqns_manager_devices (rig->manager), tty, &options, NULL);
  g_assert_cmpstr (sqns_device_info (port)->id, ==, other_id);
  g_assert_cmpuint (sqns_device_table_devices (sqns_manager_devices (rig->manager))->len, ==, 2);
  g_close (master, NULL);
}

static void
test_gone_boards (Rig *rig, gconstpointer unused)
{
  SqnsJob *job = submit (rig, add_board (rig, "waited-for"));
  sqns_device_table_remove_board (sqns_manager_devices (rig->manager), "waited-for");
  for (guint i = 0; i < 400; i++)
    {
      g_autofree char *id = g_strdup_printf ("b%u", i);
      add_board (rig, id);
      sqns_device_table_remove_board (sqns_manager_devices (rig->manager), id);
    }
  GPtrArray *devices = sqns_device_table_devices (sqns_manager_devices (rig->manager));
  g_assert_cmpuint (devices->len, ==, 257);
  g_assert_true (g_ptr_array_find (devices, sqns_job_device (job), NULL));
}

int
main (int argc, char **argv)
{
  static const struct {
    const char *name;
    void (*test) (Rig *rig, gconstpointer unused);
  } tests[] = {
    { "/manager/queue", test_queue },
    { "/manager/max-concurrent", test_max_concurrent },
    { "/manager/absent", test_absent },
    { "/manager/not-before", test_not_before },
    { "/manager/not-after", test_not_after },
    { "/manager/console", test_console },
    { "/manager/draining", test_draining },
    { "/manager/idempotency", test_idempotency },
    { "/manager/idempotency-of-many", test_idempotency_of_many },
    { "/manager/limit-of-jobs", test_limit_of_jobs },
    { "/manager/limit-of-consoles", test_limit_of_consoles },
    { "/manager/refused-file", test_refused_file },
    { "/manager/forget", test_forget },
    { "/manager/many-finished", test_many_finished },
    { "/manager/shutdown", test_shutdown },
    { "/manager/probe-on-plug", test_probe_on_plug },
    { "/manager/ports", test_ports },
    { "/manager/port-comes-back", test_port_comes_back },
    { "/manager/unwatched-port-comes-back", test_unwatched_port_comes_back },
    { "/manager/port-becomes-board", test_port_becomes_board },
    { "/manager/port-was-board", test_port_was_board },
    { "/manager/gone-boards", test_gone_boards },
  };
  g_test_init (&argc, &argv, NULL);
  g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL); /* a failed job is a warning */
  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].name, Rig, NULL, rig_set_up, tests[i].test, rig_tear_down);
  return g_test_run ();
}
