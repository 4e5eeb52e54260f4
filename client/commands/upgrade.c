/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sqnsctl upgrade and recover: check the file, start a job per board, and wait for them. */
#include "client/commands/commands.h"
#include "client/firmware/file.h"
#include "client/job/follow.h"
#include "client/modem/held-port.h"
#include "client/modem/ref.h"
#include "client/ui/time-spec.h"

#include "codec/elf.h"

#include <sys/stat.h>
#include <unistd.h>

#include <gio/gunixfdlist.h>

#define TWO_FILE_BUILD 48829u /* protocol.md §3: "-1" by the FFF method, then "-2" */

/* NULL when there is no such file. */
static char *
find_beside (const char *path, const char *name)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *beside = g_build_filename (folder, name, NULL);
  return g_file_test (beside, G_FILE_TEST_IS_REGULAR) ? g_steal_pointer (&beside) : NULL;
}

static char *
find_updater (const SqnsCtl *ctl, const char *path, const SqnsCaba *caba)
{
  g_autofree char *beside = !caba->diff && caba->complete ? find_beside (path, "updater.elf") : NULL;
  g_autofree char *data = NULL;
  g_autoptr (GError) error = NULL;
  gsize size;

  if (beside == NULL
      || (g_file_get_contents (beside, &data, &size, &error)
          && sqns_elf_check_updater ((const guint8 *)data, size, &error)))
    return g_steal_pointer (&beside);
  sqns_ctl_remark (ctl, "%s is left alone: %s", beside, error->message);
  return NULL;
}

/* "CATM1-5.2-48829-2.dup" has "CATM1-5.2-48829-1.dup" beside it. */
static char *
find_first_step (const SqnsCtl *ctl, const char *path, const SqnsCaba *caba)
{
  g_autofree char *name = g_path_get_basename (path);
  char *two = g_strrstr (name, "-2");

  if (two == NULL || caba->version.build != TWO_FILE_BUILD || !caba->complete)
    return NULL;
  two[1] = '1';
  char *beside = find_beside (path, name);
  if (beside != NULL)
    sqns_ctl_remark (ctl, "the first of the two files of this release: %s", beside);
  return beside;
}

/* The daemon limits the files of one user at a time: retried, so that upgrades can be started side by side. */
#define LIMIT_RETRIES 10
#define LIMIT_RETRY_MS 300

/* --- options --- */

static gboolean detach, all;

static const GOptionEntry entries[] = {
  { "detach", 0, 0, G_OPTION_ARG_NONE, &detach, "print the ids of the jobs, and do not wait for them", NULL },
  { "all", 0, 0, G_OPTION_ARG_NONE, &all, "every board that is there", NULL },
  { NULL },
};

static const GOptionEntry recover_options[] = {
  { "detach", 0, 0, G_OPTION_ARG_NONE, &detach, "print the ids of the jobs, and do not wait for them", NULL },
  { NULL },
};

static gboolean allow_downgrade, allow_reinstall, allow_family_change, force, dry_run;
static int priority, speed, block_size;
static char *not_before, *not_after, *label, *idempotency_key, *expect_sha256, *expect_version, *method, *via, *updater,
    *first_step;

/* Under the names of the D-Bus interface. */
static const GOptionEntry job_options[] = {
  { "allow-downgrade", 0, 0, G_OPTION_ARG_NONE, &allow_downgrade, "to an older release, too", NULL },
  { "allow-reinstall", 0, 0, G_OPTION_ARG_NONE, &allow_reinstall, "also when the modem runs that release already",
    NULL },
  { "allow-family-change", 0, 0, G_OPTION_ARG_NONE, &allow_family_change, "from CAT-M1 to NB-IoT or back", NULL },
  { "force", 0, 0, G_OPTION_ARG_NONE, &force, "lift what policy refuses; bad files stay refused", NULL },
  { "dry-run", 0, 0, G_OPTION_ARG_NONE, &dry_run, "find the modem and the way, and change nothing", NULL },
  { "not-before", 0, 0, G_OPTION_ARG_STRING, &not_before, "start at 02:00, 2024-05-01T02:00 or +30m", "TIME" },
  { "not-after", 0, 0, G_OPTION_ARG_STRING, &not_after, "do not start later than this", "TIME" },
  { "priority", 0, 0, G_OPTION_ARG_INT, &priority, "higher goes first", "NUMBER" },
  { "label", 0, 0, G_OPTION_ARG_STRING, &label, "a name for the job", "TEXT" },
  { "idempotency-key", 0, 0, G_OPTION_ARG_STRING, &idempotency_key, "asked twice with this key, it is one job",
    "TEXT" },
  { "expect-sha256", 0, 0, G_OPTION_ARG_STRING, &expect_sha256, "refuse any other file", "HEX" },
  { "expect-version", 0, 0, G_OPTION_ARG_STRING, &expect_version, "refuse a file of any other release", "VERSION" },
  { "method", 0, 0, G_OPTION_ARG_STRING, &method, "auto, on-the-fly, fff or recovery", "METHOD" },
  { "link", 0, 0, G_OPTION_ARG_STRING, &via, "auto, direct, passthrough or relay", "LINK" },
  { "speed", 0, 0, G_OPTION_ARG_INT, &speed, "of the port", "BAUD" },
  { "block-size", 0, 0, G_OPTION_ARG_INT, &block_size, "of the transfer", "BYTES" },
  { "updater", 0, 0, G_OPTION_ARG_FILENAME, &updater, "an updater.elf, instead of the one in FILE", "ELF" },
  { "first-step", 0, 0, G_OPTION_ARG_FILENAME, &first_step, "the first of two files (release 48829)", "DUP" },
  { NULL },
};

static gboolean
put_times (GVariantDict *dict, GError **error)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autoptr (GDateTime) earliest = g_date_time_ref (now);
  guint64 start = 0, end = 0;

  if (not_before != NULL)
    {
      if (!sqns_time_spec_parse (not_before, now, &start, error))
        return FALSE;
      g_variant_dict_insert (dict, "not-before", "t", start);
      /* "--not-before 22:00 --not-after 06:00" is one night. */
      g_date_time_unref (earliest);
      earliest = g_date_time_new_from_unix_local ((gint64)(start / G_USEC_PER_SEC));
    }
  if (not_after == NULL)
    return TRUE;
  if (!sqns_time_spec_parse (not_after, earliest, &end, error))
    return FALSE;
  g_variant_dict_insert (dict, "not-after", "t", end);
  if (end >= start && (gint64)end >= g_get_real_time ())
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--not-after %s is too early", not_after);
  return FALSE;
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
  int fd = sqns_firmware_file_open_fd (path, error);
  if (fd < 0)
    return FALSE;
  int index = g_unix_fd_list_append (files, fd, error);
  close (fd);
  if (index >= 0)
    g_variant_dict_insert (dict, name, "h", index);
  return index >= 0;
}

/* Puts an option that needs only its type. */
static gboolean
put_option (GVariantDict *dict, const GOptionEntry *option, GUnixFDList *files, GError **error)
{
  gboolean is_text = option->arg == G_OPTION_ARG_STRING && !g_str_equal (option->arg_description, "TIME");
  gboolean is_file = option->arg == G_OPTION_ARG_FILENAME;
  const char *text = is_text || is_file ? *(char **)option->arg_data : NULL;

  if (option->arg == G_OPTION_ARG_NONE && *(gboolean *)option->arg_data)
    g_variant_dict_insert (dict, option->long_name, "b", TRUE);
  if (is_text && text != NULL)
    g_variant_dict_insert (dict, option->long_name, "s", text);
  return !is_file || text == NULL || put_file (dict, option->long_name, text, files, error);
}

/* The a{sv} of the given options; files are opened and appended to @files. */
static GVariant *
make_options (GUnixFDList *files, GError **error)
{
  GVariantDict dict;
  gboolean good;

  g_variant_dict_init (&dict, NULL);
  if (priority != 0)
    g_variant_dict_insert (&dict, "priority", "i", priority);
  good = put_number (&dict, "speed", speed, error) && put_number (&dict, "block-size", block_size, error)
         && put_times (&dict, error);
  for (const GOptionEntry *option = job_options; good && option->long_name != NULL; option++)
    good = put_option (&dict, option, files, error);
  GVariant *options = g_variant_ref_sink (g_variant_dict_end (&dict));
  if (!good)
    g_clear_pointer (&options, g_variant_unref);
  return options;
}

/* --- start --- */

typedef struct {
  GAsyncResult *result;
  gboolean done;
} Answer;

static void
on_answered (GObject *source, GAsyncResult *result, gpointer data)
{
  Answer *answer = data;
  answer->result = g_object_ref (result);
  answer->done = TRUE;
}

/* The paths of the new jobs. NULL with @error, or without one when the wait is over. */
static char **
ask_daemon (SqnsFollow *follow,
            SqnsConnection *conn,
            GPtrArray *modems,
            gboolean recover,
            GVariant *options,
            GUnixFDList *files,
            GError **error)
{
  gboolean many = modems->len > 1;
  GDBusProxy *proxy = many ? G_DBUS_PROXY (conn->manager) : modems->pdata[0];
  g_autoptr (GPtrArray) modem_paths = g_ptr_array_new ();
  Answer answer = { 0 };

  for (guint i = 0; i < modems->len; i++)
    g_ptr_array_add (modem_paths, (gpointer)sqns_path (modems->pdata[i]));
  g_ptr_array_add (modem_paths, NULL);
  g_dbus_proxy_call_with_unix_fd_list (proxy,
                                       recover ? "Recover"
                                       : many  ? "UpgradeMany"
                                               : "Upgrade",
                                       many ? g_variant_new ("(^aoh@a{sv})", modem_paths->pdata, 0, options)
                                            : g_variant_new ("(h@a{sv})", 0, options),
                                       sqns_connection_flags (conn), sqns_connection_long_timeout (conn), files, NULL,
                                       on_answered, &answer);
  if (!sqns_follow_await (follow, &answer.done))
    return NULL; /* the answer cannot come any more: nothing runs the main context */
  g_autoptr (GAsyncResult) result = answer.result;
  g_autoptr (GVariant) reply = g_dbus_proxy_call_with_unix_fd_list_finish (proxy, NULL, result, error);
  if (reply == NULL)
    return NULL;
  char **paths = NULL, *path = NULL;
  if (many)
    {
      g_variant_get (reply, "(^ao)", &paths);
      return paths;
    }
  g_variant_get (reply, "(o)", &path);
  paths = g_new0 (char *, 2);
  paths[0] = path;
  return paths;
}

/* As ask_daemon(), again and again while the daemon has too many files of this user. */
static char **
start_jobs (SqnsFollow *follow,
            SqnsConnection *conn,
            GPtrArray *modems,
            gboolean recover,
            GVariant *options,
            GUnixFDList *files,
            GError **error)
{
  for (guint retries = 0;; retries++)
    {
      g_autoptr (GError) local = NULL;
      char **paths = ask_daemon (follow, conn, modems, recover, options, files, &local);
      if (!g_error_matches (local, SQNS_ERROR, SQNS_ERROR_LIMITS_EXCEEDED) || retries == LIMIT_RETRIES)
        {
          if (local != NULL)
            g_propagate_error (error, g_steal_pointer (&local));
          return paths;
        }
      gboolean waited = FALSE;
      guint timer = g_timeout_add (LIMIT_RETRY_MS, sqns_raise_flag, &waited);
      gboolean again = sqns_follow_await (follow, &waited);
      g_source_remove (timer);
      if (!again)
        return NULL;
    }
}

static SqnsExit
start_and_follow (SqnsCtl *ctl, char **refs, guint n_refs, const char *path, gboolean recover, GError **error)
{
  g_autoptr (GUnixFDList) files = g_unix_fd_list_new ();
  g_autoptr (SqnsFirmwareFile) file = sqns_firmware_file_open (path, error);
  if (file == NULL || g_unix_fd_list_append (files, file->fd, error) < 0)
    return SQNS_EXIT_FAILED;
  if (updater == NULL)
    updater = find_updater (ctl, path, file->caba);
  if (first_step == NULL)
    first_step = find_first_step (ctl, path, file->caba);
  g_autoptr (GVariant) options = make_options (files, error);
  if (options == NULL)
    return SQNS_EXIT_FAILED;

  g_autoptr (SqnsConnection) conn = sqns_connection_open (ctl, error);
  if (conn == NULL || !sqns_connection_passes_files (conn, "firmware", error))
    return SQNS_EXIT_FAILED;
  g_autoptr (GPtrArray) modems = sqns_modem_ref_resolve (conn, refs, n_refs, all, error);
  if (modems == NULL || !sqns_held_port_check_all (conn, modems, not_before != NULL, error))
    return SQNS_EXIT_FAILED;

  g_autoptr (SqnsFollow) follow = sqns_follow_new (ctl, conn, TRUE);
  g_auto (GStrv) paths = start_jobs (follow, conn, modems, recover, options, files, error);
  if (*error != NULL)
    return SQNS_EXIT_FAILED;
  for (guint i = 0; paths != NULL && paths[i] != NULL; i++)
    if (!sqns_follow_add (follow, paths[i], error))
      return SQNS_EXIT_FAILED;
  if (paths != NULL)
    sqns_follow_started (follow, detach);
  return sqns_follow_run (follow, error);
}

/* For "upgrade fw.dup /dev/ttyUSB0": a better message than that of a bad firmware file. */
static gboolean
is_tty (const char *path)
{
  struct stat st;
  return stat (path, &st) == 0 && S_ISCHR (st.st_mode);
}

static SqnsExit
run (SqnsCtl *ctl, int argc, char **argv, GError **error)
{
  const char *path = argv[argc - 1];
  guint n_refs = (guint)argc - 2;
  if (is_tty (path))
    return sqns_ctl_usage (ctl, "%s is a device: the firmware file comes last", path);
  if (n_refs == 0 && !all)
    return sqns_ctl_usage (ctl, "which MODEM? name boards before the file (see: sqnsctl list), or give --all");
  return start_and_follow (ctl, argv + 1, n_refs, path, FALSE, error);
}

static SqnsExit
recover (SqnsCtl *ctl, int argc, char **argv, GError **error)
{
  if (is_tty (argv[2]))
    return sqns_ctl_usage (ctl, "%s is a device: the firmware file comes last", argv[2]);
  return start_and_follow (ctl, argv + 1, 1, argv[2], TRUE, error);
}

const SqnsCommand sqns_upgrade_command
    = { "upgrade", "MODEM... FILE", "bring modems to the firmware in FILE, and wait for it", 1, -1, run,
        entries,   job_options };

const SqnsCommand sqns_recover_command = {
  "recover", "MODEM FILE", "the same for a modem that does not boot", 2, 2, recover, recover_options, job_options
};
