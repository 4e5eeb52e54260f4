/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Limits the signals of an object. */
#include "bus/throttle.h"

#include <string.h>

#define WINDOW G_USEC_PER_SEC
#define SPACING (350 * 1000) /* between figures, so that a phase can be signalled at once */

gint64
sqns_throttle_due (const SqnsThrottle *self, SqnsTell tell, gint64 now)
{
  gint64 oldest = self->told[0], newest = self->told[SQNS_THROTTLE_PLACES - 1];
  gint64 due = oldest != 0 ? oldest + WINDOW : now;

  switch (tell)
    {
    case SQNS_TELL_NOW:
      return now;
    case SQNS_TELL_SOON:
      break;
    case SQNS_TELL_LATER:
      due = MAX (due, newest != 0 ? newest + SPACING : now);
      break;
    }
  return MAX (due, now);
}

void
sqns_throttle_told (SqnsThrottle *self, SqnsTell tell, gint64 now)
{
  if (tell == SQNS_TELL_NOW)
    return;
  memmove (self->told, self->told + 1, (SQNS_THROTTLE_PLACES - 1) * sizeof self->told[0]);
  self->told[SQNS_THROTTLE_PLACES - 1] = now;
}
