/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Turns udev's events about ttys into boards that come and go. */
#include "base/log.h"
#include "enumerator/enumerator.h"
#include "enumerator/tty-facts.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <linux/netlink.h>
#include <sys/socket.h>

struct _SqnsEnumerator {
  GObject parent_instance;
  GUdevClient *client;
  GHashTable *boards; /* sysfs path of the tty → SqnsBoardFacts */
};

G_DEFINE_FINAL_TYPE (SqnsEnumerator, sqns_enumerator, G_TYPE_OBJECT)

enum {
  BOARD_ADDED,
  BOARD_REMOVED,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

static void
remove_board (SqnsEnumerator *self, const char *sysfs_path)
{
  g_autofree char *path = NULL;
  g_autoptr (SqnsBoardFacts) facts = NULL;
  if (g_hash_table_steal_extended (self->boards, sysfs_path, (gpointer *)&path, (gpointer *)&facts))
    g_signal_emit (self, signals[BOARD_REMOVED], 0, facts->id);
}

/* The sysfs path of the board with @id, or NULL. */
static const char *
find_path (SqnsEnumerator *self, const char *id)
{
  GHashTableIter iter;
  gpointer path, facts;
  g_hash_table_iter_init (&iter, self->boards);
  while (g_hash_table_iter_next (&iter, &path, &facts))
    if (g_str_equal (((SqnsBoardFacts *)facts)->id, id))
      return path;
  return NULL;
}

/* Whether the board that was seen at @sysfs_path is still there: it tells a twin from a re-plug without a "remove". */
static gboolean
is_still_there (SqnsEnumerator *self, const char *sysfs_path)
{
  g_autoptr (GUdevDevice) tty = g_udev_client_query_by_sysfs_path (self->client, sysfs_path);
  g_autoptr (SqnsBoardFacts) now = tty != NULL ? sqns_tty_facts (tty) : NULL;
  const SqnsBoardFacts *then = g_hash_table_lookup (self->boards, sysfs_path);
  return now != NULL && g_strcmp0 (now->serial, then->serial) == 0;
}

/* Boards may share a serial number: the later one is named by its place as well. */
static void
make_id_unique (SqnsEnumerator *self, GUdevDevice *tty, SqnsBoardFacts *facts)
{
  const char *sysfs_path = g_udev_device_get_sysfs_path (tty);
  const SqnsBoardFacts *known = g_hash_table_lookup (self->boards, sysfs_path);
  g_autofree char *place = sqns_tty_place (tty);
  g_autofree char *long_id = g_strdup_printf ("%s@%s", facts->id, place);
  g_autofree char *holder = g_strdup (find_path (self, facts->id));

  /* it keeps its name even when its twin has gone since */
  if (known == NULL || !g_str_equal (known->id, long_id))
    {
      if (holder == NULL || g_str_equal (holder, sysfs_path))
        return;
      if (!is_still_there (self, holder))
        {
          remove_board (self, holder);
          return;
        }
      sqns_message (NULL, "%s has the same serial number as another board: it is called %s", facts->devnode, long_id);
    }
  g_free (facts->id);
  facts->id = g_steal_pointer (&long_id);
}

static void
add_or_change (SqnsEnumerator *self, GUdevDevice *tty)
{
  const char *sysfs_path = g_udev_device_get_sysfs_path (tty);
  g_autoptr (SqnsBoardFacts) facts = sqns_tty_facts (tty);
  if (facts == NULL)
    {
      remove_board (self, sysfs_path);
      return;
    }
  make_id_unique (self, tty, facts);

  const SqnsBoardFacts *known = g_hash_table_lookup (self->boards, sysfs_path);
  if (known != NULL && sqns_board_facts_equal (known, facts))
    return;
  if (known != NULL && (!g_str_equal (known->id, facts->id) || !g_str_equal (known->devnode, facts->devnode)))
    remove_board (self, sysfs_path);
  const SqnsBoardFacts *added = facts;
  g_hash_table_replace (self->boards, g_strdup (sysfs_path), g_steal_pointer (&facts));
  g_signal_emit (self, signals[BOARD_ADDED], 0, added);
}

static void
on_uevent (GUdevClient *client, const char *action, GUdevDevice *tty, SqnsEnumerator *self)
{
  if (g_str_equal (action, "remove"))
    remove_board (self, g_udev_device_get_sysfs_path (tty));
  else
    add_or_change (self, tty);
}

/* GUdevClient only warns when it cannot listen, and then reports nothing. */
static gboolean
can_listen (GError **error)
{
  int fd = socket (AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
  if (fd < 0)
    {
      g_set_error (error, SQNS_ERROR, SQNS_ERROR_FAILED, "cannot listen to udev: %s", g_strerror (errno));
      return FALSE;
    }
  return g_close (fd, error);
}

gboolean
sqns_enumerator_start (SqnsEnumerator *self, GError **error)
{
  g_return_val_if_fail (self->client == NULL, TRUE);
  if (!can_listen (error))
    return FALSE;

  const char *const subsystems[] = { "tty", NULL };
  self->client = g_udev_client_new (subsystems);
  g_signal_connect_object (self->client, "uevent", G_CALLBACK (on_uevent), self, 0);
  g_autolist (GUdevDevice) ttys = g_udev_client_query_by_subsystem (self->client, "tty");
  for (GList *l = ttys; l != NULL; l = l->next)
    add_or_change (self, l->data);
  return TRUE;
}

static void
sqns_enumerator_dispose (GObject *object)
{
  SqnsEnumerator *self = SQNS_ENUMERATOR (object);
  g_clear_object (&self->client);
  G_OBJECT_CLASS (sqns_enumerator_parent_class)->dispose (object);
}

static void
sqns_enumerator_finalize (GObject *object)
{
  SqnsEnumerator *self = SQNS_ENUMERATOR (object);
  g_hash_table_unref (self->boards);
  G_OBJECT_CLASS (sqns_enumerator_parent_class)->finalize (object);
}

static void
sqns_enumerator_class_init (SqnsEnumeratorClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  object_class->dispose = sqns_enumerator_dispose;
  object_class->finalize = sqns_enumerator_finalize;

  signals[BOARD_ADDED] = g_signal_new ("board-added", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                       G_TYPE_NONE, 1, G_TYPE_POINTER);
  signals[BOARD_REMOVED] = g_signal_new ("board-removed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                         NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
sqns_enumerator_init (SqnsEnumerator *self)
{
  self->boards = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)sqns_board_facts_free);
}

SqnsEnumerator *
sqns_enumerator_new (void)
{
  return g_object_new (SQNS_TYPE_ENUMERATOR, NULL);
}
