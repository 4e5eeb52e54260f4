/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who may call what. polkit is asked by plain D-Bus calls. */
#include "bus/auth.h"
#include "base/ssm.h"

#include <unistd.h>

#define ACTION(name) "org.sqnsd1." name
/* GDBus has no code for it */
#define INTERACTIVE_AUTHORIZATION_REQUIRED "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired"
#define MAX_CACHED 1024
/* polkit: CheckAuthorizationFlags.AllowUserInteraction */
#define POLKIT_INTERACTIVE 1u

static const struct {
  const char *interface;
  const char *method;
  const char *action; /* NULL: a read, free for all */
  gboolean owner_free;
} table[] = {
  { "org.sqnsd1.Manager", "Inspect", NULL },
  { "org.sqnsd1.Manager", "AddPort", ACTION ("manage") },
  { "org.sqnsd1.Manager", "RemovePort", ACTION ("manage") },
  { "org.sqnsd1.Manager", "UpgradeMany", ACTION ("upgrade") },
  { "org.sqnsd1.Manager", "Inhibit", ACTION ("inhibit") },
  { "org.sqnsd1.Manager", "GetHistory", NULL },
  { "org.sqnsd1.Manager", "SetDraining", ACTION ("manage") },
  /* a refresh talks to the board, as a console does */
  { "org.sqnsd1.Modem", "Refresh", ACTION ("console") },
  { "org.sqnsd1.Modem", "Identify", ACTION ("identify") },
  { "org.sqnsd1.Modem", "Upgrade", ACTION ("upgrade") },
  { "org.sqnsd1.Modem", "Recover", ACTION ("recover") },
  { "org.sqnsd1.Modem", "Reset", ACTION ("reset") },
  { "org.sqnsd1.Modem", "OpenConsole", ACTION ("console") },
  { "org.sqnsd1.Job", "Cancel", ACTION ("cancel-other"), TRUE },
  { "org.sqnsd1.Job", "Resume", ACTION ("cancel-other"), TRUE },
  { "org.sqnsd1.Job", "GetLog", NULL },
  { "org.sqnsd1.Job", "Forget", ACTION ("cancel-other"), TRUE },
};

struct _SqnsAuth {
  GDBusConnection *connection;
  SqnsAuthPolicy policy;
  GHashTable *uids; /* unique name -> uid; a unique name is never given twice on a bus */
};

typedef struct {
  SqnsAuth *auth;
  char *sender;
  char *method;
  const char *action;
  gboolean known; /* it stands in the table */
  gboolean owner_free;
  gboolean interactive;
  SqnsAuthWish wish;
  guint uid;
  GError *refusal; /* kept apart: the machine's own errors are SQNS_ERROR */
} Check;

enum {
  ASK_UID,
  DECIDE,
  ASK_ACTION,
  ASK_FORCE,
  N_STATES,
};
static const char *const state_names[] = { "ask-uid", "decide", "ask-action", "ask-force" };

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

gboolean
sqns_auth_lookup (const char *interface, const char *method, const char **action, gboolean *owner_free)
{
  for (gsize i = 0; i < G_N_ELEMENTS (table); i++)
    if (g_str_equal (table[i].interface, interface) && g_str_equal (table[i].method, method))
      {
        *action = table[i].action;
        *owner_free = table[i].owner_free;
        return TRUE;
      }
  return FALSE;
}

static GError *
denied (const char *why, const char *what)
{
  g_autofree char *text = g_strconcat (why, what, NULL);
  return g_error_new_literal (G_DBUS_ERROR, G_DBUS_ERROR_ACCESS_DENIED, text);
}

static void
refuse (SqnsSsm *ssm, GError *error)
{
  Check *self = sqns_ssm_data (ssm);
  self->refusal = error;
  sqns_ssm_complete (ssm);
}

static void
on_uid (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Check *self = sqns_ssm_data (ssm);
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  if (reply == NULL)
    {
      refuse (ssm, denied ("the caller's user cannot be told: ", error->message));
      return;
    }
  g_variant_get (reply, "(u)", &self->uid);
  if (g_hash_table_size (self->auth->uids) >= MAX_CACHED)
    g_hash_table_remove_all (self->auth->uids);
  g_hash_table_insert (self->auth->uids, g_strdup (self->sender), GUINT_TO_POINTER (self->uid));
  sqns_ssm_next (ssm);
}

static void
ask_uid (SqnsSsm *ssm, Check *self)
{
  gpointer uid;
  if (g_hash_table_lookup_extended (self->auth->uids, self->sender, NULL, &uid))
    {
      self->uid = GPOINTER_TO_UINT (uid);
      sqns_ssm_next (ssm);
      return;
    }
  g_dbus_connection_call (self->auth->connection, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                          "org.freedesktop.DBus", "GetConnectionUnixUser", g_variant_new ("(s)", self->sender),
                          G_VARIANT_TYPE ("(u)"), G_DBUS_CALL_FLAGS_NONE, -1, NULL, on_uid, ssm);
}

static void
decide (SqnsSsm *ssm, Check *self)
{
  if (!self->known)
    refuse (ssm, denied ("nobody may call ", self->method));
  else if (self->auth->policy == SQNS_AUTH_OWN_UID)
    {
      if (self->uid == getuid ())
        sqns_ssm_complete (ssm);
      else
        refuse (ssm, denied ("only the user that runs the daemon may use it on this bus", ""));
    }
  else if (self->uid == 0 || self->action == NULL)
    sqns_ssm_complete (ssm);
  else if (self->owner_free && self->wish.owner == (gint64)self->uid)
    sqns_ssm_complete (ssm);
  else
    sqns_ssm_next (ssm);
}

static GError *
verdict (Check *self, const char *action, GVariant *reply)
{
  gboolean authorized, challenge;
  g_variant_get (reply, "((bba{ss}))", &authorized, &challenge, NULL);
  if (authorized)
    return NULL;
  if (challenge && !self->interactive)
    {
      g_autofree char *text
          = g_strconcat (action, " needs a password, but the caller does not allow to ask for it", NULL);
      return g_dbus_error_new_for_dbus_error (INTERACTIVE_AUTHORIZATION_REQUIRED, text);
    }
  return denied ("not authorized for ", action);
}

static void
on_polkit (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Check *self = sqns_ssm_data (ssm);
  const char *action = sqns_ssm_state (ssm) == ASK_FORCE ? ACTION ("force") : self->action;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  GError *refusal = NULL;

  if (reply != NULL)
    refusal = verdict (self, action, reply);
  else if (g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN)
           || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER))
    refusal = denied ("polkit is not there to be asked, so only root is allowed: ", action);
  else
    {
      g_dbus_error_strip_remote_error (error);
      refusal = denied ("polkit did not answer, so this is not allowed: ", error->message);
    }
  if (refusal == NULL)
    sqns_ssm_next (ssm);
  else
    refuse (ssm, refusal);
}

static void
ask_polkit (SqnsSsm *ssm, Check *self, const char *action)
{
  GVariantBuilder subject;
  g_variant_builder_init (&subject, G_VARIANT_TYPE ("a{sv}"));
  g_variant_builder_add (&subject, "{sv}", "name", g_variant_new_string (self->sender));
  g_dbus_connection_call (self->auth->connection, "org.freedesktop.PolicyKit1", "/org/freedesktop/PolicyKit1/Authority",
                          "org.freedesktop.PolicyKit1.Authority", "CheckAuthorization",
                          g_variant_new ("((sa{sv})sa{ss}us)", "system-bus-name", &subject, action, NULL,
                                         self->interactive ? POLKIT_INTERACTIVE : 0u, ""),
                          G_VARIANT_TYPE ("((bba{ss}))"), G_DBUS_CALL_FLAGS_NONE, G_MAXINT, NULL, on_polkit, ssm);
}

static void
handle (SqnsSsm *ssm, guint state, gpointer data)
{
  Check *self = data;
  switch (state)
    {
    case ASK_UID:
      ask_uid (ssm, self);
      break;
    case DECIDE:
      decide (ssm, self);
      break;
    case ASK_ACTION:
      ask_polkit (ssm, self, self->action);
      break;
    case ASK_FORCE:
      if (self->wish.force)
        ask_polkit (ssm, self, ACTION ("force"));
      else
        sqns_ssm_next (ssm);
      break;
    }
}

static const SqnsSsmClass machine = {
  .name = "auth",
  .state_names = state_names,
  .n_states = N_STATES,
  .first_cleanup = N_STATES,
  .handler = handle,
};

static void
check_free (gpointer data)
{
  Check *self = data;
  g_free (self->sender);
  g_free (self->method);
  g_clear_error (&self->refusal);
  g_free (self);
}

void
sqns_auth_check_async (SqnsAuth *auth,
                       GDBusMethodInvocation *invocation,
                       const SqnsAuthWish *wish,
                       GAsyncReadyCallback callback,
                       gpointer user_data)
{
  GDBusMessage *message = g_dbus_method_invocation_get_message (invocation);
  Check *self = g_new0 (Check, 1);
  self->auth = auth;
  self->sender = g_strdup (g_dbus_method_invocation_get_sender (invocation));
  self->method = g_strdup (g_dbus_method_invocation_get_method_name (invocation));
  self->known = sqns_auth_lookup (g_dbus_method_invocation_get_interface_name (invocation), self->method, &self->action,
                                  &self->owner_free);
  self->interactive
      = g_dbus_message_get_flags (message) & G_DBUS_MESSAGE_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION ? TRUE : FALSE;
  self->wish = *wish;

  GTask *task = g_task_new (NULL, NULL, callback, user_data);
  g_task_set_source_tag (task, sqns_auth_check_async);
  g_task_set_task_data (task, self, check_free);
  sqns_ssm_run (&machine, task, self, NULL);
}

gboolean
sqns_auth_check_finish (GAsyncResult *result, guint *uid, GError **error)
{
  const Check *self = g_task_get_task_data (G_TASK (result));
  *uid = self->uid;
  if (self->refusal != NULL)
    {
      g_propagate_error (error, g_error_copy (self->refusal));
      return FALSE;
    }
  return g_task_propagate_boolean (G_TASK (result), error);
}
