/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The job store in its own folder: what is restored, what is removed, and damaged or missing folders. */
#include "firmware-builder.h"
#include "job/store.h"
#include "scripted.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define DAY ((gint64)24 * 3600 * G_USEC_PER_SEC)
#define NEVER 40000u /* days: longer than since the epoch */
#define MANY 40      /* more than are synced one by one */

typedef struct {
  char *folder;
  SqnsJobStore *store;
  SqnsFirmware *firmware;
} Rig;

static void
rig_set_up (Rig *rig, gconstpointer unused)
{
  scripted_reset ();
  rig->folder = g_dir_make_tmp ("sqns-job-store-XXXXXX", NULL);
  rig->firmware = sqns_test_firmware_new ("x.dup", 37781, 0);
}

static void
close_store (Rig *rig)
{
  if (rig->store != NULL)
    sqns_job_store_close (rig->store);
  g_clear_object (&rig->store);
}

static void
rig_tear_down (Rig *rig, gconstpointer unused)
{
  close_store (rig);
  scripted_settle ();
  g_clear_object (&rig->firmware);
  scripted_remove_tree (rig->folder);
  g_free (rig->folder);
}

typedef struct {
  gboolean answered;
  gboolean good;
  GPtrArray *entries;
  GError *error;
} Answer;

static gboolean
is_answered (gpointer answer)
{
  return ((Answer *)answer)->answered;
}

static void
on_opened (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Answer *answer = user_data;
  answer->entries = sqns_job_store_open_finish (SQNS_JOB_STORE (source), result, &answer->error);
  answer->answered = TRUE;
}

static GPtrArray *
open_folder (Rig *rig, const char *folder, guint days, guint max_ended, GError **error)
{
  Answer answer = { 0 };
  close_store (rig);
  rig->store = sqns_job_store_new (days);
  sqns_job_store_open_async (rig->store, folder, max_ended, on_opened, &answer);
  scripted_wait (is_answered, &answer);
  if (answer.error != NULL)
    g_propagate_error (error, answer.error);
  return answer.entries;
}

/* A daemon dies and another starts. */
static GPtrArray *
reopen (Rig *rig, guint days, guint max_ended)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *entries = open_folder (rig, rig->folder, days, max_ended, &error);
  g_assert_no_error (error);
  return entries;
}

static void
on_flushed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  sqns_job_store_flush_finish (SQNS_JOB_STORE (source), result);
  ((Answer *)user_data)->answered = TRUE;
}

static void
flush (Rig *rig)
{
  Answer answer = { 0 };
  sqns_job_store_flush_async (rig->store, on_flushed, &answer);
  scripted_wait (is_answered, &answer);
}

static void
on_put (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Answer *answer = user_data;
  answer->good = sqns_job_store_save_finish (SQNS_JOB_STORE (source), result, &answer->error);
  answer->answered = TRUE;
}

static void
set (char **field, const char *text)
{
  g_free (*field);
  *field = g_strdup (text);
}

static SqnsJobRecord *
make_record (Rig *rig, guint number, SqnsJobState state, gint64 finished_at)
{
  SqnsJobRecord *record = sqns_job_record_new ();
  g_free (record->uuid);
  record->uuid = g_strdup_printf ("%08x-0000-4000-8000-000000000000", number);
  set (&record->device, "board");
  set (&record->devnode, "/dev/ttyACM0");
  set (&record->request.files[SQNS_JOB_FIRMWARE].name, sqns_firmware_name (rig->firmware));
  set (&record->request.files[SQNS_JOB_FIRMWARE].sha256, sqns_firmware_sha256 (rig->firmware));
  record->state = state;
  record->created_at = number;
  record->finished_at = finished_at;
  return record;
}

static void
save (Rig *rig, const SqnsJobRecord *record, gboolean with_file, const char *log, Answer *answer)
{
  SqnsStoredJob job = { .record = (SqnsJobRecord *)record, .files = { with_file ? rig->firmware : NULL } };
  job.transcript = sqns_transcript_new ();
  sqns_transcript_restore (job.transcript, log != NULL ? log : "");
  sqns_job_store_save_async (rig->store, &job, on_put, answer);
  sqns_transcript_free (job.transcript);
}

static gboolean
put (Rig *rig, const SqnsJobRecord *record, gboolean with_file, const char *log, GError **error)
{
  Answer answer = { 0 };
  save (rig, record, with_file, log, &answer);
  scripted_wait (is_answered, &answer);
  if (answer.error != NULL)
    g_propagate_error (error, answer.error);
  return answer.good;
}

static void
put_new (Rig *rig, guint number, SqnsJobState state, gint64 finished_at)
{
  g_autoptr (SqnsJobRecord) record = make_record (rig, number, state, finished_at);
  g_autoptr (GError) error = NULL;
  g_assert_true (put (rig, record, TRUE, "0.000 # line\n", &error));
  g_assert_no_error (error);
}

/* Does not wait for the answer. */
static void
order (Rig *rig, guint number, SqnsJobState state, const char *log, Answer *answer)
{
  g_autoptr (SqnsJobRecord) record = make_record (rig, number, state, state == SQNS_JOB_RUNNING ? 0 : 5);
  *answer = (Answer){ 0 };
  save (rig, record, TRUE, log, answer);
}

static char *
path_of (Rig *rig, guint number, const char *suffix)
{
  return g_strdup_printf ("%s/jobs/%08x-0000-4000-8000-000000000000%s", rig->folder, number, suffix);
}

static gboolean
exists (Rig *rig, guint number, const char *suffix)
{
  g_autofree char *path = path_of (rig, number, suffix);
  return g_file_test (path, G_FILE_TEST_EXISTS);
}

static gboolean
has_firmware (Rig *rig)
{
  g_autofree char *path = g_build_filename (rig->folder, "firmware", sqns_firmware_sha256 (rig->firmware), NULL);
  return g_file_test (path, G_FILE_TEST_EXISTS);
}

static void
test_comes_back (Rig *rig, gconstpointer unused)
{
  g_autoptr (GPtrArray) none = reopen (rig, NEVER, 10);
  g_assert_cmpuint (none->len, ==, 0);
  put_new (rig, 2, SQNS_JOB_QUEUED, 0);
  put_new (rig, 1, SQNS_JOB_RUNNING, 0);
  put_new (rig, 3, SQNS_JOB_FAILED, 5);

  g_autoptr (GPtrArray) entries = reopen (rig, NEVER, 10);
  g_assert_cmpuint (entries->len, ==, 3);
  for (guint i = 0; i < 3; i++)
    {
      const SqnsStoredJob *entry = entries->pdata[i];
      g_assert_cmpint (entry->record->created_at, ==, i + 1);
      g_assert_no_error (entry->error);
      g_assert_true ((entry->files[SQNS_JOB_FIRMWARE] != NULL) == (i < 2));
      g_assert_true ((entry->transcript != NULL) == (i < 2));
    }
  const SqnsStoredJob *first = entries->pdata[0], *second = entries->pdata[1];
  GString *text = sqns_transcript_text (first->transcript);
  g_assert_cmpstr (text->str, ==, "0.000 # line\n");
  g_string_free (text, TRUE);
  g_assert_cmpstr (sqns_firmware_name (first->files[SQNS_JOB_FIRMWARE]), ==, "x.dup");
  g_assert_true (first->files[SQNS_JOB_FIRMWARE] == second->files[SQNS_JOB_FIRMWARE]); /* read once */
  g_assert_true (has_firmware (rig));
}

/* With hundreds of jobs at the same time, each answer is true: records that wait for the disk are written together, in
 * order. */
static void
test_many (Rig *rig, gconstpointer unused)
{
  Answer answers[MANY], again, gone;
  g_autoptr (GPtrArray) none = reopen (rig, NEVER, 10);
  for (guint i = 0; i < MANY; i++)
    order (rig, i + 1, SQNS_JOB_RUNNING, "0.000 # line\n1.000 # another\n", &answers[i]);
  order (rig, 1, SQNS_JOB_FAILED, "0.000 # short\n", &again);
  order (rig, MANY + 1, SQNS_JOB_RUNNING, "0.000 # line\n", &gone);
  g_autoptr (SqnsJobRecord) last = make_record (rig, MANY + 1, SQNS_JOB_RUNNING, 0);
  g_autoptr (SqnsJobRecord) other = make_record (rig, 1, SQNS_JOB_FAILED, 5);
  const SqnsStoredJob forgotten = { .record = last }, left = { .record = other };
  sqns_job_store_add (rig->store, &left); /* the firmware is needed */
  sqns_job_store_forget (rig->store, &forgotten, TRUE);
  for (guint i = 0; i < MANY; i++)
    {
      scripted_wait (is_answered, &answers[i]);
      g_assert_no_error (answers[i].error);
      g_assert_true (exists (rig, i + 1, ".conf"));
      g_assert_false (exists (rig, i + 1, ".conf.tmp") && i > 0);
    }
  scripted_wait (is_answered, &again);
  scripted_wait (is_answered, &gone);
  g_assert_true (again.good && gone.good);

  g_autoptr (GPtrArray) entries = reopen (rig, NEVER, 10);
  g_assert_cmpuint (entries->len, ==, MANY);
  g_assert_false (exists (rig, MANY + 1, ".conf") || exists (rig, MANY + 1, ".log"));
  const SqnsStoredJob *first = entries->pdata[0];
  g_assert_cmpint (first->record->state, ==, SQNS_JOB_FAILED);
  g_autofree char *path = path_of (rig, 1, ".log"), *log = NULL;
  g_assert_true (g_file_get_contents (path, &log, NULL, NULL));
  g_assert_cmpstr (log, ==, "0.000 # short\n");
}

static void
test_firmware_goes (Rig *rig, gconstpointer unused)
{
  g_autoptr (GPtrArray) none = reopen (rig, NEVER, 10);
  put_new (rig, 1, SQNS_JOB_FAILED, 5);
  g_autoptr (GPtrArray) failed = reopen (rig, NEVER, 10);
  g_assert_true (has_firmware (rig)); /* it may be resumed */
  put_new (rig, 1, SQNS_JOB_SUCCEEDED, 6);
  g_autoptr (GPtrArray) succeeded = reopen (rig, NEVER, 10);
  g_assert_false (has_firmware (rig));

  put_new (rig, 1, SQNS_JOB_RUNNING, 0);
  g_assert_true (has_firmware (rig));
  put_new (rig, 1, SQNS_JOB_SUCCEEDED, 7);
  flush (rig);
  g_assert_false (has_firmware (rig));
  put_new (rig, 1, SQNS_JOB_RUNNING, 0); /* the store does not assume that it still exists */
  g_assert_true (has_firmware (rig));
}

/* A file that does not match its hash is not used; a good file replaces it. */
static void
test_damaged_firmware (Rig *rig, gconstpointer unused)
{
  g_autoptr (GPtrArray) none = reopen (rig, NEVER, 10);
  put_new (rig, 1, SQNS_JOB_RUNNING, 0);
  g_autofree char *path = g_build_filename (rig->folder, "firmware", sqns_firmware_sha256 (rig->firmware), NULL);
  g_autofree char *bytes = NULL;
  gsize len;
  g_assert_true (g_file_get_contents (path, &bytes, &len, NULL));
  g_assert_true (g_file_set_contents (path, bytes, len / 2, NULL));
  g_autoptr (GPtrArray) entries = reopen (rig, NEVER, 10);
  const SqnsStoredJob *entry = entries->pdata[0];
  g_assert_error (entry->error, SQNS_ERROR, SQNS_ERROR_INVALID_FIRMWARE);
  g_assert_null (entry->files[SQNS_JOB_FIRMWARE]);

  put_new (rig, 2, SQNS_JOB_RUNNING, 0);
  g_autofree char *again = NULL;
  g_assert_true (g_file_get_contents (path, &again, &len, NULL));
  g_assert_cmpmem (again, len, bytes, g_bytes_get_size (sqns_firmware_image (rig->firmware)));
}

static void
test_damaged_record (Rig *rig, gconstpointer unused)
{
  g_autoptr (GPtrArray) none = reopen (rig, NEVER, 10);
  put_new (rig, 1, SQNS_JOB_RUNNING, 0);
  put_new (rig, 2, SQNS_JOB_RUNNING, 0);
  put_new (rig, 3, SQNS_JOB_RUNNING, 0);
  g_autofree char *one = path_of (rig, 1, ".conf"), *three = path_of (rig, 3, ".conf"), *text = NULL;
  gsize len;
  g_assert_true (g_file_get_contents (one, &text, &len, NULL));
  g_assert_cmpint (truncate (one, len / 2), ==, 0);
  g_assert_true (g_file_set_contents (three, text, len, NULL)); /* another's */
  g_autoptr (GPtrArray) entries = reopen (rig, NEVER, 10);
  g_assert_cmpuint (entries->len, ==, 1);
  g_assert_true (exists (rig, 1, ".conf.damaged") && exists (rig, 3, ".conf.damaged"));
  g_assert_false (exists (rig, 1, ".conf") || exists (rig, 3, ".conf"));
  g_autoptr (GPtrArray) again = reopen (rig, NEVER, 10);
  g_assert_cmpuint (again->len, ==, 1);
}

/* What may be in the place of a job's file. */
static void
make_fifo (const char *path)
{
  g_assert_cmpint (mkfifo (path, 0600), ==, 0);
}

static void
make_huge (const char *path)
{
  g_assert_true (g_file_set_contents (path, "", 0, NULL));
  g_assert_cmpint (truncate (path, (off_t)1 << 30), ==, 0);
}

static void
make_folder (const char *path)
{
  g_autofree char *within = g_build_filename (path, "within", NULL);
  g_assert_cmpint (g_mkdir_with_parents (within, 0700), ==, 0);
}

static void
make_link (const char *path)
{
  g_assert_cmpint (symlink ("/dev/zero", path), ==, 0);
}

static void (*const hostile[]) (const char *path) = { make_fifo, make_huge, make_folder, make_link };

/* None is waited for, read, or written to; each is moved away and does not affect other jobs. */
static void
test_hostile_files (Rig *rig, gconstpointer unused)
{
  static const char *const suffixes[] = { ".conf", ".conf.tmp", ".log", "" };
  for (gsize kind = 0; kind < G_N_ELEMENTS (hostile); kind++)
    for (gsize i = 0; i < G_N_ELEMENTS (suffixes); i++)
      {
        g_autoptr (GPtrArray) none = reopen (rig, NEVER, 10);
        put_new (rig, 1, SQNS_JOB_RUNNING, 0);
        put_new (rig, 2, SQNS_JOB_RUNNING, 0);
        g_autofree char *path = *suffixes[i] != '\0' ? path_of (rig, 1, suffixes[i])
                                                     : g_build_filename (rig->folder, "firmware",
                                                                         sqns_firmware_sha256 (rig->firmware), NULL);
        g_autofree char *aside = g_strconcat (path, ".damaged", NULL);
        gboolean record = g_str_equal (suffixes[i], ".conf"), firmware = *suffixes[i] == '\0';
        g_test_message ("kind %" G_GSIZE_FORMAT ", %s", kind, path);
        g_remove (path);
        hostile[kind](path);

        g_autoptr (GPtrArray) entries = reopen (rig, NEVER, 10);
        g_assert_cmpuint (entries->len, ==, record ? 1 : 2);
        const SqnsStoredJob *last = entries->pdata[entries->len - 1];
        g_assert_true (firmware ? g_error_matches (last->error, SQNS_ERROR, SQNS_ERROR_INVALID_FIRMWARE)
                                : last->error == NULL);
        /* while it runs */
        if (!g_file_test (path, G_FILE_TEST_IS_SYMLINK) && !g_file_test (path, G_FILE_TEST_EXISTS))
          hostile[kind](path);
        put_new (rig, 1, SQNS_JOB_RUNNING, 0);
        g_autoptr (GPtrArray) again = reopen (rig, NEVER, 10);
        g_assert_cmpuint (again->len, ==, 2);
        g_assert_null (((SqnsStoredJob *)again->pdata[0])->error);
        scripted_remove_tree (aside);
      }
}

/* If the folder or a part of it is removed while the daemon runs, the next record recreates it, including its firmware.
 */
static void
test_removed_folder (Rig *rig, gconstpointer unused)
{
  static const char *const parts[] = { "jobs", "firmware", "lock", "" };
  for (gsize i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      g_autoptr (GPtrArray) none = reopen (rig, NEVER, 10);
      put_new (rig, 1, SQNS_JOB_RUNNING, 0);
      g_autofree char *part = g_build_filename (rig->folder, parts[i], NULL);
      g_autoptr (SqnsJobRecord) record = make_record (rig, 1, SQNS_JOB_RUNNING, 0);
      const SqnsStoredJob job = { .record = record, .files = { rig->firmware } };
      sqns_job_store_add (rig->store, &job);
      scripted_remove_tree (part);
      put_new (rig, 2, SQNS_JOB_RUNNING, 0);
      flush (rig);
      g_assert_true (has_firmware (rig));

      /* and the folder is still locked */
      Rig second = { 0 };
      g_autoptr (GError) error = NULL;
      g_assert_null (open_folder (&second, rig->folder, NEVER, 10, &error));
      close_store (&second);
      g_assert_error (error, SQNS_ERROR, SQNS_ERROR_FAILED);
      g_autoptr (GPtrArray) entries = reopen (rig, NEVER, 10);
      g_assert_cmpuint (entries->len, ==, 2);
    }
}

/* As left by an older daemon. */
static void
test_text_that_steers (Rig *rig, gconstpointer unused)
{
  g_autoptr (GPtrArray) none = reopen (rig, NEVER, 10);
  g_autoptr (SqnsJobRecord) record = make_record (rig, 1, SQNS_JOB_FAILED, 5);
  g_autoptr (GError) error = NULL;
  set (&record->request.label, "bench\x1b[2J");
  set (&record->message, "two\nlines");
  set (&record->error_message, "\u202Edeppots");
  g_assert_true (put (rig, record, FALSE, NULL, &error));
  g_autoptr (GPtrArray) entries = reopen (rig, NEVER, 10);
  const SqnsJobRecord *again = ((SqnsStoredJob *)entries->pdata[0])->record;
  g_assert_cmpstr (again->request.label, ==, "bench?[2J");
  g_assert_cmpstr (again->message, ==, "two lines");
  g_assert_cmpstr (again->error_message, ==, "?deppots");
}

/* The test controls the clock. */
static void
test_expired (Rig *rig, gconstpointer unused)
{
  g_autoptr (GPtrArray) none = reopen (rig, NEVER, 10);
  gint64 now = g_get_real_time ();
  put_new (rig, 1, SQNS_JOB_SUCCEEDED, now - 40 * DAY);
  put_new (rig, 2, SQNS_JOB_FAILED, now - 20 * DAY);
  put_new (rig, 3, SQNS_JOB_INTERRUPTED, 0);
  g_autoptr (GPtrArray) entries = reopen (rig, 30, 10);
  g_assert_cmpuint (entries->len, ==, 2);
  g_assert_false (exists (rig, 1, ".conf") || exists (rig, 1, ".log"));

  /* while it runs: 30 days on */
  sqns_job_store_prune (rig->store, now);
  g_assert_cmpint (sqns_job_store_prune (rig->store, now + 29 * DAY), ==, now + 30 * DAY);
  g_autoptr (GPtrArray) later = reopen (rig, 30, 10);
  g_assert_cmpuint (later->len, ==, 2); /* written just now: not looked at */
  sqns_job_store_prune (rig->store, now);
  sqns_job_store_prune (rig->store, now + 30 * DAY + 60 * G_USEC_PER_SEC);
  g_autoptr (GPtrArray) last = reopen (rig, NEVER, 10);
  g_assert_cmpuint (last->len, ==, 1);
  g_assert_true (exists (rig, 3, ".conf"));
}

static void
test_youngest (Rig *rig, gconstpointer unused)
{
  g_autoptr (GPtrArray) none = reopen (rig, NEVER, 10);
  for (guint i = 1; i <= 250; i++)
    put_new (rig, i, SQNS_JOB_SUCCEEDED, 1000 - i);
  put_new (rig, 500, SQNS_JOB_QUEUED, 0);
  g_autoptr (GPtrArray) entries = reopen (rig, NEVER, 3);
  g_assert_cmpuint (entries->len, ==, 4);
  for (guint i = 0; i < 3; i++)
    g_assert_cmpint (((SqnsStoredJob *)entries->pdata[i])->record->created_at, ==, i + 1);
}

static void
test_leftovers (Rig *rig, gconstpointer unused)
{
  g_autoptr (GPtrArray) none = reopen (rig, NEVER, 10);
  put_new (rig, 1, SQNS_JOB_QUEUED, 0);
  g_autofree char *temporary = path_of (rig, 1, ".conf.tmp"), *orphan = path_of (rig, 2, ".log");
  g_assert_true (g_file_set_contents (temporary, "half", -1, NULL) && g_file_set_contents (orphan, "x", -1, NULL));
  g_autoptr (GPtrArray) entries = reopen (rig, NEVER, 10);
  g_assert_cmpuint (entries->len, ==, 1);
  g_assert_false (exists (rig, 1, ".conf.tmp") || exists (rig, 2, ".log"));
  g_assert_true (exists (rig, 1, ".log"));
}

/* Only one daemon can use a folder. */
static void
test_locked (Rig *rig, gconstpointer unused)
{
  g_autoptr (GPtrArray) none = reopen (rig, NEVER, 10);
  Rig other = { .folder = rig->folder, .firmware = rig->firmware };
  g_autoptr (SqnsJobRecord) record = make_record (rig, 1, SQNS_JOB_QUEUED, 0);
  g_autoptr (GError) error = NULL;
  g_assert_null (open_folder (&other, rig->folder, NEVER, 10, &error));
  g_assert_error (error, SQNS_ERROR, SQNS_ERROR_FAILED);
  g_assert_nonnull (strstr (error->message, "another sqnsd"));
  g_clear_error (&error);
  g_assert_false (put (&other, record, TRUE, NULL, &error));
  g_assert_nonnull (strstr (error->message, "another sqnsd"));
  close_store (&other);
  g_assert_false (exists (rig, 1, ".conf"));
}

/* A folder that cannot be created, and one that can be created later. */
static void
test_no_folder (Rig *rig, gconstpointer unused)
{
  g_autofree char *file = g_build_filename (rig->folder, "file", NULL);
  g_autofree char *below = g_build_filename (file, "state", NULL);
  g_autoptr (SqnsJobRecord) record = make_record (rig, 1, SQNS_JOB_QUEUED, 0);
  g_autoptr (GError) error = NULL;
  g_assert_true (g_file_set_contents (file, "", 0, NULL));
  g_assert_null (open_folder (rig, below, NEVER, 10, &error));
  g_assert_error (error, SQNS_ERROR, SQNS_ERROR_FAILED);
  g_clear_error (&error);
  g_assert_false (put (rig, record, TRUE, NULL, &error));
  g_assert_nonnull (strstr (error->message, below));
  g_clear_error (&error);
  g_unlink (file);
  g_assert_true (put (rig, record, TRUE, NULL, &error));
}

/* The record stays unchanged if the new one cannot be written. */
static void
test_failed_write (Rig *rig, gconstpointer unused)
{
  g_autoptr (GPtrArray) none = reopen (rig, NEVER, 10);
  put_new (rig, 1, SQNS_JOB_QUEUED, 0);
  g_autoptr (SqnsJobRecord) record = make_record (rig, 1, SQNS_JOB_RUNNING, 0);
  g_autoptr (GError) error = NULL;
  struct rlimit before, small;
  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &before), ==, 0);
  small = before;
  small.rlim_cur = 10; /* the disk is full */
  signal (SIGXFSZ, SIG_IGN);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &small), ==, 0);
  gboolean good = put (rig, record, FALSE, NULL, &error);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &before), ==, 0);
  g_assert_false (good);
  g_assert_error (error, SQNS_ERROR, SQNS_ERROR_FAILED);
  g_autoptr (GPtrArray) entries = reopen (rig, NEVER, 10);
  g_assert_cmpint (((SqnsStoredJob *)entries->pdata[0])->record->state, ==, SQNS_JOB_QUEUED);
}

static GPtrArray *
search (Rig *rig, SqnsHistoryFilter *filter)
{
  g_autoptr (GPtrArray) known = sqns_history_new ();
  g_autoptr (SqnsStateFolder) folder = sqns_state_folder_new (rig->folder);
  g_ptr_array_add (known, make_record (rig, 3, SQNS_JOB_FAILED, 350)); /* newer than its record */
  g_ptr_array_add (known, make_record (rig, 4, SQNS_JOB_RUNNING, 0));  /* resumed */
  return sqns_state_folder_search (folder, filter, known);
}

static void
assert_found (Rig *rig, SqnsHistoryFilter filter, const char *numbers)
{
  g_autoptr (GPtrArray) found = search (rig, &filter);
  g_autoptr (GString) text = g_string_new (NULL);
  for (guint i = 0; i < found->len; i++)
    g_string_append_printf (text, "%d ", (int)((SqnsJobRecord *)found->pdata[i])->created_at);
  g_assert_cmpstr (text->str, ==, numbers);
}

static void
test_history (Rig *rig, gconstpointer unused)
{
  char board[] = "board", other[] = "other", label[] = "bench";
  g_autoptr (GPtrArray) none = reopen (rig, NEVER, 10);
  for (guint i = 1; i <= 5; i++)
    put_new (rig, i, i % 2 != 0 ? SQNS_JOB_SUCCEEDED : SQNS_JOB_CANCELLED, 100 * i);
  g_autoptr (SqnsJobRecord) labelled = make_record (rig, 6, SQNS_JOB_SUCCEEDED, 600);
  set (&labelled->request.label, label);
  set (&labelled->device, other);
  labelled->request.options.recover = TRUE;
  g_assert_true (put (rig, labelled, FALSE, NULL, NULL));
  put_new (rig, 7, SQNS_JOB_QUEUED, 0);

  assert_found (rig, (SqnsHistoryFilter){ .limit = 100 }, "6 5 3 2 1 ");
  assert_found (rig, (SqnsHistoryFilter){ .limit = 2 }, "6 5 ");
  assert_found (rig, (SqnsHistoryFilter){ .limit = 100, .before = 350 }, "2 1 ");
  assert_found (rig, (SqnsHistoryFilter){ .limit = 100, .since = 350 }, "6 5 3 ");
  assert_found (rig, (SqnsHistoryFilter){ .limit = 100, .modem = board }, "5 3 2 1 ");
  assert_found (rig, (SqnsHistoryFilter){ .limit = 100, .label = label }, "6 ");
  assert_found (rig, (SqnsHistoryFilter){ .limit = 100, .by_kind = TRUE, .recover = TRUE }, "6 ");
  assert_found (rig, (SqnsHistoryFilter){ .limit = 100, .by_kind = TRUE }, "5 3 2 1 ");
  assert_found (rig, (SqnsHistoryFilter){ .limit = 100, .by_state = TRUE, .state = SQNS_JOB_CANCELLED }, "2 ");
  assert_found (rig, (SqnsHistoryFilter){ .limit = 100, .by_state = TRUE, .state = SQNS_JOB_FAILED }, "3 ");
}

int
main (int argc, char **argv)
{
  static const struct {
    const char *name;
    void (*test) (Rig *rig, gconstpointer unused);
  } tests[] = {
    { "/job-store/comes-back", test_comes_back },
    { "/job-store/many", test_many },
    { "/job-store/firmware-goes", test_firmware_goes },
    { "/job-store/damaged-firmware", test_damaged_firmware },
    { "/job-store/damaged-record", test_damaged_record },
    { "/job-store/hostile-files", test_hostile_files },
    { "/job-store/removed-folder", test_removed_folder },
    { "/job-store/text-that-steers", test_text_that_steers },
    { "/job-store/expired", test_expired },
    { "/job-store/youngest", test_youngest },
    { "/job-store/leftovers", test_leftovers },
    { "/job-store/locked", test_locked },
    { "/job-store/no-folder", test_no_folder },
    { "/job-store/failed-write", test_failed_write },
    { "/job-store/history", test_history },
  };
  g_test_init (&argc, &argv, NULL);
  g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL); /* a damaged record is a warning */
  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].name, Rig, NULL, rig_set_up, tests[i].test, rig_tear_down);
  return g_test_run ();
}
