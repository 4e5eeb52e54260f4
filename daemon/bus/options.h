/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The option dictionaries of the interface: each key has one type, unknown keys are refused. Pure.
 * Errors: G_DBUS_ERROR_INVALID_ARGS; SQNS_ERROR_NOT_SUPPORTED for a key that is known but not built. */
#pragma once

#include "model/device.h"
#include "model/request.h"

/* Upgrade, UpgradeMany. NULL with @error. */
SqnsRequest *sqns_options_upgrade (GVariant *dict, GError **error);

/* AddPort; its board is a static string. */
gboolean sqns_options_port (GVariant *dict, SqnsPortOptions *options, GError **error);

/* Methods that take no option yet. */
gboolean sqns_options_none (GVariant *dict, GError **error);
