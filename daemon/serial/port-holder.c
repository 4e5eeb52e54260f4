/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who else has a port open, whether they lock it or not. */
#include "serial/port-holder.h"

#include "base/backlog.h"
#include "common/port-owner.h"

typedef struct {
  char *devnode;
  SqnsTtyId id;
  gboolean sure;
} Look;

static GPtrArray *waiting; /* of GTask, for the next walk; NULL: none */
static GPtrArray *served;  /* by this one */
static SqnsPortScan *walk; /* NULL: none */
static guint source;

static void
look_free (gpointer data)
{
  Look *look = data;
  g_free (look->devnode);
  g_free (look);
}

static void
answer (gpointer data, gpointer scan)
{
  GTask *task = data;
  Look *look = g_task_get_task_data (task);
  g_autofree char *owner = sqns_port_scan_owner (scan, &look->id, NULL);

  look->sure = sqns_port_scan_saw_all (scan);
  if (owner != NULL)
    g_task_return_new_error (task, SQNS_ERROR, SQNS_ERROR_PORT_LOCKED, "%s is in use by %s", look->devnode, owner);
  else
    g_task_return_boolean (task, TRUE);
}

static gboolean
on_turn (gpointer data)
{
  if (walk == NULL)
    {
      walk = sqns_port_scan_new ("/proc");
      served = g_steal_pointer (&waiting);
    }
  if (sqns_port_scan_step (walk, g_get_monotonic_time () + SQNS_BACKLOG_TURN_US))
    return G_SOURCE_CONTINUE;

  g_autoptr (SqnsPortScan) done = g_steal_pointer (&walk);
  g_autoptr (GPtrArray) tasks = g_steal_pointer (&served);
  g_ptr_array_foreach (tasks, answer, done);
  if (waiting != NULL) /* a callback has asked again */
    return G_SOURCE_CONTINUE;
  source = 0;
  return G_SOURCE_REMOVE;
}

void
sqns_port_holder_async (const char *devnode, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, user_data);
  Look *look = g_new0 (Look, 1);

  look->devnode = g_strdup (devnode);
  look->sure = TRUE;
  g_task_set_source_tag (task, sqns_port_holder_async);
  g_task_set_task_data (task, look, look_free);
  if (!sqns_tty_id_of (devnode, &look->id))
    {
      g_task_return_boolean (task, TRUE); /* it is gone, so no program has it */
      return;
    }
  if (waiting == NULL)
    waiting = g_ptr_array_new_with_free_func (g_object_unref);
  if (source == 0)
    source = g_idle_add_full (G_PRIORITY_DEFAULT, on_turn, NULL, NULL);
  g_ptr_array_add (waiting, g_steal_pointer (&task));
}

gboolean
sqns_port_holder_finish (GAsyncResult *result, gboolean *sure, GError **error)
{
  const Look *look = g_task_get_task_data (G_TASK (result));
  if (sure != NULL)
    *sure = look->sure;
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* --- the cause of a failure --- */

typedef struct {
  SqnsSsm *ssm;
  SqnsPortExplained then;
} Explanation;

static gboolean
is_cancel (const GError *error)
{
  return g_error_matches (error, SQNS_ERROR, SQNS_ERROR_CANCELLED);
}

static void
on_cause (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autofree Explanation *explanation = user_data;
  const GError *error = sqns_ssm_error (explanation->ssm);
  g_autoptr (GError) held = NULL;

  if (!sqns_port_holder_finish (result, NULL, &held) && !is_cancel (error))
    sqns_ssm_replace_error (explanation->ssm,
                            g_error_new (held->domain, held->code, "%s, which takes part of the data: %s",
                                         held->message, error->message));
  explanation->then (explanation->ssm, held != NULL);
}

void
sqns_port_holder_explain (SqnsSsm *ssm, const char *devnode, SqnsPortExplained then)
{
  const GError *error = sqns_ssm_error (ssm);
  const Explanation explanation = { ssm, then };
  gboolean by_loss = sqns_error_is_timeout (error) || g_error_matches (error, SQNS_ERROR, SQNS_ERROR_PROTOCOL)
                     || g_error_matches (error, SQNS_ERROR, SQNS_ERROR_NEEDS_HAND);

  if (by_loss || is_cancel (error))
    sqns_port_holder_async (devnode, on_cause, g_memdup2 (&explanation, sizeof explanation));
  else
    then (ssm, FALSE);
}
