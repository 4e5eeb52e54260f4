/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a firmware file is. */
#include "client/firmware/report.h"
#include "client/ui/output.h"
#include "client/ui/table.h"

#include "common/clean.h"

static const char *
kind_name (SqnsPackageKind kind)
{
  switch (kind)
    {
    case SQNS_PACKAGE_UPGR:
      return "UPGR";
    case SQNS_PACKAGE_DIFF:
      return "DIFF";
    }
  return "";
}

/* Not a GVariantDict: that would shuffle the keys. */
static void
put (GVariantBuilder *dict, const char *name, const char *type, ...)
{
  va_list args;
  va_start (args, type);
  g_variant_builder_add (dict, "{sv}", name, g_variant_new_va (type, NULL, &args));
  va_end (args);
}

static GVariant *
package_dict (const SqnsPackage *package)
{
  GVariantBuilder dict;
  g_variant_builder_init (&dict, G_VARIANT_TYPE_VARDICT);
  put (&dict, "kind", "s", kind_name (package->kind));
  put (&dict, "role", "s", sqns_package_role_name (package->role));
  put (&dict, "description", "s", package->description != NULL ? package->description : "");
  put (&dict, "offset", "t", package->offset);
  put (&dict, "size", "t", package->size);
  put (&dict, "payload-size", "t", package->payload_size);
  put (&dict, "checksum", "u", package->checksum);
  return g_variant_builder_end (&dict);
}

static char *
sha256_of (const SqnsFirmwareFile *file)
{
  return g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, file->data);
}

GVariant *
sqns_firmware_report_dict (const SqnsFirmwareFile *file)
{
  const SqnsCaba *caba = file->caba;
  g_autofree char *sha256 = sha256_of (file);
  g_autofree char *version = sqns_version_format (&caba->version);
  GVariantBuilder packages, warnings;
  GVariantBuilder dict;

  g_variant_builder_init (&packages, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < caba->packages->len; i++)
    g_variant_builder_add_value (&packages, package_dict (caba->packages->pdata[i]));
  g_variant_builder_init (&warnings, G_VARIANT_TYPE ("as"));
  for (guint i = 0; i < caba->warnings->len; i++)
    g_variant_builder_add (&warnings, "s", caba->warnings->pdata[i]);

  g_variant_builder_init (&dict, G_VARIANT_TYPE_VARDICT);
  put (&dict, "name", "s", file->name);
  put (&dict, "sha256", "s", sha256);
  put (&dict, "size", "t", (guint64)g_bytes_get_size (file->data));
  put (&dict, "packed", "b", caba->packed);
  put (&dict, "complete", "b", caba->complete);
  put (&dict, "missing", "s", caba->missing != NULL ? caba->missing : "");
  put (&dict, "diff", "b", caba->diff);
  put (&dict, "base-build", "u", caba->base_build);
  put (&dict, "version", "s", version);
  put (&dict, "version-text", "s", caba->version_text != NULL ? caba->version_text : "");
  put (&dict, "family", "s", sqns_family_name (caba->family));
  put (&dict, "updater-size", "t", caba->updater_size);
  g_variant_builder_add (&dict, "{sv}", "warnings", g_variant_builder_end (&warnings));
  g_variant_builder_add (&dict, "{sv}", "packages", g_variant_builder_end (&packages));
  return g_variant_ref_sink (g_variant_builder_end (&dict));
}

static char *
version_words (const SqnsVersion *version)
{
  if (!sqns_version_known (version))
    return g_strdup ("the file does not say");
  if (version->part[0] == 0)
    return g_strdup_printf ("build %u", version->build);
  return g_strdup_printf ("%u.%u.%u.%u build %u", version->part[0], version->part[1], version->part[2],
                          version->part[3], version->build);
}

static char *
kind_words (const SqnsCaba *caba)
{
  if (caba->diff && caba->base_build != 0)
    return g_strdup_printf ("differential, only for a modem that runs build %u", caba->base_build);
  if (caba->diff)
    return g_strdup ("differential, and the build that it is for cannot be told: it will be refused");
  if (caba->complete)
    return g_strdup ("complete");
  return g_strdup_printf ("not complete, it lacks %s: an upgrade will refuse it",
                          caba->missing != NULL ? caba->missing : "parts");
}

static void
print_packages (const SqnsCaba *caba)
{
  static const char *const headers[] = { "ROLE", "KIND", "OFFSET", "SIZE", "CHECKSUM", "DESCRIPTION", NULL };
  g_autoptr (SqnsTable) table = sqns_table_new (headers);

  for (guint i = 0; i < caba->packages->len; i++)
    {
      const SqnsPackage *package = caba->packages->pdata[i];
      g_autofree char *offset = g_strdup_printf ("%" G_GUINT64_FORMAT, package->offset);
      g_autofree char *size = g_strdup_printf ("%" G_GUINT64_FORMAT, package->size);
      /* Had one been wrong, there would be no report. */
      sqns_table_add (table, sqns_package_role_name (package->role), kind_name (package->kind), offset, size, "good",
                      package->description);
    }
  sqns_table_print (table, "  ");
}

void
sqns_firmware_report_print (const SqnsFirmwareFile *file)
{
  const SqnsCaba *caba = file->caba;
  g_autofree char *name = sqns_clean_line (file->name, -1);
  g_autofree char *sha256 = sha256_of (file);
  g_autofree char *version = version_words (&caba->version);
  g_autofree char *text = sqns_clean_line (caba->version_text, -1);
  g_autofree char *kind = kind_words (caba);
  g_autofree char *updater = caba->updater_size > 0
                                 ? g_strdup_printf ("%" G_GUINT64_FORMAT " bytes, inside", caba->updater_size)
                                 : g_strdup ("none inside");

  sqns_out ("%s\n", name);
  sqns_out ("  version   %s\n", version);
  if (*text != '\0')
    sqns_out ("            \"%s\"\n", text);
  sqns_out ("  family    %s\n", sqns_family_name (caba->family));
  sqns_out ("  image     %s\n", kind);
  sqns_out ("  updater   %s\n", updater);
  sqns_out ("  size      %" G_GSIZE_FORMAT " bytes\n", g_bytes_get_size (file->data));
  sqns_out ("  sha256    %s\n", sha256);
  sqns_out ("  packages  %u%s\n", caba->packages->len, caba->packed ? ", in one pack" : "");
  print_packages (caba);
  for (guint i = 0; i < caba->warnings->len; i++)
    {
      g_autofree char *warning = sqns_clean_line (caba->warnings->pdata[i], -1);
      sqns_out ("  warning   %s\n", warning);
    }
}
