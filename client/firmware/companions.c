/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files beside a firmware file that belong to it. */
#include "client/firmware/companions.h"

#include "codec/elf.h"

#define TWO_FILE_BUILD 48829u /* protocol.md §3: "-1" by the FFF method, then "-2" */

/* NULL when there is no such file. */
static char *
find_beside (const char *path, const char *name)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *beside = g_build_filename (folder, name, NULL);
  return g_file_test (beside, G_FILE_TEST_IS_REGULAR) ? g_steal_pointer (&beside) : NULL;
}

char *
sqns_companion_updater (const SqnsCtl *ctl, const char *path, const SqnsCaba *caba)
{
  g_autofree char *beside = !caba->diff && caba->complete ? find_beside (path, "updater.elf") : NULL;
  g_autofree char *data = NULL;
  g_autoptr (GError) error = NULL;
  gsize size;

  if (beside == NULL
      || (g_file_get_contents (beside, &data, &size, &error)
          && sqns_elf_check_updater ((const guint8 *)data, size, &error)))
    return g_steal_pointer (&beside);
  sqns_ctl_remark (ctl, "%s is left alone: %s", beside, error->message);
  return NULL;
}

/* "CATM1-5.2-48829-2.dup" has "CATM1-5.2-48829-1.dup" beside it. */
char *
sqns_companion_first_step (const SqnsCtl *ctl, const char *path, const SqnsCaba *caba)
{
  g_autofree char *name = g_path_get_basename (path);
  char *two = g_strrstr (name, "-2");

  if (two == NULL || caba->version.build != TWO_FILE_BUILD || !caba->complete)
    return NULL;
  two[1] = '1';
  char *beside = find_beside (path, name);
  if (beside != NULL)
    sqns_ctl_remark (ctl, "the first of the two files of this release: %s", beside);
  return beside;
}
