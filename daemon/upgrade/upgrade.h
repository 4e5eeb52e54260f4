/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An upgrade, from a port to a modem that reports the promised version. */
#pragma once

#include "link/link.h"
#include "plan/upgrade-state.h"

/* Saves @checkpoint (borrowed during the call) before the step that it describes begins, and calls @done once, later.
 */
typedef void (*SqnsSaveFunc) (gpointer data, const SqnsCheckpoint *checkpoint, GSourceFunc done, gpointer done_data);

typedef struct {
  SqnsLinkConfig link;
  GBytes *image;              /* the whole .dup; referenced, like the next two */
  GBytes *first_step;         /* the first of two files (release 48829), nullable */
  GBytes *updater;            /* an updater ELF from the user; nullable: the one inside the file */
  const SqnsCaba *caba;       /* parsed @image; must outlive the run, as must the next two */
  const SqnsCaba *first_caba; /* parsed @first_step, nullable */
  const SqnsRules *rules;
  SqnsPlanOptions options;
  guint block_size; /* most image bytes per STP block, 0 = as the session allows */
  gboolean dry_run; /* stop after the plan */
  SqnsCheckpoint checkpoint;
  SqnsSaveFunc save; /* nullable */
  gpointer save_data;
} SqnsUpgradeConfig;

typedef struct {
  SqnsVersion before; /* unknown if the modem did not report it */
  SqnsVersion after;
  gboolean nothing_to_do; /* the modem already ran that version */
  char *summary;          /* what was done, or would be (dry run), for the user */
} SqnsUpgradeResult;
void sqns_upgrade_result_free (SqnsUpgradeResult *result);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqnsUpgradeResult, sqns_upgrade_result_free)

/* Opens a link, probes the modem, makes a plan, runs its steps up to the next reboot and probes again, until the booted
 * modem reports the promised version. Looks for the modem through a relay, which reaches it at any speed and can be
 * left; changes to passthrough for the upload if the link's kind allows. The caller must not cancel while the monitor
 * says "committed". Errors: those of link and probe; INVALID_FIRMWARE, INCOMPATIBLE, DOWNGRADE, ... before anything is
 * changed; NEEDS_RECOVERY if the modem is left in recovery (resumable); MODEM_REFUSED and VERIFY_FAILED if it runs its
 * old or an unexpected firmware; TIMEOUT and DEVICE_LOST (also for a port that does not exist: it did when the job was
 * made) if its state is not known. The message says what the modem is now and whether power may be cut. */
void sqns_upgrade_async (const SqnsUpgradeConfig *config,
                         const SqnsMonitor *monitor,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data);
SqnsUpgradeResult *sqns_upgrade_finish (GAsyncResult *result, GError **error);
