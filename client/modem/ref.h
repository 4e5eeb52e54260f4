/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds the modem that a person names: by id, path of its tty, the tty's short name, the label of a job on it, or
 * IMEI. */
#pragma once

#include "client/core/connection.h"

/* The path of an unknown tty is added (AddPort). For 14 to 16 digits that match nothing else, modems are asked for
 * their IMEI. Errors: NOT_FOUND, also when several match; those of AddPort and Identify. */
SqnsDbusModem *sqns_modem_ref_find (SqnsConnection *conn, const char *ref, GError **error);

/* All of @refs, each once, in their order; with @all every modem that is present. SqnsDbusModem *, never empty. */
GPtrArray *sqns_modem_ref_resolve (SqnsConnection *conn, char *const *refs, guint n_refs, gboolean all, GError **error);

/* "ttyUSB0": the shortest familiar name. Caller frees. */
char *sqns_modem_name (SqnsDbusModem *modem);
