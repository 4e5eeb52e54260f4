/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The state of a job as a value: what was asked for and what came of it. On disk it is a strict, versioned key file.
 * One table holds its fields for the disk, D-Bus, the history and the comparison of two requests. Does no I/O. */
#pragma once

#include "common/types.h"
#include "upgrade/upgrade.h"

#define SQNS_JOB_RECORD_MAX (256u * 1024u) /* bytes of text */

/* The files of a job; the last two are optional. */
typedef enum {
  SQNS_JOB_FIRMWARE,
  SQNS_JOB_FIRST_STEP, /* has to be installed before (release 48829) */
  SQNS_JOB_UPDATER,    /* an updater ELF in place of the one inside the firmware */
} SqnsJobFile;
#define SQNS_JOB_N_FILES (SQNS_JOB_UPDATER + 1)

typedef struct {
  char *name;
  char *sha256; /* 64 lower-case hex digits, "" none */
} SqnsFileNote;

/* The options of org.sqnsd1.Modem.Upgrade and Recover. Strings are never NULL, "" none. Times in µs since the epoch, 0
 * none. */
typedef struct {
  SqnsFileNote files[SQNS_JOB_N_FILES];
  char *expect_sha256;
  SqnsVersion expect_version;
  SqnsPlanOptions options;
  SqnsLinkKind link;
  guint speed;       /* baud, 0 = find out */
  guint block_size;  /* bytes of image per block, 0 = as the session allows */
  gint64 not_before; /* 0 = at once */
  gint64 not_after;  /* 0 = no limit */
  gboolean at_once;  /* resumed since: both times no longer apply */
  int priority;
  char *label;
  char *idempotency_key;
  gboolean dry_run;
  guint creator_uid;
} SqnsRequest;

SqnsRequest *sqns_request_new (void);
SqnsRequest *sqns_request_copy (const SqnsRequest *request);
void sqns_request_free (SqnsRequest *request);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqnsRequest, sqns_request_free)
void sqns_request_set_file (SqnsRequest *request, SqnsJobFile file, const char *name, const char *sha256);
/* When the job may begin, and must have begun; as not_before and not_after. */
gint64 sqns_request_begin (const SqnsRequest *request);
gint64 sqns_request_deadline (const SqnsRequest *request);
/* The first difference between two requests: an option's name, "firmware", or "kind" (upgrade or recover); NULL when
 * they ask for the same. User, key and the names of files do not count. */
const char *sqns_request_difference (const SqnsRequest *one, const SqnsRequest *other);

/* Strings are never NULL, "" none; valid UTF-8. Times in µs since the epoch, 0 none. */
typedef struct {
  SqnsRequest request;

  char *uuid; /* lower case */
  SqnsJobState state;

  char *device; /* the board's id */
  char *devnode;
  guint vendor;
  guint product;
  gboolean manual; /* a port that a user added, with the options: */
  SqnsLinkKind port_link;
  char *port_board;
  guint port_speed;

  gint64 created_at;
  gint64 started_at;
  gint64 finished_at;
  gboolean started; /* @phase is valid */
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

  gboolean board_lost;   /* by the last interruption */
  gboolean cancel_asked; /* and acknowledged; the job had not ended yet */
  char *interruption;    /* why it was interrupted last */
  guint interruptions;   /* all of them */
  guint fruitless;       /* those in a row without progress */
  guint milestones;      /* the most that were reached before the last one */
  SqnsCheckpoint checkpoint;
} SqnsJobRecord;

SqnsJobRecord *sqns_job_record_new (void);
SqnsJobRecord *sqns_job_record_copy (const SqnsJobRecord *record);
void sqns_job_record_free (gpointer record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqnsJobRecord, sqns_job_record_free)
void sqns_job_record_set (char **field, const char *value); /* a string of it; @value NULL: "" */

void sqns_job_record_set_message (SqnsJobRecord *record, const char *message);        /* cleaned to one line */
void sqns_job_record_set_request (SqnsJobRecord *record, const SqnsRequest *request); /* copied */
void sqns_job_record_clean (SqnsJobRecord *record); /* what people read to one line each: older daemons did not */

/* A failed or cancelled job that can go on from where it stopped. */
gboolean sqns_job_record_is_resumable (const SqnsJobRecord *record);
/* It has not ended, or is resumable. */
gboolean sqns_job_record_needs_files (const SqnsJobRecord *record);

/* Sets those properties of an org.sqnsd1.Job that are a record's; State is not: it also shows that a user is waited
 * for. */
void sqns_job_record_set_properties (const SqnsJobRecord *record, GObject *object);
/* Floating a{sv}: an entry of the history. */
GVariant *sqns_job_record_to_history (const SqnsJobRecord *record);

/* The key file. Caller frees. */
char *sqns_job_record_format (const SqnsJobRecord *record);

/* Any bytes. NULL with FAILED and what is wrong: each key must be there, once, with a valid value; only keys that older
 * daemons did not write may be missing. What it takes is formatted to the same values again. */
SqnsJobRecord *sqns_job_record_parse (const char *text, gsize len, GError **error);
