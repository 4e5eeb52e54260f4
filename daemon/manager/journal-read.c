/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Jobs on disk: what is found there. */
#include "manager/journal-private.h"

#include "base/log.h"
#include "base/plain-file.h"
#include "common/clean.h"
#include "job/transcript.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

void
sqns_journal_entry_free (SqnsJournalEntry *entry)
{
  if (entry == NULL)
    return;
  sqns_job_record_free (entry->record);
  for (guint i = 0; i < SQNS_JOB_N_FILES; i++)
    g_clear_object (&entry->files[i]);
  g_free (entry->log);
  g_clear_error (&entry->error);
  g_free (entry);
}

static void
clean (char **text)
{
  char *told = *text;
  *text = sqns_clean_line (told, -1);
  g_free (told);
}

/* What people read: an older daemon wrote it as it came. */
static void
clean_texts (SqnsJobRecord *record)
{
  clean (&record->request.label);
  clean (&record->message);
  clean (&record->error_message);
  clean (&record->interruption);
  for (guint i = 0; i < SQNS_JOB_N_FILES; i++)
    clean (&record->request.files[i].name);
}

SqnsJobRecord *
sqns_journal_read_record (const char *path, GError **error)
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
  if (!g_str_has_prefix (name, record->uuid) || !g_str_equal (name + strlen (record->uuid), SQNS_JOURNAL_RECORD))
    {
      g_set_error (error, SQNS_ERROR, SQNS_ERROR_FAILED, "it is the record of another job, %s", record->uuid);
      return NULL;
    }
  clean_texts (record);
  return g_steal_pointer (&record);
}

/* One damaged record is not to cost the others. */
static SqnsJobRecord *
read_or_set_aside (const char *path)
{
  g_autoptr (GError) error = NULL;
  SqnsJobRecord *record = sqns_journal_read_record (path, &error);
  if (record != NULL)
    return record;
  if (error->domain == SQNS_ERROR)
    sqns_journal_set_aside (path, error->message);
  else
    sqns_warning (NULL, "the record of a job cannot be read: %s", error->message);
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

static gboolean
is_expired (const SqnsJobRecord *record, gint64 expired)
{
  return sqns_job_state_ended (record->state) && record->finished_at < expired;
}

static void
report (GError *error)
{
  if (error == NULL)
    return;
  sqns_warning (NULL, "%s", error->message);
  g_error_free (error);
}

/* Files of jobs */

static SqnsFirmware *
load_file (SqnsJournal *self, SqnsJobFile file, const SqnsFileNote *note, GError **error)
{
  g_autofree char *path = g_build_filename (self->firmware, note->sha256, NULL);
  if (g_file_test (path, G_FILE_TEST_EXISTS) && !sqns_plain_file_is_regular (path)) /* not to be opened, even */
    {
      g_set_error (error, SQNS_ERROR, SQNS_ERROR_INVALID_FIRMWARE,
                   "the kept copy of %s is damaged: it is not a regular file", note->name);
      return NULL;
    }
  return sqns_firmware_load_file (path, note->name, note->sha256,
                                  file == SQNS_JOB_UPDATER ? SQNS_FIRMWARE_UPDATER : SQNS_FIRMWARE_DUP, error);
}

/* @loaded: files of other jobs, which are often the same; nullable. */
static void
load_files (SqnsJournal *self, const SqnsFileNote notes[SQNS_JOB_N_FILES], GHashTable *loaded, SqnsJournalEntry *entry)
{
  for (guint i = 0; i < SQNS_JOB_N_FILES && entry->error == NULL; i++)
    {
      if (*notes[i].sha256 == '\0')
        continue;
      g_autofree char *key = g_strdup_printf ("%u %s %s", i, notes[i].sha256, notes[i].name);
      SqnsFirmware *present = loaded != NULL ? g_hash_table_lookup (loaded, key) : NULL;
      entry->files[i]
          = present != NULL ? g_object_ref (present) : load_file (self, (SqnsJobFile)i, &notes[i], &entry->error);
      if (loaded != NULL && present == NULL && entry->files[i] != NULL)
        g_hash_table_insert (loaded, g_steal_pointer (&key), g_object_ref (entry->files[i]));
    }
}

static void
load_log (SqnsJournal *self, const char *uuid, SqnsJournalEntry *entry)
{
  g_autofree char *path = sqns_journal_path (self, uuid, SQNS_JOURNAL_LOG);
  /* one line more says what was dropped */
  entry->log = sqns_plain_file_read (path, 2 * (gsize)SQNS_TRANSCRIPT_MAX, SQNS_PLAIN_FILE_NO_LINKS, NULL, NULL);
}

typedef struct {
  SqnsJournal *journal;
  char *uuid;
  gboolean with_files;
  SqnsFileNote notes[SQNS_JOB_N_FILES];
} Load;

static void
load_free (gpointer data)
{
  Load *load = data;
  for (guint i = 0; i < SQNS_JOB_N_FILES; i++)
    {
      g_free (load->notes[i].name);
      g_free (load->notes[i].sha256);
    }
  g_free (load->uuid);
  g_free (load);
}

static void
load_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Load *load = task_data;
  SqnsJournalEntry *entry = g_new0 (SqnsJournalEntry, 1);
  if (load->with_files)
    load_files (load->journal, load->notes, NULL, entry);
  load_log (load->journal, load->uuid, entry);
  g_task_return_pointer (task, entry, (GDestroyNotify)sqns_journal_entry_free);
}

void
sqns_journal_load_async (SqnsJournal *self,
                         const char *uuid,
                         const SqnsFileNote files[SQNS_JOB_N_FILES],
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  Load *load = g_new0 (Load, 1);
  load->journal = self; /* whoever owns it waits for the answer */
  load->uuid = g_strdup (uuid);
  load->with_files = files != NULL;
  for (guint i = 0; i < SQNS_JOB_N_FILES && files != NULL; i++)
    load->notes[i] = (SqnsFileNote){ g_strdup (files[i].name), g_strdup (files[i].sha256) };
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, user_data);
  g_task_set_source_tag (task, sqns_journal_load_async);
  g_task_set_task_data (task, load, load_free);
  g_task_run_in_thread (task, load_in_thread);
}

SqnsJournalEntry *
sqns_journal_load_finish (GAsyncResult *result)
{
  return g_task_propagate_pointer (G_TASK (result), NULL);
}

/* All of them */

static int
compare_ends (gconstpointer a, gconstpointer b)
{
  const SqnsJobRecord *one = *(SqnsJobRecord *const *)a, *two = *(SqnsJobRecord *const *)b;
  return one->finished_at > two->finished_at ? -1 : one->finished_at < two->finished_at;
}

static int
compare_births (gconstpointer a, gconstpointer b)
{
  const SqnsJournalEntry *one = *(SqnsJournalEntry *const *)a, *two = *(SqnsJournalEntry *const *)b;
  return one->record->created_at < two->record->created_at ? -1 : one->record->created_at > two->record->created_at;
}

static void
record_free (gpointer data)
{
  sqns_job_record_free (data);
}

/* @ended: the youngest so far, a few more than are wanted: not all of ten thousand are held at once. */
static void
add_ended (GPtrArray *ended, SqnsJobRecord *record, guint max)
{
  g_ptr_array_add (ended, record);
  if (ended->len < 2 * max + 100)
    return;
  g_ptr_array_sort (ended, compare_ends);
  g_ptr_array_set_size (ended, max);
}

static SqnsJournalEntry *
entry_new (SqnsJobRecord *record)
{
  SqnsJournalEntry *entry = g_new0 (SqnsJournalEntry, 1);
  entry->record = record;
  return entry;
}

static void
read_one (SqnsJournal *self, SqnsJournalOrder *order, const char *name, GPtrArray *ended)
{
  g_autofree char *path = g_build_filename (self->jobs, name, NULL);
  g_autofree char *of_record = uuid_of (name, SQNS_JOURNAL_RECORD);
  g_autofree char *of_log = uuid_of (name, SQNS_JOURNAL_LOG);
  GError *error = NULL;

  if (of_log != NULL)
    {
      g_autofree char *record = sqns_journal_path (self, of_log, SQNS_JOURNAL_RECORD);
      if (!g_file_test (record, G_FILE_TEST_EXISTS))
        sqns_journal_unlink (path, &error);
    }
  else if (g_str_has_suffix (name, SQNS_JOURNAL_TEMPORARY))
    sqns_journal_unlink (path, &error);
  report (error);
  if (of_record == NULL)
    return;

  SqnsJobRecord *record = read_or_set_aside (path);
  if (record == NULL)
    return;
  if (is_expired (record, order->expired))
    {
      error = NULL;
      sqns_journal_unlink_job (self, of_record, &error);
      report (error);
      sqns_job_record_free (record);
    }
  else if (sqns_job_state_ended (record->state))
    add_ended (ended, record, order->max_ended);
  else
    g_ptr_array_add (order->result, entry_new (record));
}

static void
need_files (SqnsJournal *self, const SqnsJobRecord *record)
{
  for (guint i = 0; i < SQNS_JOB_N_FILES; i++)
    if (*record->request.files[i].sha256 != '\0')
      g_hash_table_add (self->stored, g_strdup (record->request.files[i].sha256));
}

static void
remove_unneeded (SqnsJournal *self)
{
  g_autoptr (GDir) dir = g_dir_open (self->firmware, 0, NULL);
  for (const char *name = dir != NULL ? g_dir_read_name (dir) : NULL; name != NULL; name = g_dir_read_name (dir))
    {
      g_autofree char *path = g_build_filename (self->firmware, name, NULL);
      GError *error = NULL;
      if (!g_hash_table_contains (self->stored, name))
        sqns_journal_unlink (path, &error);
      report (error);
    }
  /* what is there may be damaged: it is written again when it is given again */
  g_hash_table_remove_all (self->stored);
}

static void
entry_free (gpointer data)
{
  sqns_journal_entry_free (data);
}

void
sqns_journal_read_all (SqnsJournal *self, SqnsJournalOrder *order)
{
  if (!sqns_journal_make_ready (self, &order->error))
    return;
  g_autoptr (GPtrArray) ended = g_ptr_array_new_with_free_func (record_free);
  g_autoptr (GDir) dir = g_dir_open (self->jobs, 0, NULL);
  order->result = g_ptr_array_new_with_free_func (entry_free);
  for (const char *name = dir != NULL ? g_dir_read_name (dir) : NULL; name != NULL; name = g_dir_read_name (dir))
    read_one (self, order, name, ended);

  g_autoptr (GHashTable) loaded = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
  for (guint i = 0; i < order->result->len; i++)
    {
      SqnsJournalEntry *entry = order->result->pdata[i];
      load_files (self, entry->record->request.files, loaded, entry);
      load_log (self, entry->record->uuid, entry);
      need_files (self, entry->record);
    }
  g_ptr_array_sort (ended, compare_ends);
  for (guint i = 0; i < MIN (ended->len, order->max_ended); i++)
    {
      SqnsJobRecord *record = g_steal_pointer (&ended->pdata[i]);
      if (sqns_job_record_needs_files (record))
        need_files (self, record);
      g_ptr_array_add (order->result, entry_new (record));
    }
  g_ptr_array_sort (order->result, compare_births);
  remove_unneeded (self);
}

void
sqns_journal_remove_expired (SqnsJournal *self, SqnsJournalOrder *order)
{
  g_autoptr (GDir) dir = self->lock >= 0 ? g_dir_open (self->jobs, 0, NULL) : NULL;
  for (const char *name = dir != NULL ? g_dir_read_name (dir) : NULL; name != NULL; name = g_dir_read_name (dir))
    {
      g_autofree char *uuid = uuid_of (name, SQNS_JOURNAL_RECORD);
      g_autofree char *path = g_build_filename (self->jobs, name, NULL);
      GStatBuf st;
      /* what was written since has not ended before */
      if (uuid == NULL || g_lstat (path, &st) != 0 || st.st_mtime > order->expired / G_USEC_PER_SEC)
        continue;
      g_autoptr (SqnsJobRecord) record = sqns_journal_read_record (path, NULL);
      if (record == NULL || !is_expired (record, order->expired))
        continue;
      GError *error = NULL;
      sqns_journal_unlink_job (self, uuid, &error);
      report (error);
    }
}
