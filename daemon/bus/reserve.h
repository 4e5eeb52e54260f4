/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A reserve of file descriptors that callers cannot use up: jobs need them for ports, records and files. */
#pragma once

#include <glib.h>

#define SQNS_RESERVE_FDS 64u

/* Raises the soft limit of the process to the hard one. */
void sqns_reserve_raise (void);
/* Whether a descriptor can be spent on a caller. Error: LIMITS_EXCEEDED. */
gboolean sqns_reserve_check (GError **error);
