/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The manager, its devices and jobs as D-Bus objects. */
#include "bus/bus.h"

#include "bus/job-object.h"
#include "bus/methods.h"
#include "bus/modem-object.h"
#include "bus/paths.h"

struct _SqnsBus {
  SqnsService *service;
  SqnsDbusManager *skeleton;
  guint update; /* idle source: copies the manager's properties */
};

static GVariant *
inhibitors (SqnsBus *self)
{
  GPtrArray *list = sqns_inhibit_list (sqns_manager_inhibitors (self->service->manager));
  GVariantBuilder builder;
  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a(sst)"));
  for (guint i = 0; i < list->len; i++)
    {
      const SqnsInhibitor *inhibitor = list->pdata[i];
      g_variant_builder_add (&builder, "(sst)", inhibitor->who, inhibitor->why, (guint64)inhibitor->since);
    }
  return g_variant_ref_sink (g_variant_builder_end (&builder));
}

static void
update (SqnsBus *self)
{
  g_autoptr (GVariant) holding = inhibitors (self);
  GVariant *held = sqns_dbus_manager_get_inhibitors (self->skeleton);
  const SqnsJobIntake *intake = sqns_job_table_intake (sqns_manager_jobs (self->service->manager));
  gboolean draining = intake->draining || intake->stopping;
  SqnsJobTableStatus status = sqns_job_table_status (sqns_manager_jobs (self->service->manager));
  gboolean blockers_changed
      = held == NULL || !g_variant_equal (held, holding) || draining != sqns_dbus_manager_get_draining (self->skeleton);

  sqns_dbus_manager_set_version (self->skeleton, SQNS_VERSION);
  sqns_dbus_manager_set_max_concurrent (self->skeleton, sqns_manager_config (self->service->manager)->max_concurrent);
  sqns_dbus_manager_set_running_jobs (self->skeleton, status.running);
  sqns_dbus_manager_set_queued_jobs (self->skeleton, status.queued);
  sqns_dbus_manager_set_draining (self->skeleton, draining);
  sqns_dbus_manager_set_inhibitors (self->skeleton, holding);
  if (!blockers_changed)
    return;
  GPtrArray *devices = sqns_device_table_devices (sqns_manager_devices (self->service->manager));
  for (guint i = 0; i < devices->len; i++)
    sqns_modem_object_update (self->service, devices->pdata[i]);
}

static gboolean
on_update (gpointer user_data)
{
  SqnsBus *self = user_data;
  self->update = 0;
  update (self);
  return G_SOURCE_REMOVE;
}

/* Many jobs may change at once. The update comes before a call that a client makes after the reply to the call that
 * caused the change. */
static void
on_status_changed (SqnsJobTable *jobs, SqnsBus *self)
{
  if (self->update == 0)
    self->update = g_idle_add_full (G_PRIORITY_DEFAULT, on_update, self, NULL);
}

static void
on_device_changed (SqnsDevice *device, SqnsBus *self)
{
  sqns_modem_object_update (self->service, device);
}

static void
on_device_added (SqnsDeviceTable *devices, SqnsDevice *device, SqnsBus *self)
{
  const char *id = sqns_device_info (device)->id;
  g_autoptr (SqnsDbusModem) modem = sqns_dbus_modem_skeleton_new ();
  g_autofree char *path = sqns_path_modem (id, 1);
  for (guint n = 2; sqns_objects_model (self->service->objects, path) != NULL; n++)
    {
      g_free (path);
      path = sqns_path_modem (id, n);
    }
  sqns_objects_add (self->service->objects, path, G_DBUS_INTERFACE_SKELETON (modem), G_OBJECT (device));
  sqns_methods_serve (self->service, modem, SQNS_DBUS_TYPE_MODEM);
  sqns_modem_object_update (self->service, device);
  g_signal_connect (device, "changed", G_CALLBACK (on_device_changed), self);
}

static void
on_job_added (SqnsJobTable *jobs, SqnsJob *job, SqnsBus *self)
{
  g_autofree char *path = sqns_path_job (sqns_job_record (job)->uuid);
  g_autoptr (SqnsJobObject) object = sqns_job_object_new (self->service, job);
  sqns_objects_add (self->service->objects, path, G_DBUS_INTERFACE_SKELETON (object), G_OBJECT (job));
}

static void
on_removed (gpointer source, GObject *model, SqnsBus *self)
{
  g_signal_handlers_disconnect_by_data (model, self);
  sqns_objects_remove (self->service->objects, model);
}

static void
on_job_finished (SqnsJobTable *jobs, SqnsJob *job, SqnsBus *self)
{
  SqnsObjects *objects = self->service->objects;
  const SqnsJobRecord *record = sqns_job_record (job);

  sqns_dbus_job_emit_completed (SQNS_DBUS_JOB (sqns_objects_skeleton (objects, G_OBJECT (job))),
                                record->state == SQNS_JOB_SUCCEEDED, record->error_name, record->message);
  sqns_dbus_manager_emit_job_finished (self->skeleton, sqns_objects_path (objects, G_OBJECT (job)),
                                       sqns_objects_path (objects, G_OBJECT (sqns_job_device (job))),
                                       sqns_job_state_name (record->state), record->error_name, record->message);
}

void
sqns_bus_free (SqnsBus *self)
{
  GPtrArray *devices = sqns_device_table_devices (sqns_manager_devices (self->service->manager));
  for (guint i = 0; i < devices->len; i++)
    g_signal_handlers_disconnect_by_data (devices->pdata[i], self);
  g_clear_handle_id (&self->update, g_source_remove);
  g_signal_handlers_disconnect_by_data (sqns_manager_devices (self->service->manager), self);
  g_signal_handlers_disconnect_by_data (sqns_manager_jobs (self->service->manager), self);
  if (g_dbus_interface_skeleton_get_connection (G_DBUS_INTERFACE_SKELETON (self->skeleton)) != NULL)
    g_dbus_interface_skeleton_unexport (G_DBUS_INTERFACE_SKELETON (self->skeleton));
  g_object_unref (self->skeleton);
  sqns_service_unref (self->service);
  g_free (self);
}

static gboolean
export_all (SqnsBus *self, GDBusConnection *connection, GError **error)
{
  GPtrArray *devices = sqns_device_table_devices (sqns_manager_devices (self->service->manager));
  GPtrArray *jobs = sqns_job_table_jobs (sqns_manager_jobs (self->service->manager));

  if (!g_dbus_interface_skeleton_export (G_DBUS_INTERFACE_SKELETON (self->skeleton), connection, SQNS_PATH_ROOT, error))
    return FALSE;
  for (guint i = 0; i < devices->len; i++)
    on_device_added (sqns_manager_devices (self->service->manager), devices->pdata[i], self);
  for (guint i = 0; i < jobs->len; i++)
    on_job_added (sqns_manager_jobs (self->service->manager), jobs->pdata[i], self);
  return sqns_objects_connect (self->service->objects, connection, error);
}

SqnsBus *
sqns_bus_new (GDBusConnection *connection, SqnsManager *manager, SqnsAuthPolicy policy, GError **error)
{
  g_autoptr (SqnsBus) self = g_new0 (SqnsBus, 1);
  SqnsDeviceTable *devices = sqns_manager_devices (manager);
  self->service = sqns_service_new (manager, sqns_auth_new (connection, policy), sqns_objects_new (SQNS_PATH_ROOT));
  self->skeleton = sqns_dbus_manager_skeleton_new ();
  sqns_device_table_set_port_places (devices, policy == SQNS_AUTH_OWN_UID ? SQNS_PORTS_ANYWHERE : SQNS_PORTS_BELOW_DEV);
  sqns_methods_serve (self->service, self->skeleton, SQNS_DBUS_TYPE_MANAGER);
  update (self);
  if (!export_all (self, connection, error))
    return NULL;
  g_signal_connect (devices, "added", G_CALLBACK (on_device_added), self);
  g_signal_connect (devices, "removed", G_CALLBACK (on_removed), self);
  g_signal_connect (sqns_manager_jobs (manager), "added", G_CALLBACK (on_job_added), self);
  g_signal_connect (sqns_manager_jobs (manager), "removed", G_CALLBACK (on_removed), self);
  g_signal_connect (sqns_manager_jobs (manager), "finished", G_CALLBACK (on_job_finished), self);
  g_signal_connect (sqns_manager_jobs (manager), "changed", G_CALLBACK (on_status_changed), self);
  return g_steal_pointer (&self);
}

void
sqns_bus_stop (SqnsBus *self)
{
  g_cancellable_cancel (self->service->until);
}
