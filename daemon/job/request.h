/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What somebody asked for with an upgrade: the options of org.sqnsd1.Modem.Upgrade and Recover. */
#pragma once

#include "base/monitor.h"
#include "firmware/firmware.h"
#include "plan/plan.h"

typedef struct {
  char *expect_sha256; /* nullable */
  SqnsVersion expect_version;
  SqnsPlanOptions options;
  SqnsLinkKind link;
  guint speed;       /* baud, 0 = find out */
  guint block_size;  /* bytes of image per block, 0 = as the session allows */
  gint64 not_before; /* µs since the epoch, 0 = at once */
  gint64 not_after;  /* µs since the epoch, 0 = no bound */
  gboolean at_once;  /* resumed since: these times hold no longer */
  int priority;
  char *label;           /* never NULL */
  char *idempotency_key; /* nullable */
  gboolean dry_run;
  SqnsFirmware *updater;    /* an updater ELF that somebody gave, nullable */
  SqnsFirmware *first_step; /* the file that has to be installed before (release 48829), nullable */
  guint creator_uid;
} SqnsRequest;

SqnsRequest *sqns_request_new (void);
SqnsRequest *sqns_request_copy (const SqnsRequest *request);
/* What a plan needs to know of @firmware and of the files that came with @request; borrowed. */
SqnsPlanFiles sqns_request_files (const SqnsRequest *request, SqnsFirmware *firmware);
/* When a job may begin, and must have begun; as not_before and not_after. */
gint64 sqns_request_begin (const SqnsRequest *request);
gint64 sqns_request_deadline (const SqnsRequest *request);
void sqns_request_free (SqnsRequest *request);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqnsRequest, sqns_request_free)
