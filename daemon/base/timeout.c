/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The scale of the long timeouts. */
#include "base/timeout.h"

static double factor = 1.0;

guint
sqns_timeout_ms (guint ms)
{
  return MAX (1, (guint)(ms * factor));
}

gint64
sqns_timeout_us (guint seconds)
{
  return (gint64)(seconds * factor * G_USEC_PER_SEC);
}

void
sqns_timeout_set_scale (double scale)
{
  factor = scale;
}
