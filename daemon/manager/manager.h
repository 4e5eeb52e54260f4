/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All devices and jobs, and which job runs when. */
#pragma once

#include "firmware/firmware-cache.h"
#include "job/job.h"
#include "manager/config.h"
#include "manager/inhibit.h"
#include "manager/device-table.h"

#define SQNS_TYPE_MANAGER (sqns_manager_get_type ())
G_DECLARE_FINAL_TYPE (SqnsManager, sqns_manager, SQNS, MANAGER, GObject)

/* @config is copied, @backend static, @rules taken. */
SqnsManager *sqns_manager_new (const SqnsConfig *config, const SqnsBackend *backend, SqnsRules *rules);

const SqnsConfig *sqns_manager_config (SqnsManager *manager);
SqnsDeviceTable *sqns_manager_devices (SqnsManager *manager);
SqnsInhibit *sqns_manager_inhibitors (SqnsManager *manager);
GPtrArray *sqns_manager_jobs (SqnsManager *manager); /* SqnsJob by age, finished ones too, owned by the manager */

typedef struct {
  guint running; /* jobs running or verifying */
  guint queued;  /* jobs queued or waiting */
  guint unsafe;  /* running jobs during which power must stay */
  gboolean draining;
} SqnsManagerStatus;
SqnsManagerStatus sqns_manager_status (SqnsManager *manager);

SqnsFirmwareCache *sqns_manager_firmware_cache (SqnsManager *manager); /* owned by the manager */

/* DRAINING while nothing new is taken. */
gboolean sqns_manager_accepts (SqnsManager *manager, GError **error);

/* Whether user @uid may open one more console: LIMITS_EXCEEDED. */
gboolean sqns_manager_allows_console (SqnsManager *manager, guint uid, GError **error);

gboolean sqns_manager_is_stopping (SqnsManager *manager); /* shutdown has begun */

/* Makes a job for each of @devices (SqnsDevice), all or none; an idempotency key of the same user gives those that the
 * same order for the same modems made before. Errors: DRAINING, KEY_REUSED, LIMITS_EXCEEDED, those of
 * sqns_firmware_expect() and sqns_plan_check_files(). Returns borrowed SqnsJob in the order of
 * @devices; the array is the caller's. */
GPtrArray *sqns_manager_submit (SqnsManager *manager,
                                GPtrArray *devices,
                                SqnsFirmware *const files[SQNS_JOB_N_FILES],
                                const SqnsRequest *request,
                                GError **error);

SqnsJobStore *sqns_manager_store (SqnsManager *manager); /* owned by the manager */

/* Keeps jobs in @folder from now on, and brings back those that are there: what had not ended is queued, or interrupted
 * and goes on by itself (AutoResume). No job is started meanwhile. FAILED with why nothing can be kept: jobs run all
 * the same, but for those that must not without (see SqnsJob). Once only. */
void sqns_manager_restore_jobs_async (SqnsManager *manager,
                                      const char *folder,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data);
gboolean sqns_manager_restore_jobs_finish (SqnsManager *manager, GAsyncResult *result, GError **error);

/* An interrupted job goes on, a failed or cancelled one is queued again with what is known of it. Errors: WRONG_STATE,
 * DRAINING, INVALID_FIRMWARE (its file is not kept any more). */
void sqns_manager_resume_async (SqnsManager *manager, SqnsJob *job, GAsyncReadyCallback callback, gpointer user_data);
gboolean sqns_manager_resume_finish (SqnsManager *manager, GAsyncResult *result, GError **error);

/* Removes a finished job. WRONG_STATE when it is not. */
gboolean sqns_manager_forget (SqnsManager *manager, SqnsJob *job, GError **error);

/* TRUE: what runs is finished, nothing is started or taken. */
void sqns_manager_set_draining (SqnsManager *manager, gboolean draining);

/* Why no job would start now on @device, for people; caller frees. */
char **sqns_manager_blockers (SqnsManager *manager, SqnsDevice *device);

/* Takes nothing new, interrupts what can be interrupted (cancels it without a folder), closes consoles, waits for the
 * rest and for the disk. Once only. */
void sqns_manager_shutdown_async (SqnsManager *manager, GAsyncReadyCallback callback, gpointer user_data);
gboolean sqns_manager_shutdown_finish (SqnsManager *manager, GAsyncResult *result, GError **error);

/* Signals: "job-added", "job-removed", "job-finished" (SqnsJob); "changed" (no arguments): the status or the inhibitors
 * may be others. */
