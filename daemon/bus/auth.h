/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who may call what: one table of methods and polkit actions; what is not in it is denied. */
#pragma once

#include <gio/gio.h>

typedef enum {
  SQNS_AUTH_POLKIT,  /* the system bus: root, or whom polkit allows */
  SQNS_AUTH_OWN_UID, /* another bus: the daemon's own user, nobody else */
} SqnsAuthPolicy;

typedef struct _SqnsAuth SqnsAuth;

SqnsAuth *sqns_auth_new (GDBusConnection *connection, SqnsAuthPolicy policy);
void sqns_auth_free (SqnsAuth *auth); /* with no check under way */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqnsAuth, sqns_auth_free)

typedef struct {
  gint64 owner;   /* uid to whom the object belongs, -1 nobody: what is free for owners needs no action then */
  gboolean force; /* org.sqnsd1.force is needed too */
} SqnsAuthWish;

/* Looks the method of @invocation up in the table. Errors: G_DBUS_ERROR_ACCESS_DENIED, or a remote error
 * (g_dbus_error_is_remote_error()) "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired". Blocks nothing; a
 * person may be asked for minutes. */
void sqns_auth_check_async (SqnsAuth *auth,
                            GDBusMethodInvocation *invocation,
                            const SqnsAuthWish *wish,
                            GAsyncReadyCallback callback,
                            gpointer user_data);
/* *@uid: the caller's. */
gboolean sqns_auth_check_finish (GAsyncResult *result, guint *uid, GError **error);

/* The table's row. FALSE: there is none, so it is denied. *@action: NULL when none is needed. *@owner_free: not needed
 * by the object's owner. */
gboolean sqns_auth_lookup (const char *interface, const char *method, const char **action, gboolean *owner_free);
