/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The methods of the interface. parse_x() reads the arguments of x, run_x() does it, on_x() answers it later. */
#include "bus/methods.h"

#include "bus/options.h"
#include "bus/reserve.h"
#include "common/clean.h"
#include "device/console.h"
#include "device/device-operation.h"

static gboolean
parse_no_options (SqnsCall *call, GVariant *arguments, GError **error)
{
  g_autoptr (GVariant) options = g_variant_get_child_value (arguments, 0);
  return sqns_options_none (options, error);
}

static SqnsJobTable *
jobs_of (SqnsCall *call)
{
  return sqns_manager_jobs (call->service->manager);
}

static GVariant *
arguments_of (SqnsCall *call)
{
  return g_dbus_method_invocation_get_parameters (call->invocation);
}

static const char *
path_of (SqnsCall *call, gpointer model)
{
  return sqns_objects_path (call->service->objects, model);
}

static SqnsDevice *
find_device (SqnsCall *call, const char *path, GError **error)
{
  GObject *model = sqns_objects_model (call->service->objects, path);
  if (SQNS_IS_DEVICE (model))
    return SQNS_DEVICE (model);
  g_autofree char *quote = sqns_clean_quote (path);
  g_set_error (error, SQNS_ERROR, SQNS_ERROR_NOT_FOUND, "there is no modem %s", quote);
  return NULL;
}

/* Calls with files: Inspect, Upgrade, Recover, UpgradeMany */

static gboolean
take_files (SqnsCall *call, const gint32 handles[SQNS_JOB_N_FILES], GError **error)
{
  call->intake = sqns_intake_new ();
  return sqns_intake_take (call->intake, g_dbus_method_invocation_get_message (call->invocation), handles, error);
}

static void
on_files_loaded (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;
  sqns_intake_load_finish (result, &error);
  sqns_call_go_on (user_data, error);
}

static gboolean
load_files (SqnsCall *call, GError **error)
{
  sqns_intake_load_async (call->intake, sqns_job_table_firmware_cache (jobs_of (call)),
                          g_dbus_method_invocation_get_connection (call->invocation),
                          g_dbus_method_invocation_get_sender (call->invocation), call->service->until, on_files_loaded,
                          call);
  return TRUE;
}

static gboolean
parse_inspect (SqnsCall *call, GVariant *arguments, GError **error)
{
  gint32 handles[SQNS_JOB_N_FILES] = { -1, -1, -1 };
  g_autoptr (GVariant) options = NULL;
  g_variant_get (arguments, "(h@a{sv})", &handles[SQNS_JOB_FIRMWARE], &options);
  return sqns_options_none (options, error) && take_files (call, handles, error);
}

static gboolean
run_inspect (SqnsCall *call, GError **error)
{
  GVariant *info = sqns_firmware_info (sqns_intake_files (call->intake)[SQNS_JOB_FIRMWARE]);
  sqns_call_return (call, g_variant_new ("(@a{sv})", info), NULL);
  return TRUE;
}

static gboolean
parse_request (SqnsCall *call, GVariant *options, gint32 handles[SQNS_JOB_N_FILES], GError **error)
{
  call->request = sqns_options_upgrade (options, handles, error);
  if (call->request != NULL)
    call->wish.force = call->request->options.force;
  return call->request != NULL;
}

static gboolean
parse_upgrade (SqnsCall *call, GVariant *arguments, GError **error)
{
  gint32 handles[SQNS_JOB_N_FILES];
  g_autoptr (GVariant) options = NULL;
  g_variant_get (arguments, "(h@a{sv})", &handles[SQNS_JOB_FIRMWARE], &options);
  return parse_request (call, options, handles, error) && take_files (call, handles, error);
}

static gboolean
parse_recover (SqnsCall *call, GVariant *arguments, GError **error)
{
  if (!parse_upgrade (call, arguments, error))
    return FALSE;
  call->request->options.recover = TRUE;
  return TRUE;
}

/* All or none: each must be known, and none named twice. */
static gboolean
collect_devices (SqnsCall *call, const char *const *modems, GError **error)
{
  for (gsize i = 0; modems[i] != NULL; i++)
    {
      SqnsDevice *device = find_device (call, modems[i], error);
      if (device == NULL)
        return FALSE;
      if (g_ptr_array_find (call->devices, device, NULL))
        {
          g_set_error (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS, "the modem %s is named twice",
                       sqns_device_info (device)->id);
          return FALSE;
        }
      g_ptr_array_add (call->devices, g_object_ref (device));
    }
  if (call->devices->len > 0)
    return TRUE;
  g_set_error_literal (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS, "no modem is named");
  return FALSE;
}

static gboolean
parse_upgrade_many (SqnsCall *call, GVariant *arguments, GError **error)
{
  gint32 handles[SQNS_JOB_N_FILES];
  g_autofree const char **modems = NULL;
  g_autoptr (GVariant) options = NULL;
  g_variant_get (arguments, "(^a&oh@a{sv})", &modems, &handles[SQNS_JOB_FIRMWARE], &options);
  return parse_request (call, options, handles, error) && collect_devices (call, modems, error)
         && take_files (call, handles, error);
}

static gboolean
prepare_upgrade (SqnsCall *call, GError **error)
{
  return sqns_job_table_accepts (jobs_of (call), error) && load_files (call, error);
}

/* The jobs that were made, with references. */
static GPtrArray *
submit (SqnsCall *call, GError **error)
{
  call->request->creator_uid = call->uid;
  GPtrArray *jobs
      = sqns_job_table_submit (jobs_of (call), call->devices, sqns_intake_files (call->intake), call->request, error);
  for (guint i = 0; jobs != NULL && i < jobs->len; i++)
    g_object_ref (jobs->pdata[i]);
  if (jobs != NULL)
    g_ptr_array_set_free_func (jobs, g_object_unref);
  return jobs;
}

static gboolean
run_upgrade (SqnsCall *call, GError **error)
{
  GPtrArray *jobs = submit (call, error);
  if (jobs != NULL)
    sqns_call_return_settled (call, g_variant_new ("(o)", path_of (call, jobs->pdata[0])), jobs);
  return jobs != NULL;
}

static gboolean
run_upgrade_many (SqnsCall *call, GError **error)
{
  GPtrArray *jobs = submit (call, error);
  GVariantBuilder paths;
  if (jobs == NULL)
    return FALSE;
  g_variant_builder_init (&paths, G_VARIANT_TYPE ("ao"));
  for (guint i = 0; i < jobs->len; i++)
    g_variant_builder_add (&paths, "o", path_of (call, jobs->pdata[i]));
  sqns_call_return_settled (call, g_variant_new ("(ao)", &paths), jobs);
  return TRUE;
}

/* Other methods of the manager */

static gboolean
parse_add_port (SqnsCall *call, GVariant *arguments, GError **error)
{
  SqnsPortOptions *port = g_new0 (SqnsPortOptions, 1);
  g_autoptr (GVariant) options = g_variant_get_child_value (arguments, 1);
  sqns_call_set_arguments (call, port, g_free);
  return sqns_options_port (options, port, error);
}

static gboolean
run_add_port (SqnsCall *call, GError **error)
{
  const char *devnode;
  g_variant_get_child (arguments_of (call), 0, "&s", &devnode);
  SqnsDevice *device
      = sqns_device_table_add_port (sqns_manager_devices (call->service->manager), devnode, call->arguments, error);
  if (device == NULL)
    return FALSE;
  sqns_objects_announce (call->service->objects, G_OBJECT (device));
  sqns_call_return (call, g_variant_new ("(o)", path_of (call, device)), NULL);
  return TRUE;
}

static gboolean
run_remove_port (SqnsCall *call, GError **error)
{
  const char *path;
  g_variant_get (arguments_of (call), "(&o)", &path);
  SqnsDevice *device = find_device (call, path, error);
  if (device == NULL || !sqns_device_table_remove_port (sqns_manager_devices (call->service->manager), device, error))
    return FALSE;
  sqns_call_return (call, NULL, NULL);
  return TRUE;
}

static gboolean
parse_inhibit (SqnsCall *call, GVariant *arguments, GError **error)
{
  g_autoptr (GVariant) options = g_variant_get_child_value (arguments, 2);
  g_autofree char *path = NULL;
  if (!sqns_options_inhibit (options, &path, error))
    return FALSE;
  if (path == NULL)
    return TRUE;
  SqnsDevice *device = find_device (call, path, error);
  if (device != NULL)
    g_ptr_array_add (call->devices, g_object_ref (device));
  return device != NULL;
}

static gboolean
run_inhibit (SqnsCall *call, GError **error)
{
  const char *who, *why;
  g_variant_get (arguments_of (call), "(&s&s@a{sv})", &who, &why, NULL);
  if (!sqns_reserve_check (error))
    return FALSE;
  int fd = sqns_inhibit_add (sqns_manager_inhibitors (call->service->manager), call->uid, who, why,
                             call->devices->len > 0 ? sqns_device_info (sqns_call_device (call))->id : NULL, error);
  if (fd >= 0)
    sqns_call_return_fd (call, fd, NULL);
  return fd >= 0;
}

static void
filter_free (gpointer data)
{
  sqns_history_filter_clear (data);
  g_free (data);
}

static gboolean
parse_get_history (SqnsCall *call, GVariant *arguments, GError **error)
{
  SqnsHistoryFilter *filter = g_new0 (SqnsHistoryFilter, 1);
  g_autoptr (GVariant) options = NULL;
  guint limit;
  guint64 before;
  sqns_call_set_arguments (call, filter, filter_free);
  g_variant_get (arguments, "(@a{sv}ut)", &options, &limit, &before);
  filter->limit = limit == 0 ? SQNS_HISTORY_DEFAULT : MIN (limit, SQNS_HISTORY_MAX);
  filter->before = (gint64)MIN (before, (guint64)G_MAXINT64);
  return sqns_options_history (options, filter, error);
}

static void
on_history (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;
  g_autoptr (GPtrArray) records = sqns_job_store_history_finish (SQNS_JOB_STORE (source), result, &error);
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; records != NULL && i < records->len; i++)
    g_variant_builder_add_value (&builder, sqns_job_record_to_history (records->pdata[i]));
  sqns_call_return (user_data, records != NULL ? g_variant_new ("(aa{sv})", &builder) : NULL, error);
}

static gboolean
run_get_history (SqnsCall *call, GError **error)
{
  sqns_job_store_history_async (sqns_job_table_store (jobs_of (call)), call->uid, call->arguments, on_history, call);
  return TRUE;
}

static gboolean
run_set_draining (SqnsCall *call, GError **error)
{
  gboolean draining;
  g_variant_get (arguments_of (call), "(b)", &draining);
  sqns_job_table_set_draining (jobs_of (call), draining);
  sqns_call_return (call, NULL, NULL);
  return TRUE;
}

/* Methods of a modem that open its port */

static gboolean
run_if_open (SqnsCall *call, GError **error)
{
  /* draining concerns jobs only, but a daemon that stops does not open a port again */
  if (!sqns_job_table_intake (jobs_of (call))->stopping)
    return call->method->run (call, error);
  g_set_error_literal (error, SQNS_ERROR, SQNS_ERROR_DRAINING, "the daemon is stopping");
  return FALSE;
}

static gboolean
go_on_idle (gpointer user_data)
{
  sqns_call_go_on (user_data, NULL);
  return G_SOURCE_REMOVE;
}

static void
on_released (SqnsDevice *device, SqnsCall *call)
{
  g_signal_handlers_disconnect_by_func (device, on_released, call);
  g_idle_add (go_on_idle, call); /* a waiting job goes first */
}

/* With two calls of sqnsctl in a row the console of the first may still be closing. */
static gboolean
wait_for_port (SqnsCall *call, GError **error)
{
  SqnsDevice *device = sqns_call_device (call);
  if (!sqns_console_is_closing (device))
    return run_if_open (call, error);
  call->step = run_if_open;
  g_signal_connect (device, "released", G_CALLBACK (on_released), call);
  return TRUE;
}

static void
on_refreshed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;
  sqns_device_probe_finish (sqns_call_device (user_data), result, &error);
  sqns_call_return (user_data, NULL, error);
}

static gboolean
run_refresh (SqnsCall *call, GError **error)
{
  sqns_device_probe_async (sqns_call_device (call), on_refreshed, call);
  return TRUE;
}

static void
add_number (GVariantBuilder *builder, const char *key, const char *number)
{
  if (number != NULL)
    g_variant_builder_add (builder, "{sv}", key, g_variant_new_string (number));
}

static void
on_identified (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;
  g_autoptr (SqnsIdentity) identity = sqns_device_identify_finish (sqns_call_device (user_data), result, &error);
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  if (identity != NULL)
    {
      add_number (&builder, "imei", identity->imei);
      add_number (&builder, "iccid", identity->iccid);
      add_number (&builder, "imsi", identity->imsi);
    }
  sqns_call_return (user_data, identity != NULL ? g_variant_new ("(a{sv})", &builder) : NULL, error);
}

static gboolean
run_identify (SqnsCall *call, GError **error)
{
  sqns_device_identify_async (sqns_call_device (call), on_identified, call);
  return TRUE;
}

static gboolean
parse_reset (SqnsCall *call, GVariant *arguments, GError **error)
{
  g_autoptr (GVariant) options = g_variant_get_child_value (arguments, 0);
  gboolean *with_modem = g_new0 (gboolean, 1);
  sqns_call_set_arguments (call, with_modem, g_free);
  return sqns_options_reset (options, with_modem, error);
}

static void
on_reset_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;
  sqns_device_reset_finish (sqns_call_device (user_data), result, &error);
  sqns_call_return (user_data, NULL, error);
}

static gboolean
run_reset (SqnsCall *call, GError **error)
{
  const gboolean *with_modem = call->arguments;
  sqns_device_reset_async (sqns_call_device (call), *with_modem, on_reset_done, call);
  return TRUE;
}

static void
on_console_open (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;
  int fd = sqns_console_open_finish (sqns_call_device (user_data), result, &error);
  sqns_call_return_fd (user_data, fd, error);
}

static gboolean
run_open_console (SqnsCall *call, GError **error)
{
  if (!sqns_reserve_check (error) || !sqns_manager_allows_console (call->service->manager, call->uid, error))
    return FALSE;
  sqns_console_open_async (sqns_call_device (call), call->uid, on_console_open, call);
  return TRUE;
}

/* Methods of a job */

static gboolean
run_cancel (SqnsCall *call, GError **error)
{
  if (!sqns_job_cancel (call->job, error))
    return FALSE;
  sqns_call_return_settled (call, NULL, NULL);
  return TRUE;
}

static void
on_resumed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;
  if (sqns_job_table_resume_finish (SQNS_JOB_TABLE (source), result, &error))
    sqns_call_return_settled (user_data, NULL, NULL);
  else
    sqns_call_return (user_data, NULL, error);
}

static gboolean
run_resume (SqnsCall *call, GError **error)
{
  sqns_job_table_resume_async (jobs_of (call), call->job, on_resumed, call);
  return TRUE;
}

static void
on_log_open (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;
  int fd = sqns_job_open_log_finish (SQNS_JOB (source), result, &error);
  sqns_call_return_fd (user_data, fd, error);
}

static gboolean
run_get_log (SqnsCall *call, GError **error)
{
  if (!sqns_reserve_check (error))
    return FALSE;
  sqns_job_open_log_async (call->job, on_log_open, call);
  return TRUE;
}

static gboolean
run_forget (SqnsCall *call, GError **error)
{
  if (!sqns_job_table_forget (jobs_of (call), call->job, error))
    return FALSE;
  sqns_call_return (call, NULL, NULL);
  return TRUE;
}

/* The table */

/* clang-format off */
#define READ { SQNS_AUTH_READ }
#define ACTION(action) { SQNS_AUTH_ACTION, action }
#define ORDER(action) { SQNS_AUTH_ORDER, action }
#define OWN { SQNS_AUTH_OWN, SQNS_ACTION_CANCEL_OTHER }
#define OWN_ORDER { SQNS_AUTH_OWN_ORDER, SQNS_ACTION_CANCEL_OTHER }

static const SqnsBusMethod table[] = {
  { "org.sqnsd1.Manager", "Inspect", READ, parse_inspect, load_files, run_inspect },
  { "org.sqnsd1.Manager", "AddPort", ACTION (SQNS_ACTION_MANAGE), parse_add_port, NULL, run_add_port },
  { "org.sqnsd1.Manager", "RemovePort", ACTION (SQNS_ACTION_MANAGE), NULL, NULL, run_remove_port },
  { "org.sqnsd1.Manager", "UpgradeMany", ORDER (SQNS_ACTION_UPGRADE), parse_upgrade_many, prepare_upgrade, run_upgrade_many },
  { "org.sqnsd1.Manager", "Inhibit", ACTION (SQNS_ACTION_INHIBIT), parse_inhibit, NULL, run_inhibit },
  { "org.sqnsd1.Manager", "GetHistory", READ, parse_get_history, NULL, run_get_history },
  { "org.sqnsd1.Manager", "SetDraining", ACTION (SQNS_ACTION_MANAGE), NULL, NULL, run_set_draining },
  /* a refresh talks to the board, as a console does */
  { "org.sqnsd1.Modem", "Refresh", ACTION (SQNS_ACTION_CONSOLE), parse_no_options, wait_for_port, run_refresh },
  { "org.sqnsd1.Modem", "Identify", ACTION (SQNS_ACTION_IDENTIFY), parse_no_options, wait_for_port, run_identify },
  { "org.sqnsd1.Modem", "Upgrade", ORDER (SQNS_ACTION_UPGRADE), parse_upgrade, prepare_upgrade, run_upgrade },
  { "org.sqnsd1.Modem", "Recover", ORDER (SQNS_ACTION_RECOVER), parse_recover, prepare_upgrade, run_upgrade },
  { "org.sqnsd1.Modem", "Reset", ACTION (SQNS_ACTION_RESET), parse_reset, wait_for_port, run_reset },
  { "org.sqnsd1.Modem", "OpenConsole", ACTION (SQNS_ACTION_CONSOLE), parse_no_options, wait_for_port, run_open_console },
  { "org.sqnsd1.Job", "Cancel", OWN, parse_no_options, NULL, run_cancel },
  { "org.sqnsd1.Job", "Resume", OWN_ORDER, parse_no_options, NULL, run_resume },
  { "org.sqnsd1.Job", "GetLog", READ, NULL, NULL, run_get_log },
  { "org.sqnsd1.Job", "Forget", OWN, NULL, NULL, run_forget },
};
/* clang-format on */

const SqnsBusMethod *
sqns_methods (gsize *n)
{
  *n = G_N_ELEMENTS (table);
  return table;
}

const SqnsBusMethod *
sqns_methods_find (const char *interface, const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (table); i++)
    if (g_str_equal (table[i].interface, interface) && g_str_equal (table[i].name, name))
      return &table[i];
  return NULL;
}

/* Any "handle-..." signal of a generated skeleton: @values are the skeleton, the invocation and its arguments. */
static void
on_method (
    GClosure *closure, GValue *handled, guint n_values, const GValue *values, gpointer hint, gpointer marshal_data)
{
  GDBusMethodInvocation *invocation = g_value_get_object (&values[1]);
  g_value_set_boolean (handled, TRUE);
  sqns_call_begin (closure->data, invocation,
                   sqns_methods_find (g_dbus_method_invocation_get_interface_name (invocation),
                                      g_dbus_method_invocation_get_method_name (invocation)));
}

void
sqns_methods_serve (SqnsService *service, gpointer skeleton, GType interface)
{
  guint n;
  g_autofree guint *signals = g_signal_list_ids (interface, &n);
  for (guint i = 0; i < n; i++)
    if (g_str_has_prefix (g_signal_name (signals[i]), "handle-"))
      {
        GClosure *closure = g_closure_new_simple (sizeof (GClosure), service);
        g_closure_set_marshal (closure, on_method);
        g_signal_connect_closure_by_id (skeleton, signals[i], 0, closure, FALSE);
      }
}
