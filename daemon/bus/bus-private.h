/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The bus layer's inside, shared by its files; one file per interface. */
#pragma once

#include "bus/bus.h"
#include "bus/objects.h"
#include "bus/paths.h"
#include "bus/throttle.h"
#include "sqns-dbus.h"

#include <gio/gunixfdlist.h>

/* A modem on the bus. */
typedef struct {
  SqnsBus *bus;
  SqnsDevice *device;
  char *path;
  SqnsDbusModem *skeleton;
} SqnsBusModem;

/* A job on the bus. */
typedef struct {
  SqnsBus *bus;
  SqnsJob *job;
  char *path;
  SqnsDbusJob *skeleton;
  SqnsThrottle throttle;
  guint timer; /* tells what is held back */
  gint64 timer_due;
} SqnsBusJob;

struct _SqnsBus {
  GObject parent;
  GDBusConnection *connection;
  SqnsManager *manager;
  SqnsAuth *auth;
  SqnsObjects *objects;
  SqnsDbusManager *skeleton;
  GHashTable *modems;        /* path, borrowed -> SqnsBusModem */
  GHashTable *jobs;          /* path, borrowed -> SqnsBusJob */
  GHashTable *device_modems; /* SqnsDevice -> SqnsBusModem, borrowed */
  GCancellable *until;       /* the daemon ends */
  guint status;              /* idle source: the manager's properties are copied */
};

void sqns_bus_manager_connect (SqnsBus *bus); /* bus-manager.c: the handlers of org.sqnsd1.Manager */
void sqns_bus_manager_copy (SqnsBus *bus);    /* model to skeleton */

SqnsBusModem *sqns_bus_modem_new (SqnsBus *bus, SqnsDevice *device, const char *path);
void sqns_bus_modem_copy (SqnsBusModem *modem);
void sqns_bus_modem_free (SqnsBusModem *modem);

SqnsBusJob *sqns_bus_job_new (SqnsBus *bus, SqnsJob *job, const char *path);
void sqns_bus_job_tell_completed (SqnsBusJob *job); /* emits Completed behind the last properties */
void sqns_bus_job_free (SqnsBusJob *job);

const char *sqns_bus_modem_path (SqnsBus *bus, SqnsDevice *device); /* "/" when it is not there */
