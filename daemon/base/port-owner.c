/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who has a serial port open, as far as /proc and lock files tell. */
#include "base/port-owner.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define PTY_SLAVE_MAJOR 136 /* to 143 */

static char *
process_name (const char *proc, const char *pid)
{
  g_autofree char *path = g_build_filename (proc, pid, "comm", NULL);
  g_autofree char *name = NULL;
  if (!g_file_get_contents (path, &name, NULL, NULL))
    return g_strdup_printf ("process %s", pid);
  return g_strdup_printf ("%s (pid %s)", g_strstrip (name), pid);
}

/* TRUE when fd @name of process @pid is the master of the pseudo-terminal @index: who plays the board may hold both
 * ends. */
static gboolean
is_master_of (const char *proc, const char *pid, const char *name, guint index)
{
  g_autofree char *path = g_build_filename (proc, pid, "fdinfo", name, NULL);
  g_autofree char *info = NULL;
  const char *line;

  if (!g_file_get_contents (path, &info, NULL, NULL) || (line = strstr (info, "tty-index:")) == NULL)
    return FALSE;
  return strtoul (line + strlen ("tty-index:"), NULL, 10) == index;
}

static gboolean
process_has (const char *proc, const char *pid, dev_t rdev)
{
  g_autofree char *folder = g_build_filename (proc, pid, "fd", NULL);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  gboolean pty = major (rdev) >= PTY_SLAVE_MAJOR && major (rdev) < PTY_SLAVE_MAJOR + 8;
  gboolean has = FALSE;

  if (dir == NULL)
    return FALSE;
  for (const char *name; (name = g_dir_read_name (dir)) != NULL;)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      struct stat st;
      if (stat (path, &st) < 0 || !S_ISCHR (st.st_mode))
        continue;
      if (pty && is_master_of (proc, pid, name, minor (rdev)))
        return FALSE;
      has = has || st.st_rdev == rdev;
    }
  return has;
}

char *
sqns_port_owner_of (const char *proc, dev_t rdev, int *pid)
{
  g_autoptr (GDir) dir = g_dir_open (proc, 0, NULL);
  if (dir == NULL)
    return NULL;
  for (const char *name; (name = g_dir_read_name (dir)) != NULL;)
    {
      int number = g_ascii_isdigit (*name) ? atoi (name) : 0;
      if (number <= 0 || number == getpid () || !process_has (proc, name, rdev))
        continue;
      if (pid != NULL)
        *pid = number;
      return process_name (proc, name);
    }
  return NULL;
}

char *
sqns_port_lock_file_owner (const char *proc, const char *locks, const char *devnode, int *pid)
{
  g_autofree char *base = g_path_get_basename (devnode);
  g_autofree char *file = g_strdup_printf ("LCK..%s", base);
  g_autofree char *path = g_build_filename (locks, file, NULL);
  g_autofree char *text = NULL;
  if (!g_file_get_contents (path, &text, NULL, NULL))
    return NULL;
  int number = atoi (g_strstrip (text));
  if (number <= 0 || number == getpid ())
    return NULL;
  g_autofree char *name = g_strdup_printf ("%d", number);
  g_autofree char *process = g_build_filename (proc, name, NULL);
  /* a sandbox may hide it in /proc, but not from a signal */
  if (!g_file_test (process, G_FILE_TEST_EXISTS) && kill (number, 0) < 0 && errno == ESRCH)
    return NULL;
  if (pid != NULL)
    *pid = number;
  return process_name (proc, name);
}
