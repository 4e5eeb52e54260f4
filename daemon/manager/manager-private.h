/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The manager's inside, shared by its files. */
#pragma once

#include "manager/manager.h"
#include "manager/scheduler.h"
#include "manager/wall-timer.h"

struct _SqnsManager {
  GObject parent;
  SqnsConfig config;
  SqnsRules *rules;
  SqnsDeviceTable *devices;
  GPtrArray *jobs; /* SqnsJob by age */
  SqnsFirmwareCache *firmware_cache;
  SqnsJobStore *store;
  GTask *restoring; /* while jobs are loaded */
  SqnsWallTimer *prune_timer;
  SqnsInhibit *inhibit;
  SqnsScheduler *scheduler;
  gboolean stopping;
  GTask *shutdown;
};

/* @forget: on disk, too. */
void sqns_manager_remove_job (SqnsManager *manager, SqnsJob *job, gboolean forget);
/* Takes @job, which gets @index among the others; announces it. */
void sqns_manager_adopt_job (SqnsManager *manager, SqnsJob *job, guint index);

void sqns_manager_changed (SqnsManager *manager);
