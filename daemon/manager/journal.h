/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Jobs on disk: FOLDER/jobs/UUID.conf and UUID.log, FOLDER/firmware/SHA256. One thread writes, in the order in which it
 * is asked to; the main loop never waits for a disk. */
#pragma once

#include "firmware/firmware.h"
#include "job/job-record.h"

typedef struct _SqnsJournal SqnsJournal;

/* Touches nothing yet. */
SqnsJournal *sqns_journal_new (const char *folder);
/* Waits until all that was asked for is done. */
void sqns_journal_free (SqnsJournal *journal);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqnsJournal, sqns_journal_free)

const char *sqns_journal_folder (SqnsJournal *journal);

/* A job that was found. */
typedef struct {
  SqnsJobRecord *record; /* nullable for sqns_journal_load_finish() */
  SqnsFirmware *files[SQNS_JOB_N_FILES];
  char *log;     /* nullable */
  GError *error; /* why its files are not there; nullable */
} SqnsJournalEntry;
void sqns_journal_entry_free (SqnsJournalEntry *entry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqnsJournalEntry, sqns_journal_entry_free)

/* Takes the folder for this process and reads what is there: every job that has not ended, with its files and its
 * transcript, and the youngest @max_ended others without them. What ended before @expired (µs since the epoch) is
 * removed, firmware that none of these needs, too; a damaged record is renamed to UUID.conf.damaged and logged. The
 * result is SqnsJournalEntry by creation. FAILED when nothing can be kept there. */
void sqns_journal_open_async (
    SqnsJournal *journal, gint64 expired, guint max_ended, GAsyncReadyCallback callback, gpointer user_data);
GPtrArray *sqns_journal_open_finish (GAsyncResult *result, GError **error);

/* Done when it would survive a power cut: first the files that are there, then the record. @log (taken, nullable) does
 * not have to survive that. FAILED: the disk's words; what stood there before stands there still. */
void sqns_journal_put_async (SqnsJournal *journal,
                             const SqnsJobRecord *record,
                             SqnsFirmware *const files[SQNS_JOB_N_FILES],
                             GString *log,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
gboolean sqns_journal_put_finish (GAsyncResult *result, GError **error);

/* Whether the folder was removed and made again since this was asked last: what was in it has to be put once more. */
gboolean sqns_journal_was_remade (SqnsJournal *journal);

/* Without an answer; failures are logged. */
void sqns_journal_remove (SqnsJournal *journal, const char *uuid);
void sqns_journal_remove_firmware (SqnsJournal *journal, const char *sha256);
void sqns_journal_prune (SqnsJournal *journal, gint64 expired); /* as open does */

/* When all that was asked for before is done. */
void sqns_journal_flush_async (SqnsJournal *journal, GAsyncReadyCallback callback, gpointer user_data);
void sqns_journal_flush_finish (GAsyncResult *result);

/* A job's transcript, and with @files its firmware, checked again. Never fails: see the entry's error. */
void sqns_journal_load_async (SqnsJournal *journal,
                              const char *uuid,
                              const SqnsFileNote files[SQNS_JOB_N_FILES],
                              GAsyncReadyCallback callback,
                              gpointer user_data);
SqnsJournalEntry *sqns_journal_load_finish (GAsyncResult *result);

/* The record at @path, by its own name. Waits for the disk. Errors: FAILED (damaged, no regular file, too long),
 * G_FILE_ERROR. */
SqnsJobRecord *sqns_journal_read_record (const char *path, GError **error);
