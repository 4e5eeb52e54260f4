/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks the file, starts a job per board, and stays with them. */
#include "client/firmware/file.h"
#include "client/job/follow.h"
#include "client/modem/held-port.h"
#include "client/modem/ref.h"
#include "client/firmware/companions.h"
#include "client/firmware/upgrade-options.h"
#include "client/commands/upgrade-start.h"

#include <sys/stat.h>

typedef struct {
  SqnsUpgradeOptions options;
  gboolean all;
  gboolean only_start;
  gboolean recover;
} Flags;

/* A daemon takes a few files of one user at a time: who starts upgrades side by side is not refused for that. */
#define LIMIT_RETRIES 10
#define LIMIT_RETRY_MS 300

typedef struct {
  SqnsConnection *conn;
  SqnsFollow *follow;
  GPtrArray *modems;
  GVariant *options;
  GUnixFDList *files;
  gboolean recover;
  guint retries;
  guint retry; /* source */
} Start;

static void ask_daemon (Start *start);

static gboolean
on_retry (gpointer data)
{
  Start *start = data;
  start->retry = 0;
  ask_daemon (start);
  return G_SOURCE_REMOVE;
}

static void
retry_or_abort (Start *start, const GError *error)
{
  g_autofree char *name = sqns_exit_error_name (error);
  SqnsError code;
  if (sqns_error_from_name (name, &code) && code == SQNS_ERROR_LIMITS_EXCEEDED && start->retries++ < LIMIT_RETRIES)
    start->retry = g_timeout_add (LIMIT_RETRY_MS, on_retry, start);
  else
    sqns_follow_abort (start->follow, error);
}

static void
follow_paths (Start *start, const char *const *paths)
{
  for (guint i = 0; paths[i] != NULL; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (SqnsDbusJob) job = sqns_connection_job (start->conn, paths[i], &error);
      if (job == NULL)
        {
          sqns_follow_abort (start->follow, error);
          return;
        }
      sqns_follow_add (start->follow, job);
    }
  sqns_follow_started (start->follow);
}

static void
on_one_started (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  Start *start = data;
  gboolean begun = start->recover
                       ? sqns_dbus_modem_call_recover_finish (SQNS_DBUS_MODEM (source), &path, NULL, result, &error)
                       : sqns_dbus_modem_call_upgrade_finish (SQNS_DBUS_MODEM (source), &path, NULL, result, &error);
  if (begun)
    follow_paths (data, (const char *const[]){ path, NULL });
  else
    retry_or_abort (start, error);
}

static void
on_many_started (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) paths = NULL;
  if (sqns_dbus_manager_call_upgrade_many_finish (SQNS_DBUS_MANAGER (source), &paths, NULL, result, &error))
    follow_paths (data, (const char *const *)paths);
  else
    retry_or_abort (data, error);
}

/* @start must live as long as the main context runs. */
static void
ask_daemon (Start *start)
{
  GPtrArray *modems = start->modems;
  GDBusCallFlags flags = sqns_connection_flags (start->conn);
  int timeout = sqns_connection_long_timeout (start->conn);
  GVariant *firmware = g_variant_new_handle (0);

  if (start->recover)
    {
      sqns_dbus_modem_call_recover (modems->pdata[0], firmware, start->options, flags, timeout, start->files, NULL,
                                    on_one_started, start);
      return;
    }
  if (modems->len == 1)
    {
      sqns_dbus_modem_call_upgrade (modems->pdata[0], firmware, start->options, flags, timeout, start->files, NULL,
                                    on_one_started, start);
      return;
    }
  g_autoptr (GPtrArray) paths = g_ptr_array_new ();
  for (guint i = 0; i < modems->len; i++)
    g_ptr_array_add (paths, (char *)g_dbus_proxy_get_object_path (modems->pdata[i]));
  g_ptr_array_add (paths, NULL);
  sqns_dbus_manager_call_upgrade_many (start->conn->manager, (const char *const *)paths->pdata, firmware,
                                       start->options, flags, timeout, start->files, NULL, on_many_started, start);
}

/* "upgrade fw.dup /dev/ttyUSB0": say what is wrong before the tty is called a bad firmware. */
static gboolean
is_tty (const char *path)
{
  struct stat st;
  return stat (path, &st) == 0 && S_ISCHR (st.st_mode);
}

static SqnsExit
start_and_follow (SqnsCtl *ctl, char **modem_refs, guint n_refs, const char *path, const Flags *flags)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GUnixFDList) files = g_unix_fd_list_new ();
  g_autoptr (SqnsFirmwareFile) file = sqns_firmware_file_open (path, &error);
  if (file == NULL || g_unix_fd_list_append (files, file->fd, &error) < 0)
    return sqns_ctl_fail (ctl, error);
  g_auto (SqnsUpgradeOptions) options = sqns_upgrade_options_copy (&flags->options);
  sqns_siblings_find (ctl, path, file->caba, &options);
  g_autoptr (GVariant) dict = sqns_upgrade_options_dict (&options, files, &error);
  if (dict == NULL)
    return sqns_ctl_fail (ctl, error);
  g_variant_ref_sink (dict);

  g_autoptr (SqnsConnection) conn = sqns_connection_open (ctl, &error);
  if (conn == NULL || !sqns_connection_passes_files (conn, "firmware", &error))
    return sqns_ctl_fail (ctl, error);
  g_autoptr (GPtrArray) modems = sqns_modem_ref_resolve (conn, modem_refs, n_refs, flags->all, &error);
  if (modems == NULL || !sqns_held_port_check_all (conn, modems, flags->options.not_before != NULL, &error))
    return sqns_ctl_fail (ctl, error);

  g_autoptr (SqnsFollow) follow = sqns_follow_new (ctl, conn, TRUE);
  Start start = {
    .conn = conn,
    .follow = follow,
    .modems = modems,
    .options = dict,
    .files = files,
    .recover = flags->recover,
  };
  if (flags->only_start)
    sqns_follow_only_start (follow);
  sqns_follow_expect (follow);
  ask_daemon (&start);
  SqnsExit code = sqns_follow_run (follow);
  g_clear_handle_id (&start.retry, g_source_remove);
  return code;
}

static SqnsExit
run (SqnsCtl *ctl, int argc, char **argv, Flags *flags)
{
  const GOptionEntry own[] = {
    { "detach", 0, 0, G_OPTION_ARG_NONE, &flags->only_start, "print the ids of the jobs, and do not wait for them",
      NULL },
    { "all", 0, 0, G_OPTION_ARG_NONE, &flags->all, "every board that is there", NULL },
  };
  g_autofree GOptionEntry *of_job = sqns_upgrade_options_entries (&flags->options);
  g_autoptr (GArray) entries = g_array_new (TRUE, FALSE, sizeof (GOptionEntry));
  SqnsExit code;

  /* who saves a modem saves this one */
  g_array_append_vals (entries, own, G_N_ELEMENTS (own) - (flags->recover ? 1 : 0));
  for (guint i = 0; of_job[i].long_name != NULL; i++)
    g_array_append_val (entries, of_job[i]);
  if (!sqns_ctl_parse (ctl, (const GOptionEntry *)entries->data, flags->recover ? 2 : 1, flags->recover ? 2 : -1, &argc,
                       &argv, &code))
    return code;

  const char *path = argv[argc - 1];
  guint n_refs = (guint)argc - 2;
  if (is_tty (path))
    return sqns_ctl_usage (ctl, "%s is a device: the firmware file comes last", path);
  if (n_refs == 0 && !flags->all)
    return sqns_ctl_usage (ctl, "which MODEM? name boards before the file (see: sqnsctl list), or give --all");
  return start_and_follow (ctl, argv + 1, n_refs, path, flags);
}

SqnsExit
sqns_upgrade_start (SqnsCtl *ctl, int argc, char **argv, gboolean recover)
{
  Flags flags = { .recover = recover };
  SqnsExit code = run (ctl, argc, argv, &flags);
  sqns_upgrade_options_clear (&flags.options);
  return code;
}
