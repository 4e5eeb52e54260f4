/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Procedures that a test controls. */
#include "scripted.h"

#include "board/reset.h"
#include "modem/probe.h"
#include "modem/reset.h"

#include <fcntl.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define DEADLINE_S 60

/* Each has the type of the function that it stands for. */
#define WRAP(function) __typeof__ (function) __wrap_##function
WRAP (sqns_upgrade_async);
WRAP (sqns_upgrade_finish);
WRAP (sqns_link_open_async);
WRAP (sqns_link_open_finish);
WRAP (sqns_link_close_async);
WRAP (sqns_link_close_finish);
WRAP (sqns_link_kind);
WRAP (sqns_link_board);
WRAP (sqns_link_open_console);
WRAP (sqns_link_end_console);
WRAP (sqns_probe_async);
WRAP (sqns_probe_finish);
WRAP (sqns_identify_async);
WRAP (sqns_identify_finish);
WRAP (sqns_modem_reset_async);
WRAP (sqns_modem_reset_finish);
WRAP (sqns_board_reset_async);
WRAP (sqns_board_reset_finish);

static Scripted script;

static void
run_free (gpointer data)
{
  ScriptedRun *run = data;
  g_free (run->devnode);
  g_clear_object (&run->cancellable);
  g_clear_object (&run->task);
  g_free (run);
}

Scripted *
scripted (void)
{
  return &script;
}

void
scripted_reset (void)
{
  g_clear_pointer (&script.upgrades, g_ptr_array_unref);
  g_clear_pointer (&script.opens, g_ptr_array_unref);
  g_clear_pointer (&script.reboots, g_ptr_array_unref);
  g_clear_error (&script.probe_error);
  g_clear_error (&script.restart_error);
  script = (Scripted){
    .upgrades = g_ptr_array_new_with_free_func (run_free),
    .opens = g_ptr_array_new_with_free_func (run_free),
    .reboots = g_ptr_array_new_with_free_func (run_free),
    .honour_cancel = TRUE,
    .status = { .mode = SQNS_MODE_FFF, .showver = { .active = -1 } },
    .console_fd = -1,
  };
  g_assert_true (sqns_version_parse ("6.0.0.0-35351", -1, &script.status.version));
}

static ScriptedRun *
run_new (const SqnsLinkConfig *link,
         const SqnsMonitor *monitor,
         GCancellable *cancellable,
         GAsyncReadyCallback callback,
         gpointer user_data)
{
  ScriptedRun *run = g_new0 (ScriptedRun, 1);
  run->devnode = g_strdup (link->devnode);
  run->kind = link->kind;
  run->speed = link->speed;
  run->leave = link->leave;
  run->monitor = *monitor;
  g_set_object (&run->cancellable, cancellable);
  run->task = g_task_new (NULL, NULL, callback, user_data);
  return run;
}

static gboolean
end_cancelled (gpointer devnode)
{
  if (scripted_runs (devnode))
    scripted_fail (scripted_upgrade (devnode), SQNS_ERROR_CANCELLED, "cancelled: the modem is as it was");
  return G_SOURCE_REMOVE;
}

static void
on_cancelled (GCancellable *cancellable, gpointer devnode)
{
  if (script.honour_cancel)
    g_idle_add_full (G_PRIORITY_DEFAULT, end_cancelled, g_strdup (devnode), g_free);
}

void
__wrap_sqns_upgrade_async (const SqnsUpgradeConfig *config,
                           const SqnsMonitor *monitor,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  ScriptedRun *run = run_new (&config->link, monitor, cancellable, callback, user_data);
  run->config = *config;
  run->dry_run = config->dry_run;
  run->image_size = g_bytes_get_size (config->image);
  g_assert_nonnull (config->caba);
  g_assert_nonnull (config->rules);
  g_cancellable_connect (cancellable, G_CALLBACK (on_cancelled), g_strdup (config->link.devnode), g_free);
  g_ptr_array_add (script.upgrades, run);
}

SqnsUpgradeResult *
__wrap_sqns_upgrade_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static gboolean
end_open_cancelled (gpointer unused)
{
  if (script.opens->len > 0)
    scripted_refuse_link (SQNS_ERROR_CANCELLED, "cancelled");
  return G_SOURCE_REMOVE;
}

static void
on_open_cancelled (GCancellable *cancellable, gpointer unused)
{
  g_idle_add (end_open_cancelled, NULL);
}

void
__wrap_sqns_link_open_async (const SqnsLinkConfig *config,
                             const SqnsMonitor *monitor,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  g_ptr_array_add (script.opens, run_new (config, monitor, cancellable, callback, user_data));
  if (cancellable != NULL)
    g_cancellable_connect (cancellable, G_CALLBACK (on_open_cancelled), NULL, NULL);
}

SqnsLink *
__wrap_sqns_link_open_finish (GAsyncResult *result, GError **error)
{
  /* a plain object, as this file has all functions that use it */
  return (SqnsLink *)g_task_propagate_pointer (G_TASK (result), error);
}

void
__wrap_sqns_link_close_async (SqnsLink *link, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, user_data);
  script.open_links--;
  script.closed_links++;
  if (script.console_fd >= 0)
    g_close (g_steal_fd (&script.console_fd), NULL);
  script.console_closed = NULL;
  g_task_return_boolean (task, TRUE);
}

gboolean
__wrap_sqns_link_close_finish (SqnsLink *link, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

SqnsLinkKind
__wrap_sqns_link_kind (SqnsLink *link)
{
  return SQNS_LINK_RELAY;
}

const SqnsBoardInfo *
__wrap_sqns_link_board (SqnsLink *link)
{
  static char board[] = "FiPy", firmware[] = "1.20.2.r4";
  static const SqnsBoardInfo info = { board, firmware };
  return &info;
}

int
__wrap_sqns_link_open_console (SqnsLink *link, GFunc closed, gpointer user_data, GError **error)
{
  int fds[2];
  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
  script.console_closed = closed;
  script.console_data = user_data;
  script.console_fd = fds[0];
  return fds[1];
}

/* Like the real one: the stream gets a last message and ends, and the model is notified. */
void
__wrap_sqns_link_end_console (SqnsLink *link, const char *farewell)
{
  GFunc closed = g_steal_pointer (&script.console_closed);
  if (closed == NULL)
    return;
  if (farewell != NULL)
    g_assert_cmpint (write (script.console_fd, farewell, strlen (farewell)), ==, strlen (farewell));
  g_close (g_steal_fd (&script.console_fd), NULL);
  closed (link, script.console_data);
}

void
__wrap_sqns_probe_async (SqnsLink *link, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  if (script.probe_error != NULL)
    g_task_return_error (task, g_error_copy (script.probe_error));
  else
    g_task_return_boolean (task, TRUE);
}

SqnsModemStatus *
__wrap_sqns_probe_finish (SqnsLink *link, GAsyncResult *result, GError **error)
{
  if (!g_task_propagate_boolean (G_TASK (result), error))
    return NULL;
  SqnsModemStatus *status = g_memdup2 (&script.status, sizeof script.status);
  status->ue = g_strdup (script.status.ue);
  return status;
}

void
__wrap_sqns_identify_async (SqnsLink *link, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  if (script.probe_error != NULL)
    g_task_return_error (task, g_error_copy (script.probe_error));
  else
    g_task_return_boolean (task, TRUE);
}

SqnsIdentity *
__wrap_sqns_identify_finish (SqnsLink *link, GAsyncResult *result, GError **error)
{
  if (!g_task_propagate_boolean (G_TASK (result), error))
    return NULL;
  SqnsIdentity *identity = g_new0 (SqnsIdentity, 1);
  identity->imei = g_strdup (script.imei);
  return identity;
}

void
__wrap_sqns_modem_reset_async (SqnsLink *link,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  if (script.restart_error != NULL)
    {
      g_task_return_error (task, g_error_copy (script.restart_error));
      return;
    }
  script.restarts++;
  g_task_return_boolean (task, TRUE);
}

gboolean
__wrap_sqns_modem_reset_finish (SqnsLink *link, GAsyncResult *result, SqnsMode *mode, GError **error)
{
  if (!g_task_propagate_boolean (G_TASK (result), error))
    return FALSE;
  *mode = script.status.mode;
  return TRUE;
}

static gboolean
end_reboot_cancelled (gpointer unused)
{
  if (script.reboots->len > 0)
    scripted_reboot (SQNS_ERROR_CANCELLED, "cancelled");
  return G_SOURCE_REMOVE;
}

static void
on_reboot_cancelled (GCancellable *cancellable, gpointer unused)
{
  g_idle_add (end_reboot_cancelled, NULL);
}

void
__wrap_sqns_board_reset_async (const char *devnode,
                               SqnsLinkKind kind,
                               gboolean pic,
                               const SqnsMonitor *monitor,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  g_assert_cmpuint (script.open_links, ==, 0); /* the port must be free for it */
  const SqnsLinkConfig config = { .devnode = devnode, .kind = kind, .pic = pic };
  g_ptr_array_add (script.reboots, run_new (&config, monitor, cancellable, callback, user_data));
  g_cancellable_connect (cancellable, G_CALLBACK (on_reboot_cancelled), NULL, NULL);
}

gboolean
__wrap_sqns_board_reset_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

gboolean
scripted_runs (const char *devnode)
{
  for (guint i = 0; i < script.upgrades->len; i++)
    if (g_str_equal (((ScriptedRun *)script.upgrades->pdata[i])->devnode, devnode))
      return TRUE;
  return FALSE;
}

ScriptedRun *
scripted_upgrade (const char *devnode)
{
  for (guint i = 0; i < script.upgrades->len; i++)
    if (g_str_equal (((ScriptedRun *)script.upgrades->pdata[i])->devnode, devnode))
      return script.upgrades->pdata[i];
  g_error ("no upgrade runs on %s", devnode);
}

void
scripted_phase (ScriptedRun *run, SqnsPhase phase, gboolean safe, gboolean committed, const char *message)
{
  run->monitor.funcs->phase (run->monitor.data, phase, safe, committed, message);
}

static GTask *
take_task (GPtrArray *runs, ScriptedRun *run)
{
  GTask *task = g_steal_pointer (&run->task);
  g_ptr_array_remove (runs, run);
  return task;
}

static void
result_free (gpointer data)
{
  sqns_upgrade_result_free (data);
}

void
scripted_succeed (ScriptedRun *run, const char *before, const char *after)
{
  g_autoptr (GTask) task = take_task (script.upgrades, run);
  SqnsUpgradeResult *result = g_new0 (SqnsUpgradeResult, 1);
  sqns_version_parse (before, -1, &result->before);
  sqns_version_parse (after, -1, &result->after);
  result->summary = g_strdup_printf ("%s -> %s", before, after);
  g_task_return_pointer (task, result, result_free);
}

void
scripted_fail (ScriptedRun *run, SqnsError code, const char *message)
{
  g_autoptr (GTask) task = take_task (script.upgrades, run);
  g_task_return_error (task, g_error_new_literal (SQNS_ERROR, code, message));
}

void
scripted_open_link (void)
{
  g_autoptr (GTask) task = take_task (script.opens, script.opens->pdata[0]);
  script.open_links++;
  g_task_return_pointer (task, g_object_new (G_TYPE_OBJECT, NULL), g_object_unref);
}

void
scripted_refuse_link (SqnsError code, const char *message)
{
  g_autoptr (GTask) task = take_task (script.opens, script.opens->pdata[0]);
  g_task_return_error (task, g_error_new_literal (SQNS_ERROR, code, message));
}

void
scripted_reboot (SqnsError code, const char *message)
{
  g_autoptr (GTask) task = take_task (script.reboots, script.reboots->pdata[0]);
  if (message != NULL)
    g_task_return_error (task, g_error_new_literal (SQNS_ERROR, code, message));
  else
    g_task_return_boolean (task, TRUE);
}

void
scripted_close_far_end (void)
{
  g_assert_nonnull (script.console_closed);
  script.console_closed (NULL, script.console_data);
}

static gboolean
on_deadline (gpointer unused)
{
  g_error ("the deadline passed");
  return G_SOURCE_REMOVE;
}

void
scripted_wait (ScriptedCondition condition, gpointer data)
{
  guint deadline = g_timeout_add_seconds (DEADLINE_S, on_deadline, NULL);
  while (!condition (data))
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (deadline);
}

void
scripted_settle (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

char *
scripted_pty (int *master)
{
  *master = posix_openpt (O_RDWR | O_NOCTTY | O_CLOEXEC);
  g_assert_cmpint (*master, >=, 0);
  g_assert_cmpint (grantpt (*master), ==, 0);
  g_assert_cmpint (unlockpt (*master), ==, 0);
  return g_strdup (ptsname (*master));
}

void
scripted_remove_tree (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  for (const char *name = dir != NULL ? g_dir_read_name (dir) : NULL; name != NULL; name = g_dir_read_name (dir))
    {
      g_autofree char *entry = g_build_filename (path, name, NULL);
      scripted_remove_tree (entry);
    }
  g_remove (path);
}
