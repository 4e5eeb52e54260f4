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
  gboolean recover; /* requested by Recover: a modem that does not boot may take every route */
} SqnsPlanOptions;

/* What was observed. After a reboot a new plan is made from what is observed then. */
typedef struct {
  SqnsMode mode;
  SqnsVersion version;     /* the software that runs, or the last one known in this job */
  SqnsVersion bootloader0; /* likewise */
  SqnsReport report;       /* AT+SMUPGRADE? */
} SqnsPlanState;

/* What this job has done so far. Zeroed at its start. */
typedef struct {
  gboolean bootrom_replaced; /* a boot ROM package was uploaded and reported as taken */
  gboolean first_step_done;  /* the first of two files was installed */
  gboolean file_sent;        /* the modem has the whole file, but has not reported on it yet */
  gboolean file_taken;       /* the file was uploaded, and the modem's report does not say that it failed */
  gboolean rebooted;         /* BOOT_APPLICATION was done */
  gboolean modified;         /* a step that modifies was begun: a success report may be this job's */
  guint updater_loads;       /* begun */
  guint uploads;             /* of the whole file, on the fly, begun */
} SqnsPlanDone;

/* What there is to send. A boot ROM package alone promises no version: the modem keeps its software, and it is done
 * when the modem reports success and its application is up again. */
typedef struct {
  const SqnsCaba *caba;       /* the file whose version is promised */
  guint64 size;               /* its bytes */
  const SqnsCaba *first_step; /* the file to be installed before it (release 48829), nullable */
  guint64 first_step_size;
  gboolean updater_given; /* the user gave an updater ELF; otherwise the one inside the file is used, if there is one */
} SqnsPlanFiles;

/* Which routes a file can take. */
typedef enum {
  SQNS_FILE_FULL,    /* every route */
  SQNS_FILE_DIFF,    /* onto its running base */
  SQNS_FILE_BOOTROM, /* a boot ROM package alone */
  SQNS_FILE_PAIR,    /* a full image whose first file is not installed yet */
} SqnsFileKind;

typedef struct _SqnsRules SqnsRules;

/* Everything that a decision depends on. */
typedef struct {
  const SqnsRules *rules;
  const SqnsPlanState *state;
  const SqnsPlanDone *done;
  const SqnsPlanFiles *files;
  const SqnsPlanOptions *options;
  SqnsFileKind kind;
} SqnsPlanCase;
