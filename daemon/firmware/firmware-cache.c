/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The firmware files in use. */
#include "firmware/firmware-cache.h"

#include <glib/gstdio.h>

struct _SqnsFirmwareCache {
  GMutex loading; /* held by the worker that loads; the others wait, and then find its firmware in use */
  GMutex lock;    /* of @entries */
  GPtrArray *entries;
};

static void
entry_free (gpointer data)
{
  g_weak_ref_clear (data);
  g_free (data);
}

SqnsFirmwareCache *
sqns_firmware_cache_new (void)
{
  SqnsFirmwareCache *self = g_atomic_rc_box_new0 (SqnsFirmwareCache);
  g_mutex_init (&self->loading);
  g_mutex_init (&self->lock);
  self->entries = g_ptr_array_new_with_free_func (entry_free);
  return self;
}

SqnsFirmwareCache *
sqns_firmware_cache_ref (SqnsFirmwareCache *cache)
{
  return g_atomic_rc_box_acquire (cache);
}

static void
cache_clear (gpointer data)
{
  SqnsFirmwareCache *self = data;
  g_ptr_array_unref (self->entries);
  g_mutex_clear (&self->loading);
  g_mutex_clear (&self->lock);
}

void
sqns_firmware_cache_unref (SqnsFirmwareCache *cache)
{
  g_atomic_rc_box_release_full (cache, cache_clear);
}

/* Those in use, with references; forgets the others. Called with the lock. */
static GPtrArray *
hold_all (SqnsFirmwareCache *self)
{
  GPtrArray *all = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = self->entries->len; i-- > 0;)
    {
      SqnsFirmware *firmware = g_weak_ref_get (self->entries->pdata[i]);
      if (firmware != NULL)
        g_ptr_array_add (all, firmware);
      else
        g_ptr_array_remove_index_fast (self->entries, i);
    }
  return all;
}

/* Called with the lock. */
static SqnsFirmware *
share (SqnsFirmwareCache *self, const GPtrArray *all, SqnsFirmware *firmware)
{
  SqnsFirmware *same = NULL;
  for (guint i = 0; i < all->len; i++)
    if (all->pdata[i] == firmware)
      return firmware;
    else if (g_str_equal (sqns_firmware_sha256 (all->pdata[i]), sqns_firmware_sha256 (firmware)))
      {
        same = all->pdata[i];
        if (!sqns_firmware_is_called (same, sqns_firmware_kind (firmware), sqns_firmware_name (firmware)))
          continue;
        g_object_unref (firmware);
        return g_object_ref (same);
      }
  /* a diff's name says what it is: the same bytes under another name are another firmware */
  if (same != NULL)
    sqns_firmware_share_image (firmware, same);
  GWeakRef *entry = g_new0 (GWeakRef, 1);
  g_weak_ref_init (entry, firmware);
  g_ptr_array_add (self->entries, entry);
  return firmware;
}

SqnsFirmware *
sqns_firmware_cache_share (SqnsFirmwareCache *self, SqnsFirmware *firmware)
{
  g_mutex_lock (&self->lock);
  GPtrArray *all = hold_all (self);
  firmware = share (self, all, firmware);
  g_mutex_unlock (&self->lock);
  g_ptr_array_unref (all);
  return firmware;
}

/* Loading */

typedef struct {
  SqnsFirmwareCache *cache;
  int fd;
  char *name; /* nullable */
  SqnsFirmwareKind kind;
} Order;

static void
order_free (gpointer data)
{
  Order *order = data;
  sqns_firmware_cache_unref (order->cache);
  g_free (order->name);
  g_free (order);
}

static void
load_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Order *order = task_data;
  GError *error = NULL;

  g_mutex_lock (&order->cache->loading);
  g_mutex_lock (&order->cache->lock);
  GPtrArray *known = hold_all (order->cache);
  g_mutex_unlock (&order->cache->lock);
  SqnsFirmware *firmware = sqns_firmware_load (order->fd, order->name, order->kind, known, cancellable, &error);
  g_ptr_array_unref (known);
  if (firmware != NULL)
    firmware = sqns_firmware_cache_share (order->cache, firmware);
  g_mutex_unlock (&order->cache->loading);
  g_close (order->fd, NULL);
  if (firmware != NULL)
    g_task_return_pointer (task, firmware, g_object_unref);
  else
    g_task_return_error (task, sqns_error_normalize (error));
}

void
sqns_firmware_cache_load_async (SqnsFirmwareCache *self,
                                int fd,
                                const char *name,
                                SqnsFirmwareKind kind,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  const Order order = { g_atomic_rc_box_acquire (self), fd, g_strdup (name), kind };
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  g_task_set_source_tag (task, sqns_firmware_cache_load_async);
  g_task_set_task_data (task, g_memdup2 (&order, sizeof order), order_free);
  /* the worker always runs: it closes the fd, and returns CANCELLED in SQNS_ERROR */
  g_task_set_check_cancellable (task, FALSE);
  g_task_run_in_thread (task, load_in_thread);
}

SqnsFirmware *
sqns_firmware_cache_load_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
