/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A device as org.sqnsd1.Modem. */
#include "bus/modem-object.h"

#include "bus/paths.h"
#include "sqns-dbus.h"

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
sqns_modem_object_update (SqnsService *service, SqnsDevice *device)
{
  GDBusInterfaceSkeleton *object = sqns_objects_skeleton (service->objects, G_OBJECT (device));
  if (object == NULL)
    return;
  SqnsDbusModem *skeleton = SQNS_DBUS_MODEM (object);
  const SqnsDeviceInfo *info = sqns_device_info (device);
  g_autofree char *job = *info->job != '\0' ? sqns_path_job (info->job) : g_strdup ("/");
  g_autofree char *version = sqns_version_format (&info->version);
  g_auto (GStrv) blockers = sqns_manager_blockers (service->manager, device);
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
  sqns_objects_changed (service->objects, G_OBJECT (device));
}
