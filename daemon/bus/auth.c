/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who may call what. polkit is asked by plain D-Bus calls. */
#include "bus/auth.h"

#include <unistd.h>

/* GDBus has no code for it */
#define INTERACTIVE_AUTHORIZATION_REQUIRED "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired"
#define MAX_CACHED 1024
/* polkit: CheckAuthorizationFlags.AllowUserInteraction */
#define POLKIT_INTERACTIVE 1u

struct _SqnsAuth {
  GDBusConnection *connection;
  SqnsAuthPolicy policy;
  GHashTable *uids; /* unique name -> uid; a bus never gives a unique name twice */
};

typedef struct {
  SqnsAuth *auth;
  char *sender;
  SqnsAuthRight right;
  SqnsAuthWish wish;
  gboolean interactive;
  guint uid;
  SqnsAction needs[SQNS_AUTH_MAX_NEEDS];
  guint n_needs;
  guint asked; /* of them */
} Check;

SqnsAuth *
sqns_auth_new (GDBusConnection *connection, SqnsAuthPolicy policy)
{
  SqnsAuth *self = g_new0 (SqnsAuth, 1);
  self->connection = g_object_ref (connection);
  self->policy = policy;
  self->uids = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return self;
}

void
sqns_auth_free (SqnsAuth *self)
{
  if (self == NULL)
    return;
  g_object_unref (self->connection);
  g_hash_table_unref (self->uids);
  g_free (self);
}

const char *
sqns_action_name (SqnsAction action)
{
  static const char *const names[SQNS_N_ACTIONS] = {
    [SQNS_ACTION_UPGRADE] = "org.sqnsd1.upgrade", [SQNS_ACTION_FORCE] = "org.sqnsd1.force",
    [SQNS_ACTION_RECOVER] = "org.sqnsd1.recover", [SQNS_ACTION_RESET] = "org.sqnsd1.reset",
    [SQNS_ACTION_CONSOLE] = "org.sqnsd1.console", [SQNS_ACTION_IDENTIFY] = "org.sqnsd1.identify",
    [SQNS_ACTION_INHIBIT] = "org.sqnsd1.inhibit", [SQNS_ACTION_CANCEL_OTHER] = "org.sqnsd1.cancel-other",
    [SQNS_ACTION_MANAGE] = "org.sqnsd1.manage",
  };
  return names[action];
}

guint
sqns_auth_needs (SqnsAuthRight right, const SqnsAuthWish *wish, guint uid, SqnsAction needs[SQNS_AUTH_MAX_NEEDS])
{
  gboolean others = wish->owner != (gint64)uid;
  guint n = 0;

  switch (right.need)
    {
    case SQNS_AUTH_READ:
      break;
    case SQNS_AUTH_ACTION:
      needs[n++] = right.action;
      break;
    case SQNS_AUTH_ORDER:
      needs[n++] = right.action;
      if (wish->force)
        needs[n++] = SQNS_ACTION_FORCE;
      break;
    case SQNS_AUTH_OWN:
      if (others)
        needs[n++] = right.action;
      break;
    case SQNS_AUTH_OWN_ORDER:
      needs[n++] = wish->recover ? SQNS_ACTION_RECOVER : SQNS_ACTION_UPGRADE;
      if (wish->force)
        needs[n++] = SQNS_ACTION_FORCE;
      if (others)
        needs[n++] = right.action;
      break;
    }
  return n;
}

G_GNUC_PRINTF (2, 3)
static void
deny (GTask *task, const char *format, ...)
{
  va_list args;
  va_start (args, format);
  g_task_return_error (task, g_error_new_valist (G_DBUS_ERROR, G_DBUS_ERROR_ACCESS_DENIED, format, args));
  va_end (args);
  g_object_unref (task);
}

static void ask_polkit (GTask *task);

static void
on_polkit (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Check *self = g_task_get_task_data (task);
  const char *action = sqns_action_name (self->needs[self->asked]);
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  gboolean authorized, challenge;

  if (g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN)
      || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER))
    {
      deny (task, "polkit is not available, so only root is allowed: %s", action);
      return;
    }
  if (reply == NULL)
    {
      g_dbus_error_strip_remote_error (error);
      deny (task, "polkit did not respond, so this is not allowed: %s", error->message);
      return;
    }
  g_variant_get (reply, "((bba{ss}))", &authorized, &challenge, NULL);
  if (authorized)
    {
      self->asked++;
      ask_polkit (task);
    }
  else if (challenge && !self->interactive)
    {
      g_autofree char *text
          = g_strconcat (action, " needs a password, but the caller does not allow interactive authorization", NULL);
      g_task_return_error (task, g_dbus_error_new_for_dbus_error (INTERACTIVE_AUTHORIZATION_REQUIRED, text));
      g_object_unref (task);
    }
  else
    deny (task, "not authorized for %s", action);
}

static void
ask_polkit (GTask *task)
{
  Check *self = g_task_get_task_data (task);
  if (self->asked == self->n_needs)
    {
      g_task_return_boolean (task, TRUE);
      g_object_unref (task);
      return;
    }
  const char *action = sqns_action_name (self->needs[self->asked]);
  GVariantBuilder subject;
  g_variant_builder_init (&subject, G_VARIANT_TYPE ("a{sv}"));
  g_variant_builder_add (&subject, "{sv}", "name", g_variant_new_string (self->sender));
  g_dbus_connection_call (self->auth->connection, "org.freedesktop.PolicyKit1", "/org/freedesktop/PolicyKit1/Authority",
                          "org.freedesktop.PolicyKit1.Authority", "CheckAuthorization",
                          g_variant_new ("((sa{sv})sa{ss}us)", "system-bus-name", &subject, action, NULL,
                                         self->interactive ? POLKIT_INTERACTIVE : 0u, ""),
                          G_VARIANT_TYPE ("((bba{ss}))"), G_DBUS_CALL_FLAGS_NONE, G_MAXINT, NULL, on_polkit, task);
}

/* The caller's user is known. */
static void
decide (GTask *task)
{
  Check *self = g_task_get_task_data (task);
  switch (self->auth->policy)
    {
    case SQNS_AUTH_OWN_UID:
      if (self->uid != getuid ())
        {
          deny (task, "only the user that runs the daemon may use it on this bus");
          return;
        }
      break;
    case SQNS_AUTH_POLKIT:
      if (self->uid != 0)
        self->n_needs = sqns_auth_needs (self->right, &self->wish, self->uid, self->needs);
      break;
    }
  ask_polkit (task);
}

static void
on_uid (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Check *self = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  if (reply == NULL)
    {
      deny (task, "cannot determine the caller's user: %s", error->message);
      return;
    }
  g_variant_get (reply, "(u)", &self->uid);
  if (g_hash_table_size (self->auth->uids) >= MAX_CACHED)
    g_hash_table_remove_all (self->auth->uids);
  g_hash_table_insert (self->auth->uids, g_strdup (self->sender), GUINT_TO_POINTER (self->uid));
  decide (task);
}

static void
check_free (gpointer data)
{
  Check *self = data;
  g_free (self->sender);
  g_free (self);
}

void
sqns_auth_check_async (SqnsAuth *auth,
                       GDBusMethodInvocation *invocation,
                       SqnsAuthRight right,
                       const SqnsAuthWish *wish,
                       GAsyncReadyCallback callback,
                       gpointer user_data)
{
  GDBusMessageFlags flags = g_dbus_message_get_flags (g_dbus_method_invocation_get_message (invocation));
  Check *self = g_new0 (Check, 1);
  gpointer uid;
  self->auth = auth;
  self->sender = g_strdup (g_dbus_method_invocation_get_sender (invocation));
  self->right = right;
  self->wish = *wish;
  self->interactive = flags & G_DBUS_MESSAGE_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION ? TRUE : FALSE;

  GTask *task = g_task_new (NULL, NULL, callback, user_data);
  g_task_set_source_tag (task, sqns_auth_check_async);
  g_task_set_task_data (task, self, check_free);
  if (g_hash_table_lookup_extended (auth->uids, self->sender, NULL, &uid))
    {
      self->uid = GPOINTER_TO_UINT (uid);
      decide (task);
    }
  else
    g_dbus_connection_call (auth->connection, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                            "GetConnectionUnixUser", g_variant_new ("(s)", self->sender), G_VARIANT_TYPE ("(u)"),
                            G_DBUS_CALL_FLAGS_NONE, -1, NULL, on_uid, task);
}

gboolean
sqns_auth_check_finish (GAsyncResult *result, guint *uid, GError **error)
{
  const Check *self = g_task_get_task_data (G_TASK (result));
  *uid = self->uid;
  return g_task_propagate_boolean (G_TASK (result), error);
}
