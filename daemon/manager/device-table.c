/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All devices: boards and ports. */
#include "common/clean.h"
#include "manager/device-table.h"

#include <string.h>
#include <sys/stat.h>

#define MAX_ABSENT 256 /* boards that are unplugged and not needed: the oldest is forgotten */

struct _SqnsDeviceTable {
  GObject parent;
  GPtrArray *devices;
  SqnsPortPlaces port_places;
  SqnsDeviceIsNeeded is_needed;
  gpointer user_data;
};

G_DEFINE_FINAL_TYPE (SqnsDeviceTable, sqns_device_table, G_TYPE_OBJECT)

enum {
  ADDED,
  REMOVED,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

static void
sqns_device_table_finalize (GObject *object)
{
  g_ptr_array_unref (SQNS_DEVICE_TABLE (object)->devices);
  G_OBJECT_CLASS (sqns_device_table_parent_class)->finalize (object);
}

static void
sqns_device_table_class_init (SqnsDeviceTableClass *klass)
{
  static const char *const names[N_SIGNALS] = { "added", "removed" };
  G_OBJECT_CLASS (klass)->finalize = sqns_device_table_finalize;
  for (guint i = 0; i < N_SIGNALS; i++)
    signals[i] = g_signal_new (names[i], SQNS_TYPE_DEVICE_TABLE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                               SQNS_TYPE_DEVICE);
}

static void
sqns_device_table_init (SqnsDeviceTable *self)
{
  self->devices = g_ptr_array_new_with_free_func (g_object_unref);
}

SqnsDeviceTable *
sqns_device_table_new (SqnsDeviceIsNeeded is_needed, gpointer user_data)
{
  SqnsDeviceTable *self = g_object_new (SQNS_TYPE_DEVICE_TABLE, NULL);
  self->is_needed = is_needed;
  self->user_data = user_data;
  return self;
}

GPtrArray *
sqns_device_table_devices (SqnsDeviceTable *table)
{
  return table->devices;
}

/* Takes @device. */
static SqnsDevice *
add (SqnsDeviceTable *self, SqnsDevice *device)
{
  g_ptr_array_add (self->devices, device);
  SqnsLogContext context = sqns_device_log_context (device);
  sqns_message (&context, "modem %s added", sqns_device_info (device)->id);
  g_signal_emit (self, signals[ADDED], 0, device);
  return device;
}

static void
remove_device (SqnsDeviceTable *self, SqnsDevice *device)
{
  g_object_ref (device);
  g_ptr_array_remove (self->devices, device);
  g_signal_emit (self, signals[REMOVED], 0, device);
  g_object_unref (device);
}

static gboolean
is_idle (SqnsDeviceTable *self, SqnsDevice *device)
{
  return sqns_device_info (device)->use == SQNS_USE_NONE && !self->is_needed (device, self->user_data);
}

static SqnsDevice *
find_board (SqnsDeviceTable *self, const char *id)
{
  for (guint i = 0; i < self->devices->len; i++)
    if (g_strcmp0 (sqns_device_info (self->devices->pdata[i])->board_id, id) == 0)
      return self->devices->pdata[i];
  return NULL;
}

/* The same tty by any name, else a port of that name, or NULL. */
static SqnsDevice *
find_tty (SqnsDeviceTable *self, const char *devnode)
{
  SqnsDevice *port = NULL;
  struct stat st, other;
  gboolean is_tty = stat (devnode, &st) == 0 && S_ISCHR (st.st_mode);
  for (guint i = 0; i < self->devices->len; i++)
    {
      const SqnsDeviceInfo *info = sqns_device_info (self->devices->pdata[i]);
      if (is_tty && (info->present || info->manual) && stat (info->devnode, &other) == 0 && S_ISCHR (other.st_mode)
          && other.st_rdev == st.st_rdev)
        return self->devices->pdata[i];
      if (port == NULL && info->manual && g_str_equal (info->devnode, devnode))
        port = self->devices->pdata[i];
    }
  return port;
}

/* A user was faster than udev and added the tty of a known board as a port: there is one modem, not two. */
static void
remove_port_of (SqnsDeviceTable *self, SqnsDevice *board)
{
  for (guint i = self->devices->len; i-- > 0;)
    {
      SqnsDevice *device = self->devices->pdata[i];
      const SqnsDeviceInfo *info = sqns_device_info (device);
      if (device != board && info->manual && g_str_equal (info->devnode, sqns_device_info (board)->devnode)
          && is_idle (self, device))
        remove_device (self, device);
    }
}

void
sqns_device_table_add_board (SqnsDeviceTable *self, const SqnsBoardFacts *facts)
{
  SqnsDevice *device = find_board (self, facts->id);
  if (device == NULL)
    {
      /* udev may learn late that a port which a user has added is a board */
      device = find_tty (self, facts->devnode);
      if (device != NULL && !sqns_device_info (device)->manual)
        device = NULL;
    }
  if (device == NULL)
    device = add (self, sqns_device_new_board (facts, TRUE));
  else
    sqns_device_plugged (device, facts);
  remove_port_of (self, device);
}

/* Boards come and go by the hundred on a bench. */
static void
limit_absent (SqnsDeviceTable *self)
{
  SqnsDevice *oldest = NULL;
  guint absent = 0;
  for (guint i = self->devices->len; i-- > 0;)
    {
      const SqnsDeviceInfo *info = sqns_device_info (self->devices->pdata[i]);
      if (info->present || info->manual || !is_idle (self, self->devices->pdata[i]))
        continue;
      oldest = self->devices->pdata[i];
      absent++;
    }
  if (absent > MAX_ABSENT)
    remove_device (self, oldest);
}

void
sqns_device_table_remove_board (SqnsDeviceTable *self, const char *id)
{
  SqnsDevice *device = find_board (self, id);
  if (device == NULL)
    return;
  sqns_device_unplugged (device);
  limit_absent (self);
}

static gboolean
has_id (SqnsDeviceTable *self, const char *id)
{
  for (guint i = 0; i < self->devices->len; i++)
    if (g_str_equal (sqns_device_info (self->devices->pdata[i])->id, id))
      return TRUE;
  return FALSE;
}

/* "/dev/ttyUSB0" is "ttyUSB0", "/dev/pts/5" is "pts-5", "/run/bench/board" is "board"; the second of a name gets a
 * number. */
static char *
make_id (SqnsDeviceTable *self, const char *devnode)
{
  g_autofree char *base
      = g_str_has_prefix (devnode, "/dev/") ? g_strdup (devnode + strlen ("/dev/")) : g_path_get_basename (devnode);
  g_strdelimit (base, "/ \t\r\n", '-');
  g_autofree char *id = sqns_clean_line (base, -1);
  for (guint n = 2; has_id (self, id); n++)
    {
      g_free (id);
      id = g_strdup_printf ("%s-%u", base, n);
    }
  return g_steal_pointer (&id);
}

void
sqns_device_table_set_port_places (SqnsDeviceTable *table, SqnsPortPlaces places)
{
  table->port_places = places;
}

SqnsDevice *
sqns_device_table_add_port (SqnsDeviceTable *self, const char *devnode, const SqnsPortOptions *options, GError **error)
{
  g_autofree char *path = sqns_port_path_canonical (devnode, self->port_places, error);
  if (path == NULL || !sqns_port_path_check (path, self->port_places, error))
    return NULL;

  SqnsDevice *device = find_tty (self, path);
  if (device == NULL)
    {
      g_autofree char *id = make_id (self, path);
      return add (self, sqns_device_new_port (id, path, options));
    }
  if (options->link != SQNS_LINK_AUTO || options->board != NULL || options->speed != 0)
    sqns_device_set_port_options (device, options);
  sqns_device_check_presence (device);
  return device;
}

gboolean
sqns_device_table_remove_port (SqnsDeviceTable *self, SqnsDevice *device, GError **error)
{
  const SqnsDeviceInfo *info = sqns_device_info (device);
  if (!info->manual)
    g_set_error (error, SQNS_ERROR, SQNS_ERROR_WRONG_STATE,
                 "%s was found automatically and is removed when it is unplugged", info->id);
  else if (!is_idle (self, device))
    g_set_error (error, SQNS_ERROR, SQNS_ERROR_BUSY, "%s is in use by an unfinished job or an open console", info->id);
  else
    {
      remove_device (self, device);
      return TRUE;
    }
  return FALSE;
}

SqnsDevice *
sqns_device_table_restore (SqnsDeviceTable *self, const SqnsBoardFacts *facts, const SqnsPortOptions *port)
{
  SqnsDevice *device = port != NULL ? find_tty (self, facts->devnode) : find_board (self, facts->id);
  if (device != NULL)
    return device;
  if (port == NULL)
    return add (self, sqns_device_new_board (facts, FALSE));
  g_autofree char *id = has_id (self, facts->id) ? make_id (self, facts->devnode) : g_strdup (facts->id);
  device = add (self, sqns_device_new_port (id, facts->devnode, port));
  sqns_device_check_presence (device);
  return device;
}
