/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The manager, its devices and jobs as D-Bus objects: which of them are exported. */
#include "bus/bus-private.h"

G_DEFINE_FINAL_TYPE (SqnsBus, sqns_bus, G_TYPE_OBJECT)

static void
free_modem (gpointer data)
{
  sqns_bus_modem_free (data);
}

static void
free_job (gpointer data)
{
  sqns_bus_job_free (data);
}

static void
sqns_bus_dispose (GObject *object)
{
  SqnsBus *self = SQNS_BUS (object);
  g_clear_handle_id (&self->status, g_source_remove);
  if (self->manager != NULL)
    g_signal_handlers_disconnect_by_data (self->manager, self);
  if (self->skeleton != NULL)
    g_dbus_interface_skeleton_unexport (G_DBUS_INTERFACE_SKELETON (self->skeleton));
  g_clear_pointer (&self->objects, sqns_objects_free);
  g_hash_table_remove_all (self->device_modems);
  g_hash_table_remove_all (self->jobs);
  g_hash_table_remove_all (self->modems);
  g_clear_object (&self->skeleton);
  g_clear_object (&self->manager);
  g_clear_object (&self->connection);
  G_OBJECT_CLASS (sqns_bus_parent_class)->dispose (object);
}

static void
sqns_bus_finalize (GObject *object)
{
  SqnsBus *self = SQNS_BUS (object);
  g_hash_table_unref (self->device_modems);
  g_hash_table_unref (self->jobs);
  g_hash_table_unref (self->modems);
  g_clear_pointer (&self->auth, sqns_auth_free);
  g_object_unref (self->until);
  G_OBJECT_CLASS (sqns_bus_parent_class)->finalize (object);
}

static void
sqns_bus_class_init (SqnsBusClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = sqns_bus_dispose;
  G_OBJECT_CLASS (klass)->finalize = sqns_bus_finalize;
}

static void
sqns_bus_init (SqnsBus *self)
{
  self->modems = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, free_modem);
  self->jobs = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, free_job);
  self->device_modems = g_hash_table_new (NULL, NULL);
  self->until = g_cancellable_new ();
}

static char *
free_modem_path (SqnsBus *self, const char *id)
{
  char *path = sqns_path_modem (id, 1);
  for (guint n = 2; g_hash_table_contains (self->modems, path); n++)
    {
      g_free (path);
      path = sqns_path_modem (id, n);
    }
  return path;
}

static void
on_device_added (SqnsManager *manager, SqnsDevice *device, SqnsBus *self)
{
  g_autofree char *path = free_modem_path (self, sqns_device_info (device)->id);
  SqnsBusModem *modem = sqns_bus_modem_new (self, device, path);
  g_hash_table_insert (self->modems, modem->path, modem);
  g_hash_table_insert (self->device_modems, device, modem);
  sqns_objects_add (self->objects, path, G_DBUS_INTERFACE_SKELETON (modem->skeleton));
}

static void
on_device_removed (SqnsManager *manager, SqnsDevice *device, SqnsBus *self)
{
  SqnsBusModem *modem = g_hash_table_lookup (self->device_modems, device);
  sqns_objects_remove (self->objects, modem->path);
  g_hash_table_remove (self->device_modems, device);
  g_hash_table_remove (self->modems, modem->path);
}

static void
on_job_added (SqnsManager *manager, SqnsJob *job, SqnsBus *self)
{
  g_autofree char *path = sqns_path_job (sqns_job_info (job)->uuid);
  SqnsBusJob *exported = sqns_bus_job_new (self, job, path);
  g_hash_table_insert (self->jobs, exported->path, exported);
  sqns_objects_add (self->objects, path, G_DBUS_INTERFACE_SKELETON (exported->skeleton));
}

static SqnsBusJob *
find_job (SqnsBus *self, SqnsJob *job)
{
  g_autofree char *path = sqns_path_job (sqns_job_info (job)->uuid);
  return g_hash_table_lookup (self->jobs, path);
}

static void
on_job_removed (SqnsManager *manager, SqnsJob *job, SqnsBus *self)
{
  SqnsBusJob *exported = find_job (self, job);
  sqns_objects_remove (self->objects, exported->path);
  g_hash_table_remove (self->jobs, exported->path);
}

static void
on_job_finished (SqnsManager *manager, SqnsJob *job, SqnsBus *self)
{
  const SqnsJobInfo *info = sqns_job_info (job);
  SqnsBusJob *exported = find_job (self, job);

  sqns_bus_job_tell_completed (exported);
  sqns_dbus_manager_emit_job_finished (self->skeleton, exported->path,
                                       sqns_bus_modem_path (self, sqns_job_device (job)),
                                       sqns_job_state_name (info->state),
                                       info->error != NULL ? sqns_error_name (info->error) : "", info->message);
}

static gboolean
copy_status (gpointer user_data)
{
  SqnsBus *self = user_data;
  self->status = 0;
  sqns_bus_manager_copy (self);
  return G_SOURCE_REMOVE;
}

/* Many jobs may change at once. Its turn is before that of a call that is sent once what changes now is answered. */
static void
on_status_changed (SqnsManager *manager, SqnsBus *self)
{
  if (self->status == 0)
    self->status = g_idle_add_full (G_PRIORITY_DEFAULT, copy_status, self, NULL);
}

const char *
sqns_bus_modem_path (SqnsBus *self, SqnsDevice *device)
{
  const SqnsBusModem *modem = g_hash_table_lookup (self->device_modems, device);
  return modem != NULL ? modem->path : "/";
}

static void
export_present (SqnsBus *self)
{
  GPtrArray *devices = sqns_manager_devices (self->manager);
  for (guint i = 0; i < devices->len; i++)
    on_device_added (self->manager, devices->pdata[i], self);
  GPtrArray *jobs = sqns_manager_jobs (self->manager);
  for (guint i = 0; i < jobs->len; i++)
    on_job_added (self->manager, jobs->pdata[i], self);
}

SqnsBus *
sqns_bus_new (GDBusConnection *connection, SqnsManager *manager, SqnsAuthPolicy policy, GError **error)
{
  g_autoptr (SqnsBus) self = g_object_new (SQNS_TYPE_BUS, NULL);
  self->connection = g_object_ref (connection);
  self->manager = g_object_ref (manager);
  self->auth = sqns_auth_new (connection, policy);
  sqns_device_table_set_port_places (sqns_manager_device_table (manager),
                                     policy == SQNS_AUTH_OWN_UID ? SQNS_PORTS_ANYWHERE : SQNS_PORTS_BELOW_DEV);
  self->objects = sqns_objects_new (SQNS_PATH_ROOT);
  self->skeleton = sqns_dbus_manager_skeleton_new ();

  sqns_bus_manager_connect (self);
  sqns_bus_manager_copy (self);
  if (!g_dbus_interface_skeleton_export (G_DBUS_INTERFACE_SKELETON (self->skeleton), connection, SQNS_PATH_ROOT, error))
    return NULL;
  export_present (self);
  if (!sqns_objects_connect (self->objects, connection, error))
    return NULL;

  g_signal_connect_object (manager, "device-added", G_CALLBACK (on_device_added), self, 0);
  g_signal_connect_object (manager, "device-removed", G_CALLBACK (on_device_removed), self, 0);
  g_signal_connect_object (manager, "job-added", G_CALLBACK (on_job_added), self, 0);
  g_signal_connect_object (manager, "job-removed", G_CALLBACK (on_job_removed), self, 0);
  g_signal_connect_object (manager, "job-finished", G_CALLBACK (on_job_finished), self, 0);
  g_signal_connect_object (manager, "changed", G_CALLBACK (on_status_changed), self, 0);
  return g_steal_pointer (&self);
}

void
sqns_bus_stop (SqnsBus *self)
{
  g_cancellable_cancel (self->until);
}
