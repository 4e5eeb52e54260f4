/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.sqnsd1.Manager. */
#include "bus/call.h"
#include "bus/options.h"
#include "bus/reserve.h"
#include "common/clean.h"

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
on_inspect (SqnsDbusManager *skeleton,
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
  SqnsDevice *device
      = sqns_device_table_add_port (sqns_manager_device_table (call->bus->manager), call->text, &call->port, &error);
  if (device == NULL)
    {
      sqns_call_fail (call, error);
      return;
    }
  const char *path = sqns_bus_modem_path (call->bus, device);
  sqns_objects_announce (call->bus->objects, path);
  sqns_dbus_manager_complete_add_port (call->skeleton, call->invocation, path);
  sqns_call_done (call);
}

static gboolean
on_add_port (
    SqnsDbusManager *skeleton, GDBusMethodInvocation *invocation, const char *devnode, GVariant *options, SqnsBus *self)
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
  g_autofree char *quote = sqns_clean_quote (path);
  g_set_error (error, SQNS_ERROR, SQNS_ERROR_NOT_FOUND, "there is no modem %s", quote);
  return NULL;
}

static void
remove_port_authorized (SqnsCall *call)
{
  GError *error = NULL;
  SqnsDevice *device = find_device (call->bus, call->text, &error);
  if (device == NULL || !sqns_device_table_remove_port (sqns_manager_device_table (call->bus->manager), device, &error))
    {
      sqns_call_fail (call, error);
      return;
    }
  sqns_dbus_manager_complete_remove_port (call->skeleton, call->invocation);
  sqns_call_done (call);
}

static gboolean
on_remove_port (SqnsDbusManager *skeleton, GDBusMethodInvocation *invocation, const char *modem, SqnsBus *self)
{
  SqnsCall *call = sqns_call_new (self, invocation, skeleton);
  call->text = g_strdup (modem);
  sqns_call_authorize (call, remove_port_authorized);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
upgrade_many_submitted (SqnsCall *call)
{
  sqns_dbus_manager_complete_upgrade_many (call->skeleton, call->invocation, NULL, (const char *const *)call->paths);
  sqns_call_done (call);
}

static void
upgrade_many_loaded (SqnsCall *call)
{
  sqns_call_submit (call, upgrade_many_submitted);
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
          g_set_error (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS, "the modem %s is named twice",
                       sqns_device_info (device)->id);
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
on_upgrade_many (SqnsDbusManager *skeleton,
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

static void
inhibit_authorized (SqnsCall *call)
{
  GError *error = NULL;
  int fd = sqns_reserve_check (&error)
               ? sqns_manager_inhibit (call->bus->manager, call->uid, call->text, call->why, call->device, &error)
               : -1;
  if (fd < 0)
    {
      sqns_call_fail (call, error);
      return;
    }
  /* the list's copy goes with the answer: from then on only the caller holds it open */
  g_autoptr (GUnixFDList) fds = g_unix_fd_list_new_from_array (&fd, 1);
  sqns_dbus_manager_complete_inhibit (call->skeleton, call->invocation, fds, g_variant_new_handle (0));
  sqns_call_done (call);
}

static gboolean
on_inhibit (SqnsDbusManager *skeleton,
            GDBusMethodInvocation *invocation,
            GUnixFDList *fds,
            const char *who,
            const char *why,
            GVariant *options,
            SqnsBus *self)
{
  SqnsCall *call = sqns_call_new (self, invocation, skeleton);
  g_autofree char *modem = NULL;
  GError *error = NULL;
  call->text = g_strdup (who);
  call->why = g_strdup (why);
  if (sqns_options_inhibit (options, &modem, &error) && modem != NULL)
    call->device = find_device (self, modem, &error);
  if (call->device != NULL)
    g_object_ref (call->device);
  if (error != NULL)
    sqns_call_fail (call, error);
  else
    sqns_call_authorize (call, inhibit_authorized);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

/* GetHistory */

static void
add_text (GVariantBuilder *builder, const char *key, const char *text)
{
  g_variant_builder_add (builder, "{sv}", key, g_variant_new_string (text));
}

static void
add_time (GVariantBuilder *builder, const char *key, gint64 time)
{
  g_variant_builder_add (builder, "{sv}", key, g_variant_new_uint64 (time));
}

static GVariant *
history_entry (const SqnsJobRecord *record)
{
  g_autofree char *before = sqns_version_format (&record->version_before);
  g_autofree char *after = sqns_version_format (&record->version_after);
  GVariantBuilder builder;
  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  add_text (&builder, "uuid", record->uuid);
  add_text (&builder, "kind", record->options.recover ? "recover" : "upgrade");
  add_text (&builder, "modem", record->device);
  add_text (&builder, "dev-node", record->devnode);
  add_text (&builder, "state", sqns_job_state_name (record->state));
  add_text (&builder, "phase", record->started ? sqns_phase_name (record->phase) : "");
  add_text (&builder, "message", record->message);
  add_text (&builder, "label", record->label);
  add_time (&builder, "created-at", record->created_at);
  add_time (&builder, "started-at", record->started_at);
  add_time (&builder, "finished-at", record->finished_at);
  add_text (&builder, "firmware-name", record->files[SQNS_JOB_FIRMWARE].name);
  add_text (&builder, "firmware-sha256", record->files[SQNS_JOB_FIRMWARE].sha256);
  add_text (&builder, "version-before", before);
  add_text (&builder, "version-after", after);
  add_text (&builder, "error-name", record->error_name);
  add_text (&builder, "error-message", record->error_message);
  add_text (&builder, "advice", record->advice);
  g_variant_builder_add (&builder, "{sv}", "safe", g_variant_new_boolean (record->safe));
  g_variant_builder_add (&builder, "{sv}", "retries", g_variant_new_uint32 (record->retries));
  g_variant_builder_add (&builder, "{sv}", "interruptions", g_variant_new_uint32 (record->interruptions));
  g_variant_builder_add (&builder, "{sv}", "creator-uid", g_variant_new_uint32 (record->creator_uid));
  return g_variant_builder_end (&builder);
}

static void
on_history (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsCall *call = user_data;
  GError *error = NULL;
  g_autoptr (GPtrArray) records = sqns_manager_history_finish (SQNS_MANAGER (source), result, &error);
  if (records == NULL)
    {
      sqns_call_fail (call, error);
      return;
    }
  GVariantBuilder builder;
  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < records->len; i++)
    g_variant_builder_add_value (&builder, history_entry (records->pdata[i]));
  sqns_dbus_manager_complete_get_history (call->skeleton, call->invocation, g_variant_builder_end (&builder));
  sqns_call_done (call);
}

static void
history_authorized (SqnsCall *call)
{
  sqns_manager_history_async (call->bus->manager, call->uid, &call->filter, on_history, call);
}

static gboolean
on_get_history (SqnsDbusManager *skeleton,
                GDBusMethodInvocation *invocation,
                GVariant *filter,
                guint limit,
                guint64 before,
                SqnsBus *self)
{
  SqnsCall *call = sqns_call_new (self, invocation, skeleton);
  GError *error = NULL;
  call->filter.limit = limit == 0 ? SQNS_HISTORY_DEFAULT : MIN (limit, SQNS_HISTORY_MAX);
  call->filter.before = (gint64)MIN (before, (guint64)G_MAXINT64);
  if (!sqns_options_history (filter, &call->filter, &error))
    sqns_call_fail (call, error);
  else
    sqns_call_authorize (call, history_authorized);
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
on_set_draining (SqnsDbusManager *skeleton, GDBusMethodInvocation *invocation, gboolean draining, SqnsBus *self)
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

static GVariant *
inhibitors (SqnsBus *self)
{
  GPtrArray *list = sqns_manager_inhibitors (self->manager);
  GVariantBuilder builder;
  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a(sst)"));
  for (guint i = 0; i < list->len; i++)
    {
      const SqnsInhibitor *inhibitor = list->pdata[i];
      g_variant_builder_add (&builder, "(sst)", inhibitor->who, inhibitor->why, (guint64)inhibitor->since);
    }
  return g_variant_ref_sink (g_variant_builder_end (&builder));
}

void
sqns_bus_manager_copy (SqnsBus *self)
{
  g_autoptr (GVariant) holding = inhibitors (self);
  GVariant *held = sqns_dbus_manager_get_inhibitors (self->skeleton);
  gboolean inhibitors_changed = held == NULL || !g_variant_equal (held, holding);
  SqnsManagerStatus status = sqns_manager_status (self->manager);
  gboolean draining_changed = status.draining != sqns_dbus_manager_get_draining (self->skeleton);

  sqns_dbus_manager_set_version (self->skeleton, SQNS_VERSION);
  sqns_dbus_manager_set_max_concurrent (self->skeleton, sqns_manager_config (self->manager)->max_concurrent);
  sqns_dbus_manager_set_running_jobs (self->skeleton, status.running);
  sqns_dbus_manager_set_queued_jobs (self->skeleton, status.queued);
  sqns_dbus_manager_set_draining (self->skeleton, status.draining);
  sqns_dbus_manager_set_inhibitors (self->skeleton, holding);
  if (!draining_changed && !inhibitors_changed)
    return;

  GHashTableIter iter;
  gpointer modem;
  g_hash_table_iter_init (&iter, self->modems);
  while (g_hash_table_iter_next (&iter, NULL, &modem))
    sqns_bus_modem_copy (modem); /* its blockers */
}
