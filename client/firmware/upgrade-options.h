/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The Upgrade options of the D-Bus interface as flags of the same names. */
#pragma once

#include <gio/gio.h>
#include <gio/gunixfdlist.h>

typedef struct {
  char *updater, *first_step;
  char *expect_sha256, *expect_version;
  char *method, *link;
  int speed, block_size;
  char *not_before, *not_after;
  int priority;
  char *label, *idempotency_key;
  gboolean allow_downgrade, allow_reinstall, allow_family_change, force, dry_run;
} SqnsUpgradeOptions;

/* Entries that fill *@options; they end with a NULL name. Caller frees the array. */
GOptionEntry *sqns_upgrade_options_entries (SqnsUpgradeOptions *options);

/* The a{sv} of those that were given, floating; a file among them is opened and put into @files. */
GVariant *sqns_upgrade_options_dict (const SqnsUpgradeOptions *options, GUnixFDList *files, GError **error);

SqnsUpgradeOptions sqns_upgrade_options_copy (const SqnsUpgradeOptions *options);
void sqns_upgrade_options_clear (SqnsUpgradeOptions *options);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SqnsUpgradeOptions, sqns_upgrade_options_clear)
