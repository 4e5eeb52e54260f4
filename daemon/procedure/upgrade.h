/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The main job: from a port to a modem that has told the promised version. */
#pragma once

#include "codec/plan.h"
#include "procedure/link.h"

typedef struct {
  SqnsLinkConfig link;
  GBytes *image;          /* the whole .dup, borrowed reference is taken */
  const SqnsCaba *caba;   /* parsed @image; must outlive the run */
  const SqnsRules *rules; /* must outlive the run */
  SqnsPlanOptions options;
  guint block_size; /* most image bytes per STP block, 0 = as the session allows */
  gboolean dry_run; /* stop after the plan */
} SqnsUpgradeConfig;

typedef struct {
  SqnsVersion before; /* unknown when the modem could not say */
  SqnsVersion after;
  gboolean nothing_to_do; /* it ran that version already */
  char *summary;          /* for people: what was done, or would be (dry run) */
} SqnsUpgradeResult;
void sqns_upgrade_result_free (SqnsUpgradeResult *result);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqnsUpgradeResult, sqns_upgrade_result_free)

/* Runs link, probe, plan and route. Must not be cancelled while the monitor says "committed": the caller holds back.
 * Errors: those of link and probe; INVALID_FIRMWARE, INCOMPATIBLE, DOWNGRADE, ... before harm; NEEDS_RECOVERY when the
 * modem is left in recovery (resumable), MODEM_REFUSED and VERIFY_FAILED when it runs its old or an unexpected
 * firmware, TIMEOUT and DEVICE_LOST when its state is not known. The message says what the modem is now and whether
 * power may be cut. */
void sqns_upgrade_async (const SqnsUpgradeConfig *config,
                         const SqnsMonitor *monitor,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data);
SqnsUpgradeResult *sqns_upgrade_finish (GAsyncResult *result, GError **error);
