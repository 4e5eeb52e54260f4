/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The Upgrade options as flags. */
#include "client/firmware/file.h"
#include "client/ui/time-spec.h"
#include "client/firmware/upgrade-options.h"

#include <unistd.h>

GOptionEntry *
sqns_upgrade_options_entries (SqnsUpgradeOptions *o)
{
  const GOptionEntry entries[] = {
    { "allow-downgrade", 0, 0, G_OPTION_ARG_NONE, &o->allow_downgrade, "to an older release, too", NULL },
    { "allow-reinstall", 0, 0, G_OPTION_ARG_NONE, &o->allow_reinstall, "also when the modem runs that release already",
      NULL },
    { "allow-family-change", 0, 0, G_OPTION_ARG_NONE, &o->allow_family_change, "from CAT-M1 to NB-IoT or back", NULL },
    { "force", 0, 0, G_OPTION_ARG_NONE, &o->force, "lift what policy refuses; bad files stay refused", NULL },
    { "dry-run", 0, 0, G_OPTION_ARG_NONE, &o->dry_run, "find the modem and the way, and change nothing", NULL },
    { "not-before", 0, 0, G_OPTION_ARG_STRING, &o->not_before, "start at 02:00, 2024-05-01T02:00 or +30m", "TIME" },
    { "not-after", 0, 0, G_OPTION_ARG_STRING, &o->not_after, "do not start later than this", "TIME" },
    { "priority", 0, 0, G_OPTION_ARG_INT, &o->priority, "higher goes first", "NUMBER" },
    { "label", 0, 0, G_OPTION_ARG_STRING, &o->label, "a name for the job", "TEXT" },
    { "idempotency-key", 0, 0, G_OPTION_ARG_STRING, &o->idempotency_key, "asked twice with this key, it is one job",
      "TEXT" },
    { "expect-sha256", 0, 0, G_OPTION_ARG_STRING, &o->expect_sha256, "refuse any other file", "HEX" },
    { "expect-version", 0, 0, G_OPTION_ARG_STRING, &o->expect_version, "refuse a file of any other release",
      "VERSION" },
    { "method", 0, 0, G_OPTION_ARG_STRING, &o->method, "auto, on-the-fly, fff or recovery", "METHOD" },
    { "link", 0, 0, G_OPTION_ARG_STRING, &o->link, "auto, direct, passthrough or relay", "LINK" },
    { "speed", 0, 0, G_OPTION_ARG_INT, &o->speed, "of the port", "BAUD" },
    { "block-size", 0, 0, G_OPTION_ARG_INT, &o->block_size, "of the transfer", "BYTES" },
    { "updater", 0, 0, G_OPTION_ARG_FILENAME, &o->updater, "an updater.elf, instead of the one in FILE", "ELF" },
    { "first-step", 0, 0, G_OPTION_ARG_FILENAME, &o->first_step, "the first of two files (release 48829)", "DUP" },
    { NULL },
  };
  return g_memdup2 (entries, sizeof entries);
}

static gboolean
put_times (const SqnsUpgradeOptions *o, GVariantDict *dict, GError **error)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autoptr (GDateTime) earliest = g_date_time_ref (now);
  guint64 not_before = 0, not_after = 0;

  if (o->not_before != NULL)
    {
      if (!sqns_time_spec_parse (o->not_before, now, &not_before, error))
        return FALSE;
      g_variant_dict_insert (dict, "not-before", "t", not_before);
      /* "--not-before 22:00 --not-after 06:00" is one night. */
      g_date_time_unref (earliest);
      earliest = g_date_time_new_from_unix_local ((gint64)(not_before / G_USEC_PER_SEC));
    }
  if (o->not_after != NULL)
    {
      if (!sqns_time_spec_parse (o->not_after, earliest, &not_after, error))
        return FALSE;
      g_variant_dict_insert (dict, "not-after", "t", not_after);
      if (not_after < not_before || (gint64)not_after < g_get_real_time ())
        {
          g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--not-after %s is too early", o->not_after);
          return FALSE;
        }
    }
  return TRUE;
}

static gboolean
put_number (GVariantDict *dict, const char *name, int value, GError **error)
{
  if (value < 0)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--%s takes a positive number", name);
      return FALSE;
    }
  if (value > 0)
    g_variant_dict_insert (dict, name, "u", (guint32)value);
  return TRUE;
}

static gboolean
put_file (GVariantDict *dict, const char *name, const char *path, GUnixFDList *files, GError **error)
{
  if (path == NULL)
    return TRUE;
  int fd = sqns_firmware_file_open_fd (path, error);
  if (fd < 0)
    return FALSE;
  int index = g_unix_fd_list_append (files, fd, error);
  close (fd);
  if (index < 0)
    return FALSE;
  g_variant_dict_insert (dict, name, "h", index);
  return TRUE;
}

GVariant *
sqns_upgrade_options_dict (const SqnsUpgradeOptions *o, GUnixFDList *files, GError **error)
{
  const struct {
    const char *name;
    const char *value;
  } texts[] = {
    { "expect-sha256", o->expect_sha256 },
    { "expect-version", o->expect_version },
    { "method", o->method },
    { "link", o->link },
    { "label", o->label },
    { "idempotency-key", o->idempotency_key },
  };
  const struct {
    const char *name;
    gboolean value;
  } switches[] = {
    { "allow-downgrade", o->allow_downgrade },
    { "allow-reinstall", o->allow_reinstall },
    { "allow-family-change", o->allow_family_change },
    { "force", o->force },
    { "dry-run", o->dry_run },
  };
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    if (texts[i].value != NULL)
      g_variant_dict_insert (&dict, texts[i].name, "s", texts[i].value);
  for (gsize i = 0; i < G_N_ELEMENTS (switches); i++)
    if (switches[i].value)
      g_variant_dict_insert (&dict, switches[i].name, "b", TRUE);
  if (o->priority != 0)
    g_variant_dict_insert (&dict, "priority", "i", o->priority);
  if (!put_number (&dict, "speed", o->speed, error) || !put_number (&dict, "block-size", o->block_size, error)
      || !put_times (o, &dict, error) || !put_file (&dict, "updater", o->updater, files, error)
      || !put_file (&dict, "first-step", o->first_step, files, error))
    {
      g_variant_dict_clear (&dict);
      return NULL;
    }
  return g_variant_dict_end (&dict);
}

SqnsUpgradeOptions
sqns_upgrade_options_copy (const SqnsUpgradeOptions *o)
{
  SqnsUpgradeOptions copy = *o;
  char **texts[]
      = { &copy.updater, &copy.first_step, &copy.expect_sha256, &copy.expect_version, &copy.method,
          &copy.link,    &copy.not_before, &copy.not_after,     &copy.label,          &copy.idempotency_key };
  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    *texts[i] = g_strdup (*texts[i]);
  return copy;
}

void
sqns_upgrade_options_clear (SqnsUpgradeOptions *o)
{
  g_free (o->updater);
  g_free (o->first_step);
  g_free (o->expect_sha256);
  g_free (o->expect_version);
  g_free (o->method);
  g_free (o->link);
  g_free (o->not_before);
  g_free (o->not_after);
  g_free (o->label);
  g_free (o->idempotency_key);
}
