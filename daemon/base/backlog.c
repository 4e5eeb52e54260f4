/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Work that is done in turns. */
#include "base/backlog.h"

struct _SqnsBacklog {
  GFunc work;
  gpointer user_data;
  GQueue items;
  guint source;
  gboolean *freed; /* tells the turn that works just now */
};

static gboolean
on_turn (gpointer user_data)
{
  SqnsBacklog *self = user_data;
  gint64 end = g_get_monotonic_time () + SQNS_BACKLOG_TURN_US;
  gboolean freed = FALSE;

  self->freed = &freed;
  while (!g_queue_is_empty (&self->items))
    {
      self->work (g_queue_pop_head (&self->items), self->user_data);
      if (freed)
        return G_SOURCE_REMOVE;
      if (g_get_monotonic_time () >= end)
        {
          self->freed = NULL;
          return G_SOURCE_CONTINUE;
        }
    }
  self->freed = NULL;
  self->source = 0;
  return G_SOURCE_REMOVE;
}

SqnsBacklog *
sqns_backlog_new (GFunc work, gpointer user_data)
{
  SqnsBacklog *self = g_new0 (SqnsBacklog, 1);
  self->work = work;
  self->user_data = user_data;
  g_queue_init (&self->items);
  return self;
}

void
sqns_backlog_free (SqnsBacklog *self, GDestroyNotify forget)
{
  if (self == NULL)
    return;
  g_clear_handle_id (&self->source, g_source_remove);
  if (self->freed != NULL)
    *self->freed = TRUE;
  if (forget != NULL)
    g_queue_clear_full (&self->items, forget);
  else
    g_queue_clear (&self->items);
  g_free (self);
}

void
sqns_backlog_push (SqnsBacklog *self, gpointer item)
{
  g_queue_push_tail (&self->items, item);
  if (self->source == 0)
    self->source = g_idle_add_full (G_PRIORITY_DEFAULT, on_turn, self, NULL);
}

gboolean
sqns_backlog_remove (SqnsBacklog *self, gconstpointer item)
{
  return g_queue_remove (&self->items, item);
}
