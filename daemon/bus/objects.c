/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The objects on the bus, and GetManagedObjects. */
#include "bus/objects.h"

#include "base/backlog.h"
#include "base/fair-queue.h"
#include "base/log.h"

#define INTERFACE "org.freedesktop.DBus.ObjectManager"
#define SHARE 5 /* GetManagedObjects takes at most a fifth of the time */

static const char introspection[]
    = "<node><interface name='" INTERFACE "'>"
      "<method name='GetManagedObjects'><arg type='a{oa{sa{sv}}}' name='objects' direction='out'/></method>"
      "<signal name='InterfacesAdded'><arg type='o' name='object'/><arg type='a{sa{sv}}' name='interfaces'/></signal>"
      "<signal name='InterfacesRemoved'><arg type='o' name='object'/><arg type='as' name='interfaces'/></signal>"
      "</interface></node>";

typedef struct {
  char *path;
  GObject *model;
  GDBusInterfaceSkeleton *skeleton;
  GVariant *interfaces; /* a{sa{sv}}, cached; NULL: has changed */
} Object;

struct _SqnsObjects {
  char *path;
  GDBusConnection *connection; /* nullable */
  guint registration;
  GHashTable *all;        /* path, borrowed -> Object */
  GHashTable *by_model;   /* model -> Object, borrowed */
  SqnsBacklog *pending;   /* Object, borrowed: InterfacesAdded is to be emitted */
  SqnsFairQueue *waiting; /* GDBusMethodInvocation of GetManagedObjects, by unique name of the sender */
  guint source;           /* answers the next one */
  gint64 next_at;         /* not before */
};

static void
object_free (gpointer data)
{
  Object *object = data;
  if (g_dbus_interface_skeleton_get_connection (object->skeleton) != NULL)
    g_dbus_interface_skeleton_unexport (object->skeleton);
  g_clear_pointer (&object->interfaces, g_variant_unref);
  g_object_unref (object->skeleton);
  g_free (object->path);
  g_free (object);
}

static const char *
interface_name (Object *object)
{
  return g_dbus_interface_skeleton_get_info (object->skeleton)->name;
}

static GVariant *
interfaces (Object *object)
{
  GVariantBuilder builder;

  if (object->interfaces != NULL)
    return object->interfaces;
  g_autoptr (GVariant) properties = g_variant_take_ref (g_dbus_interface_skeleton_get_properties (object->skeleton));
  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a{sa{sv}}"));
  g_variant_builder_add (&builder, "{s@a{sv}}", interface_name (object), properties);
  object->interfaces = g_variant_ref_sink (g_variant_builder_end (&builder));
  g_variant_get_data (object->interfaces); /* serialized: a tree of values takes ten times as much memory */
  return object->interfaces;
}

static GVariant *
all_objects (SqnsObjects *self)
{
  GVariantBuilder builder;
  GHashTableIter iter;
  gpointer object;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a{oa{sa{sv}}}"));
  g_hash_table_iter_init (&iter, self->all);
  while (g_hash_table_iter_next (&iter, NULL, &object))
    g_variant_builder_add (&builder, "{o@a{sa{sv}}}", ((Object *)object)->path, interfaces (object));
  return g_variant_new ("(@a{oa{sa{sv}}})", g_variant_builder_end (&builder));
}

/* GetManagedObjects */

static void answer_later (SqnsObjects *self);

static gboolean
answer_one (gpointer user_data)
{
  SqnsObjects *self = user_data;
  gint64 begin = g_get_monotonic_time ();

  self->source = 0;
  g_dbus_method_invocation_return_value (sqns_fair_queue_pop (self->waiting), all_objects (self));
  gint64 end = g_get_monotonic_time ();
  self->next_at = end + (SHARE - 1) * (end - begin);
  if (sqns_fair_queue_length (self->waiting) > 0)
    answer_later (self);
  return G_SOURCE_REMOVE;
}

static void
answer_later (SqnsObjects *self)
{
  gint64 wait_us = MAX (self->next_at - g_get_monotonic_time (), 0);
  self->source = g_timeout_add ((guint)((wait_us + 999) / 1000), answer_one, self);
}

static void
on_call (GDBusConnection *connection,
         const char *sender,
         const char *path,
         const char *interface,
         const char *method,
         GVariant *parameters,
         GDBusMethodInvocation *invocation,
         gpointer user_data)
{
  SqnsObjects *self = user_data;

  GDBusMethodInvocation *surplus = sqns_fair_queue_push (self->waiting, sender, invocation);
  if (surplus != NULL)
    g_dbus_method_invocation_return_error (surplus, G_DBUS_ERROR, G_DBUS_ERROR_LIMITS_EXCEEDED,
                                           "%u such calls are already waiting", SQNS_OBJECTS_MAX_WAITING);
  if (self->source == 0)
    answer_later (self);
}

/* Objects */

/* Fails only when the connection is closed, which main handles. */
static void
emit (SqnsObjects *self, const char *signal, GVariant *parameters)
{
  g_dbus_connection_emit_signal (self->connection, NULL, self->path, INTERFACE, signal, parameters, NULL);
}

static gboolean
export_object (SqnsObjects *self, Object *object, GError **error)
{
  return g_dbus_interface_skeleton_export (object->skeleton, self->connection, object->path, error);
}

static void
emit_added (gpointer item, gpointer user_data)
{
  Object *object = item;
  emit (user_data, "InterfacesAdded", g_variant_new ("(o@a{sa{sv}})", object->path, interfaces (object)));
}

void
sqns_objects_add (SqnsObjects *self, const char *path, GDBusInterfaceSkeleton *skeleton, GObject *model)
{
  Object *object = g_new0 (Object, 1);
  g_autoptr (GError) error = NULL;

  object->path = g_strdup (path);
  object->model = model;
  object->skeleton = g_object_ref (skeleton);
  g_hash_table_insert (self->all, object->path, object);
  g_hash_table_insert (self->by_model, model, object);
  if (self->connection == NULL)
    return;
  if (!export_object (self, object, &error))
    sqns_warning (NULL, "cannot export %s: %s", path, error->message);
  sqns_backlog_push (self->pending, object);
}

void
sqns_objects_announce (SqnsObjects *self, GObject *model)
{
  Object *object = g_hash_table_lookup (self->by_model, model);
  if (object != NULL && sqns_backlog_remove (self->pending, object))
    emit_added (object, self);
}

void
sqns_objects_remove (SqnsObjects *self, GObject *model)
{
  Object *object = g_hash_table_lookup (self->by_model, model);
  const char *const names[] = { interface_name (object), NULL };

  sqns_objects_announce (self, model); /* a client may know it from GetManagedObjects */
  if (self->connection != NULL)
    emit (self, "InterfacesRemoved", g_variant_new ("(o^as)", object->path, names));
  g_hash_table_remove (self->by_model, model);
  g_hash_table_remove (self->all, object->path);
}

void
sqns_objects_changed (SqnsObjects *self, GObject *model)
{
  Object *object = g_hash_table_lookup (self->by_model, model);
  if (object != NULL)
    g_clear_pointer (&object->interfaces, g_variant_unref);
}

GObject *
sqns_objects_model (SqnsObjects *self, const char *path)
{
  const Object *object = g_hash_table_lookup (self->all, path);
  return object != NULL ? object->model : NULL;
}

const char *
sqns_objects_path (SqnsObjects *self, GObject *model)
{
  const Object *object = g_hash_table_lookup (self->by_model, model);
  return object != NULL ? object->path : "/";
}

GDBusInterfaceSkeleton *
sqns_objects_skeleton (SqnsObjects *self, GObject *model)
{
  const Object *object = g_hash_table_lookup (self->by_model, model);
  return object != NULL ? object->skeleton : NULL;
}

gboolean
sqns_objects_connect (SqnsObjects *self, GDBusConnection *connection, GError **error)
{
  static const GDBusInterfaceVTable vtable = { .method_call = on_call };
  g_autoptr (GDBusNodeInfo) node = g_dbus_node_info_new_for_xml (introspection, error);
  GHashTableIter iter;
  gpointer object;

  if (node == NULL)
    return FALSE;
  self->registration
      = g_dbus_connection_register_object (connection, self->path, node->interfaces[0], &vtable, self, NULL, error);
  if (self->registration == 0)
    return FALSE;
  self->connection = g_object_ref (connection);
  g_hash_table_iter_init (&iter, self->all);
  while (g_hash_table_iter_next (&iter, NULL, &object))
    if (!export_object (self, object, error))
      return FALSE;
  return TRUE;
}

SqnsObjects *
sqns_objects_new (const char *path)
{
  SqnsObjects *self = g_new0 (SqnsObjects, 1);
  self->path = g_strdup (path);
  self->all = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, object_free);
  self->by_model = g_hash_table_new (NULL, NULL);
  self->pending = sqns_backlog_new (emit_added, self);
  self->waiting = sqns_fair_queue_new (SQNS_OBJECTS_MAX_WAITING);
  return self;
}

static void
refuse (gpointer invocation)
{
  g_dbus_method_invocation_return_error_literal (invocation, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY,
                                                 "the daemon is stopping");
}

void
sqns_objects_free (SqnsObjects *self)
{
  g_clear_handle_id (&self->source, g_source_remove);
  if (self->registration != 0)
    g_dbus_connection_unregister_object (self->connection, self->registration);
  sqns_fair_queue_free (self->waiting, refuse);
  sqns_backlog_free (self->pending, NULL);
  g_hash_table_unref (self->by_model);
  g_hash_table_unref (self->all);
  g_clear_object (&self->connection);
  g_free (self->path);
  g_free (self);
}
