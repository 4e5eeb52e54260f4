/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sqnsctl history: jobs that have ended, also before the daemon was started. */
#include "client/commands/commands.h"
#include "client/core/connection.h"
#include "client/job/job.h"
#include "client/ui/table.h"
#include "client/ui/text.h"

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
  const char *uuid = text (entry, "uuid");
  const char *error = text (entry, "error-name");
  const char *outcome = error != NULL ? error : "";
  g_variant_lookup (entry, "finished-at", "t", &finished);
  if (g_str_has_prefix (outcome, SQNS_ERROR_DBUS_PREFIX))
    outcome += strlen (SQNS_ERROR_DBUS_PREFIX);
  g_autofree char *time = sqns_text_time (finished);
  g_autofree char *id = g_strdup_printf (SQNS_SHORT_UUID, uuid != NULL ? uuid : "");
  sqns_table_add (table, id, time, text (entry, "modem"), text (entry, "state"), outcome,
                  text (entry, "version-before"), text (entry, "version-after"), text (entry, "label"));
}

static void
print_table (GVariant *jobs)
{
  static const char *const headers[] = { "ID", "ENDED", "BOARD", "STATE", "ERROR", "BEFORE", "AFTER", "LABEL", NULL };
  g_autoptr (SqnsTable) table = sqns_table_new (headers);
  for (gsize i = 0; i < g_variant_n_children (jobs); i++)
    {
      g_autoptr (GVariant) entry = g_variant_get_child_value (jobs, i);
      add_row (table, entry);
    }
  sqns_table_print (table, "");
}

static int limit;
static char *state, *label;

static const GOptionEntry entries[] = {
  { "limit", 0, 0, G_OPTION_ARG_INT, &limit, "show the last N (100, at most 1000)", "N" },
  { "state", 0, 0, G_OPTION_ARG_STRING, &state, "only succeeded, failed or cancelled ones", "STATE" },
  { "label", 0, 0, G_OPTION_ARG_STRING, &label, "only those with this label", "TEXT" },
  { NULL },
};

static SqnsExit
run (SqnsCtl *ctl, int argc, char **argv, GError **error)
{
  g_autoptr (GVariant) jobs = NULL;

  if (limit < 0)
    return sqns_ctl_usage (ctl, "--limit must not be negative");
  g_autoptr (SqnsConnection) conn = sqns_connection_open (ctl, error);
  if (conn == NULL)
    return SQNS_EXIT_FAILED;

  GVariantDict filter;
  g_variant_dict_init (&filter, NULL);
  if (argc > 1)
    {
      g_autofree char *modem = modem_id (conn, argv[1]);
      g_variant_dict_insert (&filter, "modem", "s", modem);
    }
  if (state != NULL)
    g_variant_dict_insert (&filter, "state", "s", state);
  if (label != NULL)
    g_variant_dict_insert (&filter, "label", "s", label);
  if (!sqns_dbus_manager_call_get_history_sync (conn->manager, g_variant_dict_end (&filter), (guint)limit, 0,
                                                G_DBUS_CALL_FLAGS_NONE, sqns_connection_timeout (conn), &jobs, NULL,
                                                error))
    return SQNS_EXIT_FAILED;
  if (sqns_ctl_wants_json (ctl))
    sqns_ctl_print (ctl, "jobs", json_gvariant_serialize (jobs));
  else if (g_variant_n_children (jobs) > 0)
    print_table (jobs);
  else
    sqns_ctl_remark (ctl, "no jobs that have ended");
  return SQNS_EXIT_DONE;
}

const SqnsCommand sqns_history_command
    = { "history", "[MODEM]", "jobs that have ended, newest first", 0, 1, run, entries };
