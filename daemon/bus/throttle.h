/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Limits an object to four PropertiesChanged a second (design.md §3). Pure; times are monotonic, in µs. */
#pragma once

#include <glib.h>

typedef enum {
  SQNS_TELL_LATER, /* figures and messages: two or three a second */
  SQNS_TELL_SOON,  /* a new phase: at once, unless there were three within a second */
  SQNS_TELL_NOW,   /* the end: at once; one of the four is reserved for it */
} SqnsTell;

#define SQNS_THROTTLE_PLACES 3

typedef struct {
  gint64 told[SQNS_THROTTLE_PLACES]; /* times of the last signals but those with NOW, oldest first; 0 none */
} SqnsThrottle;

/* The earliest time for the next signal; @now: at once. */
gint64 sqns_throttle_due (const SqnsThrottle *throttle, SqnsTell tell, gint64 now);
void sqns_throttle_told (SqnsThrottle *throttle, SqnsTell tell, gint64 now);
