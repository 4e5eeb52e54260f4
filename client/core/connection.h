/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The way to the daemon: a bus, the daemon's name on it, its objects. */
#pragma once

#include "client/core/ctl.h"
#include "sqns-dbus.h"

#include <gio/gunixfdlist.h>

#define SQNS_BUS_NAME "org.sqnsd1"
#define SQNS_BUS_PATH "/org/sqnsd1"

typedef struct {
  const SqnsCtl *ctl;
  GDBusConnection *bus;
  SqnsDbusManager *manager; /* NULL in a passive connection */
  GDBusObjectManager *objects;
  void (*lost) (gpointer data); /* nullable; the daemon or its bus is gone, may be called twice */
  gpointer lost_data;
} SqnsConnection;

/* Starts the daemon where the bus can. Errors: those of the bus; G_DBUS_ERROR_SERVICE_UNKNOWN without a daemon. */
SqnsConnection *sqns_connection_open (const SqnsCtl *ctl, GError **error);

/* Does not start the daemon: there is no manager, and objects appear when the daemon does. */
SqnsConnection *sqns_connection_open_passive (const SqnsCtl *ctl, GError **error);
void sqns_connection_free (SqnsConnection *conn);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqnsConnection, sqns_connection_free)

/* 0 when it is unknown. */
int sqns_connection_daemon_pid (SqnsConnection *conn);

/* Flags for a call that may need authorization: interactive unless --no-ask-password. Starts the textual agent. */
GDBusCallFlags sqns_connection_flags (SqnsConnection *conn);

/* In ms: for a call that returns at once, and for one that waits for a modem or a person. --timeout overrides both. */
int sqns_connection_timeout (const SqnsConnection *conn);
int sqns_connection_long_timeout (const SqnsConnection *conn);

/* NOT_SUPPORTED where file descriptors cannot be passed, as over ssh. @what: "firmware", "a console". */
gboolean sqns_connection_passes_files (SqnsConnection *conn, const char *what, GError **error);

/* Calls a method that returns a descriptor, which the caller closes. -1 on error, FAILED when there is none. */
int sqns_connection_call_for_file (
    SqnsConnection *conn, gpointer proxy, const char *method, GVariant *args, const char *what, GError **error);

/* SqnsDbusModem * sorted by tty, SqnsDbusJob * by age. Transfer full. */
GPtrArray *sqns_connection_modems (SqnsConnection *conn);
GPtrArray *sqns_connection_jobs (SqnsConnection *conn);

/* The cached object; NULL when @path (nullable) names none. Transfer full. */
SqnsDbusModem *sqns_connection_find_modem (SqnsConnection *conn, const char *path);
SqnsDbusJob *sqns_connection_find_job (SqnsConnection *conn, const char *path);

/* A new proxy, which reads the properties anew: the changes of a call that has just returned are still pending as
 * signals. Errors: NOT_FOUND. */
SqnsDbusModem *sqns_connection_read_modem (SqnsConnection *conn, const char *path, GError **error);
SqnsDbusJob *sqns_connection_read_job (SqnsConnection *conn, const char *path, GError **error);

typedef enum {
  SQNS_OBJECT_ADDED, /* or there already */
  SQNS_OBJECT_CHANGED,
  SQNS_OBJECT_REMOVED,
} SqnsObjectEvent;
typedef void (*SqnsObjectFunc) (GDBusObject *object, SqnsObjectEvent event, gpointer data);

/* Calls @func for the modems and jobs that there are and for each change of an object, until *@over is set, SIGINT or
 * SIGTERM comes, or --timeout is over. FALSE: the daemon, or its bus, is gone. */
gboolean sqns_connection_watch (SqnsConnection *conn, SqnsObjectFunc func, gpointer data, gboolean *over);

/* The object path of a GDBusProxy. */
const char *sqns_path (gpointer proxy);

/* Adds a reference to @proxy unless @proxies has one with the same path. */
void sqns_add_once (GPtrArray *proxies, gpointer proxy);

/* An empty a{sv}. Floating. */
GVariant *sqns_no_options (void);

/* A GSourceFunc that sets the gboolean @flag each time. */
gboolean sqns_raise_flag (gpointer flag);
