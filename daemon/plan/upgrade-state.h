/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The state of an upgrade as a value: what its run knows and how many tries are used up, how it continues after each
 * step, and what a failure means. Pure: the caller reports events and follows the answers. */
#pragma once

#include "plan/diagnosis.h"
#include "plan/plan.h"

/* What a run knows that the modem could not tell the next run. Zeroed at the start of a job; a resumed job continues
 * from its last checkpoint. */
typedef struct {
  SqnsPlanDone done;
  SqnsVersion before;      /* what the modem ran when the job began */
  SqnsVersion version;     /* as last reported */
  SqnsVersion bootloader0; /* likewise */
  gboolean written;        /* bytes of an image may have come to its flash */
  guint salt;              /* of the job, with which its modem's IMEI was hashed; 0 not yet */
  guint tag;               /* that hash, its last bit: the check digit is right; 0: the IMEI is not known so far */
} SqnsCheckpoint;

/* How the upgrade continues after a failure. */
typedef enum {
  SQNS_NEXT_FAIL,
  SQNS_NEXT_RETRY,  /* probe the modem, and make a new plan */
  SQNS_NEXT_RELINK, /* likewise, over a new link */
} SqnsNext;

typedef struct {
  SqnsCheckpoint checkpoint;
  SqnsPlanState modem; /* as probed last */
  gboolean probed;     /* in this run */
  gboolean busy;       /* the modem may still be applying an earlier upgrade */
  SqnsStep uploaded;   /* the last upload of this run; PREPARE: none */

  guint failures[SQNS_N_STEPS]; /* of each step, retried */
  guint plans;
  guint stores; /* uploads of the file into the modem's store */
  guint relinks;
  guint version_tries; /* probes of a booted modem without a version */

  gboolean passthrough_tried;
  gboolean no_user;    /* the modem may only hang: reopen the link without asking the user for a reset */
  gboolean unbootable; /* between two files: the application does not boot, so its version cannot tell */
  GError *step_error;  /* of the step to be retried, until there is a new plan */
  GError *refusal;     /* the modem's, of a file that is sent again */
} SqnsUpgradeState;

/* @busy: the modem may still be applying an earlier upgrade. */
void sqns_upgrade_state_init (SqnsUpgradeState *state, const SqnsCheckpoint *checkpoint, gboolean busy);
void sqns_upgrade_state_clear (SqnsUpgradeState *state);

/* Between the two files of release 48829 the upgrade must not be abandoned: every bricked modem seen was lost there. */
gboolean sqns_upgrade_state_is_between (const SqnsUpgradeState *state);
/* The phase of @step; the report on a boot ROM or a first file belongs to the phase of its upload. */
SqnsPhase sqns_upgrade_state_phase (const SqnsUpgradeState *state, SqnsStep step);

/* The modem was probed. */
void sqns_upgrade_state_probed (SqnsUpgradeState *state, const SqnsPlanState *modem);
/* TRUE: the modem is booted, but does not report its version yet, and should be probed again. */
gboolean sqns_upgrade_state_lacks_version (SqnsUpgradeState *state);
/* The plan for the probed modem. Errors: those of sqns_plan_make(); PROTOCOL after too many plans; the failure of the
 * step that was to be retried. */
SqnsPlan *sqns_upgrade_state_plan (SqnsUpgradeState *state,
                                   const SqnsRules *rules,
                                   const SqnsPlanFiles *files,
                                   const SqnsPlanOptions *options,
                                   GError **error);

/* @step is about to begin; the checkpoint says so and should be saved first. */
void sqns_upgrade_state_begin (SqnsUpgradeState *state, SqnsStep step);
void sqns_upgrade_state_done (SqnsUpgradeState *state, SqnsStep step);
/* RETRY or FAIL. @board: the link leads through a board, which may have been reset. */
SqnsNext sqns_upgrade_state_failed (SqnsUpgradeState *state, SqnsStep step, const GError *error, gboolean board);

/* The modem does not answer a probe, or the probe failed with @error. RELINK or FAIL. @lost: the port is gone. */
SqnsNext sqns_upgrade_state_unanswered (SqnsUpgradeState *state, const GError *error, gboolean lost);
/* The error to fail with after @error (taken): the failure of the step that led to it takes precedence. */
GError *sqns_upgrade_state_cause (SqnsUpgradeState *state, GError *error);
/* Likewise, for a link that could not be opened. */
GError *sqns_upgrade_state_unlinked (SqnsUpgradeState *state, GError *error);

typedef struct {
  SqnsLinkKind wanted; /* by the user */
  SqnsLinkKind kind;
  gboolean has_passthrough; /* the board's firmware could be brought into it */
  gboolean fast;            /* the modem's speed is that of the passthrough */
} SqnsLinkFacts;
typedef enum {
  SQNS_CHANGE_NONE,
  SQNS_CHANGE_TO_PASSTHROUGH,
  SQNS_CHANGE_RESET, /* out of passthrough, by a reset of the board */
} SqnsLinkChange;
/* Native passthrough is faster than a relay, but runs at 921600 baud only and cannot be left: it is taken where the
 * file comes next and nothing that it cannot reach comes after. */
SqnsLinkChange
sqns_upgrade_state_change_link (SqnsUpgradeState *state, const SqnsPlan *plan, const SqnsLinkFacts *facts);

/* What @error means for an upgrade that had begun, given what was observed afterwards. Returns the error to end with.
 */
GError *sqns_upgrade_state_diagnose (SqnsUpgradeState *state,
                                     const GError *error,
                                     SqnsPhase phase,
                                     SqnsMode mode,
                                     SqnsContact contact,
                                     SqnsDiagnosis *diagnosis);
