/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ports that somebody added: ttys that udev does not know as boards. None is opened here: that alone would move DTR. */
#include "common/clean.h"
#include "manager/manager-private.h"

#include <string.h>
#include <sys/stat.h>

static SqnsDevice *
find_by_number (SqnsManager *self, dev_t number)
{
  for (guint i = 0; i < self->devices->len; i++)
    {
      const SqnsDeviceInfo *info = sqns_device_info (self->devices->pdata[i]);
      struct stat st;
      if ((info->present || info->manual) && stat (info->devnode, &st) == 0 && S_ISCHR (st.st_mode)
          && st.st_rdev == number)
        return self->devices->pdata[i];
    }
  return NULL;
}

static SqnsDevice *
find_port_by_name (SqnsManager *self, const char *devnode)
{
  for (guint i = 0; i < self->devices->len; i++)
    {
      const SqnsDeviceInfo *info = sqns_device_info (self->devices->pdata[i]);
      if (info->manual && g_str_equal (info->devnode, devnode))
        return self->devices->pdata[i];
    }
  return NULL;
}

SqnsDevice *
sqns_manager_device_at (SqnsManager *self, const char *devnode)
{
  struct stat st;
  if (stat (devnode, &st) == 0 && S_ISCHR (st.st_mode))
    {
      SqnsDevice *device = find_by_number (self, st.st_rdev);
      if (device != NULL)
        return device;
    }
  return find_port_by_name (self, devnode);
}

static gboolean
has_id (SqnsManager *self, const char *id)
{
  for (guint i = 0; i < self->devices->len; i++)
    if (g_str_equal (sqns_device_info (self->devices->pdata[i])->id, id))
      return TRUE;
  return FALSE;
}

/* "/dev/ttyUSB0" is "ttyUSB0", "/dev/pts/5" is "pts-5", "/run/bench/board" is "board"; a second one of a name gets a
 * number. */
static char *
make_id (SqnsManager *self, const char *devnode)
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

static void
on_port_event (GFileMonitor *monitor, GFile *file, GFile *other, GFileMonitorEvent event, gpointer user_data)
{
  SqnsManager *self = user_data;
  GHashTableIter iter;
  gpointer device, watch;

  g_hash_table_iter_init (&iter, self->watches);
  while (g_hash_table_iter_next (&iter, &device, &watch))
    if (watch == monitor)
      {
        gboolean was_present = sqns_device_info (device)->present;
        if (sqns_device_check_presence (device) != was_present)
          sqns_manager_schedule (self);
        return;
      }
}

static void
watch_port (SqnsManager *self, SqnsDevice *device)
{
  g_autoptr (GFile) file = g_file_new_for_path (sqns_device_info (device)->devnode);
  /* without it the port's presence is looked at when it is used */
  GFileMonitor *monitor = g_file_monitor_file (file, G_FILE_MONITOR_NONE, NULL, NULL);
  if (monitor == NULL)
    return;
  g_signal_connect_object (monitor, "changed", G_CALLBACK (on_port_event), self, 0);
  g_hash_table_insert (self->watches, device, monitor);
}

void
sqns_manager_unwatch_port (SqnsManager *self, SqnsDevice *device)
{
  g_hash_table_remove (self->watches, device);
}

void
sqns_manager_set_port_places (SqnsManager *manager, SqnsPortPlaces places)
{
  manager->port_places = places;
}

SqnsDevice *
sqns_manager_add_port (SqnsManager *self, const char *devnode, const SqnsPortOptions *options, GError **error)
{
  gboolean wants = options->link != SQNS_LINK_AUTO || options->board != NULL || options->speed != 0;
  struct stat st;
  g_autofree char *path = sqns_port_path_canonical (devnode, self->port_places, error);
  if (path == NULL || !sqns_port_path_stat (path, self->port_places, &st, error))
    return NULL;

  SqnsDevice *device = find_by_number (self, st.st_rdev);
  if (device == NULL)
    device = find_port_by_name (self, path);
  if (device != NULL)
    {
      if (wants)
        sqns_device_set_port_options (device, options);
      if (sqns_device_check_presence (device))
        sqns_manager_schedule (self);
      return device;
    }
  g_autofree char *id = make_id (self, path);
  device = sqns_device_new_port (id, path, options);
  watch_port (self, device);
  sqns_manager_adopt_device (self, device);
  return device;
}

SqnsDevice *
sqns_manager_recall_port (SqnsManager *self, const char *id, const char *devnode, const SqnsPortOptions *options)
{
  SqnsDevice *device = sqns_manager_device_at (self, devnode);
  if (device != NULL)
    return device;
  g_autofree char *free_id = has_id (self, id) ? make_id (self, devnode) : g_strdup (id);
  device = sqns_device_new_port (free_id, devnode, options);
  watch_port (self, device);
  sqns_manager_adopt_device (self, device);
  sqns_device_check_presence (device);
  return device;
}

gboolean
sqns_manager_remove_port (SqnsManager *self, SqnsDevice *device, GError **error)
{
  const SqnsDeviceInfo *info = sqns_device_info (device);
  if (!info->manual)
    {
      g_set_error (error, SQNS_ERROR, SQNS_ERROR_WRONG_STATE,
                   "%s is a board that was found by itself: it goes when it is unplugged", info->id);
      return FALSE;
    }
  if (info->use != SQNS_USE_NONE || sqns_manager_has_unfinished (self, device))
    {
      g_set_error (error, SQNS_ERROR, SQNS_ERROR_BUSY, "%s is in use: a job is not finished, or a console is open",
                   info->id);
      return FALSE;
    }
  sqns_manager_drop_device (self, device);
  return TRUE;
}
