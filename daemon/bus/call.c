/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A method call on its way. */
#include "bus/call.h"

#include "base/backlog.h"
#include "common/clean.h"

#include <gio/gunixfdlist.h>

SqnsService *
sqns_service_new (SqnsManager *manager, SqnsAuth *auth, SqnsObjects *objects)
{
  SqnsService *self = g_rc_box_new0 (SqnsService);
  self->manager = g_object_ref (manager);
  self->auth = auth;
  self->objects = objects;
  self->until = g_cancellable_new ();
  return self;
}

static void
service_clear (gpointer data)
{
  SqnsService *self = data;
  sqns_objects_free (self->objects);
  sqns_auth_free (self->auth);
  g_object_unref (self->manager);
  g_object_unref (self->until);
}

void
sqns_service_unref (SqnsService *self)
{
  g_rc_box_release_full (self, service_clear);
}

static void
free_arguments (SqnsCall *call)
{
  if (call->free_arguments != NULL)
    call->free_arguments (g_steal_pointer (&call->arguments));
  call->free_arguments = NULL;
  g_clear_pointer (&call->intake, sqns_intake_free);
  g_clear_pointer (&call->request, sqns_request_free);
}

static void
call_free (SqnsCall *call)
{
  free_arguments (call);
  g_ptr_array_unref (call->devices);
  g_clear_object (&call->job);
  g_clear_pointer (&call->reply, g_variant_unref);
  g_clear_pointer (&call->jobs, g_ptr_array_unref);
  sqns_service_unref (call->service);
  g_free (call);
}

/* Takes @error. */
static void
fail (SqnsCall *call, GError *error)
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
  free_arguments (call); /* closes files before the caller has the reply and may call again */
  g_dbus_method_invocation_return_dbus_error (call->invocation, name, message);
  g_error_free (error);
  call_free (call);
}

void
sqns_call_return (SqnsCall *call, GVariant *reply, GError *error)
{
  if (error != NULL)
    {
      fail (call, error);
      return;
    }
  g_dbus_method_invocation_return_value (call->invocation, reply);
  call_free (call);
}

void
sqns_call_return_fd (SqnsCall *call, int fd, GError *error)
{
  if (fd < 0)
    {
      fail (call, error);
      return;
    }
  /* the list's copy goes with the reply: then only the caller has it open */
  g_autoptr (GUnixFDList) fds = g_unix_fd_list_new_from_array (&fd, 1);
  g_dbus_method_invocation_return_value_with_unix_fd_list (call->invocation, g_variant_new ("(h)", 0), fds);
  call_free (call);
}

/* Replies that callers rely on */

/* InterfacesAdded comes before the reply that has the path. There may be hundreds of them, so this takes turns. */
static gboolean
announce_jobs (gpointer user_data)
{
  SqnsCall *call = user_data;
  SqnsService *service = call->service;
  gint64 end = g_get_monotonic_time () + SQNS_BACKLOG_TURN_US;

  while (call->jobs != NULL && call->announced < call->jobs->len)
    {
      sqns_objects_announce (service->objects, call->jobs->pdata[call->announced++]);
      if (g_get_monotonic_time () >= end && !sqns_job_table_intake (sqns_manager_jobs (service->manager))->stopping)
        return G_SOURCE_CONTINUE;
    }
  sqns_call_return (call, call->reply, NULL);
  return G_SOURCE_REMOVE;
}

static void
on_settled (GObject *source, GAsyncResult *result, gpointer user_data)
{
  sqns_job_store_flush_finish (SQNS_JOB_STORE (source), result);
  if (announce_jobs (user_data) == G_SOURCE_CONTINUE)
    g_idle_add_full (G_PRIORITY_DEFAULT, announce_jobs, user_data, NULL);
}

void
sqns_call_return_settled (SqnsCall *call, GVariant *reply, GPtrArray *jobs)
{
  call->reply = reply != NULL ? g_variant_ref_sink (reply) : NULL;
  call->jobs = jobs;
  sqns_job_store_flush_async (sqns_job_table_store (sqns_manager_jobs (call->service->manager)), on_settled, call);
}

/* The way to the answer */

SqnsDevice *
sqns_call_device (SqnsCall *call)
{
  return call->devices->pdata[0];
}

void
sqns_call_set_arguments (SqnsCall *call, gpointer arguments, GDestroyNotify destroy)
{
  call->arguments = arguments;
  call->free_arguments = destroy;
}

static gboolean
check_objects (SqnsCall *call, GError **error)
{
  GPtrArray *devices = sqns_device_table_devices (sqns_manager_devices (call->service->manager));
  GPtrArray *jobs = sqns_job_table_jobs (sqns_manager_jobs (call->service->manager));

  for (guint i = 0; i < call->devices->len; i++)
    if (!g_ptr_array_find (devices, call->devices->pdata[i], NULL))
      {
        g_set_error_literal (error, SQNS_ERROR, SQNS_ERROR_NOT_FOUND, "the modem has been removed");
        return FALSE;
      }
  if (call->job == NULL || g_ptr_array_find (jobs, call->job, NULL))
    return TRUE;
  g_set_error_literal (error, SQNS_ERROR, SQNS_ERROR_NOT_FOUND, "the job has been forgotten");
  return FALSE;
}

void
sqns_call_go_on (SqnsCall *call, GError *error)
{
  SqnsCallStep step = call->step;
  call->step = call->method->run;
  if (error != NULL || !check_objects (call, &error) || !step (call, &error))
    fail (call, error);
}

static void
on_authorized (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsCall *call = user_data;
  GError *error = NULL;
  sqns_auth_check_finish (result, &call->uid, &error);
  sqns_call_go_on (call, error);
}

/* The device or job at the path that was called. */
static void
find_object (SqnsCall *call)
{
  const char *path = g_dbus_method_invocation_get_object_path (call->invocation);
  GObject *model = sqns_objects_model (call->service->objects, path);
  if (SQNS_IS_DEVICE (model))
    g_ptr_array_add (call->devices, g_object_ref (model));
  if (!SQNS_IS_JOB (model))
    return;
  call->job = SQNS_JOB (g_object_ref (model));
  const SqnsRequest *order = &sqns_job_record (call->job)->request;
  call->wish.owner = order->creator_uid;
  call->wish.force = order->options.force;
  call->wish.recover = order->options.recover;
}

void
sqns_call_begin (SqnsService *service, GDBusMethodInvocation *invocation, const SqnsBusMethod *method)
{
  SqnsCall *call = g_new0 (SqnsCall, 1);
  GError *error = NULL;
  call->service = g_rc_box_acquire (service);
  call->method = method;
  call->invocation = invocation;
  call->devices = g_ptr_array_new_with_free_func (g_object_unref);
  call->wish.owner = -1;
  find_object (call);

  if (method == NULL)
    {
      fail (call, g_error_new (G_DBUS_ERROR, G_DBUS_ERROR_ACCESS_DENIED, "nobody may call %s",
                               g_dbus_method_invocation_get_method_name (invocation)));
      return;
    }
  call->step = method->prepare != NULL ? method->prepare : method->run;
  if (method->parse == NULL || method->parse (call, g_dbus_method_invocation_get_parameters (invocation), &error))
    sqns_auth_check_async (service->auth, invocation, method->right, &call->wish, on_authorized, call);
  else
    fail (call, error);
}
