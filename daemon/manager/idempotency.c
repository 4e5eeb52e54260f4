/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Idempotency keys. */
#include "manager/idempotency.h"

/* The jobs that @uid ordered under @key, by age; borrowed. */
static GPtrArray *
find_keyed (GPtrArray *jobs, guint uid, const char *key)
{
  GPtrArray *found = g_ptr_array_new ();
  for (guint i = 0; *key != '\0' && i < jobs->len; i++)
    {
      const SqnsRequest *request = &sqns_job_record (jobs->pdata[i])->request;
      if (request->creator_uid == uid && g_str_equal (request->idempotency_key, key))
        g_ptr_array_add (found, jobs->pdata[i]);
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
               "this idempotency key belongs to job %s, and this call differs in: %s", sqns_job_record (job)->uuid,
               difference);
  return FALSE;
}

gboolean
sqns_idempotency_find (
    GPtrArray *jobs, GPtrArray *devices, const SqnsRequest *request, GPtrArray **found, GError **error)
{
  g_autoptr (GPtrArray) keyed = find_keyed (jobs, request->creator_uid, request->idempotency_key);
  *found = g_ptr_array_new ();

  for (guint i = 0; keyed->len > 0 && i < devices->len; i++)
    {
      SqnsJob *job = job_of (keyed, devices->pdata[i]);
      if (job == NULL)
        return refuse_key (keyed->pdata[0], "modem", error);
      g_ptr_array_add (*found, job);
    }
  for (guint i = 0; i < keyed->len; i++)
    {
      const char *difference = g_ptr_array_find (*found, keyed->pdata[i], NULL)
                                   ? sqns_request_difference (&sqns_job_record (keyed->pdata[i])->request, request)
                                   : "modem";
      if (difference != NULL)
        return refuse_key (keyed->pdata[i], difference, error);
    }
  return TRUE;
}
