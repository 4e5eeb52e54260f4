/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Small regular files. */
#include "base/plain-file.h"
#include "common/error.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define NULL_DEVICE makedev (1, 3) /* the kernel's Documentation/admin-guide/devices.txt */

static gboolean
fail_errno (GError **error, const char *path)
{
  int code = errno;
  g_autofree char *shown = g_filename_display_name (path);
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code), "%s: %s", shown, g_strerror (code));
  return FALSE;
}

static gboolean
check (const char *path, const struct stat *st, gsize max, GError **error)
{
  g_autofree char *shown = g_filename_display_name (path);
  if (!S_ISREG (st->st_mode))
    g_set_error (error, SQNS_ERROR, SQNS_ERROR_FAILED, "%s is not a regular file", shown);
  else if ((guint64)st->st_size > max)
    g_set_error (error, SQNS_ERROR, SQNS_ERROR_FAILED, "%s is longer than %" G_GSIZE_FORMAT " bytes", shown, max);
  else
    return TRUE;
  return FALSE;
}

/* The file may grow while it is read, so @max bounds the reading, too. */
static char *
read_all (int fd, const char *path, gsize max, gsize *len, GError **error)
{
  g_autoptr (GByteArray) all = g_byte_array_new ();
  guint8 chunk[4096];

  for (;;)
    {
      gssize n = read (fd, chunk, sizeof chunk);
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        {
          fail_errno (error, path);
          return NULL;
        }
      if (n == 0)
        break;
      g_byte_array_append (all, chunk, (guint)n);
      if (all->len > max)
        {
          const struct stat grown = { .st_mode = S_IFREG, .st_size = all->len };
          check (path, &grown, max, error);
          return NULL;
        }
    }
  if (len != NULL)
    *len = all->len;
  g_byte_array_append (all, (const guint8 *)"", 1);
  return (char *)g_byte_array_free (g_steal_pointer (&all), FALSE);
}

char *
sqns_plain_file_read (const char *path, gsize max, SqnsPlainFileLinks links, gsize *len, GError **error)
{
  gboolean follow = links == SQNS_PLAIN_FILE_LINKS;
  struct stat st;
  char *text = NULL;

  /* before opening it, which has an effect on some devices */
  if ((follow ? stat (path, &st) : lstat (path, &st)) != 0)
    {
      fail_errno (error, path);
      return NULL;
    }
  if (follow && S_ISCHR (st.st_mode) && st.st_rdev == NULL_DEVICE)
    {
      if (len != NULL)
        *len = 0;
      return g_strdup ("");
    }
  if (!check (path, &st, max, error))
    return NULL;
  int fd = g_open (path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW), 0);
  if (fd < 0)
    {
      fail_errno (error, path);
      return NULL;
    }
  if (fstat (fd, &st) != 0)
    fail_errno (error, path);
  else if (check (path, &st, max, error))
    text = read_all (fd, path, max, len, error);
  g_close (fd, NULL);
  return text;
}

gboolean
sqns_plain_file_is_regular (const char *path)
{
  struct stat st;
  return lstat (path, &st) == 0 && S_ISREG (st.st_mode);
}
