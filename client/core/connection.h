/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The way to the daemon: a bus, the daemon's name on it, its objects. */
#pragma once

#include "client/core/ctl.h"
#include "sqns-dbus.h"

#define SQNS_BUS_NAME "org.sqnsd1"
#define SQNS_BUS_PATH "/org/sqnsd1"

typedef struct {
  const SqnsCtl *ctl;
  GDBusConnection *connection;
  SqnsDbusManager *manager;
  GDBusObjectManager *objects;
} SqnsBus;

/* Only the bus: neither looks for the daemon nor starts it. */
GDBusConnection *sqns_bus_connect (const SqnsCtl *ctl, GError **error);

/* Starts the daemon where the bus can. Errors: what the bus says, or G_DBUS_ERROR_SERVICE_UNKNOWN without a daemon. */
SqnsBus *sqns_bus_open (const SqnsCtl *ctl, GError **error);
void sqns_bus_free (SqnsBus *bus);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqnsBus, sqns_bus_free)

/* 0 when the bus does not tell. */
int sqns_bus_daemon_pid (SqnsBus *bus);

/* Flags for a call that may need authorization: a person may be asked unless --no-ask-password. Starts the textual
 * agent. */
GDBusCallFlags sqns_bus_ask (SqnsBus *bus);

/* In ms, for a call that should be answered at once, and for one that waits for a modem or a person; --timeout goes
 * before. */
int sqns_bus_timeout (const SqnsBus *bus);
int sqns_bus_long_timeout (const SqnsBus *bus);

/* NOT_SUPPORTED when no file can be handed over, as over ssh. @what: "firmware", "a console". */
gboolean sqns_bus_passes_files (SqnsBus *bus, const char *what, GError **error);

/* SqnsDbusModem * by tty, SqnsDbusJob * by age. Transfer full. */
GPtrArray *sqns_bus_modems (SqnsBus *bus);
GPtrArray *sqns_bus_jobs (SqnsBus *bus);

/* Not from the list above: it may be newer than that. Errors: NOT_FOUND. */
SqnsDbusModem *sqns_bus_modem (SqnsBus *bus, const char *path, GError **error);
SqnsDbusJob *sqns_bus_job (SqnsBus *bus, const char *path, GError **error);

/* An a{sv} of options without any in it. Floating. */
GVariant *sqns_bus_no_options (void);
