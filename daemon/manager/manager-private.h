/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The manager's inside, shared by its files. */
#pragma once

#include "base/backlog.h"
#include "manager/journal.h"
#include "manager/manager.h"
#include "manager/scheduler.h"
#include "manager/wall-timer.h"

/* history.c: who asks for ended jobs. */
typedef struct _SqnsHistoryDesk SqnsHistoryDesk;
SqnsHistoryDesk *sqns_history_desk_new (void);
void sqns_history_desk_free (SqnsHistoryDesk *desk);
void sqns_manager_close_history (SqnsManager *manager); /* who still waits hears that the daemon stops */

struct _SqnsManager {
  GObject parent;
  SqnsConfig config;
  SqnsRules *rules;
  SqnsDeviceTable *devices;
  GPtrArray *jobs; /* SqnsJob by age */
  SqnsFirmwareCache *firmware_cache;
  SqnsJournal *journal; /* nullable: jobs end with the daemon */
  SqnsBacklog *kept;    /* jobs whose record was written, and that are to hear of it */
  GTask *opening;       /* while it is read */
  gint64 next_sweep;    /* µs since the epoch: when old records are looked for again */
  SqnsWallTimer *prune_timer;
  SqnsInhibit *inhibit;
  SqnsScheduler *scheduler;
  SqnsHistoryDesk *history;
  gboolean stopping;
  GTask *shutdown;
};

/* @forget: on disk, too. */
void sqns_manager_remove_job (SqnsManager *manager, SqnsJob *job, gboolean forget);
/* Takes @job, which gets @index among the others; announces it. */
void sqns_manager_adopt_job (SqnsManager *manager, SqnsJob *job, guint index);

/* keep.c */
SqnsBacklog *sqns_manager_kept_new (void);
void sqns_manager_kept_free (SqnsBacklog *kept);
void sqns_manager_keep_job (SqnsManager *manager, SqnsJob *job); /* from now on; nothing without a journal */
/* Firmware of @job, which has ended or gone, that no other job needs is removed from the disk. */
void sqns_manager_release_files (SqnsManager *manager, SqnsJob *job);
gint64 sqns_manager_sweep (SqnsManager *manager, gint64 now); /* when to do so again */
/* µs since the epoch: what ended before has been kept long enough. */
gint64 sqns_manager_expired (SqnsManager *manager, gint64 now);

void sqns_manager_changed (SqnsManager *manager);
