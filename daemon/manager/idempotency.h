/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which jobs an idempotency key has made already. */
#pragma once

#include "job/job.h"

/* A user's key stands for one request, for all the modems that it named. *@found: those of @jobs that it made, in the
 * order of @devices; empty for a new key. The array is the caller's, the jobs are borrowed. KEY_REUSED when anything
 * differs; also when a job of it was forgotten, rather than to upgrade its modem twice. */
gboolean sqns_idempotency_find (
    GPtrArray *jobs, GPtrArray *devices, const SqnsRequest *request, GPtrArray **found, GError **error);
