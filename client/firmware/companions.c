/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files that lie beside a firmware file and belong to it. */
#include "client/firmware/companions.h"

#include "client/firmware/file.h"
#include "codec/elf.h"

#include <string.h>
#include <unistd.h>

#define TWO_FILE_BUILD 48829u /* protocol.md §3: "-1" by the FFF method, then "-2" */

static char *
find_updater (SqnsCtl *ctl, const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *beside = g_build_filename (folder, "updater.elf", NULL);
  g_autofree char *data = NULL;
  g_autoptr (GError) error = NULL;
  gsize size;

  if (!g_file_test (beside, G_FILE_TEST_IS_REGULAR))
    return NULL;
  if (!g_file_get_contents (beside, &data, &size, &error)
      || !sqns_elf_check_updater ((const guint8 *)data, size, &error))
    {
      sqns_ctl_remark (ctl, "%s is left alone: %s", beside, error->message);
      return NULL;
    }
  return g_steal_pointer (&beside);
}

/* "CATM1-5.2-48829-2.dup" has "CATM1-5.2-48829-1.dup" beside it. */
static char *
find_first_step (const char *path)
{
  g_autofree char *base = g_path_get_basename (path);
  g_autofree char *folder = g_path_get_dirname (path);
  char *two = g_strrstr (base, "-2");

  if (two == NULL)
    return NULL;
  two[1] = '1';
  g_autofree char *beside = g_build_filename (folder, base, NULL);
  return g_file_test (beside, G_FILE_TEST_IS_REGULAR) ? g_steal_pointer (&beside) : NULL;
}

void
sqns_siblings_find (SqnsCtl *ctl, const char *path, const SqnsCaba *caba, SqnsUpgradeOptions *options)
{
  if (options->updater == NULL && !caba->diff && caba->complete)
    options->updater = find_updater (ctl, path);
  if (options->first_step == NULL && caba->version.build == TWO_FILE_BUILD && caba->complete)
    {
      options->first_step = find_first_step (path);
      if (options->first_step != NULL)
        sqns_ctl_remark (ctl, "the first of the two files of this release: %s", options->first_step);
    }
}
