/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Firmware files as the parser would describe them, without their bytes, for tests of the planner; and the installed
 * rules. */
#pragma once

#include "plan/plan.h"

#define CAT(build)                                                                                                     \
  {                                                                                                                    \
    { 5, 1, 1, 0 }, build                                                                                              \
  }
#define NB(build)                                                                                                      \
  {                                                                                                                    \
    { 6, 0, 0, 0 }, build                                                                                              \
  }
#define UNKNOWN                                                                                                        \
  {                                                                                                                    \
    { 0 }, 0                                                                                                           \
  }
#define TWO_FILES                                                                                                      \
  {                                                                                                                    \
    { 5, 2, 1, 0 }, 48829                                                                                              \
  }
#define MONARCH2                                                                                                       \
  {                                                                                                                    \
    { 8, 2, 1, 0 }, 61488                                                                                              \
  }
#define LATE_FACTORY                                                                                                   \
  {                                                                                                                    \
    { 5, 4, 1, 0 }, 50523                                                                                              \
  }

/* What the file is. */
typedef enum {
  FULL,
  CUT,     /* behind the updater package */
  BOOTROM, /* the boot ROM package alone */
  DIFF,    /* from 38638 */
  NO_BASE, /* a diff that does not tell its base */
  FOREIGN, /* full, of no known family */
  PAIR,    /* full, with the first file that goes before it */
  PAIR_SWAPPED,
  PAIR_FULL,    /* the first file is a full image too */
  PAIR_DIFF,    /* the first file is a diff */
  PAIR_BOOTROM, /* the first file is a boot ROM package */
  PAIR_HUGE,    /* the first file is too large to be stored */
  PAIR_CUT,     /* neither is a full image */
} FileKind;

typedef struct {
  SqnsPlanFiles files;
  SqnsCaba caba;
  SqnsCaba first;
  SqnsPackage packages[4];
  SqnsPackage first_packages[4];
} TestFiles;

/* Full images have 5 MB and an updater inside. */
void test_files_init (TestFiles *files, const SqnsVersion *version, FileKind kind);
void test_files_clear (TestFiles *files);

/* data/firmware-rules.conf; g_test_init() must have been called. */
SqnsRules *test_rules_new (void);
