/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The inside of an upgrade: its machine is upgrade.c, what it does after its last step upgrade-end.c. */
#pragma once

#include "base/ssm.h"
#include "procedure/step.h"
#include "procedure/upgrade.h"

typedef struct {
  SqnsUpgradeConfig config;
  char *devnode;
  char *board;
  SqnsMonitor monitor;
  SqnsLink *link;
  SqnsStepFiles files;
  GBytes *embedded_updater; /* nullable */

  SqnsModemStatus *status; /* of the last probe */
  SqnsVersion version;     /* as it told last in this job */
  SqnsVersion bootloader0;
  SqnsPlanHistory history;
  SqnsPlan *plan;
  guint at; /* index of the step that runs, or comes next */
  guint legs;
  SqnsStep uploaded; /* the last upload, for the report on it */

  GError *step_error; /* of a step that may be tried again, until the plan has said so */
  guint retries;
  guint relinks;
  gboolean passthrough_tried;
  guint confirm_tries;

  gboolean touched; /* the modem was told to leave its mode, or an upload was begun */
  gboolean written; /* bytes of an image may have come to its flash */
  SqnsPhase phase;  /* as told last */
  SqnsMode found;   /* by the assessment */
  SqnsUpgradeResult *result;
} SqnsUpgrade;

/* Between the two files of release 48829 nothing may be given up: every modem seen to be lost was lost there. */
gboolean sqns_upgrade_is_between (SqnsUpgrade *upgrade);
void sqns_upgrade_say (SqnsUpgrade *upgrade, SqnsPhase phase, gboolean safe, gboolean committed, const char *message);

/* The cleanup states, in this order; each makes one transition. */
void sqns_upgrade_assess (SqnsSsm *ssm);  /* after a failure: what is the modem now? */
void sqns_upgrade_restore (SqnsSsm *ssm); /* nothing was written yet: back to its application */
void sqns_upgrade_verdict (SqnsSsm *ssm); /* the result, or what the failure means */
