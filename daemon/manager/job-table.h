/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All jobs, by age: those that wait, run or have ended, of this daemon and of earlier ones. */
#pragma once

#include "firmware/firmware-cache.h"
#include "job/job.h"
#include "manager/config.h"
#include "manager/device-table.h"

#define SQNS_TYPE_JOB_TABLE (sqns_job_table_get_type ())
G_DECLARE_FINAL_TYPE (SqnsJobTable, sqns_job_table, SQNS, JOB_TABLE, GObject)

/* @config and @rules must outlive it. */
SqnsJobTable *sqns_job_table_new (const SqnsConfig *config, const SqnsRules *rules, SqnsDeviceTable *devices);

GPtrArray *sqns_job_table_jobs (SqnsJobTable *table); /* SqnsJob by age, owned by the table */
SqnsJobStore *sqns_job_table_store (SqnsJobTable *table);
SqnsFirmwareCache *sqns_job_table_firmware_cache (SqnsJobTable *table);

typedef struct {
  guint running; /* jobs running or verifying */
  guint queued;  /* jobs queued or waiting */
  guint unsafe;  /* running jobs during which power must stay */
} SqnsJobTableStatus;
SqnsJobTableStatus sqns_job_table_status (SqnsJobTable *table);
gboolean sqns_job_table_needs_device (SqnsJobTable *table, SqnsDevice *device); /* of a job that has not ended */

/* Why jobs are not taken, or not started. */
typedef struct {
  gboolean restoring; /* jobs are taken, but none starts until those of the earlier daemon are there */
  gboolean draining;  /* those that run are finished, none is taken or started */
  gboolean stopping;  /* the same, for good */
} SqnsJobIntake;
const SqnsJobIntake *sqns_job_table_intake (SqnsJobTable *table);
gboolean sqns_job_table_accepts (SqnsJobTable *table, GError **error); /* DRAINING */
void sqns_job_table_set_draining (SqnsJobTable *table, gboolean draining);
void sqns_job_table_stop (SqnsJobTable *table); /* sqns_job_stop() for all */

/* Makes a job for each of @devices (SqnsDevice), all or none; an idempotency key gives those that the same request made
 * before. Errors: DRAINING, LIMITS_EXCEEDED, those of sqns_firmware_expect(), sqns_plan_check_files() and
 * sqns_idempotency_find(). Returns borrowed SqnsJob in the order of @devices; the array is the caller's. */
GPtrArray *sqns_job_table_submit (SqnsJobTable *table,
                                  GPtrArray *devices,
                                  SqnsFirmware *const files[SQNS_JOB_N_FILES],
                                  const SqnsRequest *request,
                                  GError **error);

/* Saves jobs in @folder from now on, and brings back those that are there: jobs that had not ended are queued, or
 * interrupted and go on by themselves (AutoResume). FAILED when nothing can be saved: jobs run all the same, but for
 * those that must not (see SqnsJob). Once only. */
void sqns_job_table_restore_async (SqnsJobTable *table,
                                   const char *folder,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
gboolean sqns_job_table_restore_finish (SqnsJobTable *table, GAsyncResult *result, GError **error);

/* An interrupted job goes on, a failed or cancelled one is queued again from its checkpoint. Errors: WRONG_STATE,
 * DRAINING, NOT_FOUND, INVALID_FIRMWARE (its file is no longer stored). */
void sqns_job_table_resume_async (SqnsJobTable *table, SqnsJob *job, GAsyncReadyCallback callback, gpointer user_data);
gboolean sqns_job_table_resume_finish (SqnsJobTable *table, GAsyncResult *result, GError **error);

/* Removes a finished job. WRONG_STATE when it is not. */
gboolean sqns_job_table_forget (SqnsJobTable *table, SqnsJob *job, GError **error);
/* Removes finished jobs that are too old or too many. Returns when the next one is too old, µs since the epoch, 0
 * never. */
gint64 sqns_job_table_prune (SqnsJobTable *table);

void sqns_job_table_reschedule (SqnsJobTable *table); /* a job may be able to start, or no longer */

/* Signals: "added", "removed", "finished" (SqnsJob); without arguments: "changed" (the status, the intake, inhibitors),
 * "reschedule" (a job may be able to start). */
