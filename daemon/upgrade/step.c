/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One step of a plan: which procedure runs it. */
#include "upgrade/step.h"

#include "base/deadlines.h"
#include "modem/install.h"
#include "modem/bootmode.h"
#include "modem/prepare.h"
#include "modem/upload.h"
#include "modem/load-updater.h"

static void
upload (GTask *task, SqnsStep step, const SqnsStepFiles *files, GAsyncReadyCallback done)
{
  const SqnsStepInfo *info = sqns_step_info (step);
  gboolean stores = sqns_step_has (step, SQNS_TRAIT_STORES);
  SqnsUploadConfig config = {
    .command = stores ? "AT+SMSTPU" : "AT+SMSTPU=\"ON_THE_FLY\"",
    .type = SQNS_STP_DATA_CABA,
    .image = files->parts[info->part],
    .block_size = files->block_size,
    .erases = TRUE,
    /* field-failures.md §1 row 9 */
    .barren = stores ? "some modems left the factory with a read-only file system, which this way needs; a full image "
                       "by way of recovery does without it"
                     : NULL,
    .counts = info->part == SQNS_PART_FILE,
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
