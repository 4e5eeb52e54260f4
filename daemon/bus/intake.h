/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files of a call: from the descriptors that came with it to the firmware that they hold. */
#pragma once

#include "firmware/firmware-cache.h"
#include "job/job-record.h"

typedef struct _SqnsIntake SqnsIntake;

SqnsIntake *sqns_intake_new (void);
/* Closes the channels that were not read. */
void sqns_intake_free (SqnsIntake *intake);
/* By SqnsJobFile: those that were loaded, NULL none. */
SqnsFirmware *const *sqns_intake_files (const SqnsIntake *intake);

/* Takes the channels that @handles (-1 none) stand for out of @message, and closes all others. Errors: INVALID_ARGS (no
 * such descriptor came), LIMITS_EXCEEDED. */
gboolean
sqns_intake_take (SqnsIntake *intake, GDBusMessage *message, const gint32 handles[SQNS_JOB_N_FILES], GError **error);

/* Loads what was taken into @cache, once. Gives up when @sender leaves the bus or does not let a file be read for too
 * long. Errors: those of sqns_firmware_cache_load_async(); CANCELLED; FAILED; LIMITS_EXCEEDED. */
void sqns_intake_load_async (SqnsIntake *intake,
                             SqnsFirmwareCache *cache,
                             GDBusConnection *connection,
                             const char *sender,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
gboolean sqns_intake_load_finish (GAsyncResult *result, GError **error);
