/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A job as it stands on disk: a strict, versioned key file. Pure. */
#pragma once

#include "common/types.h"
#include "upgrade/upgrade.h"

#define SQNS_JOB_RECORD_MAX (256u * 1024u) /* bytes of text */

/* The files of a job; the last two are not always there. */
typedef enum {
  SQNS_JOB_FIRMWARE,
  SQNS_JOB_FIRST_STEP,
  SQNS_JOB_UPDATER,
} SqnsJobFile;
#define SQNS_JOB_N_FILES (SQNS_JOB_UPDATER + 1)

typedef struct {
  char *name;
  char *sha256; /* 64 lower-case hex digits, "" none */
} SqnsFileNote;

/* Strings are never NULL, "" none; valid UTF-8. Times in µs since the epoch, 0 none. */
typedef struct {
  char *uuid; /* lower case */
  SqnsJobState state;

  char *device; /* the board's id */
  char *devnode;
  guint vendor;
  guint product;
  gboolean manual; /* a port that somebody added, with the options: */
  SqnsLinkKind port_link;
  char *port_board;
  guint port_speed;

  SqnsFileNote files[SQNS_JOB_N_FILES];
  char *expect_sha256;
  SqnsVersion expect_version;
  SqnsPlanOptions options;
  SqnsLinkKind link;
  guint speed;
  guint block_size;
  gint64 not_before;
  gint64 not_after;
  gboolean at_once;
  int priority;
  char *label;
  char *idempotency_key; /* "" none */
  gboolean dry_run;
  guint creator_uid;

  gint64 created_at;
  gint64 started_at;
  gint64 finished_at;
  gboolean started;
  SqnsPhase phase;
  gboolean safe;
  guint progress; /* millionths */
  gint64 bytes_done;
  gint64 bytes_total;
  guint retries;
  SqnsVersion version_before;
  SqnsVersion version_after;
  char *message;
  char *error_name; /* of the bus; "" none */
  char *error_message;
  char *advice;

  gboolean board_lost;   /* the last interruption was that */
  gboolean cancel_asked; /* and answered for; the job had not ended yet */
  char *interruption;    /* why it was interrupted last */
  guint interruptions;   /* all of them */
  guint fruitless;       /* those in a row that brought it no further */
  guint milestones;      /* the most that it had reached before the last one */
  SqnsCheckpoint checkpoint;
} SqnsJobRecord;

SqnsJobRecord *sqns_job_record_new (void);
void sqns_job_record_free (SqnsJobRecord *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqnsJobRecord, sqns_job_record_free)

/* Caller frees. */
char *sqns_job_record_format (const SqnsJobRecord *record);

/* Any bytes. NULL with FAILED and what is wrong: each key must be there, once, with a value that it may have; only keys
 * that older daemons did not write may be missing. What it takes is formatted to the same values again. */
SqnsJobRecord *sqns_job_record_parse (const char *text, gsize len, GError **error);
