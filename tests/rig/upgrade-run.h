/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One observed upgrade of a virtual board: what it told, which states it entered, what it kept, how it ended. */
#pragma once

#include "base/ssm.h"
#include "upgrade/upgrade.h"
#include "virtual-board.h"

/* What there is to send; borrowed by runs. */
typedef struct {
  GBytes *image;
  SqnsCaba *caba;
  GBytes *first_step; /* nullable, likewise the next */
  SqnsCaba *first_caba;
  SqnsRules *rules;
} UpgradeFiles;
/* Reads @dup and @first (nullable): the paths of .dup files; the rules from the source tree, which must be the current
 * directory. */
void upgrade_files_load (UpgradeFiles *files, const char *dup, const char *first);
/* Takes @image instead. */
void upgrade_files_take (UpgradeFiles *files, GBytes *image, const char *name);
void upgrade_files_clear (UpgradeFiles *files);

typedef struct _UpgradeRun UpgradeRun;
struct _UpgradeRun {
  /* Said before. */
  VirtualBoard *board;
  const UpgradeFiles *files;
  SqnsLinkKind kind;
  SqnsPlanOptions options;
  gboolean pic;                                                              /* the USB chip can reset the board */
  gboolean person;                                                           /* presses the reset button when asked */
  void (*entered) (UpgradeRun *run, const SqnsSsmClass *klass, guint state); /* nullable, as are the next two */
  void (*told) (UpgradeRun *run); /* a phase, its safety or its words have changed */
  void (*kept) (UpgradeRun *run); /* the checkpoint has changed, the step that it describes has not begun */
  gpointer data;
  SqnsCheckpoint checkpoint; /* what a run before has kept; then what this one did */

  /* Known meanwhile and afterwards. */
  GCancellable *cancellable;
  SqnsPhase phase;
  gboolean committed;
  gboolean safe;
  guint asked;   /* how often a person was */
  guint retries; /* requests that were sent again */
  guint steps;   /* that the upgrade began, and links that it took anew */
  guint64 bytes; /* of the image, that were taken */
  GString *transcript;
  GHashTable *machines; /* SqnsSsmClass: every one that ran */
  GHashTable *visited;  /* "machine/state" */
  gboolean done;
  SqnsUpgradeResult *result; /* or @error */
  GError *error;
};

/* Runs it to its end; a run that does not end ends the test. Asserts what must hold for any: either a result or an
 * error with words; "safe" never while the board writes; no phase without words; no descriptor of the port is left. */
void upgrade_run (UpgradeRun *run);
void upgrade_run_clear (UpgradeRun *run); /* all but what was said before, the checkpoint included */

/* It succeeded, and the board itself runs @version. */
void upgrade_run_assert_version (UpgradeRun *run, const char *version);
