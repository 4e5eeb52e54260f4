/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Jobs on disk. */
#include "job/state-folder.h"

#include "base/log.h"
#include "base/plain-file.h"
#include "common/clean.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECORD ".conf"
#define LOG ".log"
#define TEMPORARY ".tmp"
#define DAMAGED ".damaged"
#define MANY_RECORDS 16 /* that are synced at once */
#define MAX_DAMAGED 9u  /* files set aside at one path */

struct _SqnsStateFolder {
  char *path;
  char *jobs;
  char *firmware;
  GHashTable *stored; /* hashes of firmware that was written since the start */
  int lock;           /* -1: not locked */
  gboolean remade;    /* atomic */
};

SqnsStoredJob *
sqns_stored_job_new (SqnsJobRecord *record)
{
  SqnsStoredJob *job = g_new0 (SqnsStoredJob, 1);
  job->record = record;
  return job;
}

void
sqns_stored_job_free (gpointer stored)
{
  SqnsStoredJob *job = stored;
  if (job == NULL)
    return;
  sqns_job_record_free (job->record);
  for (guint i = 0; i < SQNS_JOB_N_FILES; i++)
    g_clear_object (&job->files[i]);
  sqns_transcript_free (job->transcript);
  if (job->log != NULL)
    g_string_free (job->log, TRUE);
  g_clear_error (&job->error);
  g_free (job);
}

SqnsStateFolder *
sqns_state_folder_new (const char *path)
{
  SqnsStateFolder *self = g_new0 (SqnsStateFolder, 1);
  self->path = g_strdup (path);
  self->jobs = g_build_filename (path, "jobs", NULL);
  self->firmware = g_build_filename (path, "firmware", NULL);
  self->stored = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->lock = -1;
  return self;
}

void
sqns_state_folder_unlock (SqnsStateFolder *self)
{
  if (self->lock >= 0)
    g_close (g_steal_fd (&self->lock), NULL);
}

void
sqns_state_folder_free (SqnsStateFolder *self)
{
  if (self == NULL)
    return;
  sqns_state_folder_unlock (self);
  g_hash_table_unref (self->stored);
  g_free (self->path);
  g_free (self->jobs);
  g_free (self->firmware);
  g_free (self);
}

const char *
sqns_state_folder_path (const SqnsStateFolder *folder)
{
  return folder->path;
}

/* Files */

static gboolean
fail (GError **error, const char *what, const char *path)
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
    return fail (error, "cannot open", path);
  gboolean done = fsync (fd) == 0 || fail (error, "cannot write", path);
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

static gboolean
set_aside (const char *path, const char *why)
{
  g_autofree char *aside = g_strconcat (path, DAMAGED, NULL);
  gboolean done = g_rename (path, aside) == 0;

  /* a folder does not take the place of another one that has something in it */
  for (guint n = 2; !done && n <= MAX_DAMAGED && errno != ENOENT; n++)
    {
      g_free (aside);
      aside = g_strdup_printf ("%s" DAMAGED ".%u", path, n);
      done = g_rename (path, aside) == 0;
    }
  if (done)
    sqns_warning (NULL, "%s was set aside as %s: %s", path, aside, why);
  else
    {
      int code = errno;
      sqns_warning (NULL, "cannot set %s aside (%s): %s", path, g_strerror (code), why);
      errno = code;
    }
  return done;
}

/* Whether a file can be written at @path: anything else that was put there is set aside. */
static gboolean
clear_way (const char *path)
{
  struct stat st;
  return lstat (path, &st) != 0 || S_ISREG (st.st_mode) || set_aside (path, "not a regular file");
}

/* Opens a file of the folder without waiting for a reader. -1 with errno. */
static int
open_own (const char *path, int flags)
{
  if (!clear_way (path))
    return -1;
  return g_open (path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);
}

/* Beside @path, which stays what it is until put_in_place(). @sync: it is on disk then. */
static gboolean
write_temporary (const char *path, const char *data, gsize len, gboolean sync, GError **error)
{
  g_autofree char *temporary = g_strconcat (path, TEMPORARY, NULL);
  int fd = clear_way (path) ? open_own (temporary, O_WRONLY | O_CREAT | O_TRUNC) : -1;
  if (fd >= 0 && close_file (fd, write_all (fd, data, len) && (!sync || fsync (fd) == 0)))
    return TRUE;
  fail (error, "cannot write", path);
  g_unlink (temporary);
  return FALSE;
}

/* The old content, or the new one, whatever happens; the latter for sure once the folder was synced, too. */
static gboolean
put_in_place (const char *path, GError **error)
{
  g_autofree char *temporary = g_strconcat (path, TEMPORARY, NULL);
  if (g_rename (temporary, path) == 0)
    return TRUE;
  fail (error, "cannot write", path);
  g_unlink (temporary);
  return FALSE;
}

/* In place: a transcript grows at its end, so that one that is cut off here is only shorter. A new file each time would
 * make the disk free the old blocks, hundreds at once. */
static gboolean
overwrite (const char *path, const GString *text, GError **error)
{
  int fd = open_own (path, O_WRONLY | O_CREAT);
  if (fd >= 0 && close_file (fd, write_all (fd, text->str, text->len) && ftruncate (fd, (off_t)text->len) == 0))
    return TRUE;
  return fail (error, "cannot write", path);
}

/* One process to a folder: two would resume the same jobs. */
static gboolean
take_lock (SqnsStateFolder *self, GError **error)
{
  g_autofree char *path = g_build_filename (self->path, "lock", NULL);
  int fd = open_own (path, O_RDWR | O_CREAT);
  if (fd < 0)
    return fail (error, "cannot write", path);
  if (flock (fd, LOCK_EX | LOCK_NB) == 0)
    {
      self->lock = fd;
      return TRUE;
    }
  if (errno == EWOULDBLOCK)
    g_set_error (error, SQNS_ERROR, SQNS_ERROR_FAILED, "another sqnsd keeps its jobs in %s", self->path);
  else
    fail (error, "cannot lock", path);
  g_close (fd, NULL);
  return FALSE;
}

/* Whether the folder that was locked is the one that is there. */
static gboolean
holds_lock (SqnsStateFolder *self)
{
  g_autofree char *path = g_build_filename (self->path, "lock", NULL);
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
  return g_mkdir_with_parents (path, 0700) == 0 || fail (error, "cannot create", path);
}

static gboolean
make_ready (SqnsStateFolder *self, GError **error)
{
  gboolean had = self->lock >= 0, made = FALSE;
  if (!make_folder (self->jobs, &made, error) || !make_folder (self->firmware, &made, error))
    return FALSE;
  if (had && !holds_lock (self))
    {
      made = TRUE;
      sqns_state_folder_unlock (self);
    }
  if (self->lock < 0 && !take_lock (self, error))
    return FALSE;
  if (had && made)
    {
      sqns_warning (NULL, "the folder %s, or part of it, was removed; creating it again", self->path);
      g_atomic_int_set (&self->remade, TRUE);
    }
  return TRUE;
}

gboolean
sqns_state_folder_was_remade (SqnsStateFolder *folder)
{
  return g_atomic_int_exchange (&folder->remade, FALSE);
}

static char *
path_of (const SqnsStateFolder *self, const char *uuid, const char *suffix)
{
  return g_strconcat (self->jobs, G_DIR_SEPARATOR_S, uuid, suffix, NULL);
}

/* Writing */

static gboolean
store_firmware (SqnsStateFolder *self, SqnsFirmware *firmware, GError **error)
{
  const char *sha256 = sqns_firmware_sha256 (firmware);
  g_autofree char *path = g_build_filename (self->firmware, sha256, NULL);
  GBytes *image = sqns_firmware_image (firmware);

  /* it may have been removed since */
  if (g_hash_table_contains (self->stored, sha256) && sqns_plain_file_is_regular (path))
    return TRUE;
  if (!write_temporary (path, g_bytes_get_data (image, NULL), g_bytes_get_size (image), TRUE, error)
      || !put_in_place (path, error) || !sync_folder (self->firmware, error))
    return FALSE;
  g_hash_table_add (self->stored, g_strdup (sha256));
  return TRUE;
}

/* All but the last step: the record is beside its place. */
static gboolean
stage (SqnsStateFolder *self, const SqnsStoredJob *job, gboolean sync, GError **error)
{
  g_autofree char *path = path_of (self, job->record->uuid, RECORD), *log = path_of (self, job->record->uuid, LOG);
  g_autofree char *text = sqns_job_record_format (job->record);
  if (!make_ready (self, error))
    return FALSE;
  for (guint i = 0; i < SQNS_JOB_N_FILES; i++)
    if (job->files[i] != NULL && !store_firmware (self, job->files[i], error))
      return FALSE;
  return (job->log == NULL || overwrite (log, job->log, error))
         && write_temporary (path, text, strlen (text), sync, error);
}

/* It writes what others left in the same file system, too, and may fail for them. */
static gboolean
sync_all (SqnsStateFolder *self)
{
  int fd = g_open (self->jobs, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  return fd >= 0 && close_file (fd, syncfs (fd) == 0);
}

void
sqns_state_folder_save (SqnsStateFolder *self, SqnsStoredJob *const *jobs, guint n)
{
  /* each sync costs the disk some writes: one for all when there are many */
  gboolean together = n >= MANY_RECORDS;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < n; i++)
    stage (self, jobs[i], !together, &jobs[i]->error);
  together = together && sync_all (self);
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *path = path_of (self, jobs[i]->record->uuid, RECORD);
      if (jobs[i]->error == NULL && (together || n < MANY_RECORDS || stage (self, jobs[i], TRUE, &jobs[i]->error)))
        put_in_place (path, &jobs[i]->error);
    }
  sync_folder (self->jobs, &error);
  for (guint i = 0; i < n && error != NULL; i++)
    if (jobs[i]->error == NULL)
      jobs[i]->error = g_error_copy (error);
}

static gboolean
unlink_file (const char *path, GError **error)
{
  return g_unlink (path) == 0 || errno == ENOENT || errno == ENOTDIR || fail (error, "cannot remove", path);
}

/* The record first: a transcript without one is removed at the next start. */
gboolean
sqns_state_folder_remove_job (SqnsStateFolder *self, const char *uuid, GError **error)
{
  g_autofree char *record = path_of (self, uuid, RECORD), *log = path_of (self, uuid, LOG);
  return self->lock < 0 || (unlink_file (record, error) && unlink_file (log, error));
}

gboolean
sqns_state_folder_remove_firmware (SqnsStateFolder *self, const char *sha256, GError **error)
{
  g_autofree char *path = g_build_filename (self->firmware, sha256, NULL);
  g_hash_table_remove (self->stored, sha256);
  return self->lock < 0 || unlink_file (path, error);
}

/* Reading */

SqnsJobRecord *
sqns_state_folder_read_record (const char *path, GError **error)
{
  g_autofree char *text = NULL;
  gsize len;
  text = sqns_plain_file_read (path, SQNS_JOB_RECORD_MAX, SQNS_PLAIN_FILE_NO_LINKS, &len, error);
  if (text == NULL)
    return NULL;
  g_autoptr (SqnsJobRecord) record = sqns_job_record_parse (text, len, error);
  if (record == NULL)
    return NULL;
  g_autofree char *name = g_path_get_basename (path);
  if (!g_str_has_prefix (name, record->uuid) || !g_str_equal (name + strlen (record->uuid), RECORD))
    {
      g_set_error (error, SQNS_ERROR, SQNS_ERROR_FAILED, "it is the record of another job, %s", record->uuid);
      return NULL;
    }
  sqns_job_record_clean (record);
  return g_steal_pointer (&record);
}

/* One damaged record must not cost the others. */
static SqnsJobRecord *
read_or_set_aside (const char *path)
{
  g_autoptr (GError) error = NULL;
  SqnsJobRecord *record = sqns_state_folder_read_record (path, &error);
  if (record != NULL)
    return record;
  if (error->domain == SQNS_ERROR)
    set_aside (path, error->message);
  else
    sqns_warning (NULL, "cannot read the record of a job: %s", error->message);
  return NULL;
}

/* The job's part of "UUID.suffix"; NULL when that is not its form. */
static char *
uuid_of (const char *name, const char *suffix)
{
  if (!g_str_has_suffix (name, suffix))
    return NULL;
  g_autofree char *uuid = g_strndup (name, strlen (name) - strlen (suffix));
  return g_uuid_string_is_valid (uuid) ? g_steal_pointer (&uuid) : NULL;
}

static void
report (const GError *error)
{
  if (error != NULL)
    sqns_warning (NULL, "%s", error->message);
}

/* Removes a job that ended before @expired; FALSE: it did not. */
static gboolean
remove_expired (SqnsStateFolder *self, const SqnsJobRecord *record, gint64 expired)
{
  g_autoptr (GError) error = NULL;
  if (!sqns_job_state_ended (record->state) || record->finished_at >= expired)
    return FALSE;
  sqns_state_folder_remove_job (self, record->uuid, &error);
  report (error);
  return TRUE;
}

static SqnsFirmware *
load_file (const SqnsStateFolder *self, SqnsJobFile file, const SqnsFileNote *note, GError **error)
{
  g_autofree char *path = g_build_filename (self->firmware, note->sha256, NULL);
  if (g_file_test (path, G_FILE_TEST_EXISTS) && !sqns_plain_file_is_regular (path)) /* not to be opened, even */
    {
      g_set_error (error, SQNS_ERROR, SQNS_ERROR_INVALID_FIRMWARE,
                   "the saved copy of %s is damaged: not a regular file", note->name);
      return NULL;
    }
  return sqns_firmware_load_file (path, note->name, note->sha256,
                                  file == SQNS_JOB_UPDATER ? SQNS_FIRMWARE_UPDATER : SQNS_FIRMWARE_DUP, error);
}

/* @loaded: files of other jobs, which are often the same; nullable. */
static void
load_files (const SqnsStateFolder *self, GHashTable *loaded, SqnsStoredJob *job)
{
  const SqnsFileNote *notes = job->record->request.files;
  for (guint i = 0; i < SQNS_JOB_N_FILES && job->error == NULL; i++)
    {
      if (*notes[i].sha256 == '\0')
        continue;
      g_autofree char *key = g_strdup_printf ("%u %s %s", i, notes[i].sha256, notes[i].name);
      SqnsFirmware *present = loaded != NULL ? g_hash_table_lookup (loaded, key) : NULL;
      job->files[i]
          = present != NULL ? g_object_ref (present) : load_file (self, (SqnsJobFile)i, &notes[i], &job->error);
      if (loaded != NULL && present == NULL && job->files[i] != NULL)
        g_hash_table_insert (loaded, g_steal_pointer (&key), g_object_ref (job->files[i]));
    }
}

static void
load_transcript (const SqnsStateFolder *self, SqnsStoredJob *job)
{
  g_autofree char *path = path_of (self, job->record->uuid, LOG);
  /* one line more says what was dropped */
  g_autofree char *text
      = sqns_plain_file_read (path, 2 * (gsize)SQNS_TRANSCRIPT_MAX, SQNS_PLAIN_FILE_NO_LINKS, NULL, NULL);
  job->transcript = sqns_transcript_new ();
  if (text != NULL)
    sqns_transcript_restore (job->transcript, text);
}

/* All of them */

static int
compare_births (gconstpointer a, gconstpointer b)
{
  const SqnsStoredJob *one = *(SqnsStoredJob *const *)a, *two = *(SqnsStoredJob *const *)b;
  return one->record->created_at < two->record->created_at ? -1 : one->record->created_at > two->record->created_at;
}

static void
read_one (SqnsStateFolder *self, const char *name, gint64 expired, guint max_ended, GPtrArray *jobs, GPtrArray *ended)
{
  g_autofree char *path = g_build_filename (self->jobs, name, NULL);
  g_autofree char *of_record = uuid_of (name, RECORD);
  g_autofree char *of_log = uuid_of (name, LOG);
  g_autoptr (GError) error = NULL;

  if (of_log != NULL)
    {
      g_autofree char *record = path_of (self, of_log, RECORD);
      if (!g_file_test (record, G_FILE_TEST_EXISTS))
        unlink_file (path, &error);
    }
  else if (g_str_has_suffix (name, TEMPORARY))
    unlink_file (path, &error);
  report (error);
  if (of_record == NULL)
    return;

  SqnsJobRecord *record = read_or_set_aside (path);
  if (record == NULL)
    return;
  if (remove_expired (self, record, expired))
    sqns_job_record_free (record);
  else if (sqns_job_state_ended (record->state))
    sqns_history_add (ended, record, max_ended);
  else
    g_ptr_array_add (jobs, sqns_stored_job_new (record));
}

/* What is there may be damaged: it is written again when it is given again. */
static void
remove_unneeded (SqnsStateFolder *self, GPtrArray *jobs)
{
  g_autoptr (GHashTable) needed = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GDir) dir = g_dir_open (self->firmware, 0, NULL);
  for (guint i = 0; i < jobs->len; i++)
    {
      const SqnsJobRecord *record = ((SqnsStoredJob *)jobs->pdata[i])->record;
      for (guint f = 0; f < SQNS_JOB_N_FILES && sqns_job_record_needs_files (record); f++)
        g_hash_table_add (needed, record->request.files[f].sha256);
    }
  for (const char *name = dir != NULL ? g_dir_read_name (dir) : NULL; name != NULL; name = g_dir_read_name (dir))
    {
      g_autofree char *path = g_build_filename (self->firmware, name, NULL);
      g_autoptr (GError) error = NULL;
      if (!g_hash_table_contains (needed, name))
        unlink_file (path, &error);
      report (error);
    }
}

GPtrArray *
sqns_state_folder_load (SqnsStateFolder *self, gint64 expired, guint max_ended, GError **error)
{
  if (!make_ready (self, error))
    return NULL;
  g_autoptr (GPtrArray) ended = sqns_history_new ();
  g_autoptr (GDir) dir = g_dir_open (self->jobs, 0, NULL);
  GPtrArray *jobs = g_ptr_array_new_with_free_func (sqns_stored_job_free);
  for (const char *name = dir != NULL ? g_dir_read_name (dir) : NULL; name != NULL; name = g_dir_read_name (dir))
    read_one (self, name, expired, max_ended, jobs, ended);

  g_autoptr (GHashTable) loaded = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
  for (guint i = 0; i < jobs->len; i++)
    {
      load_files (self, loaded, jobs->pdata[i]);
      load_transcript (self, jobs->pdata[i]);
    }
  sqns_history_finish (ended, max_ended);
  for (guint i = 0; i < ended->len; i++)
    g_ptr_array_add (jobs, sqns_stored_job_new (g_steal_pointer (&ended->pdata[i])));
  g_ptr_array_sort (jobs, compare_births);
  remove_unneeded (self, jobs);
  return jobs;
}

SqnsStoredJob *
sqns_state_folder_load_job (const SqnsStateFolder *self, const SqnsJobRecord *record)
{
  SqnsStoredJob *job = sqns_stored_job_new (sqns_job_record_copy (record));
  load_files (self, NULL, job);
  load_transcript (self, job);
  return job;
}

GPtrArray *
sqns_state_folder_search (const SqnsStateFolder *self, const SqnsHistoryFilter *filter, GPtrArray *known)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GDir) dir = self != NULL ? g_dir_open (self->jobs, 0, NULL) : NULL;
  GPtrArray *found = sqns_history_new ();

  for (guint i = 0; i < known->len; i++)
    {
      const SqnsJobRecord *record = known->pdata[i];
      g_hash_table_add (seen, g_strdup (record->uuid));
      if (sqns_history_filter_fits (filter, record))
        sqns_history_add (found, g_steal_pointer (&known->pdata[i]), filter->limit);
    }
  for (const char *name = dir != NULL ? g_dir_read_name (dir) : NULL; name != NULL; name = g_dir_read_name (dir))
    {
      g_autofree char *path = g_build_filename (self->jobs, name, NULL);
      g_autofree char *uuid = uuid_of (name, RECORD);
      if (uuid == NULL || g_hash_table_contains (seen, uuid))
        continue;
      g_autoptr (SqnsJobRecord) record = sqns_state_folder_read_record (path, NULL);
      if (record != NULL && sqns_history_filter_fits (filter, record))
        sqns_history_add (found, g_steal_pointer (&record), filter->limit);
    }
  sqns_history_finish (found, filter->limit);
  return found;
}

void
sqns_state_folder_prune (SqnsStateFolder *self, gint64 expired)
{
  g_autoptr (GDir) dir = self->lock >= 0 ? g_dir_open (self->jobs, 0, NULL) : NULL;
  for (const char *name = dir != NULL ? g_dir_read_name (dir) : NULL; name != NULL; name = g_dir_read_name (dir))
    {
      g_autofree char *uuid = uuid_of (name, RECORD);
      g_autofree char *path = g_build_filename (self->jobs, name, NULL);
      GStatBuf st;
      /* what was written since has not ended before */
      if (uuid == NULL || g_lstat (path, &st) != 0 || st.st_mtime > expired / G_USEC_PER_SEC)
        continue;
      g_autoptr (SqnsJobRecord) record = sqns_state_folder_read_record (path, NULL);
      if (record != NULL)
        remove_expired (self, record, expired);
    }
}
