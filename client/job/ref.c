/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds the job that a person names. */
#include "client/job/ref.h"
#include "client/job/state.h"

#include "common/clean.h"

#include <string.h>

static gboolean all_jobs;

const GOptionEntry sqns_job_ref_options[] = {
  { "all", 0, 0, G_OPTION_ARG_NONE, &all_jobs, "every job that has not ended", NULL },
  { NULL },
};

static const char *
uuid_of (SqnsDbusJob *job)
{
  const char *uuid = sqns_dbus_job_get_uuid (job);
  return uuid != NULL ? uuid : "";
}

SqnsDbusJob *
sqns_job_ref_find (SqnsConnection *conn, const char *ref, GError **error)
{
  g_autoptr (GPtrArray) jobs = sqns_connection_jobs (conn);
  g_autofree char *shown = sqns_clean_line (ref, -1);
  g_autofree char *lower = g_ascii_strdown (ref, -1);
  SqnsDbusJob *found = NULL;
  guint n_found = 0;

  for (guint i = 0; i < jobs->len && *ref != '\0'; i++)
    {
      if (g_str_equal (uuid_of (jobs->pdata[i]), lower) || g_str_equal (sqns_path (jobs->pdata[i]), ref))
        return g_object_ref (jobs->pdata[i]);
      if (g_str_has_prefix (uuid_of (jobs->pdata[i]), lower))
        {
          found = jobs->pdata[i];
          n_found++;
        }
    }
  if (n_found == 1)
    return g_object_ref (found);
  if (n_found > 1)
    g_set_error (error, SQNS_ERROR, SQNS_ERROR_NOT_FOUND, "'%s' means %u jobs: give more of the id (see: sqnsctl jobs)",
                 shown, n_found);
  else
    g_set_error (error, SQNS_ERROR, SQNS_ERROR_NOT_FOUND, "no job '%s' (see: sqnsctl jobs)", shown);
  return NULL;
}

GPtrArray *
sqns_job_ref_resolve (SqnsConnection *conn, char *const *refs, guint n_refs, gboolean all, GError **error)
{
  g_autoptr (GPtrArray) jobs = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GPtrArray) known = sqns_connection_jobs (conn);

  for (guint i = 0; i < n_refs; i++)
    {
      g_autoptr (SqnsDbusJob) job = sqns_job_ref_find (conn, refs[i], error);
      if (job == NULL)
        return NULL;
      sqns_add_once (jobs, job);
    }
  for (guint i = 0; all && i < known->len; i++)
    if (!sqns_job_state_ended (sqns_job_state (known->pdata[i])))
      sqns_add_once (jobs, known->pdata[i]);
  return g_steal_pointer (&jobs);
}

guint
sqns_job_ref_length (GPtrArray *jobs)
{
  guint length = SQNS_SHORT_UUID_LENGTH;
  for (guint i = 0; i < jobs->len; i++)
    for (guint j = i + 1; j < jobs->len; j++)
      {
        const char *a = uuid_of (jobs->pdata[i]);
        const char *b = uuid_of (jobs->pdata[j]);
        guint common = 0;
        while (a[common] != '\0' && a[common] == b[common])
          common++;
        length = MAX (length, common + 1);
      }
  return length;
}

GPtrArray *
sqns_job_ref_arguments (SqnsCtl *ctl, int argc, char **argv, SqnsConnection **conn, SqnsExit *code, GError **error)
{
  if (argc < 2 && !all_jobs)
    {
      *code = sqns_ctl_usage (ctl, "which job? give ids or --all");
      return NULL;
    }
  *conn = sqns_connection_open (ctl, error);
  return *conn != NULL ? sqns_job_ref_resolve (*conn, argv + 1, (guint)argc - 1, all_jobs, error) : NULL;
}
