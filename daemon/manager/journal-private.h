/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The journal's inside, shared by its writer (journal.c) and its readers (journal-read.c). */
#pragma once

#include "manager/journal.h"

#define SQNS_JOURNAL_RECORD ".conf"
#define SQNS_JOURNAL_LOG ".log"
#define SQNS_JOURNAL_TEMPORARY ".tmp"
#define SQNS_JOURNAL_DAMAGED ".damaged"

struct _SqnsJournal {
  char *folder;
  char *jobs;
  char *firmware;
  GAsyncQueue *queue; /* SqnsJournalOrder */
  GThread *thread;    /* NULL until the first order */
  /* the writer's own: */
  GHashTable *stored; /* hashes of firmware that was written since the start, or was needed then */
  int lock;           /* -1: the folder is not ours */
  gboolean remade;    /* atomic */
};

typedef struct _SqnsJournalOrder SqnsJournalOrder;
typedef void (*SqnsJournalWork) (SqnsJournal *journal, SqnsJournalOrder *order);

struct _SqnsJournalOrder {
  SqnsJournalWork work; /* NULL: stop */
  GTask *task;          /* nullable */
  gboolean staged;      /* a put: its record is written, but not in its place yet */
  char *name;           /* uuid or hash */
  char *text;
  GString *log;
  SqnsFirmware *files[SQNS_JOB_N_FILES];
  gint64 expired;
  guint max_ended;
  GPtrArray *result;
  GError *error;
};

gboolean sqns_journal_fail (GError **error, const char *what, const char *path); /* with errno; FALSE */
gboolean sqns_journal_make_ready (SqnsJournal *journal, GError **error);
/* Renames what is no file of a job, and says why; FALSE with errno. */
gboolean sqns_journal_set_aside (const char *path, const char *why);
char *sqns_journal_path (SqnsJournal *journal, const char *uuid, const char *suffix);
gboolean sqns_journal_unlink (const char *path, GError **error); /* nothing there is fine */
gboolean sqns_journal_unlink_job (SqnsJournal *journal, const char *uuid, GError **error);

void sqns_journal_read_all (SqnsJournal *journal, SqnsJournalOrder *order);
void sqns_journal_remove_expired (SqnsJournal *journal, SqnsJournalOrder *order);
