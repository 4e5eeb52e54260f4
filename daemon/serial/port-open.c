/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opens a port that no other program has open. */
#include "serial/port-open.h"

#include "common/port-owner.h"
#include "serial/port-holder.h"

typedef struct {
  char *devnode;
  guint speed;
  SqnsTty tty;
  GError *locked; /* by whom is not known yet */
} Open;

static void
open_free (gpointer data)
{
  Open *open = data;
  sqns_tty_close (&open->tty);
  g_clear_error (&open->locked);
  g_free (open->devnode);
  g_free (open);
}

/* The scan has found no other program, but could not look into each. */
static gboolean
is_ours (Open *open, gboolean sure, GError **error)
{
  SqnsTtyId id;
  if (sure || !sqns_tty_id_of (open->devnode, &id) || id.devpts != 0)
    return TRUE;
  return sqns_tty_is_ours (&open->tty, open->devnode, error);
}

static void
on_looked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Open *open = g_task_get_task_data (task);
  SqnsPort *port = NULL;
  GError *error = NULL;
  gboolean sure;

  if (sqns_port_holder_finish (result, &sure, &error) && is_ours (open, sure, &error)
      && sqns_tty_begin (&open->tty, open->speed, &error))
    port = sqns_port_new (open->devnode, &open->tty, open->speed, &error);
  if (port != NULL)
    {
      g_task_return_pointer (task, port, g_object_unref);
      return;
    }
  sqns_tty_close (&open->tty); /* before anybody hears of it, and tries again */
  g_task_return_error (task, error);
}

/* Another program has it locked: a scan may tell which. */
static void
on_named (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Open *open = g_task_get_task_data (task);
  GError *named = NULL;
  if (sqns_port_holder_finish (result, NULL, &named))
    named = g_steal_pointer (&open->locked);
  g_task_return_error (task, named);
}

void
sqns_port_open_async (const char *devnode, guint speed, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, user_data);
  Open *open = g_new0 (Open, 1);

  open->devnode = g_strdup (devnode);
  open->speed = speed;
  g_task_set_source_tag (task, sqns_port_open_async);
  g_task_set_task_data (task, open, open_free);
  if (sqns_tty_open (&open->tty, devnode, &open->locked))
    sqns_port_holder_async (devnode, on_looked, g_steal_pointer (&task));
  else if (g_error_matches (open->locked, SQNS_ERROR, SQNS_ERROR_PORT_LOCKED))
    sqns_port_holder_async (devnode, on_named, g_steal_pointer (&task));
  else
    g_task_return_error (task, g_steal_pointer (&open->locked));
}

SqnsPort *
sqns_port_open_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
