/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The option dictionaries of the interface: each key has one type, unknown keys are refused. Pure.
 * Errors: G_DBUS_ERROR_INVALID_ARGS, in bounded words; what is refused leaves all results as without options. */
#pragma once

#include "device/device.h"
#include "job/job-record.h"
#include "job/history.h"

/* Handles of files among the call's descriptors, -1 none. */
typedef struct {
  gint32 first_step;
  gint32 updater;
} SqnsOptionFiles;

/* Upgrade, UpgradeMany, Recover. NULL with @error. */
SqnsRequest *sqns_options_upgrade (GVariant *dict, SqnsOptionFiles *files, GError **error);

/* Its keys one by one, NULL behind the last. */
const char *sqns_options_upgrade_key (guint i);

/* AddPort; its board is a static string. */
gboolean sqns_options_port (GVariant *dict, SqnsPortOptions *options, GError **error);

/* Reset: whether the modem is meant, too. */
gboolean sqns_options_reset (GVariant *dict, gboolean *modem, GError **error);

/* Inhibit: *@modem is an object path, NULL none; the caller frees. */
gboolean sqns_options_inhibit (GVariant *dict, char **modem, GError **error);

/* GetHistory: into @filter, which holds none of these yet; its limit and before are left alone. */
gboolean sqns_options_history (GVariant *dict, SqnsHistoryFilter *filter, GError **error);

/* Methods that take no option yet. */
gboolean sqns_options_none (GVariant *dict, GError **error);
