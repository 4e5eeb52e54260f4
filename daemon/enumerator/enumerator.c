/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Turns udev's events about ttys into boards that come and go. */
#include "common/error.h"
#include "enumerator/enumerator.h"

#include "base/log.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <gudev/gudev.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#define VENDOR_MICROCHIP 0x04d8
#define VENDOR_FTDI 0x0403

struct _SqnsEnumerator {
  GUdevClient *client;
  GHashTable *boards; /* sysfs path of the tty → SqnsBoardFacts */
  const SqnsEnumeratorFuncs *funcs;
  gpointer data;
};

void
sqns_board_facts_free (SqnsBoardFacts *facts)
{
  if (facts == NULL)
    return;
  g_free (facts->id);
  g_free (facts->devnode);
  g_free (facts->id_path);
  g_free (facts->product_name);
  g_free (facts->serial);
  g_free (facts);
}

/* field-failures.md §3; the same ids stand in data/udev/60-sqnsd.rules */
static const struct {
  guint16 vendor;
  guint16 product;
} board_ids[] = {
  { VENDOR_MICROCHIP, 0xf013 }, /* Pytrack */
  { VENDOR_MICROCHIP, 0xf012 }, /* Pysense */
  { VENDOR_MICROCHIP, 0xef38 }, /* Pyscan */
  { VENDOR_MICROCHIP, 0xef98 }, /* Expansion Board 3.x */
  { VENDOR_MICROCHIP, 0xed14 }, /* Pygate */
  { VENDOR_FTDI, 0x6015 },      /* Expansion Board 1 and 2 */
};

static GUdevDevice *
usb_device_of (GUdevDevice *tty)
{
  return g_udev_device_get_parent_with_subsystem (tty, "usb", "usb_device");
}

/* @property of the tty, else @attribute of its USB device; NULL when both are missing or empty */
static char *
fact (GUdevDevice *tty, const char *property, const char *attribute)
{
  const char *value = g_udev_device_get_property (tty, property);
  if (value != NULL && *value != '\0')
    return g_strdup (value);
  g_autoptr (GUdevDevice) usb = usb_device_of (tty);
  value = usb ? g_udev_device_get_sysfs_attr (usb, attribute) : NULL;
  return value != NULL && *value != '\0' ? g_strstrip (g_strdup (value)) : NULL;
}

static guint16
hex_fact (GUdevDevice *tty, const char *property, const char *attribute)
{
  g_autofree char *text = fact (tty, property, attribute);
  guint64 value = text ? g_ascii_strtoull (text, NULL, 16) : 0;
  return value <= G_MAXUINT16 ? value : 0;
}

static gboolean
is_board (GUdevDevice *tty)
{
  const char *tag = g_udev_device_get_property (tty, "ID_SQNSD_CANDIDATE");
  if (tag != NULL)
    return g_str_equal (tag, "1");

  guint16 vendor = hex_fact (tty, "ID_VENDOR_ID", "idVendor");
  guint16 product = hex_fact (tty, "ID_MODEL_ID", "idProduct");
  for (gsize i = 0; i < G_N_ELEMENTS (board_ids); i++)
    if (board_ids[i].vendor == vendor && board_ids[i].product == product)
      return TRUE;
  return FALSE;
}

/* Where @tty is plugged in: ID_PATH, else the names of its USB port and tty. Never empty. */
static char *
place_of (GUdevDevice *tty)
{
  const char *path = g_udev_device_get_property (tty, "ID_PATH");
  if (path != NULL && *path != '\0')
    return g_strdup (path);
  g_autoptr (GUdevDevice) usb = usb_device_of (tty);
  return g_strdup_printf ("usb-%s-%s", usb ? g_udev_device_get_name (usb) : "none", g_udev_device_get_name (tty));
}

/* As udev writes serial numbers, whether udev has cleaned this one or it is raw from the device. */
static char *
clean (char *serial)
{
  return serial ? g_strcanon (serial, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "#+-.:=@_", '_') : NULL;
}

/* NULL when @tty is no board, or has no device node yet. A tty is a board when the udev rule says so
 * (ID_SQNSD_CANDIDATE=1; 0 says that it is none), or, without the rule, when its USB ids are those of field-failures.md
 * §3. Udev's ID_* properties precede the attributes of the USB device. */
static SqnsBoardFacts *
facts_of (GUdevDevice *tty)
{
  const char *devnode = g_udev_device_get_device_file (tty);
  if (devnode == NULL || !is_board (tty))
    return NULL;

  SqnsBoardFacts *facts = g_new0 (SqnsBoardFacts, 1);
  facts->devnode = g_strdup (devnode);
  facts->id_path = g_strdup (g_udev_device_get_property (tty, "ID_PATH"));
  facts->vendor = hex_fact (tty, "ID_VENDOR_ID", "idVendor");
  facts->product = hex_fact (tty, "ID_MODEL_ID", "idProduct");
  facts->serial = clean (fact (tty, "ID_SERIAL_SHORT", "serial"));
  facts->product_name = fact (tty, "ID_MODEL", "product");
  if (facts->product_name != NULL)
    g_strdelimit (facts->product_name, "_", ' '); /* udev put it there for each space */
  facts->id
      = facts->serial ? g_strdup_printf ("%04x:%04x-%s", facts->vendor, facts->product, facts->serial) : place_of (tty);
  return facts;
}

static void
remove_board (SqnsEnumerator *self, const char *sysfs_path)
{
  g_autofree char *path = NULL;
  g_autoptr (SqnsBoardFacts) facts = NULL;
  if (g_hash_table_steal_extended (self->boards, sysfs_path, (gpointer *)&path, (gpointer *)&facts))
    self->funcs->removed (self->data, facts->id);
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
  g_autoptr (SqnsBoardFacts) now = tty != NULL ? facts_of (tty) : NULL;
  const SqnsBoardFacts *then = g_hash_table_lookup (self->boards, sysfs_path);
  return now != NULL && g_strcmp0 (now->serial, then->serial) == 0;
}

/* Boards may share a serial number: the later one is named by its place as well. */
static void
make_id_unique (SqnsEnumerator *self, GUdevDevice *tty, SqnsBoardFacts *facts)
{
  const char *sysfs_path = g_udev_device_get_sysfs_path (tty);
  const SqnsBoardFacts *known = g_hash_table_lookup (self->boards, sysfs_path);
  g_autofree char *place = place_of (tty);
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
      sqns_message (NULL, "%s has the same serial number as another board; it is named %s", facts->devnode, long_id);
    }
  g_free (facts->id);
  facts->id = g_steal_pointer (&long_id);
}

static gboolean
is_same (const SqnsBoardFacts *a, const SqnsBoardFacts *b)
{
  return g_str_equal (a->id, b->id) && g_str_equal (a->devnode, b->devnode) && g_strcmp0 (a->id_path, b->id_path) == 0
         && g_strcmp0 (a->product_name, b->product_name) == 0 && g_strcmp0 (a->serial, b->serial) == 0
         && a->vendor == b->vendor && a->product == b->product;
}

static void
add_or_change (SqnsEnumerator *self, GUdevDevice *tty)
{
  const char *sysfs_path = g_udev_device_get_sysfs_path (tty);
  g_autoptr (SqnsBoardFacts) facts = facts_of (tty);
  if (facts == NULL)
    {
      remove_board (self, sysfs_path);
      return;
    }
  make_id_unique (self, tty, facts);

  const SqnsBoardFacts *known = g_hash_table_lookup (self->boards, sysfs_path);
  if (known != NULL && is_same (known, facts))
    return;
  if (known != NULL && (!g_str_equal (known->id, facts->id) || !g_str_equal (known->devnode, facts->devnode)))
    remove_board (self, sysfs_path);
  const SqnsBoardFacts *added = facts;
  g_hash_table_replace (self->boards, g_strdup (sysfs_path), g_steal_pointer (&facts));
  self->funcs->added (self->data, added);
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

SqnsEnumerator *
sqns_enumerator_new (const SqnsEnumeratorFuncs *funcs, gpointer data, GError **error)
{
  static const char *const subsystems[] = { "tty", NULL };
  if (!can_listen (error))
    return NULL;

  SqnsEnumerator *self = g_new0 (SqnsEnumerator, 1);
  self->boards = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)sqns_board_facts_free);
  self->funcs = funcs;
  self->data = data;
  self->client = g_udev_client_new (subsystems);
  g_signal_connect (self->client, "uevent", G_CALLBACK (on_uevent), self);
  g_autolist (GUdevDevice) ttys = g_udev_client_query_by_subsystem (self->client, "tty");
  for (GList *l = ttys; l != NULL; l = l->next)
    add_or_change (self, l->data);
  return self;
}

void
sqns_enumerator_free (SqnsEnumerator *self)
{
  if (self == NULL)
    return;
  g_signal_handlers_disconnect_by_data (self->client, self);
  g_object_unref (self->client);
  g_hash_table_unref (self->boards);
  g_free (self);
}
