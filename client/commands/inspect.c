/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sqnsctl inspect: checks a firmware file, without the daemon. */
#include "client/commands/commands.h"
#include "client/firmware/file.h"
#include "client/ui/output.h"
#include "client/ui/table.h"

#include "codec/caba-info.h"
#include "common/clean.h"

static char *
version_text (const SqnsVersion *version)
{
  if (!sqns_version_known (version))
    return g_strdup ("the file does not say");
  if (version->part[0] == 0)
    return g_strdup_printf ("build %u", version->build);
  return g_strdup_printf ("%u.%u.%u.%u build %u", version->part[0], version->part[1], version->part[2],
                          version->part[3], version->build);
}

static char *
kind_text (const SqnsCaba *caba)
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
      /* A file with a wrong one is refused. */
      sqns_table_add (table, sqns_package_role_name (package->role), sqns_package_kind_name (package->kind), offset,
                      size, "good", package->description);
    }
  sqns_table_print (table, "  ");
}

static void
print_report (const SqnsFirmwareFile *file)
{
  const SqnsCaba *caba = file->caba;
  g_autofree char *name = sqns_clean_line (file->name, -1);
  g_autofree char *version = version_text (&caba->version);
  g_autofree char *text = sqns_clean_line (caba->version_text, -1);
  g_autofree char *kind = kind_text (caba);
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
  sqns_out ("  sha256    %s\n", file->sha256);
  sqns_out ("  packages  %u%s\n", caba->packages->len, caba->packed ? ", in one pack" : "");
  print_packages (caba);
  for (guint i = 0; i < caba->warnings->len; i++)
    {
      g_autofree char *warning = sqns_clean_line (caba->warnings->pdata[i], -1);
      sqns_out ("  warning   %s\n", warning);
    }
}

static SqnsExit
run (SqnsCtl *ctl, int argc, char **argv, GError **error)
{
  g_autoptr (SqnsFirmwareFile) file = sqns_firmware_file_open (argv[1], error);
  if (file == NULL)
    return SQNS_EXIT_FAILED;

  if (sqns_ctl_wants_json (ctl))
    {
      g_autoptr (GVariant) dict
          = g_variant_ref_sink (sqns_caba_info (file->caba, file->name, file->sha256, g_bytes_get_size (file->data)));
      sqns_ctl_print (ctl, "firmware", sqns_json_from_dict (dict));
    }
  else
    print_report (file);
  return SQNS_EXIT_DONE;
}

const SqnsCommand sqns_inspect_command = { "inspect", "FILE", "check a firmware file; needs no daemon", 1, 1, run };
