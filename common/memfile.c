/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sealed files in memory. */
#include "common/error.h"
#include "common/memfile.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/mman.h>
#include <unistd.h>

typedef struct {
  void *address;
  gsize size;
} Mapping;

static gboolean
fail_errno (GError **error, const char *what)
{
  int code = errno;
  g_set_error (error, SQNS_ERROR, SQNS_ERROR_FAILED, "%s: %s", what, g_strerror (code));
  return FALSE;
}

int
sqns_memfile_new (const char *name, GError **error)
{
  int fd = memfd_create (name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0)
    fail_errno (error, "cannot create a file in memory");
  return fd;
}

gboolean
sqns_memfile_write (int fd, const void *data, gsize len, GError **error)
{
  const guint8 *at = data;
  while (len > 0)
    {
      gssize n = write (fd, at, len);
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return fail_errno (error, "cannot write to a file in memory");
      at += n;
      len -= n;
    }
  return TRUE;
}

gboolean
sqns_memfile_seal (int fd, GError **error)
{
  if (fcntl (fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0)
    return fail_errno (error, "cannot seal a file in memory");
  return TRUE;
}

gboolean
sqns_memfile_is_sealed (int fd)
{
  const int fixed = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
  int seals = fcntl (fd, F_GET_SEALS);
  return seals >= 0 && (seals & fixed) == fixed;
}

static void
unmap (gpointer data)
{
  Mapping *mapping = data;
  munmap (mapping->address, mapping->size);
  g_free (mapping);
}

GBytes *
sqns_memfile_map (int fd, gsize size, GError **error)
{
  void *address = mmap (NULL, size, PROT_READ, MAP_SHARED, fd, 0);
  if (address == MAP_FAILED) /* Linux before 6.7 maps a file open for writing only so; nobody writes to it */
    address = mmap (NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (address == MAP_FAILED)
    {
      fail_errno (error, "cannot map a file in memory");
      return NULL;
    }
  Mapping *mapping = g_new (Mapping, 1);
  mapping->address = address;
  mapping->size = size;
  return g_bytes_new_with_free_func (address, size, unmap, mapping);
}

int
sqns_memfile_from_data (const char *name, const void *data, gsize len, GError **error)
{
  int fd = sqns_memfile_new (name, error);
  if (fd < 0)
    return -1;
  if (!sqns_memfile_write (fd, data, len, error) || !sqns_memfile_seal (fd, error))
    {
      g_close (fd, NULL);
      return -1;
    }
  lseek (fd, 0, SEEK_SET);
  return fd;
}
