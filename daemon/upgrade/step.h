/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One step of a plan: which procedure runs it, and what holds for the modem meanwhile. */
#pragma once

#include "link/link.h"
#include "plan/plan.h"

/* What holds while a step runs. */
typedef struct {
  SqnsPhase phase;
  gboolean safe;      /* power may be cut */
  gboolean committed; /* the point of no return */
  gboolean writes;    /* bytes may have come to the modem's flash */
  const char *message;
} SqnsStepNature;
const SqnsStepNature *sqns_step_nature (SqnsStep step); /* static */

/* What there is to send; borrowed until the step has ended. */
typedef struct {
  GBytes *image;      /* the whole file */
  GBytes *bootrom;    /* its boot ROM package; nullable when no step needs it, likewise the next two */
  GBytes *first_step; /* the first of two files */
  GBytes *updater;    /* an updater ELF */
  guint block_size;   /* most image bytes per STP block, 0 = as the session allows */
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
