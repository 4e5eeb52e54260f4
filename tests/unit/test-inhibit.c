/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inhibitors: what they block, what ends them, what is refused. */
#include "firmware-builder.h"
#include "manager/manager.h"
#include "scripted.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#define RULES "[test]\nTo=1\nError=Incompatible\nLiftable=no\nMessage=for nobody\n"

typedef struct {
  SqnsConfig config;
  SqnsManager *manager;
  SqnsFirmware *files[SQNS_JOB_N_FILES];
  SqnsRequest *request;
  guint changes;
} Rig;

static void
on_changed (SqnsJobTable *jobs, Rig *rig)
{
  rig->changes++;
}

static void
rig_set_up (Rig *rig, gconstpointer unused)
{
  scripted_reset ();
  sqns_config_init (&rig->config);
  rig->manager = sqns_manager_new (&rig->config, sqns_rules_parse (RULES, strlen (RULES), NULL));
  g_signal_connect (sqns_manager_jobs (rig->manager), "changed", G_CALLBACK (on_changed), rig);
  rig->files[SQNS_JOB_FIRMWARE] = sqns_test_firmware_new ("x.dup", 37781, 0);
  rig->request = sqns_request_new ();
}

static void
rig_tear_down (Rig *rig, gconstpointer unused)
{
  while (scripted ()->upgrades->len > 0)
    scripted_fail (scripted ()->upgrades->pdata[0], SQNS_ERROR_FAILED, "the test ends");
  scripted_settle ();
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

static const SqnsJobRecord *
submit (Rig *rig, SqnsDevice *device)
{
  g_autoptr (GPtrArray) devices = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;
  g_ptr_array_add (devices, device);
  g_autoptr (GPtrArray) jobs
      = sqns_job_table_submit (sqns_manager_jobs (rig->manager), devices, rig->files, rig->request, &error);
  g_assert_no_error (error);
  scripted_settle ();
  return sqns_job_record (jobs->pdata[0]);
}

static guint uid = 1000; /* of the caller */

static int
inhibit (Rig *rig, const char *who, const char *why, SqnsDevice *device)
{
  g_autoptr (GError) error = NULL;
  int fd = sqns_inhibit_add (sqns_manager_inhibitors (rig->manager), uid, who, why,
                             device != NULL ? sqns_device_info (device)->id : NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (fd, >=, 0);
  return fd;
}

static gboolean
has_started (gpointer info)
{
  return ((const SqnsJobRecord *)info)->state == SQNS_JOB_RUNNING;
}

static void
wait_started (const SqnsJobRecord *info)
{
  scripted_wait (has_started, (gpointer)info);
}

static gboolean
is_free (gpointer manager)
{
  return sqns_inhibit_list (sqns_manager_inhibitors (manager))->len == 0;
}

/* A job waits, with the names of its inhibitors, until the last of them ends. A running job continues. */
static void
test_holds (Rig *rig, gconstpointer unused)
{
  SqnsDevice *one = add_board (rig, "one"), *two = add_board (rig, "two");
  const SqnsJobRecord *running = submit (rig, one);
  int first = inhibit (rig, "anna", "flashing ESP32s", NULL);
  int second = inhibit (rig, "ben", "lunch", NULL);
  const SqnsJobRecord *held = submit (rig, two);

  g_assert_cmpint (running->state, ==, SQNS_JOB_RUNNING);
  g_assert_cmpint (held->state, ==, SQNS_JOB_WAITING);
  g_assert_cmpstr (held->message, ==, "held back by anna: flashing ESP32s (and by 1 other)");
  g_assert_cmpuint (sqns_job_table_status (sqns_manager_jobs (rig->manager)).queued, ==, 1);
  guint changes = rig->changes;
  close (first);
  while (sqns_inhibit_list (sqns_manager_inhibitors (rig->manager))->len == 2)
    g_main_context_iteration (NULL, TRUE);
  scripted_settle ();
  g_assert_cmpuint (rig->changes, >, changes);
  g_assert_cmpint (held->state, ==, SQNS_JOB_WAITING);
  g_assert_cmpstr (held->message, ==, "held back by ben: lunch");

  close (second);
  wait_started (held);
  scripted_succeed (scripted_upgrade ("/dev/test-one"), "", "6.0.0.0-37781");
  scripted_settle ();
  g_assert_cmpint (running->state, ==, SQNS_JOB_SUCCEEDED);
}

/* It affects only one board, even after that was unplugged and plugged in again. */
static void
test_one_board (Rig *rig, gconstpointer unused)
{
  SqnsDevice *one = add_board (rig, "one"), *two = add_board (rig, "two");
  int fd = inhibit (rig, "anna", "measuring", one);
  const SqnsJobRecord *held = submit (rig, one);
  const SqnsJobRecord *other = submit (rig, two);
  g_assert_cmpint (held->state, ==, SQNS_JOB_WAITING);
  g_assert_cmpint (other->state, ==, SQNS_JOB_RUNNING);

  g_auto (GStrv) blockers = sqns_manager_blockers (rig->manager, one);
  g_assert_cmpuint (g_strv_length (blockers), ==, 1);
  g_assert_cmpstr (blockers[0], ==, "held back by anna: measuring");
  g_auto (GStrv) others = sqns_manager_blockers (rig->manager, two);
  g_assert_false (g_strv_contains ((const char *const *)others, "held back by anna: measuring"));

  sqns_device_table_remove_board (sqns_manager_devices (rig->manager), "one");
  scripted_settle ();
  g_assert_nonnull (strstr (held->message, "not plugged in"));
  add_board (rig, "one");
  scripted_settle ();
  g_assert_cmpstr (held->message, ==, "held back by anna: measuring");
  close (fd);
  wait_started (held);
}

/* Each copy of the descriptor counts; writes to it are ignored. */
static void
test_descriptor (Rig *rig, gconstpointer unused)
{
  int fd = inhibit (rig, "anna", "measuring", NULL);
  int copy = dup (fd);
  g_assert_cmpint (write (fd, "noise", 5), ==, 5);
  close (fd);
  scripted_settle ();
  g_assert_cmpuint (sqns_inhibit_list (sqns_manager_inhibitors (rig->manager))->len, ==, 1);
  close (copy);
  scripted_wait (is_free, rig->manager);
}

/* The far end notices the end of the daemon. */
static void
test_manager_ends (Rig *rig, gconstpointer unused)
{
  int fd = inhibit (rig, "anna", "measuring", NULL);
  g_clear_object (&rig->manager);
  g_assert_cmpint (write (fd, "x", 1), ==, -1);
  close (fd);
}

static void
expect_refusal (Rig *rig, const char *who, const char *why, GQuark domain, int code)
{
  g_autoptr (GError) error = NULL;
  g_assert_cmpint (sqns_inhibit_add (sqns_manager_inhibitors (rig->manager), uid, who, why, NULL, &error), ==, -1);
  g_assert_error (error, domain, code);
}

static void
test_refusals (Rig *rig, gconstpointer unused)
{
  const struct {
    gsize who, why; /* lengths */
    gboolean good;
  } lengths[] = {
    { 0, 1 }, { 1, 0 }, { 128, 512, TRUE }, { 129, 1 }, { 1, 513 },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (lengths); i++)
    {
      g_autofree char *who = g_strnfill (lengths[i].who, 'a');
      g_autofree char *why = g_strnfill (lengths[i].why, 'b');
      if (lengths[i].good)
        close (inhibit (rig, who, why, NULL));
      else
        expect_refusal (rig, who, why, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS);
    }
  expect_refusal (rig, "anna\033[2J", "x", G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS);
  expect_refusal (rig, "\u202Eanna", "x", G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS);
  expect_refusal (rig, "anna", "two\nlines", G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS);
  scripted_wait (is_free, rig->manager);

  int fds[64];
  for (guint i = 0; i < G_N_ELEMENTS (fds); i++)
    fds[i] = inhibit (rig, "anna", "greed", NULL);
  expect_refusal (rig, "anna", "no place", SQNS_ERROR, SQNS_ERROR_LIMITS_EXCEEDED);
  uid = 1001;
  close (inhibit (rig, "ben", "another user has places of his own", NULL));
  uid = 1000;
  for (guint i = 0; i < G_N_ELEMENTS (fds); i++)
    close (fds[i]);
  scripted_wait (is_free, rig->manager);
  close (inhibit (rig, "anna", "there is a place again", NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  /* a failed job logs a warning, which is expected here */
  g_log_set_always_fatal (G_LOG_LEVEL_CRITICAL | G_LOG_FATAL_MASK);
  signal (SIGPIPE, SIG_IGN);
#define ADD(name, function) g_test_add ("/inhibit/" name, Rig, NULL, rig_set_up, function, rig_tear_down)
  ADD ("holds", test_holds);
  ADD ("one-board", test_one_board);
  ADD ("descriptor", test_descriptor);
  ADD ("manager-ends", test_manager_ends);
  ADD ("refusals", test_refusals);
  return g_test_run ();
}
