/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Descriptors that callers do not get: jobs need them for their ports, their records and their files. */
#pragma once

#include <glib.h>

#define SQNS_RESERVE_FDS 64u

/* As many as the process may have at all, from now on. */
void sqns_reserve_raise (void);
/* Whether callers may have one more. Error: LIMITS_EXCEEDED. */
gboolean sqns_reserve_check (GError **error);
