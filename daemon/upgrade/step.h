/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One step of a plan: which procedure runs it, and what it sends. */
#pragma once

#include "codec/caba.h"
#include "link/link.h"
#include "plan/steps.h"

/* What there is to send. */
typedef struct {
  GBytes *parts[SQNS_N_PARTS]; /* NULL where no step uploads it */
  GBytes *given, *embedded;    /* updater ELFs: the user's and the one inside the file; nullable */
  guint loads;                 /* of an updater, so far */
  guint block_size;            /* most image bytes per STP block, 0 = as the session allows */
} SqnsStepFiles;
/* References are taken; @first and @updater nullable; @caba: parsed @image. */
void sqns_step_files_init (
    SqnsStepFiles *files, GBytes *image, const SqnsCaba *caba, GBytes *first, GBytes *updater, guint block_size);
void sqns_step_files_clear (SqnsStepFiles *files);

/* Any step but CONFIRM. Errors: those of the procedure that runs it (prepare.h, bootmode.h, upload.h, install.h,
 * load-updater.h). @files must outlive the step. */
void sqns_step_async (SqnsLink *link,
                      SqnsStep step,
                      SqnsStepFiles *files,
                      GCancellable *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer user_data);
gboolean sqns_step_finish (SqnsLink *link, GAsyncResult *result, GError **error);
