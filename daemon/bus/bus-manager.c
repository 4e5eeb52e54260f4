/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.sqnsd1.Manager. */
#include "bus/call.h"
#include "bus/firmware-info.h"
#include "bus/options.h"

static void
inspect_loaded (SqnsCall *call)
{
  sqns_dbus_manager_complete_inspect (call->skeleton, call->invocation, NULL, sqns_firmware_info (call->firmware));
  sqns_call_done (call);
}

static void
inspect_authorized (SqnsCall *call)
{
  sqns_call_load_files (call, inspect_loaded);
}

static gboolean
on_inspect (SqnsDBusManager *skeleton,
            GDBusMethodInvocation *invocation,
            GUnixFDList *fds,
            GVariant *firmware,
            GVariant *options,
            SqnsBus *self)
{
  SqnsCall *call = sqns_call_new (self, invocation, skeleton);
  GError *error = NULL;
  if (!sqns_options_none (options, &error))
    sqns_call_fail (call, error);
  else if (sqns_call_take_files (call, fds, firmware, NULL))
    sqns_call_authorize (call, inspect_authorized);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
add_port_authorized (SqnsCall *call)
{
  GError *error = NULL;
  SqnsDevice *device = sqns_manager_add_port (call->bus->manager, call->text, &call->port, &error);
  if (device == NULL)
    {
      sqns_call_fail (call, error);
      return;
    }
  sqns_dbus_manager_complete_add_port (call->skeleton, call->invocation, sqns_bus_modem_path (call->bus, device));
  sqns_call_done (call);
}

static gboolean
on_add_port (
    SqnsDBusManager *skeleton, GDBusMethodInvocation *invocation, const char *devnode, GVariant *options, SqnsBus *self)
{
  SqnsCall *call = sqns_call_new (self, invocation, skeleton);
  GError *error = NULL;
  call->text = g_strdup (devnode);
  if (!sqns_options_port (options, &call->port, &error))
    sqns_call_fail (call, error);
  else
    sqns_call_authorize (call, add_port_authorized);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static SqnsDevice *
find_device (SqnsBus *self, const char *path, GError **error)
{
  SqnsBusModem *modem = g_hash_table_lookup (self->modems, path);
  if (modem != NULL)
    return modem->device;
  g_set_error (error, SQNS_ERROR, SQNS_ERROR_NOT_FOUND, "there is no modem %s", path);
  return NULL;
}

static void
remove_port_authorized (SqnsCall *call)
{
  GError *error = NULL;
  SqnsDevice *device = find_device (call->bus, call->text, &error);
  if (device == NULL || !sqns_manager_remove_port (call->bus->manager, device, &error))
    {
      sqns_call_fail (call, error);
      return;
    }
  sqns_dbus_manager_complete_remove_port (call->skeleton, call->invocation);
  sqns_call_done (call);
}

static gboolean
on_remove_port (SqnsDBusManager *skeleton, GDBusMethodInvocation *invocation, const char *modem, SqnsBus *self)
{
  SqnsCall *call = sqns_call_new (self, invocation, skeleton);
  call->text = g_strdup (modem);
  sqns_call_authorize (call, remove_port_authorized);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
upgrade_many_loaded (SqnsCall *call)
{
  GError *error = NULL;
  call->firmware = sqns_manager_share_firmware (call->bus->manager, call->firmware);
  call->request->creator_uid = call->uid;
  g_autoptr (GPtrArray) jobs
      = sqns_manager_submit (call->bus->manager, call->devices, call->firmware, call->request, &error);
  if (jobs == NULL)
    {
      sqns_call_fail (call, error);
      return;
    }
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < jobs->len; i++)
    g_ptr_array_add (paths, sqns_path_job (sqns_job_info (jobs->pdata[i])->uuid));
  g_ptr_array_add (paths, NULL);
  sqns_dbus_manager_complete_upgrade_many (call->skeleton, call->invocation, NULL, (const char *const *)paths->pdata);
  sqns_call_done (call);
}

/* All or none: each must be known, and none named twice. */
static gboolean
collect_devices (SqnsCall *call, const char *const *modems, GError **error)
{
  call->devices = g_ptr_array_new_with_free_func (g_object_unref);
  for (gsize i = 0; modems[i] != NULL; i++)
    {
      SqnsDevice *device = find_device (call->bus, modems[i], error);
      if (device == NULL)
        return FALSE;
      if (g_ptr_array_find (call->devices, device, NULL))
        {
          g_set_error (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS, "the modem %s is named twice", modems[i]);
          return FALSE;
        }
      g_ptr_array_add (call->devices, g_object_ref (device));
    }
  if (call->devices->len > 0)
    return TRUE;
  g_set_error_literal (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS, "no modem is named");
  return FALSE;
}

static void
upgrade_many_authorized (SqnsCall *call)
{
  GError *error = NULL;
  if (!sqns_manager_accepts (call->bus->manager, &error))
    sqns_call_fail (call, error);
  else
    sqns_call_load_files (call, upgrade_many_loaded);
}

static gboolean
on_upgrade_many (SqnsDBusManager *skeleton,
                 GDBusMethodInvocation *invocation,
                 GUnixFDList *fds,
                 const char *const *modems,
                 GVariant *firmware,
                 GVariant *options,
                 SqnsBus *self)
{
  SqnsCall *call = sqns_call_new (self, invocation, skeleton);
  SqnsOptionFiles files;
  GError *error = NULL;
  call->request = sqns_options_upgrade (options, &files, &error);
  if (call->request == NULL || !collect_devices (call, modems, &error))
    sqns_call_fail (call, error);
  else if (sqns_call_take_files (call, fds, firmware, &files))
    {
      call->wish.force = call->request->options.force;
      sqns_call_authorize (call, upgrade_many_authorized);
    }
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
on_inhibit (SqnsDBusManager *skeleton,
            GDBusMethodInvocation *invocation,
            GUnixFDList *fds,
            const char *who,
            const char *why,
            GVariant *options,
            SqnsBus *self)
{
  sqns_call_fail_literal (sqns_call_new (self, invocation, skeleton), SQNS_ERROR_NOT_SUPPORTED,
                          "Inhibit is not supported yet; SetDraining keeps new jobs from starting");
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
on_get_history (SqnsDBusManager *skeleton,
                GDBusMethodInvocation *invocation,
                GVariant *filter,
                guint limit,
                guint64 before,
                SqnsBus *self)
{
  sqns_call_fail_literal (sqns_call_new (self, invocation, skeleton), SQNS_ERROR_NOT_SUPPORTED,
                          "GetHistory is not supported yet; finished jobs stay on the bus until they are forgotten");
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
set_draining_authorized (SqnsCall *call)
{
  sqns_manager_set_draining (call->bus->manager, call->flag);
  sqns_bus_manager_copy (call->bus);
  sqns_dbus_manager_complete_set_draining (call->skeleton, call->invocation);
  sqns_call_done (call);
}

static gboolean
on_set_draining (SqnsDBusManager *skeleton, GDBusMethodInvocation *invocation, gboolean draining, SqnsBus *self)
{
  SqnsCall *call = sqns_call_new (self, invocation, skeleton);
  call->flag = draining;
  sqns_call_authorize (call, set_draining_authorized);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

void
sqns_bus_manager_connect (SqnsBus *self)
{
  g_signal_connect_object (self->skeleton, "handle-inspect", G_CALLBACK (on_inspect), self, 0);
  g_signal_connect_object (self->skeleton, "handle-add-port", G_CALLBACK (on_add_port), self, 0);
  g_signal_connect_object (self->skeleton, "handle-remove-port", G_CALLBACK (on_remove_port), self, 0);
  g_signal_connect_object (self->skeleton, "handle-upgrade-many", G_CALLBACK (on_upgrade_many), self, 0);
  g_signal_connect_object (self->skeleton, "handle-inhibit", G_CALLBACK (on_inhibit), self, 0);
  g_signal_connect_object (self->skeleton, "handle-get-history", G_CALLBACK (on_get_history), self, 0);
  g_signal_connect_object (self->skeleton, "handle-set-draining", G_CALLBACK (on_set_draining), self, 0);
}

void
sqns_bus_manager_copy (SqnsBus *self)
{
  SqnsManagerStatus status = sqns_manager_status (self->manager);
  gboolean draining_changed = status.draining != sqns_dbus_manager_get_draining (self->skeleton);

  sqns_dbus_manager_set_version (self->skeleton, SQNS_VERSION);
  sqns_dbus_manager_set_max_concurrent (self->skeleton, sqns_manager_config (self->manager)->max_concurrent);
  sqns_dbus_manager_set_running_jobs (self->skeleton, status.running);
  sqns_dbus_manager_set_queued_jobs (self->skeleton, status.queued);
  sqns_dbus_manager_set_draining (self->skeleton, status.draining);
  sqns_dbus_manager_set_inhibitors (self->skeleton, g_variant_new_array (G_VARIANT_TYPE ("(sst)"), NULL, 0));
  if (!draining_changed)
    return;

  GHashTableIter iter;
  gpointer modem;
  g_hash_table_iter_init (&iter, self->modems);
  while (g_hash_table_iter_next (&iter, NULL, &modem))
    sqns_bus_modem_copy (modem); /* its blockers */
}
