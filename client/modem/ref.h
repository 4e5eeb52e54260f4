/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which modem a person means: id, path of its tty, the tty's short name, the label of a job on it, or its IMEI. */
#pragma once

#include "client/core/connection.h"

/* A path of a tty that the daemon does not know is added (AddPort); for 14 to 16 digits that name nothing else, modems
 * are asked for their IMEI. Errors: NOT_FOUND, also when several match; what AddPort and Identify say. */
SqnsDbusModem *sqns_modem_ref_find (SqnsConnection *conn, const char *ref, GError **error);

/* All of @refs, each once, in their order; with @all every modem that is present. SqnsDbusModem *, never empty. */
GPtrArray *sqns_modem_ref_resolve (SqnsConnection *conn, char *const *refs, guint n_refs, gboolean all, GError **error);
