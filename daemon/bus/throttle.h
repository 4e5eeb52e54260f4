/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When an object may tell its properties: at most four times a second (design.md §3). Pure; times are monotonic, in µs.
 */
#pragma once

#include <glib.h>

typedef enum {
  SQNS_TELL_LATER, /* figures and words: two or three times a second */
  SQNS_TELL_SOON,  /* a new phase: at once, unless much was told just now */
  SQNS_TELL_NOW,   /* the end: at once; one place of the four is kept for it */
} SqnsTell;

#define SQNS_THROTTLE_PLACES 3

typedef struct {
  gint64 told[SQNS_THROTTLE_PLACES]; /* of the last ones but those told NOW, oldest first; 0 = none */
} SqnsThrottle;

/* The earliest time at which it may be told; @now or before: at once. */
gint64 sqns_throttle_due (const SqnsThrottle *throttle, SqnsTell tell, gint64 now);
void sqns_throttle_told (SqnsThrottle *throttle, SqnsTell tell, gint64 now);
