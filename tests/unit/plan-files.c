/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Firmware files as the parser would describe them. */
#include "plan-files.h"

#include "plan/policy.h"

static void
describe (SqnsCaba *caba, SqnsPackage *packages, guint n, gboolean diff)
{
  *caba = (SqnsCaba){ .packages = g_ptr_array_new (), .diff = diff, .complete = n == 4 && !diff };
  if (!diff && n < 4)
    caba->missing = n == 1 ? (char *)"updater, fff, fs" : (char *)"fff, fs";
  if (caba->complete)
    {
      caba->updater_offset = 4096;
      caba->updater_size = 306076;
    }
  for (guint i = 0; i < n; i++)
    {
      packages[i] = (SqnsPackage){
        .kind = diff ? SQNS_PACKAGE_DIFF : SQNS_PACKAGE_UPGR,
        .role = diff ? SQNS_ROLE_OTHER : (SqnsPackageRole)(SQNS_ROLE_BOOTROM + i),
      };
      g_ptr_array_add (caba->packages, &packages[i]);
    }
}

static guint
n_packages (FileKind kind)
{
  if (kind == CUT || kind == PAIR_SWAPPED || kind == PAIR_CUT)
    return 2;
  return kind == BOOTROM || kind == DIFF || kind == NO_BASE ? 1 : 4;
}

void
test_files_init (TestFiles *files, const SqnsVersion *version, FileKind kind)
{
  gboolean full_first = kind == PAIR_SWAPPED || kind == PAIR_FULL;

  describe (&files->caba, files->packages, n_packages (kind), kind == DIFF || kind == NO_BASE);
  describe (&files->first, files->first_packages,
            full_first                                  ? 4
            : kind == PAIR_DIFF || kind == PAIR_BOOTROM ? 1
                                                        : 2,
            kind == PAIR_DIFF);
  files->caba.base_build = kind == DIFF ? 38638 : 0;
  files->caba.version = *version;
  files->caba.family = sqns_version_family (version);
  files->files = (SqnsPlanFiles){
    .caba = &files->caba,
    .size = kind == DIFF      ? 460000
            : kind == BOOTROM ? 54854
                              : 5258127,
  };
  if (kind >= PAIR)
    {
      files->files.first_step = &files->first;
      files->files.first_step_size = kind == PAIR_HUGE ? SQNS_STORE_MAX_SIZE + 1 : 416448;
    }
}

void
test_files_clear (TestFiles *files)
{
  g_ptr_array_unref (files->caba.packages);
  g_ptr_array_unref (files->first.packages);
}

SqnsRules *
test_rules_new (void)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "..", "..", "data", "firmware-rules.conf", NULL);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  SqnsRules *rules;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  rules = sqns_rules_parse (text, -1, &error);
  g_assert_no_error (error);
  return rules;
}
