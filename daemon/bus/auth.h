/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who may call what: the actions of polkit, and whether a caller has them. */
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

/* The actions of data/polkit/org.sqnsd1.policy. */
typedef enum {
  SQNS_ACTION_UPGRADE,
  SQNS_ACTION_FORCE,
  SQNS_ACTION_RECOVER,
  SQNS_ACTION_RESET,
  SQNS_ACTION_CONSOLE,
  SQNS_ACTION_IDENTIFY,
  SQNS_ACTION_INHIBIT,
  SQNS_ACTION_CANCEL_OTHER,
  SQNS_ACTION_MANAGE,
} SqnsAction;
#define SQNS_N_ACTIONS (SQNS_ACTION_MANAGE + 1)
const char *sqns_action_name (SqnsAction action); /* "org.sqnsd1.upgrade" */

/* What a method needs. */
typedef enum {
  SQNS_AUTH_READ,      /* nothing */
  SQNS_AUTH_ACTION,    /* the action */
  SQNS_AUTH_ORDER,     /* that, and "force" when the order has this option */
  SQNS_AUTH_OWN,       /* the action when the object is another user's */
  SQNS_AUTH_OWN_ORDER, /* that, and of everybody what the object's order needed: it is repeated */
} SqnsAuthNeed;

typedef struct {
  SqnsAuthNeed need;
  SqnsAction action; /* not of SQNS_AUTH_READ */
} SqnsAuthRight;

/* What is asked for. */
typedef struct {
  gint64 owner;     /* uid to whom the object belongs, -1 nobody */
  gboolean force;   /* the order has "force" */
  gboolean recover; /* the order is one of Recover */
} SqnsAuthWish;

#define SQNS_AUTH_MAX_NEEDS 3
/* The actions that @uid needs, each of them, in the order in which polkit is asked; their number. Pure. */
guint sqns_auth_needs (SqnsAuthRight right, const SqnsAuthWish *wish, guint uid, SqnsAction needs[SQNS_AUTH_MAX_NEEDS]);

/* Whether the caller of @invocation has @right. Errors: G_DBUS_ERROR_ACCESS_DENIED, or a remote error
 * (g_dbus_error_is_remote_error()) "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired". Does not block; it
 * may take minutes, as polkit may ask the user for a password. */
void sqns_auth_check_async (SqnsAuth *auth,
                            GDBusMethodInvocation *invocation,
                            SqnsAuthRight right,
                            const SqnsAuthWish *wish,
                            GAsyncReadyCallback callback,
                            gpointer user_data);
/* *@uid: the caller's. */
gboolean sqns_auth_check_finish (GAsyncResult *result, guint *uid, GError **error);
