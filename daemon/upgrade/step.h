/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One step of a plan: which procedure runs it. */
#pragma once

#include "link/link.h"
#include "plan/steps.h"

/* What there is to send; borrowed until the step has ended. */
typedef struct {
  GBytes *parts[SQNS_N_PARTS]; /* NULL where no step uploads it */
  GBytes *updater;             /* an ELF; NULL likewise */
  guint block_size;            /* most image bytes per STP block, 0 = as the session allows */
} SqnsStepFiles;

/* Any step but CONFIRM. Errors: those of the procedure that runs it (prepare.h, bootmode.h, upload.h, install.h,
 * load-updater.h). */
void sqns_step_async (SqnsLink *link,
                      SqnsStep step,
                      const SqnsStepFiles *files,
                      GCancellable *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer user_data);
gboolean sqns_step_finish (SqnsLink *link, GAsyncResult *result, GError **error);
