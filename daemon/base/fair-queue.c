/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests that wait for their turn. */
#include "base/fair-queue.h"

typedef struct {
  char *name;
  GQueue items; /* by age; never empty */
} Owner;

struct _SqnsFairQueue {
  GQueue owners; /* Owner: the next one first */
  guint length;
  guint max;
};

SqnsFairQueue *
sqns_fair_queue_new (guint max)
{
  SqnsFairQueue *self = g_new0 (SqnsFairQueue, 1);
  g_queue_init (&self->owners);
  self->max = max;
  return self;
}

static void
owner_free (Owner *owner)
{
  g_queue_clear (&owner->items);
  g_free (owner->name);
  g_free (owner);
}

void
sqns_fair_queue_free (SqnsFairQueue *self, GDestroyNotify forget)
{
  for (gpointer item = sqns_fair_queue_pop (self); item != NULL; item = sqns_fair_queue_pop (self))
    forget (item);
  g_free (self);
}

static GList *
find (SqnsFairQueue *self, const char *name)
{
  for (GList *link = self->owners.head; link != NULL; link = link->next)
    if (g_str_equal (((Owner *)link->data)->name, name))
      return link;
  return NULL;
}

static GList *
find_greediest (SqnsFairQueue *self)
{
  GList *most = NULL;
  for (GList *link = self->owners.head; link != NULL; link = link->next)
    if (most == NULL || ((Owner *)link->data)->items.length > ((Owner *)most->data)->items.length)
      most = link;
  return most;
}

/* Of the owner at @link. */
static gpointer
take (SqnsFairQueue *self, GList *link, gboolean youngest)
{
  Owner *owner = link->data;
  gpointer item = youngest ? g_queue_pop_tail (&owner->items) : g_queue_pop_head (&owner->items);

  self->length--;
  if (g_queue_is_empty (&owner->items))
    {
      g_queue_delete_link (&self->owners, link);
      owner_free (owner);
    }
  return item;
}

gpointer
sqns_fair_queue_push (SqnsFairQueue *self, const char *name, gpointer item)
{
  GList *link = find (self, name);
  gpointer surplus = NULL;

  if (self->length >= self->max)
    {
      GList *greediest = find_greediest (self);
      guint own = link != NULL ? ((Owner *)link->data)->items.length : 0;
      if (greediest == NULL || ((Owner *)greediest->data)->items.length <= own + 1)
        return item;                          /* another one would be displaced in the same way */
      surplus = take (self, greediest, TRUE); /* it has more than @name, so it is another owner */
    }
  if (link == NULL)
    {
      Owner *owner = g_new0 (Owner, 1);
      owner->name = g_strdup (name);
      g_queue_init (&owner->items);
      g_queue_push_tail (&self->owners, owner);
      link = self->owners.tail;
    }
  g_queue_push_tail (&((Owner *)link->data)->items, item);
  self->length++;
  return surplus;
}

gpointer
sqns_fair_queue_pop (SqnsFairQueue *self)
{
  GList *link = self->owners.head;
  if (link == NULL)
    return NULL;
  g_queue_unlink (&self->owners, link);
  g_queue_push_tail_link (&self->owners, link);
  return take (self, link, FALSE);
}

guint
sqns_fair_queue_length (const SqnsFairQueue *self)
{
  return self->length;
}
