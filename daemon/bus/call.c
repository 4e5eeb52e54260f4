/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A method call on its way. */
#include "bus/call.h"
#include "common/clean.h"

#include "base/backlog.h"
#include "bus/intake.h"
#include "bus/reserve.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>

SqnsCall *
sqns_call_new (SqnsBus *bus, GDBusMethodInvocation *invocation, gpointer skeleton)
{
  SqnsCall *call = g_new0 (SqnsCall, 1);
  call->bus = g_object_ref (bus);
  call->invocation = invocation;
  call->skeleton = g_object_ref (skeleton);
  call->wish.owner = -1;
  for (guint i = 0; i < SQNS_CALL_N_FILES; i++)
    call->fds[i] = -1;
  return call;
}

static void
close_channels (SqnsCall *call)
{
  for (guint i = 0; i < SQNS_CALL_N_FILES; i++)
    if (call->fds[i] >= 0)
      g_close (g_steal_fd (&call->fds[i]), NULL);
}

void
sqns_call_done (SqnsCall *call)
{
  close_channels (call);
  g_clear_object (&call->device);
  g_clear_object (&call->job);
  g_clear_object (&call->firmware);
  g_clear_pointer (&call->request, sqns_request_free);
  g_clear_pointer (&call->devices, g_ptr_array_unref);
  g_strfreev (call->paths);
  g_free (call->text);
  sqns_history_filter_clear (&call->filter);
  g_free (call->why);
  g_object_unref (call->skeleton);
  g_object_unref (call->bus);
  g_free (call);
}

void
sqns_call_fail (SqnsCall *call, GError *error)
{
  g_autofree char *name = g_dbus_error_get_remote_error (error);
  g_dbus_error_strip_remote_error (error);
  if (name == NULL)
    {
      if (error->domain != G_DBUS_ERROR)
        error = sqns_error_normalize (error);
      name = g_strdup (sqns_error_name (error));
    }
  /* D-Bus drops the connection over text that is not UTF-8 */
  g_autofree char *message = sqns_clean_lines (error->message, -1);
  close_channels (call); /* before the caller has an answer, and may call again */
  g_dbus_method_invocation_return_dbus_error (call->invocation, name, message);
  g_error_free (error);
  sqns_call_done (call);
}

void
sqns_call_fail_literal (SqnsCall *call, SqnsError code, const char *message)
{
  sqns_call_fail (call, g_error_new_literal (SQNS_ERROR, code, message));
}

/* The one of @channels that @handle stands for, the caller's. A file may be named twice. */
static int
take_channel (SqnsCall *call, const int *channels, gint n, gint32 handle, GError **error)
{
  GDBusMessage *message = g_dbus_method_invocation_get_message (call->invocation);
  if (handle >= 0 && handle < n)
    {
      int channel = fcntl (channels[handle], F_DUPFD_CLOEXEC, 0);
      if (channel < 0)
        g_set_error (error, SQNS_ERROR, SQNS_ERROR_LIMITS_EXCEEDED, "the call's file descriptors are not taken: %s",
                     g_strerror (errno));
      return channel;
    }
  if (handle >= 0 && (guint)handle < g_dbus_message_get_num_unix_fds (message))
    g_set_error_literal (error, SQNS_ERROR, SQNS_ERROR_LIMITS_EXCEEDED,
                         "the call's file descriptors were not taken: too many files of this user are being read, or "
                         "the daemon is short of descriptors");
  else
    g_set_error_literal (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS, "no file descriptor came with the call");
  return -1;
}

static gboolean
take_channels (
    SqnsCall *call, const int *channels, gint n, GVariant *handle, const SqnsOptionFiles *files, GError **error)
{
  const gint32 handles[SQNS_CALL_N_FILES] = {
    [SQNS_CALL_FIRMWARE] = g_variant_get_handle (handle),
    [SQNS_CALL_FIRST_STEP] = files != NULL ? files->first_step : -1,
    [SQNS_CALL_UPDATER] = files != NULL ? files->updater : -1,
  };
  if (!sqns_reserve_check (error))
    return FALSE;
  for (guint i = 0; i < SQNS_CALL_N_FILES; i++)
    if (i == SQNS_CALL_FIRMWARE || handles[i] >= 0)
      {
        call->fds[i] = take_channel (call, channels, n, handles[i], error);
        if (call->fds[i] < 0)
          return FALSE;
      }
  return TRUE;
}

gboolean
sqns_call_take_files (SqnsCall *call, GUnixFDList *fds, GVariant *handle, const SqnsOptionFiles *files)
{
  GError *error = NULL;
  gint n = 0;
  /* out of the message: what is not taken is closed now, what is taken when it is read */
  g_autofree int *channels = fds != NULL ? g_unix_fd_list_steal_fds (fds, &n) : NULL;
  gboolean taken = take_channels (call, channels, n, handle, files, &error);
  for (gint i = 0; i < n; i++)
    g_close (channels[i], NULL);
  if (!taken)
    sqns_call_fail (call, error);
  return taken;
}

/* Whether all that the call was made for is still there. */
static gboolean
check_objects (SqnsCall *call, GError **error)
{
  GPtrArray *devices = sqns_manager_devices (call->bus->manager);
  gboolean there = call->device == NULL || g_ptr_array_find (devices, call->device, NULL);

  for (guint i = 0; there && call->devices != NULL && i < call->devices->len; i++)
    there = g_ptr_array_find (devices, call->devices->pdata[i], NULL);
  if (!there)
    g_set_error_literal (error, SQNS_ERROR, SQNS_ERROR_NOT_FOUND, "the modem was removed meanwhile");
  else if (call->job != NULL && !g_ptr_array_find (sqns_manager_jobs (call->bus->manager), call->job, NULL))
    g_set_error_literal (error, SQNS_ERROR, SQNS_ERROR_NOT_FOUND, "the job was forgotten meanwhile");
  else
    return TRUE;
  return FALSE;
}

void
sqns_call_go_on (SqnsCall *call)
{
  GError *error = NULL;
  if (check_objects (call, &error))
    call->step (call);
  else
    sqns_call_fail (call, error);
}

static void
on_authorized (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsCall *call = user_data;
  GError *error = NULL;
  if (sqns_auth_check_finish (result, &call->uid, &error))
    sqns_call_go_on (call);
  else
    sqns_call_fail (call, error);
}

void
sqns_call_authorize (SqnsCall *call, SqnsCallStep step)
{
  call->step = step;
  sqns_auth_check_async (call->bus->auth, call->invocation, &call->wish, on_authorized, call);
}

static void load_next (SqnsCall *call);

static void
on_loaded (GObject *source, GAsyncResult *result, gpointer user_data)
{
  static const char *const which[SQNS_CALL_N_FILES] = { NULL, "first-step: ", "updater: " };
  SqnsCall *call = user_data;
  GError *error = NULL;
  SqnsFirmware *loaded = sqns_intake_load_finish (result, &error);

  if (loaded == NULL)
    {
      if (which[call->loading] != NULL)
        g_prefix_error_literal (&error, which[call->loading]);
      sqns_call_fail (call, error);
      return;
    }
  if (call->loading == SQNS_CALL_FIRMWARE)
    call->firmware = loaded;
  else if (call->loading == SQNS_CALL_FIRST_STEP)
    call->request->first_step = loaded;
  else
    call->request->updater = loaded;
  load_next (call);
}

static void
load_next (SqnsCall *call)
{
  for (guint i = 0; i < SQNS_CALL_N_FILES; i++)
    if (call->fds[i] >= 0)
      {
        call->loading = i;
        sqns_intake_load_async (sqns_manager_library (call->bus->manager), g_steal_fd (&call->fds[i]),
                                i == SQNS_CALL_UPDATER ? SQNS_FIRMWARE_UPDATER : SQNS_FIRMWARE_DUP,
                                call->bus->connection, g_dbus_method_invocation_get_sender (call->invocation),
                                call->bus->until, on_loaded, call);
        return;
      }
  sqns_call_go_on (call);
}

void
sqns_call_load_files (SqnsCall *call, SqnsCallStep step)
{
  call->step = step;
  load_next (call);
}

/* Who gets a path has heard of what is there. There may be hundreds of them, which the others need not wait for. */
/* What was ordered is not undone when it, or its modem, goes meanwhile: that is no matter of this call's any more. */
static gboolean
tell_paths (gpointer user_data)
{
  SqnsCall *call = user_data;
  gint64 end = g_get_monotonic_time () + SQNS_BACKLOG_TURN_US;

  while (call->paths != NULL && call->paths[call->told] != NULL)
    {
      sqns_objects_announce (call->bus->objects, call->paths[call->told++]);
      if (g_get_monotonic_time () >= end && !sqns_manager_is_stopping (call->bus->manager))
        return G_SOURCE_CONTINUE;
    }
  call->step (call);
  return G_SOURCE_REMOVE;
}

static void
on_settled (GObject *source, GAsyncResult *result, gpointer user_data)
{
  sqns_manager_settle_finish (SQNS_MANAGER (source), result);
  if (tell_paths (user_data))
    g_idle_add_full (G_PRIORITY_DEFAULT, tell_paths, user_data, NULL);
}

void
sqns_call_settle (SqnsCall *call, SqnsCallStep step)
{
  call->step = step;
  sqns_manager_settle_async (call->bus->manager, on_settled, call);
}

void
sqns_call_submit (SqnsCall *call, SqnsCallStep step)
{
  GError *error = NULL;
  call->request->creator_uid = call->uid;
  g_autoptr (GPtrArray) jobs
      = sqns_manager_submit (call->bus->manager, call->devices, call->firmware, call->request, &error);
  if (jobs == NULL)
    {
      sqns_call_fail (call, error);
      return;
    }
  call->paths = g_new0 (char *, jobs->len + 1);
  for (guint i = 0; i < jobs->len; i++)
    call->paths[i] = sqns_path_job (sqns_job_info (jobs->pdata[i])->uuid);
  sqns_call_settle (call, step);
}
