/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The factor on long waits. */
#include "base/patience.h"

static double patience = 1.0;

guint
sqns_patience_ms (guint ms)
{
  return MAX (1, (guint)(ms * patience));
}

gint64
sqns_patience_us (guint seconds)
{
  return (gint64)(seconds * patience * G_USEC_PER_SEC);
}

void
sqns_patience_set_scale (double scale)
{
  patience = scale;
}
