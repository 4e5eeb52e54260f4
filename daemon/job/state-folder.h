/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Jobs on disk: FOLDER/jobs/UUID.conf and UUID.log, FOLDER/firmware/SHA256. All functions block: they are for the
 * thread of the job store, but for those that say otherwise. */
#pragma once

#include "firmware/firmware.h"
#include "job/history.h"
#include "job/transcript.h"

/* All that is stored of a job. */
typedef struct {
  SqnsJobRecord *record;
  SqnsFirmware *files[SQNS_JOB_N_FILES]; /* NULL: none, or no longer needed in memory */
  SqnsTranscript *transcript;            /* NULL: on disk only */
  GString *log;                          /* of a save: the text of @transcript; nullable */
  GError *error;                         /* of a load: why @files are missing; of a save; nullable */
} SqnsStoredJob;
SqnsStoredJob *sqns_stored_job_new (SqnsJobRecord *record); /* takes @record */
void sqns_stored_job_free (gpointer job);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqnsStoredJob, sqns_stored_job_free)

typedef struct _SqnsStateFolder SqnsStateFolder;

SqnsStateFolder *sqns_state_folder_new (const char *path); /* touches nothing yet */
void sqns_state_folder_free (SqnsStateFolder *folder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqnsStateFolder, sqns_state_folder_free)
const char *sqns_state_folder_path (const SqnsStateFolder *folder);

/* Locks the folder for this process and reads what is there: every job that has not ended, with its files and its
 * transcript, and the youngest @max_ended others without them. What ended before @expired (µs since the epoch) is
 * removed, firmware that none of these needs, too; a damaged record is renamed to UUID.conf.damaged and logged. The
 * result is SqnsStoredJob by creation. FAILED when nothing can be stored there. */
GPtrArray *sqns_state_folder_load (SqnsStateFolder *folder, gint64 expired, guint max_ended, GError **error);

/* In any thread: a job by its @record, of which a copy is made, with its transcript and its firmware, verified again.
 * Never fails: see the job's error. */
SqnsStoredJob *sqns_state_folder_load_job (const SqnsStateFolder *folder, const SqnsJobRecord *record);

/* Saves different jobs, for good: the files of each, its log (which need not survive a power cut), its record. Each
 * error is FAILED with the disk's words: the record that is there stays. */
void sqns_state_folder_save (SqnsStateFolder *folder, SqnsStoredJob *const *jobs, guint n);

/* In any thread: whether the folder was removed and made again since this was asked last. Its jobs have to be saved
 * again. */
gboolean sqns_state_folder_was_remade (SqnsStateFolder *folder);

/* Nothing there is fine. */
gboolean sqns_state_folder_remove_job (SqnsStateFolder *folder, const char *uuid, GError **error);
gboolean sqns_state_folder_remove_firmware (SqnsStateFolder *folder, const char *sha256, GError **error);
void sqns_state_folder_prune (SqnsStateFolder *folder, gint64 expired); /* as load does */
void sqns_state_folder_unlock (SqnsStateFolder *folder);

/* In any thread: the record at @path, by its own name. Errors: FAILED (damaged, no regular file, too long),
 * G_FILE_ERROR. */
SqnsJobRecord *sqns_state_folder_read_record (const char *path, GError **error);

/* In any thread: what fits of @known (SqnsJobRecord, moved out of it) and of the records on disk that are not among
 * these, newest end first. @folder NULL: there are none. */
GPtrArray *sqns_state_folder_search (const SqnsStateFolder *folder, const SqnsHistoryFilter *filter, GPtrArray *known);
