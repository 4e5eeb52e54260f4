/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One step of a plan: which procedure runs it, and what holds for the modem meanwhile. */
#include "upgrade/step.h"

#include "base/deadlines.h"
#include "modem/install.h"
#include "modem/bootmode.h"
#include "modem/prepare.h"
#include "modem/upload.h"
#include "modem/load-updater.h"

const SqnsStepNature *
sqns_step_nature (SqnsStep step)
{
  static const SqnsStepNature natures[SQNS_N_STEPS] = {
    [SQNS_STEP_PREPARE] = { SQNS_PHASE_PREPARE, TRUE, FALSE, FALSE, "quietening the modem" },
    [SQNS_STEP_BOOT_RECOVERY] = { SQNS_PHASE_PREPARE, FALSE, FALSE, FALSE, "the modem is booting into recovery" },
    [SQNS_STEP_BOOT_FFH] = { SQNS_PHASE_BOOTROM, FALSE, FALSE, FALSE, "the modem is booting into its boot ROM (FFH)" },
    [SQNS_STEP_UPLOAD_BOOTROM] = { SQNS_PHASE_BOOTROM, FALSE, FALSE, TRUE, "writing the new boot ROM" },
    [SQNS_STEP_LOAD_UPDATER]
    = { SQNS_PHASE_UPDATER, TRUE, FALSE, FALSE, "loading the updater into the modem's memory" },
    [SQNS_STEP_UPLOAD_ON_THE_FLY]
    = { SQNS_PHASE_TRANSFER, FALSE, FALSE, TRUE, "writing the firmware; pauses are normal" },
    [SQNS_STEP_APPLY] = { SQNS_PHASE_APPLY, FALSE, TRUE, TRUE, "the modem is writing its flash, up to 10 min" },
    [SQNS_STEP_STORE_FIRST]
    = { SQNS_PHASE_PREPARE, FALSE, FALSE, FALSE, "storing the first of two files in the modem" },
    [SQNS_STEP_STORE] = { SQNS_PHASE_TRANSFER, FALSE, FALSE, FALSE, "storing the file in the modem" },
    [SQNS_STEP_INSTALL]
    = { SQNS_PHASE_APPLY, FALSE, TRUE, TRUE, "the modem is installing what it has stored, up to 10 min" },
    [SQNS_STEP_WAIT] = { SQNS_PHASE_PREPARE, FALSE, FALSE, FALSE,
                         "the modem is applying an earlier upgrade by itself: waiting for its end" },
    [SQNS_STEP_BOOT_APPLICATION]
    = { SQNS_PHASE_REBOOT, FALSE, TRUE, FALSE, "the modem is booting its firmware, up to 10 min" },
    [SQNS_STEP_CONFIRM] = { SQNS_PHASE_CONFIRM, FALSE, TRUE, FALSE, "reading the version back" },
  };

  return &natures[step];
}

static void
upload (GTask *task, SqnsStep step, const SqnsStepFiles *files, GAsyncReadyCallback done)
{
  gboolean stored = step == SQNS_STEP_STORE || step == SQNS_STEP_STORE_FIRST;
  SqnsUploadConfig config = {
    .command = stored ? "AT+SMSTPU" : "AT+SMSTPU=\"ON_THE_FLY\"",
    .type = SQNS_STP_DATA_CABA,
    .image = step == SQNS_STEP_UPLOAD_BOOTROM ? files->bootrom
             : step == SQNS_STEP_STORE_FIRST  ? files->first_step
                                              : files->image,
    .block_size = files->block_size,
    .erases = TRUE,
    /* field-failures.md §1 row 9 */
    .barren = stored ? "some modems left the factory with a read-only file system, which this way needs; a full image "
                       "by way of recovery does without it"
                     : NULL,
    .counts = step == SQNS_STEP_UPLOAD_ON_THE_FLY || step == SQNS_STEP_STORE,
  };
  sqns_upload_async (g_task_get_source_object (task), &config, g_task_get_cancellable (task), done, task);
}

/* All procedures are tasks of the link that return a boolean. */
static void
on_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (g_task_propagate_boolean (G_TASK (result), &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
sqns_step_async (SqnsLink *link,
                 SqnsStep step,
                 const SqnsStepFiles *files,
                 GCancellable *cancellable,
                 GAsyncReadyCallback callback,
                 gpointer user_data)
{
  GTask *task = g_task_new (link, cancellable, callback, user_data);

  g_task_set_check_cancellable (task, FALSE); /* what the procedure reached stands */
  switch (step)
    {
    case SQNS_STEP_PREPARE:
      sqns_prepare_async (link, SQNS_NOTICE_STARTED, cancellable, on_done, task);
      break;
    /* a modem that was told to boot answers as what it was for a moment: a cancel waits until it is what it will be */
    case SQNS_STEP_BOOT_RECOVERY:
      sqns_bootmode_async (link, SQNS_MODE_RECOVERY, SQNS_BOOT_RECOVERY_S, NULL, on_done, task);
      break;
    case SQNS_STEP_BOOT_FFH:
      sqns_bootmode_async (link, SQNS_MODE_FFH, SQNS_BOOT_FFH_S, NULL, on_done, task);
      break;
    case SQNS_STEP_BOOT_APPLICATION:
      sqns_bootmode_async (link, SQNS_MODE_FFF, SQNS_BOOT_APPLICATION_S, cancellable, on_done, task);
      break;
    case SQNS_STEP_WAIT:
      sqns_bootmode_async (link, SQNS_MODE_UNKNOWN, SQNS_UPDATING_S, cancellable, on_done, task);
      break;
    case SQNS_STEP_UPLOAD_BOOTROM:
    case SQNS_STEP_UPLOAD_ON_THE_FLY:
    case SQNS_STEP_STORE_FIRST:
    case SQNS_STEP_STORE:
      upload (task, step, files, on_done);
      break;
    case SQNS_STEP_LOAD_UPDATER:
      sqns_load_updater_async (link, files->updater, cancellable, on_done, task);
      break;
    case SQNS_STEP_APPLY:
      sqns_install_async (link, SQNS_INSTALL_WRITTEN, cancellable, on_done, task);
      break;
    case SQNS_STEP_INSTALL:
      sqns_install_async (link, SQNS_INSTALL_STORED, cancellable, on_done, task);
      break;
    case SQNS_STEP_CONFIRM:
      g_assert_not_reached ();
    }
}

gboolean
sqns_step_finish (SqnsLink *link, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
