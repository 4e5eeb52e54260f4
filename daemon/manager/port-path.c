/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which path may name a port, and which tty is one. */
#include "base/plain-file.h"
#include "common/clean.h"
#include "common/error.h"
#include "manager/port-path.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define DEV "/dev"
#define MAX_PATH 255u /* bytes */
#define DRIVERS "/proc/tty/drivers"
#define MAX_DRIVERS (64u * 1024u)
/* Documentation/admin-guide/devices.txt of the kernel: slaves of pseudo-terminals */
#define PTS_MAJOR_FIRST 136u
#define PTS_MAJOR_LAST 143u

static gboolean
refuse (GError **error, const char *path, const char *why)
{
  g_autofree char *quote = sqns_clean_quote (path);
  g_set_error (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS, "\"%s\" %s", quote, why);
  return FALSE;
}

char *
sqns_port_path_canonical (const char *path, SqnsPortPlaces places, GError **error)
{
  g_autofree char *canonical = NULL;
  const char *fault = NULL;
  if (*path != '/')
    fault = "is not an absolute path";
  else if (strlen (path) > MAX_PATH)
    fault = "is too long for a port's path";
  else
    {
      g_autofree char *clean = sqns_clean_line (path, -1);
      canonical = g_canonicalize_filename (path + strspn (path, "/") - 1, "/"); /* it keeps "//" at the start */
      if (!g_str_equal (clean, path))
        fault = "has control characters";
      else if (places == SQNS_PORTS_BELOW_DEV && !g_str_has_prefix (canonical, DEV "/"))
        fault = "is not a path below /dev";
    }
  if (fault == NULL)
    return g_steal_pointer (&canonical);
  refuse (error, canonical != NULL ? canonical : path, fault);
  return NULL;
}

/* Nothing can be found behind what is missing or no folder. */
static gboolean
is_safe_folder (const char *path)
{
  struct stat st;
  if (lstat (path, &st) != 0 || !(S_ISDIR (st.st_mode) || S_ISLNK (st.st_mode)))
    return TRUE;
  return S_ISDIR (st.st_mode) && (st.st_uid == 0 || st.st_uid == getuid ()) && (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

gboolean
sqns_port_path_is_safe (const char *path, const char *top, GError **error)
{
  g_autofree char *folder = g_strdup (path);

  /* from the top: nothing behind an unsafe folder may be touched */
  for (char *slash = folder + strlen (top); slash != NULL; slash = strchr (slash + 1, '/'))
    {
      *slash = '\0';
      gboolean safe = is_safe_folder (folder);
      *slash = '/';
      if (!safe)
        return refuse (error, path, "is in a folder that not only root can change");
    }
  return TRUE;
}

/* "4-63", "64" */
static gboolean
is_in_range (const char *range, guint number)
{
  char *end;
  guint64 first = g_ascii_strtoull (range, &end, 10), last = first;
  if (*end == '-')
    last = g_ascii_strtoull (end + 1, NULL, 10);
  return number >= first && number <= last;
}

gboolean
sqns_tty_is_port (const char *drivers, guint major, guint minor)
{
  g_auto (GStrv) lines = g_strsplit (drivers, "\n", -1);

  for (char **line = lines; *line != NULL; line++)
    {
      /* driver, node, major, minors, type: most specific first, as the kernel lists them */
      guint own_major;
      char minors[32], type[32];
      if (sscanf (*line, "%*s %*s %u %31s %31s", &own_major, minors, type) != 3 || own_major != major
          || !is_in_range (minors, minor))
        continue;
      return g_str_equal (type, "serial") || g_str_equal (type, "pty:slave");
    }
  return FALSE;
}

static gboolean
is_port (const struct stat *st)
{
  g_autofree char *drivers = sqns_plain_file_read (DRIVERS, MAX_DRIVERS, SQNS_PLAIN_FILE_NO_LINKS, NULL, NULL);
  guint number = major (st->st_rdev);

  if (!S_ISCHR (st->st_mode))
    return FALSE;
  if (number >= PTS_MAJOR_FIRST && number <= PTS_MAJOR_LAST) /* of any instance of devpts */
    return TRUE;
  return drivers != NULL && sqns_tty_is_port (drivers, number, minor (st->st_rdev));
}

gboolean
sqns_port_path_check (const char *path, SqnsPortPlaces places, GError **error)
{
  struct stat st;
  if (places == SQNS_PORTS_BELOW_DEV && !sqns_port_path_is_safe (path, DEV, error))
    return FALSE;
  if (stat (path, &st) != 0)
    {
      int code = errno;
      gboolean absent = code == ENOENT || code == ENOTDIR;
      g_set_error (error, SQNS_ERROR, absent ? SQNS_ERROR_NOT_FOUND : SQNS_ERROR_FAILED, "%s: %s", path,
                   absent ? "no such tty" : g_strerror (code));
      return FALSE;
    }
  if (is_port (&st))
    return TRUE;
  g_set_error (error, SQNS_ERROR, SQNS_ERROR_FAILED, "%s is not a serial port or a pseudo-terminal", path);
  return FALSE;
}
