/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The state of an upgrade as a value: what its run knows and has used up, how it goes on after each step, and what a
 * failure comes to. Pure: whoever runs the upgrade reports what happens, and does what this says. */
#pragma once

#include "plan/diagnosis.h"
#include "plan/plan.h"

/* What a run knows that the modem could not tell the next one. Zeroed at a job's beginning; a resumed job brings what
 * its last checkpoint said. */
typedef struct {
  SqnsPlanDone done;
  SqnsVersion before;      /* what the modem ran when the job began */
  SqnsVersion version;     /* as it told last */
  SqnsVersion bootloader0; /* likewise */
  gboolean written;        /* bytes of an image may have come to its flash */
  guint salt;              /* of the job, with which its modem's IMEI was hashed; 0 not yet */
  guint tag;               /* that hash, its last bit: the check digit is right; 0: the IMEI is not known so far */
} SqnsCheckpoint;

/* How the upgrade goes on after a failure. */
typedef enum {
  SQNS_NEXT_FAIL,
  SQNS_NEXT_RETRY,  /* ask the modem what it is, and make a new plan */
  SQNS_NEXT_RELINK, /* look for the modem over a new link first */
} SqnsNext;

typedef struct {
  SqnsCheckpoint checkpoint;
  SqnsPlanState modem; /* as probed last */
  gboolean probed;     /* in this run */
  gboolean busy;       /* the modem may be applying what an earlier job left it with */
  SqnsStep uploaded;   /* the last upload of this run; PREPARE: none */

  guint failures[SQNS_N_STEPS]; /* of each step, that were tried again */
  guint plans;
  guint stores; /* uploads of the file into the modem's store */
  guint relinks;
  guint version_tries; /* probes of a booted modem that does not tell its version */

  gboolean passthrough_tried;
  gboolean no_user;    /* the modem may only hang: its link is looked for without asking a user for a reset */
  gboolean unbootable; /* between two files: the application does not boot, and tells nothing of the first file */
  GError *step_error;  /* of the step that is tried again, until there is a new plan */
  GError *refusal;     /* what the modem said of a file that is sent again */
} SqnsUpgradeState;

/* @busy: an earlier job may have left the modem at work. */
void sqns_upgrade_state_init (SqnsUpgradeState *state, const SqnsCheckpoint *checkpoint, gboolean busy);
void sqns_upgrade_state_clear (SqnsUpgradeState *state);

/* Between the two files of release 48829 nothing may be given up: every modem seen to be lost was lost there. */
gboolean sqns_upgrade_state_is_between (const SqnsUpgradeState *state);
/* The phase that @step is part of: the report on a boot ROM or a first file belongs to the upload of that. */
SqnsPhase sqns_upgrade_state_phase (const SqnsUpgradeState *state, SqnsStep step);

/* The modem said what it is. */
void sqns_upgrade_state_probed (SqnsUpgradeState *state, const SqnsPlanState *modem);
/* TRUE: it is booted, but does not tell its version yet, and is to be asked again. */
gboolean sqns_upgrade_state_lacks_version (SqnsUpgradeState *state);
/* The plan for what was probed; the errors of sqns_plan_make(), PROTOCOL when too many plans led nowhere, or the
 * failure of the step that was to be tried again. */
SqnsPlan *sqns_upgrade_state_plan (SqnsUpgradeState *state,
                                   const SqnsRules *rules,
                                   const SqnsPlanFiles *files,
                                   const SqnsPlanOptions *options,
                                   GError **error);

/* @step is about to begin: the checkpoint to be saved says so. */
void sqns_upgrade_state_begin (SqnsUpgradeState *state, SqnsStep step);
void sqns_upgrade_state_done (SqnsUpgradeState *state, SqnsStep step);
/* RETRY or FAIL. @board: the link leads through a board, which may have been reset. */
SqnsNext sqns_upgrade_state_failed (SqnsUpgradeState *state, SqnsStep step, const GError *error, gboolean board);

/* A probe failed; @error NULL: it went well, but the modem does not answer. RELINK or FAIL. @lost: so is the port. */
SqnsNext sqns_upgrade_state_unanswered (SqnsUpgradeState *state, const GError *error, gboolean lost);
/* What the upgrade fails with after @error (taken): the failure of a step that led to it outranks what came of looking
 * again. */
GError *sqns_upgrade_state_cause (SqnsUpgradeState *state, GError *error);
/* The same for a link that could not be opened. */
GError *sqns_upgrade_state_unlinked (SqnsUpgradeState *state, GError *error);

typedef struct {
  SqnsLinkKind wanted; /* by the user */
  SqnsLinkKind kind;
  gboolean has_passthrough; /* the board's firmware could be brought into it */
  gboolean fast;            /* the modem talks at the speed of the passthrough */
} SqnsLinkFacts;
typedef enum {
  SQNS_CHANGE_NONE,
  SQNS_CHANGE_TO_PASSTHROUGH,
  SQNS_CHANGE_RESET, /* out of passthrough, which a reset of the board ends */
} SqnsLinkChange;
/* Native passthrough is faster than a relay, but runs at 921600 baud only and cannot be left: it is taken where the
 * file comes next and nothing that it cannot reach comes after. */
SqnsLinkChange
sqns_upgrade_state_change_link (SqnsUpgradeState *state, const SqnsPlan *plan, const SqnsLinkFacts *facts);

/* What @error means for an upgrade that had begun, with what was found of the modem afterwards. Returns the error that
 * says so. */
GError *sqns_upgrade_state_diagnose (SqnsUpgradeState *state,
                                     const GError *error,
                                     SqnsPhase phase,
                                     SqnsMode mode,
                                     SqnsContact contact,
                                     SqnsDiagnosis *diagnosis);
