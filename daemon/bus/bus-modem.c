/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.sqnsd1.Modem. */
#include "bus/call.h"
#include "bus/options.h"
#include "bus/reserve.h"
#include "device/console.h"
#include "device/device-operation.h"

static SqnsCall *
new_call (SqnsBusModem *self, GDBusMethodInvocation *invocation)
{
  SqnsCall *call = sqns_call_new (self->bus, invocation, self->skeleton);
  call->device = g_object_ref (self->device);
  return call;
}

static void
on_refreshed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsCall *call = user_data;
  GError *error = NULL;
  if (!sqns_device_probe_finish (call->device, result, &error))
    {
      sqns_call_fail (call, error);
      return;
    }
  sqns_dbus_modem_complete_refresh (call->skeleton, call->invocation);
  sqns_call_done (call);
}

static gboolean
on_free (gpointer user_data)
{
  sqns_call_go_on (user_data);
  return G_SOURCE_REMOVE;
}

static void
on_released (SqnsDevice *device, SqnsCall *call)
{
  g_signal_handlers_disconnect_by_func (device, on_released, call);
  g_idle_add (on_free, call); /* a job that waits goes first */
}

/* Two calls of sqnsctl in a row: the console of the first one may still be on its way out. */
static void
when_free (SqnsCall *call, SqnsCallStep step)
{
  call->step = step;
  if (sqns_console_is_closing (call->device))
    g_signal_connect (call->device, "released", G_CALLBACK (on_released), call);
  else
    sqns_call_go_on (call);
}

/* FALSE: the call was failed. */
static gboolean
may_open (SqnsCall *call)
{
  /* draining concerns jobs only, but a daemon that stops does not open a port again */
  if (!sqns_manager_is_stopping (call->bus->manager))
    return TRUE;
  sqns_call_fail_literal (call, SQNS_ERROR_DRAINING, "the daemon is stopping");
  return FALSE;
}

static void
refresh (SqnsCall *call)
{
  if (may_open (call))
    sqns_device_probe_async (call->device, sqns_manager_backend (call->bus->manager), on_refreshed, call);
}

static void
refresh_authorized (SqnsCall *call)
{
  when_free (call, refresh);
}

static gboolean
on_refresh (SqnsDbusModem *skeleton, GDBusMethodInvocation *invocation, GVariant *options, SqnsBusModem *self)
{
  SqnsCall *call = new_call (self, invocation);
  GError *error = NULL;
  if (!sqns_options_none (options, &error))
    sqns_call_fail (call, error);
  else
    sqns_call_authorize (call, refresh_authorized);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
on_console_open (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsCall *call = user_data;
  GError *error = NULL;
  int fd = sqns_console_open_finish (call->device, result, &error);
  if (fd < 0)
    {
      sqns_call_fail (call, error);
      return;
    }
  g_autoptr (GUnixFDList) fds = g_unix_fd_list_new_from_array (&fd, 1);
  sqns_dbus_modem_complete_open_console (call->skeleton, call->invocation, fds, g_variant_new_handle (0));
  sqns_call_done (call);
}

static void
open_console (SqnsCall *call)
{
  GError *error = NULL;
  if (!may_open (call))
    return;
  if (sqns_reserve_check (&error) && sqns_manager_allows_console (call->bus->manager, call->uid, &error))
    sqns_console_open_async (call->device, sqns_manager_backend (call->bus->manager), call->uid, on_console_open, call);
  else
    sqns_call_fail (call, error);
}

static void
console_authorized (SqnsCall *call)
{
  when_free (call, open_console);
}

static gboolean
on_open_console (
    SqnsDbusModem *skeleton, GDBusMethodInvocation *invocation, GUnixFDList *fds, GVariant *options, SqnsBusModem *self)
{
  SqnsCall *call = new_call (self, invocation);
  GError *error = NULL;
  if (!sqns_options_none (options, &error))
    sqns_call_fail (call, error);
  else
    sqns_call_authorize (call, console_authorized);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
upgrade_submitted (SqnsCall *call)
{
  if (call->request->options.recover)
    sqns_dbus_modem_complete_recover (call->skeleton, call->invocation, NULL, call->paths[0]);
  else
    sqns_dbus_modem_complete_upgrade (call->skeleton, call->invocation, NULL, call->paths[0]);
  sqns_call_done (call);
}

static void
upgrade_loaded (SqnsCall *call)
{
  call->devices = g_ptr_array_new_with_free_func (g_object_unref);
  g_ptr_array_add (call->devices, g_object_ref (call->device));
  sqns_call_submit (call, upgrade_submitted);
}

static void
upgrade_authorized (SqnsCall *call)
{
  GError *error = NULL;
  if (!sqns_manager_accepts (call->bus->manager, &error))
    sqns_call_fail (call, error);
  else
    sqns_call_load_files (call, upgrade_loaded);
}

static void
order_upgrade (SqnsBusModem *self,
               GDBusMethodInvocation *invocation,
               GUnixFDList *fds,
               GVariant *firmware,
               GVariant *options,
               gboolean recover)
{
  SqnsCall *call = new_call (self, invocation);
  SqnsOptionFiles files;
  GError *error = NULL;

  call->request = sqns_options_upgrade (options, &files, &error);
  if (call->request == NULL)
    sqns_call_fail (call, error);
  else if (sqns_call_take_files (call, fds, firmware, &files))
    {
      call->request->options.recover = recover;
      call->wish.force = call->request->options.force;
      sqns_call_authorize (call, upgrade_authorized);
    }
}

static gboolean
on_upgrade (SqnsDbusModem *skeleton,
            GDBusMethodInvocation *invocation,
            GUnixFDList *fds,
            GVariant *firmware,
            GVariant *options,
            SqnsBusModem *self)
{
  order_upgrade (self, invocation, fds, firmware, options, FALSE);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
on_recover (SqnsDbusModem *skeleton,
            GDBusMethodInvocation *invocation,
            GUnixFDList *fds,
            GVariant *firmware,
            GVariant *options,
            SqnsBusModem *self)
{
  order_upgrade (self, invocation, fds, firmware, options, TRUE);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
on_reset_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsCall *call = user_data;
  GError *error = NULL;
  if (!sqns_device_reset_finish (call->device, result, &error))
    {
      sqns_call_fail (call, error);
      return;
    }
  sqns_dbus_modem_complete_reset (call->skeleton, call->invocation);
  sqns_call_done (call);
}

static void
reset (SqnsCall *call)
{
  if (may_open (call))
    sqns_device_reset_async (call->device, sqns_manager_backend (call->bus->manager), call->flag, on_reset_done, call);
}

static void
reset_authorized (SqnsCall *call)
{
  when_free (call, reset);
}

static gboolean
on_reset (SqnsDbusModem *skeleton, GDBusMethodInvocation *invocation, GVariant *options, SqnsBusModem *self)
{
  SqnsCall *call = new_call (self, invocation);
  GError *error = NULL;
  if (!sqns_options_reset (options, &call->flag, &error))
    sqns_call_fail (call, error);
  else
    sqns_call_authorize (call, reset_authorized);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
add_number (GVariantBuilder *builder, const char *key, const char *number)
{
  if (number != NULL)
    g_variant_builder_add (builder, "{sv}", key, g_variant_new_string (number));
}

static void
on_identified (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsCall *call = user_data;
  GError *error = NULL;
  g_autoptr (SqnsIdentity) identity = sqns_device_identify_finish (call->device, result, &error);
  if (identity == NULL)
    {
      sqns_call_fail (call, error);
      return;
    }
  GVariantBuilder builder;
  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  add_number (&builder, "imei", identity->imei);
  add_number (&builder, "iccid", identity->iccid);
  add_number (&builder, "imsi", identity->imsi);
  sqns_dbus_modem_complete_identify (call->skeleton, call->invocation, g_variant_builder_end (&builder));
  sqns_call_done (call);
}

static void
identify (SqnsCall *call)
{
  if (may_open (call))
    sqns_device_identify_async (call->device, sqns_manager_backend (call->bus->manager), on_identified, call);
}

static void
identify_authorized (SqnsCall *call)
{
  when_free (call, identify);
}

static gboolean
on_identify (SqnsDbusModem *skeleton, GDBusMethodInvocation *invocation, GVariant *options, SqnsBusModem *self)
{
  SqnsCall *call = new_call (self, invocation);
  GError *error = NULL;
  if (!sqns_options_none (options, &error))
    sqns_call_fail (call, error);
  else
    sqns_call_authorize (call, identify_authorized);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
add_version (GVariantBuilder *builder, const char *key, const SqnsVersion *version)
{
  g_autofree char *text = sqns_version_format (version);
  if (*text != '\0')
    g_variant_builder_add (builder, "{ss}", key, text);
}

static GVariant *
versions (const SqnsDeviceInfo *info)
{
  static const char *const bootloaders[SQNS_N_BOOTLOADERS] = { "bootloader0", "bootloader1", "bootloader2" };
  GVariantBuilder builder;
  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a{ss}"));
  for (gsize i = 0; i < SQNS_N_BOOTLOADERS; i++)
    add_version (&builder, bootloaders[i], &info->showver.bootloader[i]);
  add_version (&builder, "software",
               sqns_version_known (&info->showver.software) ? &info->showver.software : &info->version);
  if (*info->ue != '\0')
    g_variant_builder_add (&builder, "{ss}", "ue", info->ue);
  return g_variant_builder_end (&builder);
}

void
sqns_bus_modem_copy (SqnsBusModem *self)
{
  const SqnsDeviceInfo *info = sqns_device_info (self->device);
  SqnsDbusModem *skeleton = self->skeleton;
  g_autofree char *job = *info->job != '\0' ? sqns_path_job (info->job) : g_strdup ("/");
  g_autofree char *version = sqns_version_format (&info->version);
  g_auto (GStrv) blockers = sqns_manager_blockers (self->bus->manager, self->device);
  g_autofree const char **notes = sqns_board_flags_to_names (info->notes);

  sqns_dbus_modem_set_id (skeleton, info->id);
  sqns_dbus_modem_set_dev_node (skeleton, info->devnode);
  sqns_dbus_modem_set_id_path (skeleton, info->id_path);
  sqns_dbus_modem_set_vendor_id (skeleton, info->vendor);
  sqns_dbus_modem_set_product_id (skeleton, info->product);
  sqns_dbus_modem_set_board (skeleton, info->board);
  sqns_dbus_modem_set_board_firmware (skeleton, info->board_firmware);
  sqns_dbus_modem_set_board_notes (skeleton, notes);
  sqns_dbus_modem_set_present (skeleton, info->present);
  sqns_dbus_modem_set_state (skeleton, sqns_modem_state_name (info->state));
  sqns_dbus_modem_set_link (skeleton, info->link != SQNS_LINK_AUTO ? sqns_link_kind_name (info->link) : "");
  sqns_dbus_modem_set_firmware_version (skeleton, version);
  sqns_dbus_modem_set_family (skeleton, sqns_family_name (sqns_version_family (&info->version)));
  sqns_dbus_modem_set_versions (skeleton, versions (info));
  sqns_dbus_modem_set_current_job (skeleton, job);
  sqns_dbus_modem_set_blockers (skeleton, (const char *const *)blockers);
  sqns_dbus_modem_set_last_error (skeleton, info->last_error);
  sqns_dbus_modem_set_last_seen (skeleton, info->last_seen);
  sqns_objects_changed (self->bus->objects, self->path);
}

static void
on_changed (SqnsDevice *device, SqnsBusModem *self)
{
  sqns_bus_modem_copy (self);
}

SqnsBusModem *
sqns_bus_modem_new (SqnsBus *bus, SqnsDevice *device, const char *path)
{
  SqnsBusModem *self = g_new0 (SqnsBusModem, 1);
  self->bus = bus;
  self->device = g_object_ref (device);
  self->path = g_strdup (path);
  self->skeleton = sqns_dbus_modem_skeleton_new ();

  g_signal_connect (self->skeleton, "handle-refresh", G_CALLBACK (on_refresh), self);
  g_signal_connect (self->skeleton, "handle-open-console", G_CALLBACK (on_open_console), self);
  g_signal_connect (self->skeleton, "handle-upgrade", G_CALLBACK (on_upgrade), self);
  g_signal_connect (self->skeleton, "handle-recover", G_CALLBACK (on_recover), self);
  g_signal_connect (self->skeleton, "handle-reset", G_CALLBACK (on_reset), self);
  g_signal_connect (self->skeleton, "handle-identify", G_CALLBACK (on_identify), self);
  g_signal_connect (device, "changed", G_CALLBACK (on_changed), self);
  sqns_bus_modem_copy (self);
  return self;
}

void
sqns_bus_modem_free (SqnsBusModem *self)
{
  g_signal_handlers_disconnect_by_data (self->device, self);
  g_signal_handlers_disconnect_by_data (self->skeleton, self);
  g_object_unref (self->device);
  g_object_unref (self->skeleton);
  g_free (self->path);
  g_free (self);
}
