/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which way leads from what was observed to what the file promises, or why none may be taken. Pure; a table.
 * Rules about releases come from data/firmware-rules.conf. */
#pragma once

#include "codec/at.h"
#include "codec/caba.h"

typedef struct _SqnsRules SqnsRules;
/* Parses a rules file's text (key file, documented in it); @len -1: NUL-terminated. Strict: NULL with SQNS_ERROR_FAILED
 * and the line's fault for anything unknown, double, missing or empty, and for a file without a rule. */
SqnsRules *sqns_rules_parse (const char *text, gssize len, GError **error);
void sqns_rules_free (SqnsRules *rules);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqnsRules, sqns_rules_free)

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

#define SQNS_STORE_MAX_SIZE                                                                                            \
  (G_GUINT64_CONSTANT (4) << 20) /* the FFF method's limit, bytes (field-failures.md §2.6)                            \
                                  */

/* What there is to send. A boot ROM package alone promises no version: the modem keeps its software, and it is done
 * when the modem reports success and its application is up again. */
typedef struct {
  const SqnsCaba *caba;       /* the file whose version is promised */
  guint64 size;               /* its bytes */
  const SqnsCaba *first_step; /* the file that has to be installed before it (release 48829), nullable */
  guint64 first_step_size;
  gboolean updater_given; /* somebody gave an updater ELF; else the one inside the file, if there is one */
} SqnsPlanFiles;

typedef enum {
  SQNS_STEP_PREPARE,           /* application: quieten the modem (protocol.md §3 step 2) */
  SQNS_STEP_BOOT_RECOVERY,     /* SMSWBOOT=3 and wait; ends a leg */
  SQNS_STEP_BOOT_FFH,          /* SMSWBOOT=0 and wait for the boot ROM, which talks at 115200; ends a leg */
  SQNS_STEP_UPLOAD_BOOTROM,    /* the file's boot ROM package by STP, ON_THE_FLY */
  SQNS_STEP_LOAD_UPDATER,      /* FFH: the updater ELF by AT+STP, until mTools answers; ends a leg */
  SQNS_STEP_UPLOAD_ON_THE_FLY, /* whole file by STP */
  SQNS_STEP_APPLY,             /* wait for the modem's report */
  SQNS_STEP_STORE_FIRST,       /* application: the first of two files by AT+SMSTPU */
  SQNS_STEP_STORE,             /* application: the file by AT+SMSTPU */
  SQNS_STEP_INSTALL,           /* AT+SMUPGRADE, and wait until the modem is back and reports; ends a leg */
  SQNS_STEP_WAIT,              /* the modem is applying an upgrade by itself: until it is something else; ends a leg */
  SQNS_STEP_BOOT_APPLICATION,  /* SMSWBOOT=1 and wait for +SYSSTART; ends a leg */
  SQNS_STEP_CONFIRM,           /* the version that the booted modem tells is the one that was promised */
} SqnsStep;
#define SQNS_N_STEPS (SQNS_STEP_CONFIRM + 1)
const char *sqns_step_name (SqnsStep step); /* "prepare", "boot-recovery", ... */
/* After it the modem is asked again what it is, and the plan is made anew. */
gboolean sqns_step_ends_leg (SqnsStep step);

typedef enum {
  SQNS_ROUTE_NOTHING,    /* the modem runs that version: nothing to do, or (with file_taken) done */
  SQNS_ROUTE_ON_THE_FLY, /* application -> recovery -> whole file */
  SQNS_ROUTE_RESUME,     /* recovery or mTools take the whole file as they are */
  SQNS_ROUTE_REBOOT,     /* in recovery with report success: it was only never told to boot */
  SQNS_ROUTE_UPDATER,    /* FFH: an updater first, then the whole file */
  SQNS_ROUTE_BOOTROM,    /* factory boot ROM: its package, then FFH, updater, whole file */
  SQNS_ROUTE_FFF,        /* stored first, then installed by the application (diffs, small packages) */
  SQNS_ROUTE_TWO_STEPS,  /* release 48829: first file by FFF, second on the fly */
  SQNS_ROUTE_REPORT,     /* the file is in the modem, which has not reported on it: it is not sent again */
  SQNS_ROUTE_WAIT,       /* the modem is busy with itself */
} SqnsRoute;
#define SQNS_N_ROUTES (SQNS_ROUTE_WAIT + 1)
const char *sqns_route_name (SqnsRoute route); /* "nothing", "on-the-fly", "resume", "reboot", ... */

typedef struct {
  SqnsRoute route;
  GArray *steps;           /* SqnsStep: the whole way as far as it can be told; empty for NOTHING */
  gboolean needs_boot_rom; /* a step ahead talks with FFH, which native passthrough does not reach */
  char *summary;           /* one line for people: "6.0.0.0-35351 -> 6.0.0.0-37781 by way of recovery" */
} SqnsPlan;

/* What needs only the files: refuses what no modem may be given (incomplete set, unknown version, a release that the
 * rules refuse everywhere, two files that do not belong together...), with the errors of sqns_plan_make(). A diff whose
 * base is known passes. */
gboolean sqns_plan_check_files (const SqnsRules *rules,
                                const SqnsPlanFiles *files,
                                const SqnsPlanOptions *options,
                                GError **error);

/* NULL with INCOMPATIBLE, DOWNGRADE, INVALID_FIRMWARE, NEEDS_RECOVERY, WRONG_STATE, VERIFY_FAILED (the file was taken,
 * but the booted modem tells another version) or NOT_SUPPORTED (a rule's) and a sentence that says what would be
 * allowed instead; all that policy has against it at once, with the options that lift all of it. The same version is
 * nothing to do only in an application. What @done tells is done is not planned again, but for a whole file that was
 * taken and does not boot: once. Policy is not asked again behind a boot ROM or a first file that was taken: going back
 * is no choice any more. A modem that falls back at every leg is the caller's to give up. */
SqnsPlan *sqns_plan_make (const SqnsRules *rules,
                          const SqnsPlanState *state,
                          const SqnsPlanDone *done,
                          const SqnsPlanFiles *files,
                          const SqnsPlanOptions *options,
                          GError **error);
void sqns_plan_free (SqnsPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqnsPlan, sqns_plan_free)
