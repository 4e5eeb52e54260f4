/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who may call what. polkit is asked by plain D-Bus calls. */
#include "base/ssm.h"
#include "bus/auth.h"

#include <unistd.h>

#define ACTION(name) "org.sqnsd1." name
/* GDBus has no code for it */
#define INTERACTIVE_AUTHORIZATION_REQUIRED "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired"
#define MAX_CACHED 1024
/* polkit: CheckAuthorizationFlags.AllowUserInteraction */
#define POLKIT_INTERACTIVE 1u

static const char *const action_names[] = {
  ACTION ("upgrade"),  ACTION ("force"),   ACTION ("recover"),      ACTION ("reset"),  ACTION ("console"),
  ACTION ("identify"), ACTION ("inhibit"), ACTION ("cancel-other"), ACTION ("manage"),
};
G_STATIC_ASSERT (G_N_ELEMENTS (action_names) == SQNS_N_ACTIONS);

static const SqnsAuthRow table[] = {
  { "org.sqnsd1.Manager", "Inspect", SQNS_AUTH_READ },
  { "org.sqnsd1.Manager", "AddPort", SQNS_AUTH_ACTION, SQNS_ACTION_MANAGE },
  { "org.sqnsd1.Manager", "RemovePort", SQNS_AUTH_ACTION, SQNS_ACTION_MANAGE },
  { "org.sqnsd1.Manager", "UpgradeMany", SQNS_AUTH_ORDER, SQNS_ACTION_UPGRADE },
  { "org.sqnsd1.Manager", "Inhibit", SQNS_AUTH_ACTION, SQNS_ACTION_INHIBIT },
  { "org.sqnsd1.Manager", "GetHistory", SQNS_AUTH_READ },
  { "org.sqnsd1.Manager", "SetDraining", SQNS_AUTH_ACTION, SQNS_ACTION_MANAGE },
  /* a refresh talks to the board, as a console does */
  { "org.sqnsd1.Modem", "Refresh", SQNS_AUTH_ACTION, SQNS_ACTION_CONSOLE },
  { "org.sqnsd1.Modem", "Identify", SQNS_AUTH_ACTION, SQNS_ACTION_IDENTIFY },
  { "org.sqnsd1.Modem", "Upgrade", SQNS_AUTH_ORDER, SQNS_ACTION_UPGRADE },
  { "org.sqnsd1.Modem", "Recover", SQNS_AUTH_ORDER, SQNS_ACTION_RECOVER },
  { "org.sqnsd1.Modem", "Reset", SQNS_AUTH_ACTION, SQNS_ACTION_RESET },
  { "org.sqnsd1.Modem", "OpenConsole", SQNS_AUTH_ACTION, SQNS_ACTION_CONSOLE },
  { "org.sqnsd1.Job", "Cancel", SQNS_AUTH_OWN, SQNS_ACTION_CANCEL_OTHER },
  { "org.sqnsd1.Job", "Resume", SQNS_AUTH_OWN_ORDER, SQNS_ACTION_CANCEL_OTHER },
  { "org.sqnsd1.Job", "GetLog", SQNS_AUTH_READ },
  { "org.sqnsd1.Job", "Forget", SQNS_AUTH_OWN, SQNS_ACTION_CANCEL_OTHER },
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
  const SqnsAuthRow *row; /* NULL: it does not stand in the table */
  gboolean interactive;
  SqnsAuthWish wish;
  guint uid;
  SqnsAction needs[SQNS_AUTH_MAX_NEEDS];
  guint n_needs;
  guint asked;     /* of them */
  GError *refusal; /* kept apart: the machine's own errors are SQNS_ERROR */
} Check;

enum {
  ASK_UID,
  DECIDE,
  ASK_POLKIT,
  N_STATES,
};
static const char *const state_names[] = { "ask-uid", "decide", "ask-polkit" };

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
  return action_names[action];
}

const SqnsAuthRow *
sqns_auth_rows (gsize *n)
{
  *n = G_N_ELEMENTS (table);
  return table;
}

const SqnsAuthRow *
sqns_auth_lookup (const char *interface, const char *method)
{
  for (gsize i = 0; i < G_N_ELEMENTS (table); i++)
    if (g_str_equal (table[i].interface, interface) && g_str_equal (table[i].method, method))
      return &table[i];
  return NULL;
}

guint
sqns_auth_needs (const SqnsAuthRow *row, const SqnsAuthWish *wish, guint uid, SqnsAction needs[SQNS_AUTH_MAX_NEEDS])
{
  gboolean others = wish->owner != (gint64)uid;
  guint n = 0;

  switch (row->need)
    {
    case SQNS_AUTH_READ:
      break;
    case SQNS_AUTH_ACTION:
      needs[n++] = row->action;
      break;
    case SQNS_AUTH_ORDER:
      needs[n++] = row->action;
      if (wish->force)
        needs[n++] = SQNS_ACTION_FORCE;
      break;
    case SQNS_AUTH_OWN:
      if (others)
        needs[n++] = row->action;
      break;
    case SQNS_AUTH_OWN_ORDER:
      needs[n++] = wish->recover ? SQNS_ACTION_RECOVER : SQNS_ACTION_UPGRADE;
      if (wish->force)
        needs[n++] = SQNS_ACTION_FORCE;
      if (others)
        needs[n++] = row->action;
      break;
    }
  return n;
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
  if (self->row == NULL)
    {
      refuse (ssm, denied ("nobody may call ", self->method));
      return;
    }
  if (self->auth->policy == SQNS_AUTH_OWN_UID)
    {
      if (self->uid == getuid ())
        sqns_ssm_complete (ssm);
      else
        refuse (ssm, denied ("only the user that runs the daemon may use it on this bus", ""));
      return;
    }
  if (self->uid != 0)
    self->n_needs = sqns_auth_needs (self->row, &self->wish, self->uid, self->needs);
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
  const char *action = sqns_action_name (self->needs[self->asked]);
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
  if (refusal != NULL)
    {
      refuse (ssm, refusal);
      return;
    }
  self->asked++;
  sqns_ssm_goto (ssm, ASK_POLKIT);
}

static void
ask_polkit (SqnsSsm *ssm, Check *self)
{
  if (self->asked == self->n_needs)
    {
      sqns_ssm_complete (ssm);
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
    case ASK_POLKIT:
      ask_polkit (ssm, self);
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
  self->row = sqns_auth_lookup (g_dbus_method_invocation_get_interface_name (invocation), self->method);
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
