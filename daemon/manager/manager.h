/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Devices, jobs and inhibitors, and the scheduler that starts the jobs. */
#pragma once

#include "manager/device-table.h"
#include "manager/inhibit.h"
#include "manager/job-table.h"

#define SQNS_TYPE_MANAGER (sqns_manager_get_type ())
G_DECLARE_FINAL_TYPE (SqnsManager, sqns_manager, SQNS, MANAGER, GObject)

/* @config is copied, @rules taken. */
SqnsManager *sqns_manager_new (const SqnsConfig *config, SqnsRules *rules);

/* Its parts. */
const SqnsConfig *sqns_manager_config (SqnsManager *manager);
SqnsDeviceTable *sqns_manager_devices (SqnsManager *manager);
SqnsJobTable *sqns_manager_jobs (SqnsManager *manager);
SqnsInhibit *sqns_manager_inhibitors (SqnsManager *manager);

/* Whether user @uid may open one more console: LIMITS_EXCEEDED. */
gboolean sqns_manager_allows_console (SqnsManager *manager, guint uid, GError **error);

/* Why no job would start now on @device, for people; caller frees. */
char **sqns_manager_blockers (SqnsManager *manager, SqnsDevice *device);

/* Takes nothing new, interrupts what can be interrupted (cancels it where it is not saved), closes consoles, waits for
 * the rest and for the disk. Once only. */
void sqns_manager_shutdown_async (SqnsManager *manager, GAsyncReadyCallback callback, gpointer user_data);
gboolean sqns_manager_shutdown_finish (SqnsManager *manager, GAsyncResult *result, GError **error);
