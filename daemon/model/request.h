/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What somebody asked for with an upgrade: the options of org.sqnsd1.Modem.Upgrade. */
#pragma once

#include "codec/plan.h"
#include "procedure/monitor.h"

typedef struct {
  char *expect_sha256; /* nullable */
  SqnsVersion expect_version;
  SqnsPlanOptions options;
  SqnsLinkKind link;
  guint speed;       /* baud, 0 = find out */
  guint block_size;  /* bytes of image per block, 0 = as the session allows */
  gint64 not_before; /* µs since the epoch, 0 = at once */
  gint64 not_after;  /* µs since the epoch, 0 = no bound */
  int priority;
  char *label;           /* never NULL */
  char *idempotency_key; /* nullable */
  gboolean dry_run;
  guint creator_uid;
} SqnsRequest;

SqnsRequest *sqns_request_new (void);
SqnsRequest *sqns_request_copy (const SqnsRequest *request);
void sqns_request_free (SqnsRequest *request);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqnsRequest, sqns_request_free)
