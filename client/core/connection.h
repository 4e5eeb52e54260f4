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
  SqnsDbusManager *manager; /* nullable: of a passive one */
  GDBusObjectManager *objects;
  void (*lost) (gpointer data); /* nullable: the daemon has gone, or its bus; may come twice */
  gpointer lost_data;
} SqnsConnection;

/* Starts the daemon where the bus can. Errors: what the bus says, or G_DBUS_ERROR_SERVICE_UNKNOWN without a daemon. */
SqnsConnection *sqns_connection_open (const SqnsCtl *ctl, GError **error);

/* Neither looks for the daemon nor starts it: it has no manager, and its objects are those that come. */
SqnsConnection *sqns_connection_open_passive (const SqnsCtl *ctl, GError **error);
void sqns_connection_free (SqnsConnection *conn);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqnsConnection, sqns_connection_free)

/* 0 when the bus does not tell. */
int sqns_connection_daemon_pid (SqnsConnection *conn);

/* Flags for a call that may need authorization: a person may be asked unless --no-ask-password. Starts the textual
 * agent. */
GDBusCallFlags sqns_connection_flags (SqnsConnection *conn);

/* In ms, for a call that should be answered at once, and for one that waits for a modem or a person; --timeout goes
 * before. */
int sqns_connection_timeout (const SqnsConnection *conn);
int sqns_connection_long_timeout (const SqnsConnection *conn);

/* NOT_SUPPORTED when no file can be handed over, as over ssh. @what: "firmware", "a console". */
gboolean sqns_connection_passes_files (SqnsConnection *conn, const char *what, GError **error);

/* The file of an answer, the caller's to close; -1 with FAILED when there is none. @what: "console". */
int sqns_connection_take_file (GUnixFDList *files, GVariant *handle, const char *what, GError **error);

/* SqnsDbusModem * by tty, SqnsDbusJob * by age. Transfer full. */
GPtrArray *sqns_connection_modems (SqnsConnection *conn);
GPtrArray *sqns_connection_jobs (SqnsConnection *conn);

/* From what the daemon has told so far; NULL: none, or @path (nullable) is no path of one. Transfer full. */
SqnsDbusModem *sqns_connection_find_modem (SqnsConnection *conn, const char *path);
SqnsDbusJob *sqns_connection_find_job (SqnsConnection *conn, const char *path);

/* A new proxy, which asks the daemon: what a call has just changed is on its way as signals to the others. Errors:
 * NOT_FOUND. */
SqnsDbusModem *sqns_connection_read_modem (SqnsConnection *conn, const char *path, GError **error);
SqnsDbusJob *sqns_connection_read_job (SqnsConnection *conn, const char *path, GError **error);

/* Of a GDBusProxy. */
const char *sqns_path (gpointer proxy);

/* Adds a reference to @proxy unless one of that path is among @proxies. */
gboolean sqns_add_once (GPtrArray *proxies, gpointer proxy);

/* An a{sv} of options without any in it. Floating. */
GVariant *sqns_no_options (void);

/* A GSourceFunc that sets the gboolean @flag, again and again. */
gboolean sqns_raise_flag (gpointer flag);
