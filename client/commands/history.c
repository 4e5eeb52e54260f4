/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sqnsctl history: jobs that have ended, also before the daemon was started. */
#include "client/commands/commands.h"
#include "client/core/connection.h"
#include "client/job/ref.h"
#include "client/ui/table.h"
#include "client/ui/text.h"

#define SHORT_UUID 8

/* The id of a board by its tty; else @ref itself, which may be the id of a board that is long gone. Adds no port. */
static char *
modem_id (SqnsConnection *conn, const char *ref)
{
  g_autoptr (GPtrArray) modems = sqns_connection_modems (conn);
  for (guint i = 0; i < modems->len; i++)
    {
      const char *node = sqns_dbus_modem_get_dev_node (modems->pdata[i]);
      g_autofree char *name = g_path_get_basename (node != NULL ? node : "");
      if (g_strcmp0 (node, ref) == 0 || g_str_equal (name, ref))
        return g_strdup (sqns_dbus_modem_get_id (modems->pdata[i]));
    }
  return g_strdup (ref);
}

/* NULL when there is none. */
static const char *
text (GVariant *entry, const char *key)
{
  const char *value = NULL;
  g_variant_lookup (entry, key, "&s", &value);
  return value;
}

static void
add_row (SqnsTable *table, GVariant *entry)
{
  guint64 finished = 0;
  const char *error = text (entry, "error-name");
  const char *outcome = error != NULL ? error : "";
  g_variant_lookup (entry, "finished-at", "t", &finished);
  if (g_str_has_prefix (outcome, SQNS_ERROR_DBUS_PREFIX))
    outcome += strlen (SQNS_ERROR_DBUS_PREFIX);
  g_autofree char *time = sqns_text_time (finished);
  g_autofree char *id = g_strdup_printf ("%.*s", SHORT_UUID, text (entry, "uuid") != NULL ? text (entry, "uuid") : "");
  sqns_table_add (table, id, time, text (entry, "modem"), text (entry, "state"), outcome,
                  text (entry, "version-before"), text (entry, "version-after"), text (entry, "label"));
}

static void
print (SqnsCtl *ctl, GVariant *jobs)
{
  static const char *const headers[] = { "ID", "ENDED", "BOARD", "STATE", "ERROR", "BEFORE", "AFTER", "LABEL", NULL };
  g_autoptr (SqnsTable) table = sqns_table_new (headers);
  JsonNode *array = sqns_json_array_new ();
  for (gsize i = 0; i < g_variant_n_children (jobs); i++)
    {
      g_autoptr (GVariant) entry = g_variant_get_child_value (jobs, i);
      sqns_json_array_take (array, sqns_json_from_dict (entry));
      add_row (table, entry);
    }
  if (sqns_ctl_wants_json (ctl))
    {
      sqns_ctl_print (ctl, "jobs", array);
      return;
    }
  json_node_unref (array);
  if (g_variant_n_children (jobs) > 0)
    sqns_table_print (table, "");
  else
    sqns_ctl_remark (ctl, "no jobs that have ended");
}

static int limit;
static char *state, *label;

const GOptionEntry sqns_history_options[] = {
  { "limit", 0, 0, G_OPTION_ARG_INT, &limit, "show the last N (100, at most 1000)", "N" },
  { "state", 0, 0, G_OPTION_ARG_STRING, &state, "only succeeded, failed or cancelled ones", "STATE" },
  { "label", 0, 0, G_OPTION_ARG_STRING, &label, "only those with this label", "TEXT" },
  { NULL },
};

SqnsExit
sqns_cmd_history (SqnsCtl *ctl, int argc, char **argv, GError **error)
{
  g_autoptr (GVariant) jobs = NULL;

  if (limit < 0)
    return sqns_ctl_usage (ctl, "--limit must not be negative");
  g_autoptr (SqnsConnection) conn = sqns_connection_open (ctl, error);
  if (conn == NULL)
    return SQNS_EXIT_FAILED;

  GVariantBuilder filter;
  g_variant_builder_init (&filter, G_VARIANT_TYPE_VARDICT);
  if (argc > 1)
    {
      g_autofree char *modem = modem_id (conn, argv[1]);
      g_variant_builder_add (&filter, "{sv}", "modem", g_variant_new_string (modem));
    }
  if (state != NULL)
    g_variant_builder_add (&filter, "{sv}", "state", g_variant_new_string (state));
  if (label != NULL)
    g_variant_builder_add (&filter, "{sv}", "label", g_variant_new_string (label));
  if (!sqns_dbus_manager_call_get_history_sync (conn->manager, g_variant_builder_end (&filter), (guint)limit, 0,
                                                G_DBUS_CALL_FLAGS_NONE, sqns_connection_timeout (conn), &jobs, NULL,
                                                error))
    return SQNS_EXIT_FAILED;
  print (ctl, jobs);
  return SQNS_EXIT_DONE;
}
