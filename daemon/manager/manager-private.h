/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The manager's inside, shared by its files. */
#pragma once

#include "manager/alarm.h"
#include "manager/manager.h"

struct _SqnsManager {
  GObject parent;
  SqnsConfig config;
  const SqnsOperations *operations;
  SqnsRules *rules;
  GPtrArray *devices;  /* SqnsDevice */
  GHashTable *boards;  /* udev's id -> SqnsDevice, borrowed */
  GHashTable *watches; /* SqnsDevice, borrowed -> GFileMonitor, of ports */
  GPtrArray *jobs;     /* SqnsJob by age */
  GPtrArray *images;   /* SqnsFirmware, weak */
  SqnsAlarm *alarm;
  guint schedule; /* idle source */
  gboolean draining;
  gboolean stopping;
  GTask *shutdown;
};

void sqns_manager_adopt_device (SqnsManager *manager, SqnsDevice *device); /* takes @device, announces it */
void sqns_manager_drop_device (SqnsManager *manager, SqnsDevice *device);
gboolean sqns_manager_has_unfinished (SqnsManager *manager, SqnsDevice *device);
SqnsDevice *sqns_manager_device_at (SqnsManager *manager, const char *devnode); /* the same tty by any name, or NULL */
void sqns_manager_unwatch_port (SqnsManager *manager, SqnsDevice *device);

/* Looks soon which jobs can start. */
void sqns_manager_schedule (SqnsManager *manager);
/* Removes finished jobs that are too old or too many; returns when to look again, µs since the epoch, 0 never. */
gint64 sqns_manager_prune (SqnsManager *manager);
void sqns_manager_remove_job (SqnsManager *manager, SqnsJob *job);
void sqns_manager_changed (SqnsManager *manager);
