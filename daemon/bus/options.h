/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The option dictionaries of the interface: each key has one type, unknown keys are refused. Pure.
 * Errors: G_DBUS_ERROR_INVALID_ARGS, with a bounded message; the results are then those of an empty dictionary. */
#pragma once

#include "device/device.h"
#include "job/job-record.h"
#include "job/history.h"

/* Upgrade, UpgradeMany, Recover. @handles: those of first-step and updater among the call's descriptors, -1 none; that
 * of the firmware is left alone. NULL with @error. */
SqnsRequest *sqns_options_upgrade (GVariant *dict, gint32 handles[SQNS_JOB_N_FILES], GError **error);

/* The key at index @i, NULL behind the last. */
const char *sqns_options_upgrade_key (guint i);

/* AddPort; its board is a static string. */
gboolean sqns_options_port (GVariant *dict, SqnsPortOptions *options, GError **error);

/* Reset: *@modem, whether the modem is reset, too. */
gboolean sqns_options_reset (GVariant *dict, gboolean *modem, GError **error);

/* Inhibit: *@modem is an object path, NULL none; the caller frees. */
gboolean sqns_options_inhibit (GVariant *dict, char **modem, GError **error);

/* GetHistory: into @filter, which has only limit and before; these are left alone. */
gboolean sqns_options_history (GVariant *dict, SqnsHistoryFilter *filter, GError **error);

/* Methods without options. */
gboolean sqns_options_none (GVariant *dict, GError **error);
