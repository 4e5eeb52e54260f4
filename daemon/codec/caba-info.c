/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Describes a firmware file as a dictionary. */
#include "codec/caba-info.h"

static void
put (GVariantBuilder *dict, const char *key, const char *type, ...)
{
  va_list args;
  va_start (args, type);
  g_variant_builder_add (dict, "{sv}", key, g_variant_new_va (type, NULL, &args));
  va_end (args);
}

static void
add_package (gpointer data, gpointer list)
{
  const SqnsPackage *package = data;
  GVariantBuilder dict;
  g_variant_builder_init (&dict, G_VARIANT_TYPE_VARDICT);
  put (&dict, "kind", "s", sqns_package_kind_name (package->kind));
  put (&dict, "role", "s", sqns_package_role_name (package->role));
  put (&dict, "description", "s", package->description);
  put (&dict, "offset", "t", package->offset);
  put (&dict, "size", "t", package->size);
  put (&dict, "payload-size", "t", package->payload_size);
  put (&dict, "checksum", "u", package->checksum);
  g_variant_builder_add_value (list, g_variant_builder_end (&dict));
}

GVariant *
sqns_caba_info (const SqnsCaba *caba, const char *name, const char *sha256, guint64 size)
{
  g_autofree char *version = sqns_version_format (&caba->version);
  GVariantBuilder packages, dict;

  g_variant_builder_init (&packages, G_VARIANT_TYPE ("aa{sv}"));
  g_ptr_array_foreach (caba->packages, add_package, &packages);

  g_variant_builder_init (&dict, G_VARIANT_TYPE_VARDICT);
  if (name != NULL)
    put (&dict, "name", "s", name);
  put (&dict, "sha256", "s", sha256);
  put (&dict, "size", "t", size);
  put (&dict, "packed", "b", caba->packed);
  put (&dict, "complete", "b", caba->complete);
  put (&dict, "missing", "s", caba->missing != NULL ? caba->missing : "");
  put (&dict, "diff", "b", caba->diff);
  put (&dict, "base-build", "u", caba->base_build);
  put (&dict, "version", "s", version);
  put (&dict, "version-text", "s", caba->version_text != NULL ? caba->version_text : "");
  put (&dict, "family", "s", sqns_family_name (caba->family));
  put (&dict, "updater-size", "t", caba->updater_size);
  put (&dict, "warnings", "@as", g_variant_new_strv ((const char *const *)caba->warnings->pdata, caba->warnings->len));
  put (&dict, "packages", "@aa{sv}", g_variant_builder_end (&packages));
  return g_variant_builder_end (&dict);
}
