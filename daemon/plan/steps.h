/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The steps of an upgrade, one row each. Pure. Which procedure runs a step is in upgrade/step.c. */
#pragma once

#include "common/types.h"

typedef enum {
  SQNS_STEP_PREPARE,           /* application: quieten the modem (protocol.md §3 step 2) */
  SQNS_STEP_BOOT_RECOVERY,     /* SMSWBOOT=3 and wait */
  SQNS_STEP_BOOT_FFH,          /* SMSWBOOT=0 and wait for the boot ROM, which talks at 115200 */
  SQNS_STEP_UPLOAD_BOOTROM,    /* the file's boot ROM package by STP, ON_THE_FLY */
  SQNS_STEP_LOAD_UPDATER,      /* FFH: the updater ELF by AT+STP, until mTools answers */
  SQNS_STEP_UPLOAD_ON_THE_FLY, /* whole file by STP */
  SQNS_STEP_APPLY,             /* wait for the modem's report */
  SQNS_STEP_STORE_FIRST,       /* application: the first of two files by AT+SMSTPU */
  SQNS_STEP_STORE,             /* application: the file by AT+SMSTPU */
  SQNS_STEP_INSTALL,           /* AT+SMUPGRADE, and wait until the modem is back and reports */
  SQNS_STEP_WAIT,              /* the modem is applying an upgrade by itself: until it is something else */
  SQNS_STEP_BOOT_APPLICATION,  /* SMSWBOOT=1 and wait for +SYSSTART */
  SQNS_STEP_CONFIRM,           /* the version that the booted modem tells is the one that was promised */
} SqnsStep;
#define SQNS_N_STEPS (SQNS_STEP_CONFIRM + 1)

/* What a step uploads. */
typedef enum {
  SQNS_PART_NONE,
  SQNS_PART_FILE,
  SQNS_PART_BOOTROM, /* the file's boot ROM package */
  SQNS_PART_FIRST,   /* the first of two files */
} SqnsPart;
#define SQNS_N_PARTS (SQNS_PART_FIRST + 1)

/* After which failures the modem is probed again and a new plan is made. A cancel and a lost board always end the
 * upgrade. */
typedef enum {
  SQNS_RETRY_ALWAYS = 1 << 0,
  SQNS_RETRY_BETWEEN = 1 << 1,  /* any failure, between the two files of release 48829: there is no way back */
  SQNS_RETRY_TIMEOUT = 1 << 2,  /* the modem may use a speed that the link does not have */
  SQNS_RETRY_LOST_WAY = 1 << 3, /* a timeout behind a board: the ESP32 may have been reset */
  SQNS_RETRY_PROTOCOL = 1 << 4, /* the modem was reset, or hangs */
  SQNS_RETRY_REFUSED = 1 << 5,  /* a refusal, until the file was stored SQNS_STORES times */
} SqnsRetry;

typedef enum {
  SQNS_TRAIT_SAFE = 1 << 0,       /* power may be cut meanwhile */
  SQNS_TRAIT_COMMITTED = 1 << 1,  /* the point of no return */
  SQNS_TRAIT_MODIFIES = 1 << 2,   /* a report may be on this job's work afterwards */
  SQNS_TRAIT_WRITES = 1 << 3,     /* bytes may reach the modem's flash */
  SQNS_TRAIT_STORES = 1 << 4,     /* the upload goes to the modem's store, beside its firmware */
  SQNS_TRAIT_REPORTS = 1 << 5,    /* the modem reports on the last upload */
  SQNS_TRAIT_BOOT_ROM = 1 << 6,   /* talks with FFH, which native passthrough does not reach */
  SQNS_TRAIT_ENDS_STAGE = 1 << 7, /* the modem is probed afterwards, and a new plan is made */
} SqnsStepTraits;

typedef struct {
  SqnsPhase phase;
  SqnsStepTraits traits;
  SqnsPart part;
  SqnsRetry retry;
  const char *name; /* "prepare", "boot-recovery", ... */
  const char *message;
} SqnsStepInfo;
const SqnsStepInfo *sqns_step_info (SqnsStep step);            /* static */
gboolean sqns_step_has (SqnsStep step, SqnsStepTraits traits); /* all of them */
