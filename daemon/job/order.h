/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What somebody ordered, compared with what was ordered before: the meaning of an idempotency key. Pure. */
#pragma once

#include "job/job-record.h"
#include "job/request.h"

typedef struct {
  const SqnsRequest *request;           /* its files do not count, but for: */
  const char *sha256[SQNS_JOB_N_FILES]; /* of each file, "" none */
} SqnsOrder;

/* The order of @request with @firmware; borrowed. */
SqnsOrder sqns_order_of (const SqnsRequest *request, SqnsFirmware *firmware);

/* The first thing that two orders differ in: an option's name, "firmware", or "kind" (upgrade or recover); NULL when
 * they are the same. Modem, user and key are not looked at. */
const char *sqns_order_difference (const SqnsOrder *one, const SqnsOrder *other);
