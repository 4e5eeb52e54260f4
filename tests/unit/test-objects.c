/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The objects on a bus: their signals, and the order of the answers to callers who ask for all of them. */
#include "bus/objects.h"

#include <string.h>

#define ROOT "/org/example"
#define PATH "/org/example/thing/a"
#define DEADLINE_S 30

/* An interface with one property. */

#define TEST_TYPE_THING (thing_get_type ())
G_DECLARE_FINAL_TYPE (Thing, thing, TEST, THING, GDBusInterfaceSkeleton)

struct _Thing {
  GDBusInterfaceSkeleton parent;
  guint value;
  guint reads;
};

G_DEFINE_FINAL_TYPE (Thing, thing, G_TYPE_DBUS_INTERFACE_SKELETON)

static GDBusInterfaceInfo *
thing_info (GDBusInterfaceSkeleton *skeleton)
{
  static GDBusNodeInfo *node;
  if (node == NULL)
    node = g_dbus_node_info_new_for_xml ("<node><interface name='org.example.Thing'>"
                                         "<property name='Value' type='u' access='read'/></interface></node>",
                                         NULL);
  return node->interfaces[0];
}

static GDBusInterfaceVTable *
thing_vtable (GDBusInterfaceSkeleton *skeleton)
{
  static GDBusInterfaceVTable vtable;
  return &vtable;
}

static GVariant *
thing_properties (GDBusInterfaceSkeleton *skeleton)
{
  Thing *self = TEST_THING (skeleton);
  GVariantDict dict;
  self->reads++;
  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "Value", "u", self->value);
  return g_variant_dict_end (&dict);
}

static void
thing_flush (GDBusInterfaceSkeleton *skeleton)
{
}

static void
thing_class_init (ThingClass *klass)
{
  GDBusInterfaceSkeletonClass *skeleton = G_DBUS_INTERFACE_SKELETON_CLASS (klass);
  skeleton->get_info = thing_info;
  skeleton->get_vtable = thing_vtable;
  skeleton->get_properties = thing_properties;
  skeleton->flush = thing_flush;
}

static void
thing_init (Thing *self)
{
}

/* The bus, the service, two clients */

typedef struct {
  GTestDBus *bus;
  GDBusConnection *service;
  GDBusConnection *clients[2];
  SqnsObjects *objects;
  Thing *thing;
  guint answers;
  guint refused;
  GMutex lock;
  GString *order; /* the receivers of the answers, 'a' or 'b', in order */
  guint last;     /* the value in the last answer */
} Rig;

static GDBusConnection *
connect (Rig *rig)
{
  g_autoptr (GError) error = NULL;
  GDBusConnection *connection
      = g_dbus_connection_new_for_address_sync (g_test_dbus_get_bus_address (rig->bus),
                                                G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT
                                                    | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                                NULL, NULL, &error);
  g_assert_no_error (error);
  return connection;
}

/* In the connection's thread. */
static GDBusMessage *
on_message (GDBusConnection *connection, GDBusMessage *message, gboolean incoming, gpointer user_data)
{
  Rig *rig = user_data;

  if (!incoming && g_dbus_message_get_message_type (message) == G_DBUS_MESSAGE_TYPE_METHOD_RETURN)
    {
      const char *to = g_dbus_message_get_destination (message);
      g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&rig->lock);
      g_string_append_c (rig->order, g_str_equal (to, g_dbus_connection_get_unique_name (rig->clients[1])) ? 'b' : 'a');
    }
  return message;
}

/* An object is its own model. */
static void
add (Rig *rig, const char *path, Thing *thing)
{
  sqns_objects_add (rig->objects, path, G_DBUS_INTERFACE_SKELETON (thing), G_OBJECT (thing));
}

static void
rig_set_up (Rig *rig, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  rig->bus = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_test_dbus_up (rig->bus);
  rig->service = connect (rig);
  rig->clients[0] = connect (rig);
  rig->clients[1] = connect (rig);
  rig->order = g_string_new (NULL);
  rig->objects = sqns_objects_new (ROOT);
  rig->thing = g_object_new (TEST_TYPE_THING, NULL);
  rig->thing->value = 7;
  add (rig, PATH, rig->thing);
  sqns_objects_connect (rig->objects, rig->service, &error);
  g_assert_no_error (error);
}

static void
rig_tear_down (Rig *rig, gconstpointer unused)
{
  sqns_objects_free (rig->objects);
  g_assert_null (g_dbus_interface_skeleton_get_connection (G_DBUS_INTERFACE_SKELETON (rig->thing)));
  g_object_unref (rig->thing);
  g_object_unref (rig->service);
  g_object_unref (rig->clients[0]);
  g_object_unref (rig->clients[1]);
  g_string_free (rig->order, TRUE);
  g_test_dbus_down (rig->bus);
  g_object_unref (rig->bus);
}

static void
take_answer (Rig *rig, GDBusConnection *client, GAsyncResult *result)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_finish (client, result, &error);

  rig->answers++;
  if (reply == NULL)
    {
      g_assert_error (error, G_DBUS_ERROR, G_DBUS_ERROR_LIMITS_EXCEEDED);
      rig->refused++;
      return;
    }
  g_autoptr (GVariant) objects = g_variant_get_child_value (reply, 0);
  g_autoptr (GVariant) interfaces = g_variant_lookup_value (objects, PATH, G_VARIANT_TYPE ("a{sa{sv}}"));
  g_autoptr (GVariant) properties = g_variant_lookup_value (interfaces, "org.example.Thing", G_VARIANT_TYPE_VARDICT);
  g_assert_true (g_variant_lookup (properties, "Value", "u", &rig->last));
}

static void
on_answer (GObject *source, GAsyncResult *result, gpointer user_data)
{
  take_answer (user_data, G_DBUS_CONNECTION (source), result);
}

static void
ask (Rig *rig, guint client, guint times)
{
  for (guint i = 0; i < times; i++)
    g_dbus_connection_call (rig->clients[client], g_dbus_connection_get_unique_name (rig->service), ROOT,
                            "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", NULL, NULL,
                            G_DBUS_CALL_FLAGS_NONE, DEADLINE_S * 1000, NULL, on_answer, rig);
}

/* A call to the bus: afterwards the receivers have everything that was sent on @connection before. */
static void
settle (GDBusConnection *connection)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) id = g_dbus_connection_call_sync (connection, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                                         "org.freedesktop.DBus", "GetId", NULL, NULL,
                                                         G_DBUS_CALL_FLAGS_NONE, DEADLINE_S * 1000, NULL, &error);
  g_assert_no_error (error);
}

static gboolean
on_deadline (gpointer user_data)
{
  g_assert_not_reached ();
  return G_SOURCE_REMOVE;
}

static void
wait_answers (Rig *rig, guint n)
{
  guint deadline = g_timeout_add_seconds (DEADLINE_S, on_deadline, NULL);
  while (rig->answers < n)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (deadline);
}

/* Read once for any number of calls, and again after a change, which the next answer contains. */
static void
test_changed (Rig *rig, gconstpointer unused)
{
  guint reads;

  ask (rig, 0, 20);
  wait_answers (rig, 20);
  g_assert_cmpuint (rig->last, ==, 7);
  reads = rig->thing->reads;
  g_assert_cmpuint (reads, ==, 1);
  rig->thing->value = 8;
  sqns_objects_changed (rig->objects, G_OBJECT (rig->thing));
  sqns_objects_changed (rig->objects, G_OBJECT (rig->service));
  ask (rig, 0, 20);
  wait_answers (rig, 40);
  g_assert_cmpuint (rig->last, ==, 8);
  g_assert_cmpuint (rig->thing->reads, ==, reads + 1);
}

/* A single call does not wait for a hundred earlier calls of another client. */
static void
test_in_turn (Rig *rig, gconstpointer unused)
{
  guint filter = g_dbus_connection_add_filter (rig->service, on_message, rig, NULL);

  ask (rig, 0, 100);
  settle (rig->clients[0]);
  ask (rig, 1, 1);
  settle (rig->clients[1]);
  settle (rig->service); /* all have arrived, and none has been handled */
  wait_answers (rig, 101);
  g_assert_cmpuint (rig->order->len, ==, 101);
  g_assert_cmpint (rig->order->str[1], ==, 'b');
  g_assert_cmpuint (rig->refused, ==, 0);
  g_dbus_connection_remove_filter (rig->service, filter);
}

static void
on_signal (GDBusConnection *connection,
           const char *sender,
           const char *path,
           const char *interface,
           const char *signal,
           GVariant *parameters,
           gpointer user_data)
{
  g_autofree char *text = g_variant_print (parameters, TRUE);
  g_ptr_array_add (user_data, g_strdup_printf ("%s %s %s", path, signal, text));
}

static void
test_signals (Rig *rig, gconstpointer unused)
{
  g_autoptr (GPtrArray) told = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (Thing) other = g_object_new (TEST_TYPE_THING, NULL);
  guint subscription
      = g_dbus_connection_signal_subscribe (rig->clients[0], NULL, "org.freedesktop.DBus.ObjectManager", NULL, NULL,
                                            NULL, G_DBUS_SIGNAL_FLAGS_NONE, on_signal, told, NULL);

  settle (rig->clients[0]);
  add (rig, "/org/example/thing/b", other);
  g_assert_true (g_dbus_interface_skeleton_get_connection (G_DBUS_INTERFACE_SKELETON (other)) == rig->service);
  sqns_objects_remove (rig->objects, G_OBJECT (other));
  g_assert_null (g_dbus_interface_skeleton_get_connection (G_DBUS_INTERFACE_SKELETON (other)));
  ask (rig, 0, 1);
  wait_answers (rig, 1);
  g_assert_cmpuint (told->len, ==, 2);
  g_assert_cmpstr (told->pdata[0], ==,
                   ROOT " InterfacesAdded (objectpath '/org/example/thing/b', "
                        "{'org.example.Thing': {'Value': <uint32 0>}})");
  g_assert_cmpstr (told->pdata[1], ==,
                   ROOT " InterfacesRemoved (objectpath '/org/example/thing/b', ['org.example.Thing'])");
  g_dbus_connection_signal_unsubscribe (rig->clients[0], subscription);
}

static void
test_lookup (Rig *rig, gconstpointer unused)
{
  GObject *model = G_OBJECT (rig->thing);
  g_assert_true (sqns_objects_model (rig->objects, PATH) == model);
  g_assert_cmpstr (sqns_objects_path (rig->objects, model), ==, PATH);
  g_assert_true (G_OBJECT (sqns_objects_skeleton (rig->objects, model)) == model);
  sqns_objects_remove (rig->objects, model);
  g_assert_null (sqns_objects_model (rig->objects, PATH));
  g_assert_cmpstr (sqns_objects_path (rig->objects, model), ==, "/");
  g_assert_null (sqns_objects_skeleton (rig->objects, model));
}

/* Hundreds of new objects are announced in turns, each once; an urgent one goes first. */
static void
test_many (Rig *rig, gconstpointer unused)
{
  g_autoptr (GPtrArray) told = g_ptr_array_new_with_free_func (g_free);
  guint subscription
      = g_dbus_connection_signal_subscribe (rig->clients[0], NULL, "org.freedesktop.DBus.ObjectManager", NULL, NULL,
                                            NULL, G_DBUS_SIGNAL_FLAGS_NONE, on_signal, told, NULL);

  settle (rig->clients[0]);
  for (guint i = 0; i < 300; i++)
    {
      g_autofree char *path = g_strdup_printf (ROOT "/thing/n%u", i);
      g_autoptr (Thing) thing = g_object_new (TEST_TYPE_THING, NULL);
      thing->value = i;
      add (rig, path, thing);
    }
  g_assert_cmpuint (told->len, ==, 0);
  GObject *last = sqns_objects_model (rig->objects, ROOT "/thing/n299");
  sqns_objects_announce (rig->objects, last);
  sqns_objects_announce (rig->objects, last);
  sqns_objects_announce (rig->objects, G_OBJECT (rig->service));
  guint deadline = g_timeout_add_seconds (DEADLINE_S, on_deadline, NULL);
  while (told->len < 300)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (deadline);
  ask (rig, 0, 1);
  wait_answers (rig, 1);
  g_assert_cmpuint (told->len, ==, 300);
  g_assert_nonnull (strstr (told->pdata[0], "n299"));
  g_assert_nonnull (strstr (told->pdata[1], "n0"));
  g_assert_nonnull (strstr (told->pdata[299], "n298"));
  g_dbus_connection_signal_unsubscribe (rig->clients[0], subscription);
}

/* The bus accepts 128 from each client (its default); the rest is refused here. */
static void
test_too_many (Rig *rig, gconstpointer unused)
{
  GDBusConnection *more[12];
  guint asked = 0;

  for (guint i = 0; i < G_N_ELEMENTS (more); i++)
    {
      g_autoptr (GDBusConnection) first = rig->clients[0];
      rig->clients[0] = connect (rig);
      ask (rig, 0, 100);
      settle (rig->clients[0]);
      asked += 100;
      more[i] = g_steal_pointer (&first);
    }
  settle (rig->service);
  wait_answers (rig, asked);
  g_assert_cmpuint (rig->refused, ==, asked - SQNS_OBJECTS_MAX_WAITING);
  for (guint i = 0; i < G_N_ELEMENTS (more); i++)
    g_object_unref (more[i]);
}

int
main (int argc, char **argv)
{
  static const struct {
    const char *name;
    void (*test) (Rig *rig, gconstpointer unused);
  } tests[] = {
    { "/objects/lookup", test_lookup },   { "/objects/changed", test_changed }, { "/objects/in-turn", test_in_turn },
    { "/objects/signals", test_signals }, { "/objects/many", test_many },       { "/objects/too-many", test_too_many },
  };
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].name, Rig, NULL, rig_set_up, tests[i].test, rig_tear_down);
  return g_test_run ();
}
