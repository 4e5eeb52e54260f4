/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Jobs on disk: the thread that writes them. */
#include "manager/journal-private.h"

#include "base/log.h"
#include "base/plain-file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define MANY_RECORDS 16 /* that are synced at once */
#define MAX_ASIDE 9u    /* of what was set aside at one path */

SqnsJournal *
sqns_journal_new (const char *folder)
{
  SqnsJournal *self = g_new0 (SqnsJournal, 1);
  self->folder = g_strdup (folder);
  self->jobs = g_build_filename (folder, "jobs", NULL);
  self->firmware = g_build_filename (folder, "firmware", NULL);
  self->queue = g_async_queue_new ();
  self->stored = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->lock = -1;
  return self;
}

const char *
sqns_journal_folder (SqnsJournal *journal)
{
  return journal->folder;
}

/* Files */

gboolean
sqns_journal_fail (GError **error, const char *what, const char *path)
{
  int code = errno;
  g_set_error (error, SQNS_ERROR, SQNS_ERROR_FAILED, "%s %s: %s", what, path, g_strerror (code));
  return FALSE;
}

static gboolean
sync_folder (const char *path, GError **error)
{
  int fd = g_open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  if (fd < 0)
    return sqns_journal_fail (error, "cannot open", path);
  gboolean done = fsync (fd) == 0 || sqns_journal_fail (error, "cannot write", path);
  g_close (fd, NULL);
  return done;
}

static gboolean
write_all (int fd, const char *data, gsize len)
{
  while (len > 0)
    {
      gssize n = write (fd, data, len);
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return FALSE;
      data += n;
      len -= n;
    }
  return TRUE;
}

static gboolean
close_file (int fd, gboolean good)
{
  int code = errno;
  gboolean closed = close (fd) == 0;
  if (!good)
    errno = code;
  return good && closed;
}

static char *
temporary_path (const char *path)
{
  return g_strconcat (path, SQNS_JOURNAL_TEMPORARY, NULL);
}

gboolean
sqns_journal_set_aside (const char *path, const char *why)
{
  g_autofree char *aside = g_strconcat (path, SQNS_JOURNAL_DAMAGED, NULL);
  gboolean done = g_rename (path, aside) == 0;

  /* a folder does not take the place of another one that has something in it */
  for (guint n = 2; !done && n <= MAX_ASIDE && errno != ENOENT; n++)
    {
      g_free (aside);
      aside = g_strdup_printf ("%s" SQNS_JOURNAL_DAMAGED ".%u", path, n);
      done = g_rename (path, aside) == 0;
    }
  if (done)
    sqns_warning (NULL, "%s was set aside as %s: %s", path, aside, why);
  else
    {
      int code = errno;
      sqns_warning (NULL, "%s cannot be set aside (%s): %s", path, g_strerror (code), why);
      errno = code;
    }
  return done;
}

/* Whether a file of ours can be written at @path: what was put there that is none goes out of the way. */
static gboolean
clear_way (const char *path)
{
  struct stat st;
  return lstat (path, &st) != 0 || S_ISREG (st.st_mode) || sqns_journal_set_aside (path, "it is not a regular file");
}

/* Opens a file of ours; waits for nobody who reads from it. -1 with errno. */
static int
open_own (const char *path, int flags)
{
  if (!clear_way (path))
    return -1;
  return g_open (path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);
}

/* Beside @path, which is what it was until put_in_place(). */
static gboolean
write_temporary (const char *path, const char *data, gsize len, GError **error)
{
  g_autofree char *temporary = temporary_path (path);
  int fd = clear_way (path) ? open_own (temporary, O_WRONLY | O_CREAT | O_TRUNC) : -1;
  if (fd < 0)
    return sqns_journal_fail (error, "cannot write", path);
  if (close_file (fd, write_all (fd, data, len)))
    return TRUE;
  sqns_journal_fail (error, "cannot write", path);
  g_unlink (temporary);
  return FALSE;
}

static gboolean
sync_temporary (const char *path, GError **error)
{
  g_autofree char *temporary = temporary_path (path);
  int fd = open_own (temporary, O_WRONLY);
  if (fd >= 0 && close_file (fd, fsync (fd) == 0))
    return TRUE;
  sqns_journal_fail (error, "cannot write", path);
  g_unlink (temporary);
  return FALSE;
}

/* The old content, or the new one, whatever happens; the latter for sure once the folder was synced, too. */
static gboolean
put_in_place (const char *path, GError **error)
{
  g_autofree char *temporary = temporary_path (path);
  if (g_rename (temporary, path) == 0)
    return TRUE;
  sqns_journal_fail (error, "cannot write", path);
  g_unlink (temporary);
  return FALSE;
}

/* Over what is there: a transcript grows at its end, so that one that is cut off here is only shorter. A file of its
 * own each time would make the disk free the old one's blocks, hundreds at once. */
static gboolean
overwrite (const char *path, const GString *text, GError **error)
{
  int fd = open_own (path, O_WRONLY | O_CREAT);
  if (fd >= 0 && close_file (fd, write_all (fd, text->str, text->len) && ftruncate (fd, (off_t)text->len) == 0))
    return TRUE;
  return sqns_journal_fail (error, "cannot write", path);
}

/* One process to a folder: two would go on with the same jobs. */
static gboolean
take_lock (SqnsJournal *self, GError **error)
{
  g_autofree char *path = g_build_filename (self->folder, "lock", NULL);
  int fd = open_own (path, O_RDWR | O_CREAT);
  if (fd < 0)
    return sqns_journal_fail (error, "cannot write", path);
  if (flock (fd, LOCK_EX | LOCK_NB) == 0)
    {
      self->lock = fd;
      return TRUE;
    }
  if (errno == EWOULDBLOCK)
    g_set_error (error, SQNS_ERROR, SQNS_ERROR_FAILED, "another sqnsd keeps its jobs in %s", self->folder);
  else
    sqns_journal_fail (error, "cannot lock", path);
  g_close (fd, NULL);
  return FALSE;
}

/* Whether the folder that was taken is the one that is there. */
static gboolean
holds_lock (SqnsJournal *self)
{
  g_autofree char *path = g_build_filename (self->folder, "lock", NULL);
  struct stat held, found;
  return fstat (self->lock, &held) == 0 && lstat (path, &found) == 0 && held.st_dev == found.st_dev
         && held.st_ino == found.st_ino;
}

static gboolean
make_folder (const char *path, gboolean *made, GError **error)
{
  if (g_file_test (path, G_FILE_TEST_IS_DIR))
    return TRUE;
  *made = TRUE;
  return g_mkdir_with_parents (path, 0700) == 0 || sqns_journal_fail (error, "cannot make", path);
}

gboolean
sqns_journal_make_ready (SqnsJournal *self, GError **error)
{
  gboolean had = self->lock >= 0, made = FALSE;
  if (!make_folder (self->jobs, &made, error) || !make_folder (self->firmware, &made, error))
    return FALSE;
  if (had && !holds_lock (self))
    {
      made = TRUE;
      g_close (self->lock, NULL);
      self->lock = -1;
    }
  if (self->lock < 0 && !take_lock (self, error))
    return FALSE;
  if (had && made)
    {
      sqns_warning (NULL, "the folder %s, or a part of it, was removed: it is made again", self->folder);
      g_atomic_int_set (&self->remade, TRUE);
    }
  return TRUE;
}

gboolean
sqns_journal_was_remade (SqnsJournal *journal)
{
  return g_atomic_int_exchange (&journal->remade, FALSE);
}

char *
sqns_journal_path (SqnsJournal *self, const char *uuid, const char *suffix)
{
  return g_strconcat (self->jobs, G_DIR_SEPARATOR_S, uuid, suffix, NULL);
}

/* One record */

static gboolean
store (SqnsJournal *self, SqnsFirmware *firmware, GError **error)
{
  const char *sha256 = sqns_firmware_sha256 (firmware);
  g_autofree char *path = g_build_filename (self->firmware, sha256, NULL);
  GBytes *image = sqns_firmware_image (firmware);

  /* somebody may have removed it since */
  if (g_hash_table_contains (self->stored, sha256) && sqns_plain_file_is_regular (path))
    return TRUE;
  if (!write_temporary (path, g_bytes_get_data (image, NULL), g_bytes_get_size (image), error)
      || !sync_temporary (path, error) || !put_in_place (path, error) || !sync_folder (self->firmware, error))
    return FALSE;
  g_hash_table_add (self->stored, g_strdup (sha256));
  return TRUE;
}

static void
work_put (SqnsJournal *self, SqnsJournalOrder *order)
{
  g_autofree char *record = sqns_journal_path (self, order->name, SQNS_JOURNAL_RECORD);
  g_autofree char *log = sqns_journal_path (self, order->name, SQNS_JOURNAL_LOG);

  if (!sqns_journal_make_ready (self, &order->error))
    return;
  for (guint i = 0; i < SQNS_JOB_N_FILES; i++)
    if (order->files[i] != NULL && !store (self, order->files[i], &order->error))
      return;
  if (order->log != NULL && !overwrite (log, order->log, &order->error))
    return;
  order->staged = write_temporary (record, order->text, strlen (order->text), &order->error);
}

static void
finish_record (SqnsJournal *self, SqnsJournalOrder *order, gboolean synced)
{
  g_autofree char *path = sqns_journal_path (self, order->name, SQNS_JOURNAL_RECORD);
  order->staged = (synced || sync_temporary (path, &order->error)) && put_in_place (path, &order->error);
}

/* The writer */

static void
order_free (SqnsJournalOrder *order)
{
  g_clear_object (&order->task);
  g_clear_error (&order->error);
  g_free (order->name);
  g_free (order->text);
  if (order->log != NULL)
    g_string_free (order->log, TRUE);
  for (guint i = 0; i < SQNS_JOB_N_FILES; i++)
    g_clear_object (&order->files[i]);
  g_clear_pointer (&order->result, g_ptr_array_unref);
  g_free (order);
}

static void
answer (SqnsJournalOrder *order)
{
  if (order->task == NULL)
    {
      if (order->error != NULL)
        sqns_warning (NULL, "%s", order->error->message);
    }
  else if (order->error != NULL)
    g_task_return_error (order->task, g_steal_pointer (&order->error));
  else if (order->result != NULL)
    g_task_return_pointer (order->task, g_steal_pointer (&order->result), (GDestroyNotify)g_ptr_array_unref);
  else
    g_task_return_boolean (order->task, TRUE);
  order_free (order);
}

/* Each sync costs the disk some writes: one for all when there are many. It writes what others left in the same file
 * system, too, and may fail for them: a single file is better off on its own. */
static gboolean
sync_all (SqnsJournal *self, guint n)
{
  int fd = n < MANY_RECORDS ? -1 : g_open (self->jobs, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  return fd >= 0 && close_file (fd, syncfs (fd) == 0);
}

/* Records that were staged take their places; then all of @batch is answered. */
static void
commit (SqnsJournal *self, GPtrArray *batch)
{
  g_autoptr (GError) error = NULL;
  guint staged = 0;

  for (guint i = 0; i < batch->len; i++)
    staged += ((SqnsJournalOrder *)batch->pdata[i])->staged;
  gboolean synced = sync_all (self, staged);
  for (guint i = 0; i < batch->len; i++)
    if (((SqnsJournalOrder *)batch->pdata[i])->staged)
      finish_record (self, batch->pdata[i], synced);
  if (staged > 0)
    sync_folder (self->jobs, &error);
  for (guint i = 0; i < batch->len; i++)
    {
      SqnsJournalOrder *order = batch->pdata[i];
      if (error != NULL && order->staged)
        order->error = g_error_copy (error);
      answer (order);
    }
  g_ptr_array_set_size (batch, 0);
}

/* Whether @order must find done what the batch has only staged. */
static gboolean
must_follow (const SqnsJournalOrder *order, GPtrArray *batch)
{
  if (order->work != work_put)
    return TRUE;
  for (guint i = 0; i < batch->len; i++)
    if (g_str_equal (((SqnsJournalOrder *)batch->pdata[i])->name, order->name))
      return TRUE;
  return FALSE;
}

/* All orders that wait: hundreds of jobs may begin at the same time. FALSE: the last one was to stop. */
static gboolean
work_batch (SqnsJournal *self)
{
  g_autoptr (GPtrArray) batch = g_ptr_array_new ();
  gboolean more = TRUE;

  for (SqnsJournalOrder *order = g_async_queue_pop (self->queue); order != NULL;
       order = more ? g_async_queue_try_pop (self->queue) : NULL)
    {
      if (must_follow (order, batch))
        commit (self, batch);
      g_ptr_array_add (batch, order);
      more = order->work != NULL;
      if (more)
        order->work (self, order);
      if (order->work != work_put)
        commit (self, batch);
    }
  commit (self, batch);
  return more;
}

static gpointer
writer (gpointer data)
{
  while (work_batch (data))
    ;
  return NULL;
}

static SqnsJournalOrder *
new_order (SqnsJournal *self, SqnsJournalWork work, gpointer tag, GAsyncReadyCallback callback, gpointer user_data)
{
  SqnsJournalOrder *order = g_new0 (SqnsJournalOrder, 1);
  order->work = work;
  if (callback != NULL)
    {
      order->task = g_task_new (NULL, NULL, callback, user_data);
      g_task_set_source_tag (order->task, tag);
    }
  return order;
}

static void
give (SqnsJournal *self, SqnsJournalOrder *order)
{
  if (self->thread == NULL)
    self->thread = g_thread_new ("journal", writer, self);
  g_async_queue_push (self->queue, order);
}

void
sqns_journal_free (SqnsJournal *self)
{
  if (self == NULL)
    return;
  if (self->thread != NULL)
    {
      give (self, g_new0 (SqnsJournalOrder, 1));
      g_thread_join (self->thread);
    }
  if (self->lock >= 0)
    g_close (self->lock, NULL);
  g_async_queue_unref (self->queue);
  g_hash_table_unref (self->stored);
  g_free (self->folder);
  g_free (self->jobs);
  g_free (self->firmware);
  g_free (self);
}

/* Open */

void
sqns_journal_open_async (
    SqnsJournal *self, gint64 expired, guint max_ended, GAsyncReadyCallback callback, gpointer user_data)
{
  SqnsJournalOrder *order = new_order (self, sqns_journal_read_all, sqns_journal_open_async, callback, user_data);
  order->expired = expired;
  order->max_ended = max_ended;
  give (self, order);
}

GPtrArray *
sqns_journal_open_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* Put */

void
sqns_journal_put_async (SqnsJournal *self,
                        const SqnsJobRecord *record,
                        SqnsFirmware *const files[SQNS_JOB_N_FILES],
                        GString *log,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  SqnsJournalOrder *order = new_order (self, work_put, sqns_journal_put_async, callback, user_data);
  order->name = g_strdup (record->uuid);
  order->text = sqns_job_record_format (record);
  order->log = log;
  for (guint i = 0; i < SQNS_JOB_N_FILES; i++)
    g_set_object (&order->files[i], files[i]);
  give (self, order);
}

gboolean
sqns_journal_put_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* Remove */

gboolean
sqns_journal_unlink (const char *path, GError **error)
{
  return g_unlink (path) == 0 || errno == ENOENT || errno == ENOTDIR
         || sqns_journal_fail (error, "cannot remove", path);
}

/* The record first: a transcript without one is removed at the next start. */
gboolean
sqns_journal_unlink_job (SqnsJournal *self, const char *uuid, GError **error)
{
  g_autofree char *record = sqns_journal_path (self, uuid, SQNS_JOURNAL_RECORD);
  g_autofree char *log = sqns_journal_path (self, uuid, SQNS_JOURNAL_LOG);
  return sqns_journal_unlink (record, error) && sqns_journal_unlink (log, error);
}

static void
work_remove (SqnsJournal *self, SqnsJournalOrder *order)
{
  if (self->lock >= 0)
    sqns_journal_unlink_job (self, order->name, &order->error);
}

void
sqns_journal_remove (SqnsJournal *self, const char *uuid)
{
  SqnsJournalOrder *order = new_order (self, work_remove, NULL, NULL, NULL);
  order->name = g_strdup (uuid);
  give (self, order);
}

static void
work_remove_firmware (SqnsJournal *self, SqnsJournalOrder *order)
{
  g_autofree char *path = g_build_filename (self->firmware, order->name, NULL);
  g_hash_table_remove (self->stored, order->name);
  if (self->lock >= 0)
    sqns_journal_unlink (path, &order->error);
}

void
sqns_journal_remove_firmware (SqnsJournal *self, const char *sha256)
{
  SqnsJournalOrder *order = new_order (self, work_remove_firmware, NULL, NULL, NULL);
  order->name = g_strdup (sha256);
  give (self, order);
}

void
sqns_journal_prune (SqnsJournal *self, gint64 expired)
{
  SqnsJournalOrder *order = new_order (self, sqns_journal_remove_expired, NULL, NULL, NULL);
  order->expired = expired;
  give (self, order);
}

/* Flush */

static void
work_nothing (SqnsJournal *self, SqnsJournalOrder *order)
{
}

void
sqns_journal_flush_async (SqnsJournal *self, GAsyncReadyCallback callback, gpointer user_data)
{
  give (self, new_order (self, work_nothing, sqns_journal_flush_async, callback, user_data));
}

void
sqns_journal_flush_finish (GAsyncResult *result)
{
  g_task_propagate_boolean (G_TASK (result), NULL);
}
