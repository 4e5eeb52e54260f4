/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which orders become jobs: what is taken now, what a key stands for already, how much one user may have. */
#include "device/console.h"
#include "manager/limit.h"
#include "manager/manager-private.h"

gboolean
sqns_manager_accepts (SqnsManager *self, GError **error)
{
  if (!self->draining && !self->stopping)
    return TRUE;
  g_set_error (error, SQNS_ERROR, SQNS_ERROR_DRAINING, "the daemon is %s: no new job is taken",
               self->stopping ? "stopping" : "draining");
  return FALSE;
}

/* The jobs that @uid ordered under @key, by age; borrowed. */
static GPtrArray *
find_keyed (SqnsManager *self, guint uid, const char *key)
{
  GPtrArray *found = g_ptr_array_new ();
  for (guint i = 0; *key != '\0' && i < self->jobs->len; i++)
    {
      const SqnsRequest *request = sqns_job_request (self->jobs->pdata[i]);
      if (request->creator_uid == uid && g_str_equal (request->idempotency_key, key))
        g_ptr_array_add (found, self->jobs->pdata[i]);
    }
  return found;
}

/* By its name: a port that was removed and added again is another object. */
static SqnsJob *
job_of (GPtrArray *jobs, SqnsDevice *device)
{
  for (guint i = 0; i < jobs->len; i++)
    if (g_str_equal (sqns_device_info (sqns_job_device (jobs->pdata[i]))->id, sqns_device_info (device)->id))
      return jobs->pdata[i];
  return NULL;
}

static gboolean
refuse_key (SqnsJob *job, const char *difference, GError **error)
{
  g_set_error (error, SQNS_ERROR, SQNS_ERROR_KEY_REUSED,
               "this idempotency key was given before, with job %s; this order differs in: %s",
               sqns_job_record (job)->uuid, difference);
  return FALSE;
}

/* A key stands for one order, for all the modems that it named. *@jobs: those that it made, in the order of @devices;
 * empty when it is a new one. A job of it that was forgotten cannot be told from a modem that was not named: that is
 * refused, too, rather than to upgrade a modem twice. */
static gboolean
find_ordered (SqnsManager *self, GPtrArray *devices, const SqnsRequest *request, GPtrArray **jobs, GError **error)
{
  g_autoptr (GPtrArray) keyed = find_keyed (self, request->creator_uid, request->idempotency_key);
  *jobs = g_ptr_array_new ();

  for (guint i = 0; keyed->len > 0 && i < devices->len; i++)
    {
      SqnsJob *job = job_of (keyed, devices->pdata[i]);
      if (job == NULL)
        return refuse_key (keyed->pdata[0], "modem", error);
      g_ptr_array_add (*jobs, job);
    }
  for (guint i = 0; i < keyed->len; i++)
    {
      const char *difference = g_ptr_array_find (*jobs, keyed->pdata[i], NULL)
                                   ? sqns_request_difference (sqns_job_request (keyed->pdata[i]), request)
                                   : "modem";
      if (difference != NULL)
        return refuse_key (keyed->pdata[i], difference, error);
    }
  return TRUE;
}

static guint
count_unfinished (SqnsManager *self, guint uid)
{
  guint n = 0;
  for (guint i = 0; i < self->jobs->len; i++)
    n += sqns_job_request (self->jobs->pdata[i])->creator_uid == uid && !sqns_job_is_finished (self->jobs->pdata[i]);
  return n;
}

static gboolean
check_limit (SqnsManager *self, guint uid, guint more, GError **error)
{
  return sqns_limit_check ("unfinished jobs", uid, count_unfinished (self, uid), more, self->config.max_jobs_per_user,
                           error);
}

static SqnsPlanFiles
plan_files (SqnsFirmware *const files[SQNS_JOB_N_FILES])
{
  SqnsFirmware *firmware = files[SQNS_JOB_FIRMWARE], *first = files[SQNS_JOB_FIRST_STEP];
  return (SqnsPlanFiles){
    .caba = sqns_firmware_caba (firmware),
    .size = g_bytes_get_size (sqns_firmware_image (firmware)),
    .first_step = first != NULL ? sqns_firmware_caba (first) : NULL,
    .first_step_size = first != NULL ? g_bytes_get_size (sqns_firmware_image (first)) : 0,
    .updater_given = files[SQNS_JOB_UPDATER] != NULL,
  };
}

GPtrArray *
sqns_manager_submit (SqnsManager *self,
                     GPtrArray *devices,
                     SqnsFirmware *const files[SQNS_JOB_N_FILES],
                     const SqnsRequest *request,
                     GError **error)
{
  SqnsPlanFiles plan = plan_files (files);
  g_autoptr (SqnsRequest) order = sqns_request_copy (request);
  g_autoptr (GPtrArray) jobs = NULL;

  for (guint i = 0; i < SQNS_JOB_N_FILES; i++)
    if (files[i] != NULL)
      sqns_request_set_file (order, (SqnsJobFile)i, sqns_firmware_name (files[i]), sqns_firmware_sha256 (files[i]));
  if (!sqns_manager_accepts (self, error)
      || !sqns_firmware_expect (files[SQNS_JOB_FIRMWARE], *order->expect_sha256 != '\0' ? order->expect_sha256 : NULL,
                                &order->expect_version, error)
      || !sqns_plan_check_files (self->rules, &plan, &order->options, error)
      || !find_ordered (self, devices, order, &jobs, error)
      || (jobs->len == 0 && !check_limit (self, order->creator_uid, devices->len, error)))
    return NULL;

  for (guint i = jobs->len; i < devices->len; i++)
    {
      SqnsJob *job = sqns_job_new (devices->pdata[i], files, order);
      sqns_manager_adopt_job (self, job, self->jobs->len);
      g_ptr_array_add (jobs, job);
    }
  sqns_manager_schedule (self);
  sqns_manager_changed (self);
  return g_steal_pointer (&jobs);
}

gboolean
sqns_manager_allows_console (SqnsManager *self, guint uid, GError **error)
{
  GPtrArray *devices = sqns_manager_devices (self);
  guint n = 0;
  for (guint i = 0; i < devices->len; i++)
    n += sqns_console_is_of (devices->pdata[i], uid);
  return sqns_limit_check ("consoles open", uid, n, 1, self->config.max_consoles_per_user, error);
}
