/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A way to the modem's AT channel that was found: what it is, and how it is left. How it is found: link-open.c. */
#include "link/link.h"

#include "board/relay.h"
#include "link/console.h"

struct _SqnsLink {
  GObject parent;
  SqnsLinkKind kind;
  SqnsBoardInfo board;
  SqnsPort *port;
  guint speed;              /* baud on the modem's side */
  SqnsLinkConsole *console; /* while one is open */
  GFunc console_closed;
  gpointer console_data;
};

G_DEFINE_FINAL_TYPE (SqnsLink, sqns_link, G_TYPE_OBJECT)

SqnsLink *
sqns_link_new (SqnsPort *port, SqnsLinkKind kind, guint speed, const SqnsBoardInfo *board)
{
  SqnsLink *link = g_object_new (SQNS_TYPE_LINK, NULL);

  link->port = g_object_ref (port);
  link->kind = kind;
  link->speed = speed;
  link->board = (SqnsBoardInfo){ g_strdup (board->board), g_strdup (board->firmware), board->notes };
  return link;
}

static void
on_close_left (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SqnsLink *link = g_task_get_source_object (task);
  g_autoptr (GError) error = NULL;

  if (!sqns_relay_quit_finish (result, &error))
    sqns_port_remark (link->port, "could not stop the relay: %s", error->message);
  sqns_port_close (link->port);
  g_task_return_boolean (task, TRUE);
}

void
sqns_link_close_async (SqnsLink *link, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (link, NULL, callback, user_data);

  if (link->kind == SQNS_LINK_RELAY && !sqns_port_is_lost (link->port))
    {
      sqns_relay_quit_async (link->port, on_close_left, task);
      return;
    }
  sqns_port_close (link->port);
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

gboolean
sqns_link_close_finish (SqnsLink *link, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

SqnsLinkKind
sqns_link_kind (SqnsLink *link)
{
  return link->kind;
}

guint
sqns_link_speed (SqnsLink *link)
{
  return link->speed;
}

gboolean
sqns_link_has_passthrough (SqnsLink *link)
{
  return link->kind == SQNS_LINK_RELAY && (link->board.notes & SQNS_BOARD_PASSTHROUGH) != 0;
}

/* --- speed --- */

gboolean
sqns_link_can_set_speed (SqnsLink *link)
{
  return link->kind == SQNS_LINK_DIRECT || link->kind == SQNS_LINK_RELAY;
}

static void
on_relay_speed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SqnsLink *link = g_task_get_source_object (task);
  GError *error = NULL;

  if (!sqns_relay_set_speed_finish (result, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  link->speed = GPOINTER_TO_UINT (g_task_get_task_data (task));
  g_task_return_boolean (task, TRUE);
}

void
sqns_link_set_speed_async (
    SqnsLink *link, guint speed, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (link, cancellable, callback, user_data);
  GError *error = NULL;

  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, GUINT_TO_POINTER (speed), NULL);
  if (!sqns_link_can_set_speed (link))
    g_task_return_new_error (task, SQNS_ERROR, SQNS_ERROR_NOT_SUPPORTED, "passthrough works at %u baud only",
                             SQNS_MODEM_SPEED);
  else if (link->kind == SQNS_LINK_RELAY)
    sqns_relay_set_speed_async (link->port, speed, cancellable, on_relay_speed, g_object_ref (task));
  else if (!sqns_port_set_speed (link->port, speed, &error))
    g_task_return_error (task, error);
  else
    {
      link->speed = speed;
      sqns_port_remark (link->port, "the port is at %u baud", speed);
      g_task_return_boolean (task, TRUE);
    }
}

gboolean
sqns_link_set_speed_finish (SqnsLink *link, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

const SqnsBoardInfo *
sqns_link_board (SqnsLink *link)
{
  return &link->board;
}

SqnsPort *
sqns_link_port (SqnsLink *link)
{
  return link->port;
}

const SqnsMonitor *
sqns_link_monitor (SqnsLink *link)
{
  return sqns_port_monitor (link->port);
}

/* --- console --- */

static void
on_console_closed (gpointer data)
{
  g_autoptr (SqnsLink) link = data;

  link->console = NULL;
  link->console_closed (link, link->console_data);
}

int
sqns_link_open_console (SqnsLink *link, GFunc closed, gpointer user_data, GError **error)
{
  int far = -1;

  link->console_closed = closed;
  link->console_data = user_data;
  link->console = sqns_link_console_new (link->port, on_console_closed, link, &far, error);
  if (link->console != NULL)
    g_object_ref (link);
  return far;
}

void
sqns_link_end_console (SqnsLink *link, const char *farewell)
{
  if (link->console != NULL)
    sqns_link_console_end (link->console, farewell);
}

static void
sqns_link_finalize (GObject *object)
{
  SqnsLink *link = SQNS_LINK (object);
  g_clear_object (&link->port);
  g_free (link->board.board);
  g_free (link->board.firmware);
  G_OBJECT_CLASS (sqns_link_parent_class)->finalize (object);
}

static void
sqns_link_init (SqnsLink *link)
{
}

static void
sqns_link_class_init (SqnsLinkClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = sqns_link_finalize;
}
