/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The desktop's notification server. */
#include "client/notify/notifier.h"
#include "client/core/connection.h"
#include "client/ui/output.h"

#include <string.h>

#define NAME "org.freedesktop.Notifications"
#define PATH "/org/freedesktop/Notifications"
#define PERIOD_US G_USEC_PER_SEC /* between two updates of one notification */
#define RETRY_US (5 * G_USEC_PER_SEC)
#define MAX_TRIES 5
#define START_S 5 /* a starting desktop has mostly started its own server by then */
#define MAX_ENTRIES 512
#define LEAVE_S 2 /* the longest wait for a server that does not answer */
#define CANCEL_ACTION "cancel"

typedef enum {
  URGENCY_LOW,
  URGENCY_NORMAL,
  URGENCY_CRITICAL,
} Urgency;

/* In the specification's numbers. Notifications that must be seen, or are of running jobs, do not expire. */
static const struct {
  Urgency urgency;
  const char *icon;
  gint32 expiry; /* -1: the server's default, 0: never */
} kinds[] = {
  [SQNS_NOTIFICATION_PROGRESS] = { URGENCY_LOW, "modem", 0 },
  [SQNS_NOTIFICATION_WAITING] = { URGENCY_NORMAL, "dialog-information", 0 },
  [SQNS_NOTIFICATION_USER_ACTION] = { URGENCY_CRITICAL, "dialog-warning", 0 },
  [SQNS_NOTIFICATION_SUCCEEDED] = { URGENCY_NORMAL, "modem", -1 },
  [SQNS_NOTIFICATION_CANCELLED] = { URGENCY_NORMAL, "modem", -1 },
  [SQNS_NOTIFICATION_FAILED] = { URGENCY_CRITICAL, "dialog-error", 0 },
  [SQNS_NOTIFICATION_LOST] = { URGENCY_CRITICAL, "dialog-warning", 0 },
};

/* The server's capabilities, as far as they matter here. */
typedef struct {
  gboolean known;
  gboolean body;
  gboolean markup;
  gboolean actions;
} Capabilities;

typedef struct {
  SqnsNotifier *notifier;
  char *key;
  guint32 id;               /* at the server, 0 none */
  SqnsNotification *wanted; /* NULL: it is shown */
  SqnsNotification *shown;  /* the last one that was sent */
  gboolean in_flight;       /* a call awaits its reply */
  gboolean closed;          /* by a person, or by the server */
  gboolean withdrawn;
  gint64 due; /* monotonic: not before */
  guint timer;
  guint tries;
} Entry;

struct _SqnsNotifier {
  GDBusProxy *server;
  void (*cancel) (const char *key, gpointer data);
  gpointer data;
  GCancellable *cancellable; /* of the present server, NULL: none */
  Capabilities capabilities;
  GPtrArray *entries; /* Entry by age */
  guint start;        /* timer */
  gboolean asked;     /* the bus was asked to start a server */
  gboolean leaving;
};

static void advance (Entry *entry);

static void
free_entry (gpointer data)
{
  Entry *entry = data;
  g_clear_handle_id (&entry->timer, g_source_remove);
  g_clear_pointer (&entry->wanted, sqns_notification_free);
  g_clear_pointer (&entry->shown, sqns_notification_free);
  g_free (entry->key);
  g_free (entry);
}

static Entry *
find_by_key (SqnsNotifier *self, const char *key)
{
  for (guint i = 0; i < self->entries->len; i++)
    if (g_str_equal (((Entry *)self->entries->pdata[i])->key, key))
      return self->entries->pdata[i];
  return NULL;
}

static Entry *
find_by_id (SqnsNotifier *self, guint32 id)
{
  for (guint i = 0; id != 0 && i < self->entries->len; i++)
    if (((Entry *)self->entries->pdata[i])->id == id)
      return self->entries->pdata[i];
  return NULL;
}

/* --- the call --- */

static GVariant *
hints_of (const SqnsNotification *notification)
{
  GVariantBuilder hints;

  g_variant_builder_init (&hints, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&hints, "{sv}", "urgency", g_variant_new_byte ((guint8)kinds[notification->kind].urgency));
  g_variant_builder_add (&hints, "{sv}", "category", g_variant_new_string ("device"));
  /* no synchronous hint: with it xfce4-notifyd shows the bar and hides the text */
  if (notification->percent >= 0)
    g_variant_builder_add (&hints, "{sv}", "value", g_variant_new_int32 (notification->percent));
  if (notification->kind == SQNS_NOTIFICATION_PROGRESS)
    g_variant_builder_add (&hints, "{sv}", "suppress-sound", g_variant_new_boolean (TRUE));
  return g_variant_builder_end (&hints);
}

/* A server without bodies shows at least the line with the percentage. */
static char *
summary_for (const Capabilities *capabilities, const SqnsNotification *notification)
{
  if (capabilities->body || *notification->body == '\0')
    return g_strdup (notification->summary);
  g_autofree char *line = g_strndup (notification->body, strcspn (notification->body, "\n"));
  return g_strdup_printf ("%s: %s", notification->summary, line);
}

static char *
body_for (const Capabilities *capabilities, const SqnsNotification *notification)
{
  if (!capabilities->body)
    return g_strdup ("");
  return capabilities->markup ? g_markup_escape_text (notification->body, -1) : g_strdup (notification->body);
}

static void
on_sent (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = g_dbus_proxy_call_finish (G_DBUS_PROXY (source), result, &error);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return; /* the server is gone, and @data may be, too */

  Entry *entry = data;
  entry->in_flight = FALSE;
  if (reply != NULL)
    {
      g_variant_get (reply, "(u)", &entry->id);
      entry->tries = 0;
    }
  else if (++entry->tries < MAX_TRIES)
    {
      if (entry->wanted == NULL)
        entry->wanted = g_steal_pointer (&entry->shown);
      entry->due = g_get_monotonic_time () + RETRY_US;
    }
  else
    {
      g_dbus_error_strip_remote_error (error);
      sqns_err_line ("sqnsctl: the notification server refuses: %s", error->message);
      entry->tries = 0;
    }
  advance (entry);
}

static void
send_now (Entry *entry)
{
  SqnsNotifier *self = entry->notifier;
  const SqnsNotification *notification = entry->wanted;
  g_autofree char *summary = summary_for (&self->capabilities, notification);
  g_autofree char *body = body_for (&self->capabilities, notification);
  const char *const actions[] = { CANCEL_ACTION, "Cancel", NULL };
  gboolean button = self->capabilities.actions && notification->cancel;

  g_dbus_proxy_call (self->server, "Notify",
                     g_variant_new ("(susss^as@a{sv}i)", "sqnsd", entry->id, kinds[notification->kind].icon, summary,
                                    body, button ? actions : actions + 2, hints_of (notification),
                                    kinds[notification->kind].expiry),
                     G_DBUS_CALL_FLAGS_NONE, -1, self->cancellable, on_sent, entry);
  entry->in_flight = TRUE;
  entry->closed = FALSE;
  entry->due = g_get_monotonic_time () + PERIOD_US;
  g_clear_pointer (&entry->shown, sqns_notification_free);
  entry->shown = g_steal_pointer (&entry->wanted);
}

static void
close_at_server (SqnsNotifier *self, const Entry *entry)
{
  if (self->cancellable != NULL && entry->id != 0)
    g_dbus_proxy_call (self->server, "CloseNotification", g_variant_new ("(u)", entry->id), G_DBUS_CALL_FLAGS_NONE, -1,
                       NULL, NULL, NULL);
}

static gboolean
on_due (gpointer data)
{
  Entry *entry = data;
  entry->timer = 0;
  advance (entry);
  return G_SOURCE_REMOVE;
}

/* Whether the wanted notification is shown already, or was closed by the person. */
static gboolean
is_stale (const Entry *entry)
{
  return entry->shown != NULL
         && (entry->closed ? entry->shown->kind == entry->wanted->kind
                           : sqns_notification_equal (entry->shown, entry->wanted));
}

static void start_server (SqnsNotifier *self);

/* Takes the next step for @entry, which may be freed. */
static void
advance (Entry *entry)
{
  SqnsNotifier *self = entry->notifier;
  gint64 now = g_get_monotonic_time ();

  if (entry->in_flight || entry->timer != 0 || self->leaving)
    return;
  if (entry->withdrawn)
    {
      close_at_server (self, entry);
      g_ptr_array_remove (self->entries, entry);
      return;
    }
  if (entry->wanted != NULL && is_stale (entry))
    g_clear_pointer (&entry->wanted, sqns_notification_free);
  if (entry->wanted == NULL)
    {
      if (entry->shown != NULL && sqns_notification_is_end (entry->shown->kind))
        g_ptr_array_remove (self->entries, entry);
    }
  else if (self->cancellable == NULL)
    start_server (self);
  else if (!self->capabilities.known) /* on_capabilities() continues */
    return;
  else if (entry->due > now)
    entry->timer = g_timeout_add ((guint)((entry->due - now + 999) / 1000), on_due, entry);
  else
    send_now (entry);
}

static void
advance_all (SqnsNotifier *self)
{
  for (guint i = self->entries->len; i-- > 0;) /* advance() may remove it */
    advance (self->entries->pdata[i]);
}

/* --- the server comes and goes --- */

static gboolean
on_start (gpointer data)
{
  SqnsNotifier *self = data;
  self->start = 0;
  self->asked = TRUE;
  /* on_owner_changed() sees the result; without such a service the wait continues */
  g_dbus_connection_call (g_dbus_proxy_get_connection (self->server), "org.freedesktop.DBus", "/org/freedesktop/DBus",
                          "org.freedesktop.DBus", "StartServiceByName", g_variant_new ("(su)", NAME, 0), NULL,
                          G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL, NULL);
  return G_SOURCE_REMOVE;
}

/* Delayed: the bus might start another server than the one that this desktop is about to start. */
static void
start_server (SqnsNotifier *self)
{
  if (self->start == 0 && !self->asked)
    self->start = g_timeout_add_seconds (START_S, on_start, self);
}

static void
on_capabilities (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = g_dbus_proxy_call_finish (G_DBUS_PROXY (source), result, &error);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;

  SqnsNotifier *self = data;
  /* without a reply, plain text is assumed */
  self->capabilities = (Capabilities){ .known = TRUE, .body = reply == NULL };
  if (reply != NULL)
    {
      g_autofree const char **names = NULL;
      g_variant_get (reply, "(^a&s)", &names);
      self->capabilities.body = g_strv_contains (names, "body");
      self->capabilities.markup = g_strv_contains (names, "body-markup");
      self->capabilities.actions = g_strv_contains (names, "actions");
    }
  advance_all (self);
}

static void
on_server_signal (GDBusProxy *server, const char *sender, const char *signal_name, GVariant *params, gpointer data)
{
  SqnsNotifier *self = data;
  guint32 id;

  if (g_str_equal (signal_name, "NotificationClosed") && g_variant_is_of_type (params, G_VARIANT_TYPE ("(uu)")))
    {
      g_variant_get (params, "(uu)", &id, NULL);
      Entry *entry = find_by_id (self, id);
      if (entry != NULL)
        {
          entry->id = 0;
          entry->closed = !entry->in_flight; /* a call in flight creates it anew */
        }
    }
  else if (g_str_equal (signal_name, "ActionInvoked") && g_variant_is_of_type (params, G_VARIANT_TYPE ("(us)")))
    {
      const char *action;
      g_variant_get (params, "(u&s)", &id, &action);
      const Entry *entry = find_by_id (self, id);
      if (entry != NULL && g_str_equal (action, CANCEL_ACTION))
        self->cancel (entry->key, self->data);
    }
}

static void
forget_server (SqnsNotifier *self)
{
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  self->capabilities.known = FALSE;
  /* the old server's notifications are gone */
  for (guint i = 0; i < self->entries->len; i++)
    {
      Entry *entry = self->entries->pdata[i];
      entry->id = 0;
      entry->in_flight = FALSE;
      if (entry->wanted == NULL && !entry->closed)
        entry->wanted = g_steal_pointer (&entry->shown);
    }
}

static void
on_owner_changed (SqnsNotifier *self)
{
  g_autofree char *owner = g_dbus_proxy_get_name_owner (self->server);

  forget_server (self);
  if (owner != NULL)
    {
      g_clear_handle_id (&self->start, g_source_remove);
      self->asked = FALSE;
      self->cancellable = g_cancellable_new ();
      g_dbus_proxy_call (self->server, "GetCapabilities", NULL, G_DBUS_CALL_FLAGS_NONE, -1, self->cancellable,
                         on_capabilities, self);
    }
  advance_all (self);
}

/* --- for those who have something to show --- */

SqnsNotifier *
sqns_notifier_new (GDBusConnection *session,
                   void (*cancel) (const char *key, gpointer data),
                   gpointer data,
                   GError **error)
{
  GDBusProxy *server
      = g_dbus_proxy_new_sync (session,
                               G_DBUS_PROXY_FLAGS_DO_NOT_LOAD_PROPERTIES | G_DBUS_PROXY_FLAGS_DO_NOT_AUTO_START, NULL,
                               NAME, PATH, NAME, NULL, error);
  if (server == NULL)
    return NULL;
  SqnsNotifier *self = g_new0 (SqnsNotifier, 1);
  self->server = server;
  self->cancel = cancel;
  self->data = data;
  self->entries = g_ptr_array_new_with_free_func (free_entry);
  g_signal_connect (server, "g-signal", G_CALLBACK (on_server_signal), self);
  g_signal_connect_swapped (server, "notify::g-name-owner", G_CALLBACK (on_owner_changed), self);
  on_owner_changed (self);
  return self;
}

/* Shows an end that is still pending; removes a notification that would never be updated again. */
static void
leave (Entry *entry)
{
  SqnsNotifier *self = entry->notifier;
  const SqnsNotification *last = entry->wanted != NULL ? entry->wanted : entry->shown;

  if (last == NULL || last->kind == SQNS_NOTIFICATION_LOST)
    return;
  if (!sqns_notification_is_end (last->kind))
    close_at_server (self, entry);
  else if (entry->wanted != NULL && self->capabilities.known)
    send_now (entry);
}

static gboolean
is_any_in_flight (SqnsNotifier *self)
{
  for (guint i = 0; i < self->entries->len; i++)
    if (((Entry *)self->entries->pdata[i])->in_flight)
      return TRUE;
  return FALSE;
}

void
sqns_notifier_free (SqnsNotifier *self)
{
  gboolean late = FALSE;
  guint deadline = g_timeout_add_seconds (LEAVE_S, sqns_raise_flag, &late);

  /* a notification has no id to close it by before the server has replied */
  self->leaving = TRUE;
  while (is_any_in_flight (self) && !late)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (deadline);
  g_signal_handlers_disconnect_by_data (self->server, self);
  g_clear_handle_id (&self->start, g_source_remove);
  for (guint i = 0; i < self->entries->len; i++)
    leave (self->entries->pdata[i]);
  g_dbus_connection_flush_sync (g_dbus_proxy_get_connection (self->server), NULL, NULL);
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_ptr_array_unref (self->entries);
  g_object_unref (self->server);
  g_free (self);
}

/* Without a server the entries would pile up. */
static void
limit_entries (SqnsNotifier *self)
{
  for (guint i = 0; i < self->entries->len && self->entries->len > MAX_ENTRIES; i++)
    {
      const Entry *entry = self->entries->pdata[i];
      if (!entry->in_flight && entry->wanted != NULL && sqns_notification_is_end (entry->wanted->kind))
        g_ptr_array_remove_index (self->entries, i--);
    }
}

void
sqns_notifier_show (SqnsNotifier *self, const char *key, SqnsNotification *notification)
{
  Entry *entry = find_by_key (self, key);
  if (entry == NULL)
    {
      limit_entries (self);
      entry = g_new0 (Entry, 1);
      entry->notifier = self;
      entry->key = g_strdup (key);
      g_ptr_array_add (self->entries, entry);
    }
  g_clear_pointer (&entry->wanted, sqns_notification_free);
  entry->wanted = notification;
  entry->withdrawn = FALSE;
  advance (entry);
}

void
sqns_notifier_withdraw (SqnsNotifier *self, const char *key)
{
  Entry *entry = find_by_key (self, key);
  if (entry == NULL)
    return;
  entry->withdrawn = TRUE;
  g_clear_handle_id (&entry->timer, g_source_remove);
  advance (entry); /* one in flight is closed after its reply */
}
