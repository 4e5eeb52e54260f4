/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Linked into the daemon's own main for tests only: SQNS_PATIENCE=0.05 shortens the long waits (base/timeout.h), for
 * virtual boards that are as much faster. */
#include "base/timeout.h"

#include <stdlib.h>

__attribute__ ((constructor)) static void
set_patience (void)
{
  const char *scale = getenv ("SQNS_PATIENCE");

  if (scale != NULL && atof (scale) > 0)
    sqns_timeout_set_scale (atof (scale));
}
