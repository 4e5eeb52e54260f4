/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One step of a plan: which procedure runs it, and what it sends. */
#include "upgrade/step.h"

#include "base/deadlines.h"
#include "modem/bootmode.h"
#include "modem/install.h"
#include "modem/load-updater.h"
#include "modem/prepare.h"
#include "modem/upload.h"

static GBytes *
find_bootrom (GBytes *image, const SqnsCaba *caba)
{
  for (guint i = 0; i < caba->packages->len; i++)
    {
      const SqnsPackage *package = g_ptr_array_index (caba->packages, i);
      if (package->role == SQNS_ROLE_BOOTROM && package->kind == SQNS_PACKAGE_UPGR)
        return g_bytes_new_from_bytes (image, package->offset, package->size);
    }
  return NULL;
}

void
sqns_step_files_init (
    SqnsStepFiles *files, GBytes *image, const SqnsCaba *caba, GBytes *first, GBytes *updater, guint block_size)
{
  *files = (SqnsStepFiles){
    .parts = {
      [SQNS_PART_FILE] = g_bytes_ref (image),
      [SQNS_PART_BOOTROM] = find_bootrom (image, caba),
      [SQNS_PART_FIRST] = first != NULL ? g_bytes_ref (first) : NULL,
    },
    .given = updater != NULL ? g_bytes_ref (updater) : NULL,
    .embedded
    = caba->updater_size > 0 ? g_bytes_new_from_bytes (image, caba->updater_offset, caba->updater_size) : NULL,
    .block_size = block_size,
  };
}

void
sqns_step_files_clear (SqnsStepFiles *files)
{
  for (guint i = 0; i < SQNS_N_PARTS; i++)
    g_clear_pointer (&files->parts[i], g_bytes_unref);
  g_clear_pointer (&files->given, g_bytes_unref);
  g_clear_pointer (&files->embedded, g_bytes_unref);
}

/* It is not certain which of them FFH takes (protocol.md §5): the second try is with the other one. */
static GBytes *
next_updater (SqnsLink *link, SqnsStepFiles *files)
{
  gboolean given = files->given != NULL && (files->embedded == NULL || files->loads % 2 == 0);
  GBytes *updater = given ? files->given : files->embedded;

  files->loads++;
  sqns_monitor_remark (sqns_link_monitor (link), "updater: %s, %" G_GSIZE_FORMAT " bytes",
                       given ? "the given one" : "the one in the firmware file", g_bytes_get_size (updater));
  return updater;
}

static void
upload (SqnsLink *link,
        SqnsStep step,
        const SqnsStepFiles *files,
        GCancellable *cancellable,
        GAsyncReadyCallback callback,
        gpointer user_data)
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
    .barren = stores ? "some modems have a read-only file system from the factory and cannot store the file; a "
                       "complete firmware file with the method auto does not need it"
                     : NULL,
    .counts = info->part == SQNS_PART_FILE,
  };
  sqns_upload_async (link, &config, cancellable, callback, user_data);
}

void
sqns_step_async (SqnsLink *link,
                 SqnsStep step,
                 SqnsStepFiles *files,
                 GCancellable *cancellable,
                 GAsyncReadyCallback callback,
                 gpointer user_data)
{
  switch (step)
    {
    case SQNS_STEP_PREPARE:
      sqns_prepare_async (link, SQNS_NOTICE_STARTED, cancellable, callback, user_data);
      break;
    /* for a moment a modem that was told to boot still answers in its old mode: a cancel waits for the new one */
    case SQNS_STEP_BOOT_RECOVERY:
      sqns_bootmode_async (link, SQNS_MODE_RECOVERY, SQNS_BOOT_RECOVERY_S, NULL, callback, user_data);
      break;
    case SQNS_STEP_BOOT_FFH:
      sqns_bootmode_async (link, SQNS_MODE_FFH, SQNS_BOOT_FFH_S, NULL, callback, user_data);
      break;
    case SQNS_STEP_BOOT_APPLICATION:
      sqns_bootmode_async (link, SQNS_MODE_FFF, SQNS_BOOT_APPLICATION_S, cancellable, callback, user_data);
      break;
    case SQNS_STEP_WAIT:
      sqns_bootmode_async (link, SQNS_MODE_UNKNOWN, SQNS_UPDATING_S, cancellable, callback, user_data);
      break;
    case SQNS_STEP_UPLOAD_BOOTROM:
    case SQNS_STEP_UPLOAD_ON_THE_FLY:
    case SQNS_STEP_STORE_FIRST:
    case SQNS_STEP_STORE:
      upload (link, step, files, cancellable, callback, user_data);
      break;
    case SQNS_STEP_LOAD_UPDATER:
      sqns_load_updater_async (link, next_updater (link, files), cancellable, callback, user_data);
      break;
    case SQNS_STEP_APPLY:
      sqns_install_async (link, SQNS_INSTALL_WRITTEN, cancellable, callback, user_data);
      break;
    case SQNS_STEP_INSTALL:
      sqns_install_async (link, SQNS_INSTALL_STORED, cancellable, callback, user_data);
      break;
    case SQNS_STEP_CONFIRM:
      g_assert_not_reached ();
    }
}

/* All procedures are tasks of the link that return a boolean. */
gboolean
sqns_step_finish (SqnsLink *link, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
