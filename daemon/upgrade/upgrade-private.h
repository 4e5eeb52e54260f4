/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The inside of an upgrade: its machine is upgrade.c, what it does after its last step upgrade-end.c. */
#pragma once

#include "base/ssm.h"
#include "codec/identity.h"
#include "upgrade/step.h"
#include "upgrade/upgrade.h"

typedef enum {
  SQNS_UPGRADE_LINK,
  SQNS_UPGRADE_PROBE,
  SQNS_UPGRADE_IDENTIFY, /* only of a modem that runs its application */
  SQNS_UPGRADE_PLAN,
  SQNS_UPGRADE_UNLINK, /* only where another link is wanted */
  SQNS_UPGRADE_RELINK,
  SQNS_UPGRADE_CHECKPOINT, /* what is about to be done is on disk before it is done */
  SQNS_UPGRADE_STEP,
  SQNS_UPGRADE_NOTIFY,
  SQNS_UPGRADE_CONFIRM_PAUSE, /* only while the booted modem does not tell its version yet */
  SQNS_UPGRADE_ASSESS,        /* cleanup from here: after a failure, what is the modem now? */
  SQNS_UPGRADE_RESTORE,       /* nothing was written yet: back to its application */
  SQNS_UPGRADE_VERDICT,
  SQNS_UPGRADE_CLOSE,
  SQNS_UPGRADE_N_STATES,
} SqnsUpgradeState;

typedef struct {
  SqnsUpgradeConfig config;
  char *devnode;
  char *board;
  SqnsMonitor monitor;
  SqnsLink *link;
  SqnsStepFiles files;
  GBytes *embedded_updater; /* nullable */

  SqnsModemStatus *status; /* of the last probe */
  SqnsCheckpoint checkpoint;
  SqnsPlan *plan;
  guint at; /* index of the step that runs, or comes next */
  guint legs;
  SqnsStep uploaded; /* the last upload, for the report on it */

  GError *step_error;           /* of a step that may be tried again, until the plan has said so */
  char *refusal;                /* what the modem said of a file that is sent again; nullable */
  guint failures[SQNS_N_STEPS]; /* of each step, that were followed by a new look */
  guint relinks;
  gboolean passthrough_tried;
  guint confirm_tries;
  guint stores;     /* uploads of the main file into the modem's store */
  gboolean no_hand; /* a modem that hangs is no reason to call for a person: its way is only looked for */
  gboolean mute;    /* between two files: its application does not boot, and tells nothing of the first one */

  SqnsImeiPoll poll;    /* who it says that it is */
  gboolean stranger;    /* another modem than the job's: nothing was done to it */
  SqnsPhase phase;      /* as told last */
  SqnsMode found;       /* by the assessment */
  gboolean silent;      /* likewise */
  gboolean other_speed; /* it has tried that, too */
  SqnsUpgradeResult *result;
} SqnsUpgrade;

/* Between the two files of release 48829 nothing may be given up: every modem seen to be lost was lost there. */
gboolean sqns_upgrade_is_between (SqnsUpgrade *upgrade);
void sqns_upgrade_note_mode (SqnsUpgrade *upgrade, SqnsMode mode);
void sqns_upgrade_say (SqnsUpgrade *upgrade, SqnsPhase phase, gboolean safe, gboolean committed, const char *message);
/* With @error (taken), or with the failure of a step that led to it: that outranks what came of looking again. */
void sqns_upgrade_fail_with_first (SqnsSsm *ssm, GError *error);

/* Each opens or closes the link and makes one transition: link to PROBE; unlink to the next state; relink to PROBE, or
 * to CHECKPOINT when a plan stands that only wanted passthrough. */
void sqns_upgrade_link (SqnsSsm *ssm);
void sqns_upgrade_unlink (SqnsSsm *ssm);
void sqns_upgrade_relink (SqnsSsm *ssm);
gboolean sqns_upgrade_wants_other_link (SqnsUpgrade *upgrade); /* for the plan that was just made */
/* A modem that answered and does not any more: goes to UNLINK to look for it anew; FALSE, and no transition, when that
 * was done often enough. */
gboolean sqns_upgrade_look_again (SqnsSsm *ssm);

/* Whether this is still the modem that the job was begun on, as far as it can tell: another board may come back under
 * the name of one that was pulled out. Goes to the next state, or fails with WRONG_STATE. */
void sqns_upgrade_identify (SqnsSsm *ssm);

/* The cleanup states, in this order; each makes one transition. */
void sqns_upgrade_assess (SqnsSsm *ssm);  /* after a failure: what is the modem now? */
void sqns_upgrade_restore (SqnsSsm *ssm); /* nothing was written yet: back to its application */
void sqns_upgrade_verdict (SqnsSsm *ssm); /* the result, or what the failure means */
