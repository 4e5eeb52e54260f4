/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A modem firmware version: four numbers and a build, "6.0.0.0-37781", perhaps with the mark of an engineering release
 * between them. Pure. */
#pragma once

#include "common/names.h"

typedef enum {
  SQNS_FAMILY_UNKNOWN,
  SQNS_FAMILY_CAT_M1, /* LR5.x, LTE-M */
  SQNS_FAMILY_NB_IOT, /* LR6.x */
} SqnsFamily;
#define SQNS_N_FAMILIES (SQNS_FAMILY_NB_IOT + 1)
SQNS_DECLARE_NAMES (SqnsFamily, family) /* "unknown", "CAT-M1", "NB-IoT" */

/* What a firmware is made for. */
typedef enum {
  SQNS_CHIP_UNKNOWN,
  SQNS_CHIP_SQN3330,  /* LR5.x, LR6.x */
  SQNS_CHIP_MONARCH2, /* LR8.x: GM02S */
  SQNS_CHIP_OTHER,    /* any other */
} SqnsChip;
#define SQNS_N_CHIPS (SQNS_CHIP_OTHER + 1)
SQNS_DECLARE_NAMES (SqnsChip, chip) /* for people: "SQN3330", "Monarch 2", ... */

typedef struct {
  guint part[4]; /* 6.0.0.0; all 0 when only the build is known ("[41065]") */
  guint build;   /* 37781; 0 = no version at all */
  char mark[8];  /* "ER9" of an engineering release, "" none; for display, does not affect the order */
} SqnsVersion;

/* Finds the first version in @text, in any of the forms that modems and images use (protocol.md §2, §5, field-failures
 * §2.3, row 33): "LR6.0.0.0-37781", "6.0.0.0 [37781] by ...", "BUILD5.1.1.0-33988 by ...", "6.0.0.0-37781", "[41065]",
 * "LR6.0.0.0-ER9-36571", "6.0.0.0-ER7 [35351]". A number without a build ("UE5.0.0.0d") is none. FALSE, and *@version
 * zeroed, when there is none. At most @len bytes, of any value, are read; @len -1: NUL-terminated. */
gboolean sqns_version_parse (const char *text, gssize len, SqnsVersion *version);

/* "6.0.0.0-37781", "6.0.0.0-ER9-36571", "[41065]" when only the build is known, "" when nothing is. Caller frees. */
char *sqns_version_format (const SqnsVersion *version);

static inline gboolean
sqns_version_known (const SqnsVersion *version)
{
  return version->build != 0;
}

/* By the first part (5 CAT-M1, 6 NB-IoT); by the list of released builds (protocol.md §3) where only a build is known.
 */
SqnsFamily sqns_version_family (const SqnsVersion *version);

/* By the first part; by the list of released builds where only a build is known. */
SqnsChip sqns_version_chip (const SqnsVersion *version);

/* Equal builds, and equal parts where both know them. An unknown version equals nothing, not even another unknown
 * one. */
gboolean sqns_version_equal (const SqnsVersion *a, const SqnsVersion *b);

/* <0, 0, >0: by parts where both know them, then by build. */
int sqns_version_compare (const SqnsVersion *a, const SqnsVersion *b);
