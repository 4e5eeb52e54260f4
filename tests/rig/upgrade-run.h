/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One observed upgrade of a virtual board: its notifications, states, checkpoints and end. */
#pragma once

#include "base/ssm.h"
#include "upgrade/upgrade.h"
#include "virtual-board.h"

/* The files to send; runs borrow them. */
typedef struct {
  GBytes *image;
  SqnsCaba *caba;
  GBytes *first_step; /* nullable, like the next */
  SqnsCaba *first_caba;
  SqnsRules *rules;
} UpgradeFiles;
/* Reads the .dup files @dup and @first (nullable), and the rules from the source tree, which must be the current
 * directory. */
void upgrade_files_load (UpgradeFiles *files, const char *dup, const char *first);
/* Replaces the image by @image, which it takes. */
void upgrade_files_take (UpgradeFiles *files, GBytes *image, const char *name);
void upgrade_files_clear (UpgradeFiles *files);

typedef struct _UpgradeRun UpgradeRun;
struct _UpgradeRun {
  /* Set before the run. */
  VirtualBoard *board;
  const UpgradeFiles *files;
  SqnsLinkKind kind;
  SqnsPlanOptions options;
  gboolean pic;    /* the USB chip can reset the board */
  gboolean person; /* a user presses the reset button when asked to */
  void (*entered) (UpgradeRun *run, const SqnsSsmClass *klass, guint state); /* nullable, as are the next two */
  void (*told) (UpgradeRun *run); /* the phase, its safety or its text has changed */
  void (*kept) (UpgradeRun *run); /* the checkpoint has changed, before its step begins */
  gpointer data;
  SqnsCheckpoint checkpoint; /* of an earlier run; then of this one */

  /* Set during the run. */
  GCancellable *cancellable;
  SqnsPhase phase;
  gboolean committed;
  gboolean safe;
  guint asked;   /* how often the user was asked */
  guint retries; /* repeated requests */
  guint steps;   /* steps that began, and new links */
  guint64 bytes; /* bytes of the image that the modem took */
  GString *transcript;
  GHashTable *machines; /* SqnsSsmClass: all that ran */
  GHashTable *visited;  /* "machine/state" */
  gboolean done;
  SqnsUpgradeResult *result; /* or @error */
  GError *error;
};

/* Runs the upgrade to its end, with a deadline. Asserts what holds for any upgrade: either a result or an error with a
 * message; not "safe" while the board writes; no phase without a text; no open descriptor of the port at the end. */
void upgrade_run (UpgradeRun *run);
void upgrade_run_clear (UpgradeRun *run); /* keeps what was set before the run, and the checkpoint */

/* Asserts that it succeeded and that the board runs @version. */
void upgrade_run_assert_version (UpgradeRun *run, const char *version);
