/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What Inspect answers about a firmware file. */
#include "bus/firmware-info.h"

static GVariant *
package_info (const SqnsPackage *package)
{
  GVariantDict dict;
  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "kind", "s", package->kind == SQNS_PACKAGE_DIFF ? "DIFF" : "UPGR");
  g_variant_dict_insert (&dict, "role", "s", sqns_package_role_name (package->role));
  g_variant_dict_insert (&dict, "description", "s", package->description);
  g_variant_dict_insert (&dict, "offset", "t", package->offset);
  g_variant_dict_insert (&dict, "size", "t", package->size);
  g_variant_dict_insert (&dict, "payload-size", "t", package->payload_size);
  g_variant_dict_insert (&dict, "checksum", "u", package->checksum);
  return g_variant_dict_end (&dict);
}

GVariant *
sqns_firmware_info (SqnsFirmware *firmware)
{
  const SqnsCaba *caba = sqns_firmware_caba (firmware);
  g_autofree char *version = sqns_version_format (&caba->version);
  GVariantBuilder packages, warnings;
  GVariantDict dict;

  g_variant_builder_init (&packages, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < caba->packages->len; i++)
    g_variant_builder_add_value (&packages, package_info (caba->packages->pdata[i]));
  g_variant_builder_init (&warnings, G_VARIANT_TYPE ("as"));
  for (guint i = 0; caba->warnings != NULL && i < caba->warnings->len; i++)
    g_variant_builder_add (&warnings, "s", caba->warnings->pdata[i]);

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "sha256", "s", sqns_firmware_sha256 (firmware));
  g_variant_dict_insert (&dict, "size", "t", (guint64)g_bytes_get_size (sqns_firmware_image (firmware)));
  g_variant_dict_insert (&dict, "packed", "b", caba->packed);
  g_variant_dict_insert (&dict, "complete", "b", caba->complete);
  g_variant_dict_insert (&dict, "missing", "s", caba->missing != NULL ? caba->missing : "");
  g_variant_dict_insert (&dict, "diff", "b", caba->diff);
  g_variant_dict_insert (&dict, "base-build", "u", caba->base_build);
  g_variant_dict_insert (&dict, "version", "s", version);
  g_variant_dict_insert (&dict, "version-text", "s", caba->version_text != NULL ? caba->version_text : "");
  g_variant_dict_insert (&dict, "family", "s", sqns_family_name (caba->family));
  g_variant_dict_insert (&dict, "updater-size", "t", caba->updater_size);
  g_variant_dict_insert_value (&dict, "warnings", g_variant_builder_end (&warnings));
  g_variant_dict_insert_value (&dict, "packages", g_variant_builder_end (&packages));
  return g_variant_dict_end (&dict);
}
