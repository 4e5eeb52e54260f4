/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A firmware file on the command line. */
#include "client/firmware/file.h"

#include "common/memfile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_MEMFD_NAME 249 /* memfd_create(2) */

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

/* -1 on error; else *@size is its size. */
static int
open_regular (const char *path, const char *shown, guint64 *size, GError **error)
{
  struct stat st;
  /* O_NONBLOCK, O_NOCTTY: the path may be a pipe or a tty by mistake. */
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  int saved = errno;

  if (fd >= 0 && fstat (fd, &st) == 0 && S_ISREG (st.st_mode))
    {
      *size = (guint64)st.st_size;
      return fd;
    }
  if (fd >= 0)
    {
      g_set_error (error, SQNS_ERROR, SQNS_ERROR_INVALID_FIRMWARE, "%s: this is %s", shown, what_it_is (st.st_mode));
      close (fd);
    }
  else if (saved == ENOENT || saved == ENOTDIR)
    g_set_error (error, SQNS_ERROR, SQNS_ERROR_NOT_FOUND, "%s: no such file", shown);
  else if (saved == EACCES || saved == EPERM)
    g_set_error (error, G_DBUS_ERROR, G_DBUS_ERROR_ACCESS_DENIED, "%s: you may not read this file", shown);
  else if (saved == ENXIO)
    g_set_error (error, SQNS_ERROR, SQNS_ERROR_INVALID_FIRMWARE, "%s: this is a socket", shown);
  else
    g_set_error (error, SQNS_ERROR, SQNS_ERROR_FAILED, "%s: cannot be opened: %s", shown, g_strerror (saved));
  return -1;
}

/* Read, not mapped: a file that shrinks meanwhile must not raise SIGBUS. */
static GBytes *
read_all (int fd, guint64 size, const char *shown, GError **error)
{
  g_autofree guint8 *data = g_malloc (size);
  guint64 got = 0;
  while (got < size)
    {
      ssize_t n = TEMP_FAILURE_RETRY (pread (fd, data + got, size - got, (off_t)got));
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
  if (size >= SQNS_FIRMWARE_MIN_SIZE && size <= SQNS_FIRMWARE_MAX_SIZE)
    return TRUE;
  if (size == 0)
    g_set_error (error, SQNS_ERROR, SQNS_ERROR_INVALID_FIRMWARE, "%s: the file is empty", shown);
  else
    g_set_error (error, SQNS_ERROR, SQNS_ERROR_INVALID_FIRMWARE,
                 "%s: %" G_GUINT64_FORMAT " bytes are too %s for a firmware file", shown, size,
                 size < SQNS_FIRMWARE_MIN_SIZE ? "few" : "many");
  return FALSE;
}

/* The file's own name, with links resolved: a differential file is known by its name. Of a name that is too long for a
 * file in memory, the end. */
static char *
name_in_memory (int fd, const char *path)
{
  g_autofree char *link = g_strdup_printf ("/proc/self/fd/%d", fd);
  g_autofree char *target = g_file_read_link (link, NULL);
  g_autofree char *name = g_path_get_basename (target != NULL ? target : path);
  gsize len = strlen (name);
  return g_strdup (name + (len > MAX_MEMFD_NAME ? len - MAX_MEMFD_NAME : 0));
}

/* A copy in memory, so that no file system can block the daemon; -1 on error. The content is also in *@bytes. */
static int
read_to_memory (const char *path, GBytes **bytes, GError **error)
{
  g_autofree char *shown = g_filename_display_name (path);
  guint64 size;
  int fd = open_regular (path, shown, &size, error);
  if (fd < 0)
    return -1;
  g_autofree char *name = name_in_memory (fd, path);
  *bytes = check_size (size, shown, error) ? read_all (fd, size, shown, error) : NULL;
  close (fd);
  return *bytes != NULL
             ? sqns_memfile_from_data (name, g_bytes_get_data (*bytes, NULL), g_bytes_get_size (*bytes), error)
             : -1;
}

int
sqns_firmware_file_open_fd (const char *path, GError **error)
{
  g_autoptr (GBytes) bytes = NULL;
  return read_to_memory (path, &bytes, error);
}

SqnsFirmwareFile *
sqns_firmware_file_open (const char *path, GError **error)
{
  g_autoptr (SqnsFirmwareFile) file = g_new0 (SqnsFirmwareFile, 1);

  file->fd = read_to_memory (path, &file->data, error);
  if (file->fd < 0)
    return NULL;
  gsize size;
  const guint8 *data = g_bytes_get_data (file->data, &size);
  file->name = g_filename_display_basename (path);
  file->sha256 = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, file->data);
  file->caba = sqns_caba_parse (data, size, file->name, error);
  if (file->caba == NULL)
    {
      g_autofree char *shown = g_filename_display_name (path);
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
  g_free (file->sha256);
  g_clear_pointer (&file->data, g_bytes_unref);
  g_clear_pointer (&file->caba, sqns_caba_free);
  g_free (file);
}
