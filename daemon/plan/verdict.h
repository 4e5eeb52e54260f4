/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a failed upgrade means for the modem, in code and words. Pure. */
#pragma once

#include "codec/at.h"
#include "common/error.h"

/* What was seen after the failure. */
typedef struct {
  SqnsMode mode;    /* UNKNOWN: it does not answer, or cannot be asked */
  gboolean silent;  /* it was asked, and does not answer */
  gboolean written; /* bytes of an image may have come to its flash */
  gboolean between; /* the first of two files (release 48829) is installed, the second is not */
} SqnsAftermath;

/* @error, replaced by one whose code fits what the modem is now and whose message says so; *@safe: power may be cut;
 * *@words, static: the part about the modem. */
GError *sqns_verdict (const GError *error, const SqnsAftermath *aftermath, gboolean *safe, const char **words);
