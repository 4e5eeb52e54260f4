/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The facts that a plan is made from. Plain values. */
#pragma once

#include "codec/at.h"
#include "codec/caba.h"

typedef struct {
  SqnsMethod method;
  gboolean allow_downgrade;
  gboolean allow_reinstall;
  gboolean allow_family_change;
  gboolean force;   /* lifts policy refusals (family, downgrade, liftable rules), never those of format or physics */
  gboolean recover; /* asked for by Recover: every route is allowed to a modem that does not boot */
} SqnsPlanOptions;

/* What was observed. After a reboot the plan is made anew from what is seen then. */
typedef struct {
  SqnsMode mode;
  SqnsVersion version;     /* software that runs, or that ran when it could last say so in this job; unknown else */
  SqnsVersion bootloader0; /* likewise; unknown = not read */
  SqnsReport report;       /* AT+SMUPGRADE? */
} SqnsPlanState;

/* What this job has done so far. Zeroed at its beginning. */
typedef struct {
  gboolean bootrom_replaced; /* a boot ROM package was uploaded and reported as taken */
  gboolean first_step_done;  /* the first of two files was installed */
  gboolean file_sent;        /* all of the file is in the modem, which has not reported on it yet */
  gboolean file_taken;       /* the file was uploaded, and the modem's report did not say that it failed */
  gboolean rebooted;         /* BOOT_APPLICATION was done */
  gboolean modified;         /* a step other than PREPARE and WAIT was begun: a report of success may be an old one */
  guint updater_loads;       /* that were begun */
  guint uploads;             /* of the whole file, on the fly, that were begun */
} SqnsPlanDone;

/* What there is to send. A boot ROM package alone promises no version: the modem keeps its software, and it is done
 * when the modem reports success and its application is up again. */
typedef struct {
  const SqnsCaba *caba;       /* the file whose version is promised */
  guint64 size;               /* its bytes */
  const SqnsCaba *first_step; /* the file that has to be installed before it (release 48829), nullable */
  guint64 first_step_size;
  gboolean updater_given; /* somebody gave an updater ELF; else the one inside the file, if there is one */
} SqnsPlanFiles;

/* How a file can reach a modem at all. */
typedef enum {
  SQNS_FILE_FULL,    /* by every route */
  SQNS_FILE_DIFF,    /* onto its base, running */
  SQNS_FILE_BOOTROM, /* a boot ROM package alone */
  SQNS_FILE_PAIR,    /* a full image behind a first file that is not installed yet */
} SqnsFileKind;

typedef struct _SqnsRules SqnsRules;

/* All that a decision looks at. */
typedef struct {
  const SqnsRules *rules;
  const SqnsPlanState *state;
  const SqnsPlanDone *done;
  const SqnsPlanFiles *files;
  const SqnsPlanOptions *options;
  SqnsFileKind kind;
} SqnsPlanCase;
