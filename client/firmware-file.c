/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A firmware file that a person named. */
#include "firmware-file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *
what_it_is (mode_t mode)
{
  switch (mode & S_IFMT)
    {
    case S_IFDIR:
      return "a directory";
    case S_IFIFO:
      return "a pipe, save its content to a file first";
    case S_IFCHR:
      return "a device";
    case S_IFBLK:
      return "a block device";
    case S_IFSOCK:
      return "a socket";
    default: /* not an enum */
      return "not a regular file";
    }
}

int
sqns_firmware_file_open_fd (const char *path, GError **error)
{
  g_autofree char *shown = g_filename_display_name (path);
  struct stat st;
  /* Not blocking, and no terminal of ours: FILE may be a pipe or a tty by mistake. */
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

  if (fd < 0)
    {
      int saved = errno;
      if (saved == ENOENT || saved == ENOTDIR)
        g_set_error (error, SQNS_ERROR, SQNS_ERROR_NOT_FOUND, "%s: no such file", shown);
      else if (saved == EACCES || saved == EPERM)
        g_set_error (error, G_DBUS_ERROR, G_DBUS_ERROR_ACCESS_DENIED, "%s: you may not read this file", shown);
      else if (saved == ENXIO)
        g_set_error (error, SQNS_ERROR, SQNS_ERROR_INVALID_FIRMWARE, "%s: this is a socket", shown);
      else
        g_set_error (error, SQNS_ERROR, SQNS_ERROR_FAILED, "%s: cannot be opened: %s", shown, g_strerror (saved));
      return -1;
    }
  if (fstat (fd, &st) == 0 && S_ISREG (st.st_mode))
    return fd;
  g_set_error (error, SQNS_ERROR, SQNS_ERROR_INVALID_FIRMWARE, "%s: this is %s", shown, what_it_is (st.st_mode));
  close (fd);
  return -1;
}

/* Read, not mapped: a file that shrinks meanwhile must not end the program. */
static GBytes *
read_all (int fd, guint64 size, const char *shown, GError **error)
{
  g_autofree guint8 *data = g_malloc (size);
  guint64 got = 0;
  while (got < size)
    {
      ssize_t n = pread (fd, data + got, size - got, (off_t)got);
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        {
          g_set_error (error, SQNS_ERROR, SQNS_ERROR_FAILED, "%s: cannot be read: %s", shown, g_strerror (errno));
          return NULL;
        }
      if (n == 0)
        break;
      got += (guint64)n;
    }
  return g_bytes_new_take (g_steal_pointer (&data), got);
}

static gboolean
check_size (guint64 size, const char *shown, GError **error)
{
  if (size == 0)
    g_set_error (error, SQNS_ERROR, SQNS_ERROR_INVALID_FIRMWARE, "%s: the file is empty", shown);
  else if (size < SQNS_FIRMWARE_MIN_SIZE)
    g_set_error (error, SQNS_ERROR, SQNS_ERROR_INVALID_FIRMWARE,
                 "%s: %" G_GUINT64_FORMAT " bytes are too few for a firmware file", shown, size);
  else if (size > SQNS_FIRMWARE_MAX_SIZE)
    g_set_error (error, SQNS_ERROR, SQNS_ERROR_INVALID_FIRMWARE,
                 "%s: %" G_GUINT64_FORMAT " bytes are too many for a firmware file", shown, size);
  else
    return TRUE;
  return FALSE;
}

SqnsFirmwareFile *
sqns_firmware_file_open (const char *path, GError **error)
{
  g_autoptr (SqnsFirmwareFile) file = g_new0 (SqnsFirmwareFile, 1);
  g_autofree char *shown = g_filename_display_name (path);
  struct stat st;

  file->fd = sqns_firmware_file_open_fd (path, error);
  if (file->fd < 0)
    return NULL;
  if (fstat (file->fd, &st) != 0)
    {
      g_set_error (error, SQNS_ERROR, SQNS_ERROR_FAILED, "%s: %s", shown, g_strerror (errno));
      return NULL;
    }
  if (!check_size ((guint64)st.st_size, shown, error))
    return NULL;

  file->name = g_filename_display_basename (path);
  file->data = read_all (file->fd, (guint64)st.st_size, shown, error);
  if (file->data == NULL)
    return NULL;
  gsize size;
  const guint8 *data = g_bytes_get_data (file->data, &size);
  file->caba = sqns_caba_parse (data, size, file->name, error);
  if (file->caba == NULL)
    {
      g_prefix_error (error, "%s: ", shown);
      return NULL;
    }
  return g_steal_pointer (&file);
}

void
sqns_firmware_file_free (SqnsFirmwareFile *file)
{
  if (file->fd >= 0)
    close (file->fd);
  g_free (file->name);
  g_clear_pointer (&file->data, g_bytes_unref);
  g_clear_pointer (&file->caba, sqns_caba_free);
  g_free (file);
}
