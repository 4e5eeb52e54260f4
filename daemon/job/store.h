/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where jobs outlive the daemon: saves, loads and removes them, and searches those that have ended. One thread writes,
 * in the order of the calls; the main loop never waits for a disk. Callbacks come in the same order, a few in each turn
 * of the main loop, as hundreds of jobs are saved together. */
#pragma once

#include "job/state-folder.h"

#define SQNS_TYPE_JOB_STORE (sqns_job_store_get_type ())
G_DECLARE_FINAL_TYPE (SqnsJobStore, sqns_job_store, SQNS, JOB_STORE, GObject)

/* Nothing is on disk, but the history of its jobs, before it is opened. @history_days: for so long are ended jobs kept,
 * 0 while the daemon runs. */
SqnsJobStore *sqns_job_store_new (guint history_days);
/* Waits until all that was asked for is done, and unlocks the folder. */
void sqns_job_store_close (SqnsJobStore *store);

/* Uses @folder from now on, and loads the jobs that are there: SqnsStoredJob by creation, see
 * sqns_state_folder_load(). FAILED when nothing can be stored there. Once only. */
void sqns_job_store_open_async (
    SqnsJobStore *store, const char *folder, guint max_ended, GAsyncReadyCallback callback, gpointer user_data);
GPtrArray *sqns_job_store_open_finish (SqnsJobStore *store, GAsyncResult *result, GError **error);
gboolean sqns_job_store_is_open (SqnsJobStore *store);
const char *sqns_job_store_folder (SqnsJobStore *store); /* NULL before it is open */

/* Jobs of the store, borrowed: what each needs on disk stays there, and all are saved again when the folder was
 * removed. */
void sqns_job_store_add (SqnsJobStore *store, const SqnsStoredJob *job);
void sqns_job_store_remove (SqnsJobStore *store, const SqnsStoredJob *job);
/* Removes it, and its firmware from the disk; with @record its record and transcript, too. */
void sqns_job_store_forget (SqnsJobStore *store, const SqnsStoredJob *job, gboolean record);

/* Saved when it would survive a power cut, its files before its record. Errors: FAILED (the disk's words; the record
 * that was there is there still), TIMEOUT after a minute (it may still be saved). */
void sqns_job_store_save_async (SqnsJobStore *store,
                                const SqnsStoredJob *job,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
gboolean sqns_job_store_save_finish (SqnsJobStore *store, GAsyncResult *result, GError **error);

/* A job with its transcript, and its firmware (@files), verified again. Never fails: see its error. */
void sqns_job_store_load_async (
    SqnsJobStore *store, const SqnsJobRecord *record, gboolean files, GAsyncReadyCallback callback, gpointer user_data);
SqnsStoredJob *sqns_job_store_load_finish (SqnsJobStore *store, GAsyncResult *result);

/* When what was asked for before is done, and the callbacks have been called; or after 20 s: a caller of D-Bus waits
 * for 25 s. */
void sqns_job_store_flush_async (SqnsJobStore *store, GAsyncReadyCallback callback, gpointer user_data);
void sqns_job_store_flush_finish (SqnsJobStore *store, GAsyncResult *result);

/* Ended jobs, on disk or not: SqnsJobRecord, newest end first. User @uid gets turns with the others who ask.
 * LIMITS_EXCEEDED: too many questions wait, of @uid above all. */
void sqns_job_store_history_async (
    SqnsJobStore *store, guint uid, const SqnsHistoryFilter *filter, GAsyncReadyCallback callback, gpointer user_data);
GPtrArray *sqns_job_store_history_finish (SqnsJobStore *store, GAsyncResult *result, GError **error);
void sqns_job_store_end_history (SqnsJobStore *store); /* the daemon stops: what waits fails with DRAINING */

/* Removes what has ended for too long, once a day. Returns when to call again, µs since the epoch, 0 never. */
gint64 sqns_job_store_prune (SqnsJobStore *store, gint64 now);
