/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Locks of a serial port and the search for who holds them. */
#include "port/port-lock.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define PTY_SLAVE_MAJOR 136 /* to 143 */

static char *
process_name (const char *pid)
{
  g_autofree char *path = g_build_filename ("/proc", pid, "comm", NULL);
  g_autofree char *name = NULL;
  if (!g_file_get_contents (path, &name, NULL, NULL))
    return g_strdup_printf ("process %s", pid);
  return g_strdup_printf ("%s (pid %s)", g_strstrip (name), pid);
}

/* TRUE when fd @name of process @pid is the master of the pseudo-terminal @index: who plays the board may hold both
 * ends. */
static gboolean
is_master_of (const char *pid, const char *name, guint index)
{
  g_autofree char *path = g_build_filename ("/proc", pid, "fdinfo", name, NULL);
  g_autofree char *info = NULL;
  const char *line;

  if (!g_file_get_contents (path, &info, NULL, NULL) || (line = strstr (info, "tty-index:")) == NULL)
    return FALSE;
  return strtoul (line + strlen ("tty-index:"), NULL, 10) == index;
}

static gboolean
process_has (const char *pid, dev_t rdev)
{
  g_autofree char *folder = g_build_filename ("/proc", pid, "fd", NULL);
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
      if (pty && is_master_of (pid, name, minor (rdev)))
        return FALSE;
      has = has || st.st_rdev == rdev;
    }
  return has;
}

char *
sqns_port_owner (const char *devnode)
{
  struct stat st;
  g_autoptr (GDir) proc = g_dir_open ("/proc", 0, NULL);
  if (proc == NULL || stat (devnode, &st) < 0)
    return NULL;
  for (const char *pid; (pid = g_dir_read_name (proc)) != NULL;)
    if (g_ascii_isdigit (*pid) && strtol (pid, NULL, 10) != getpid () && process_has (pid, st.st_rdev))
      return process_name (pid);
  return NULL;
}

/* minicom, cu and pppd speak by /var/lock/LCK..ttyUSB0, which holds the owner's pid as text */
static char *
lock_file_owner (const char *devnode)
{
  g_autofree char *base = g_path_get_basename (devnode);
  g_autofree char *path = g_strdup_printf ("/var/lock/LCK..%s", base);
  g_autofree char *text = NULL;
  if (!g_file_get_contents (path, &text, NULL, NULL))
    return NULL;
  int pid = atoi (g_strstrip (text));
  if (pid <= 0 || pid == getpid () || (kill (pid, 0) < 0 && errno == ESRCH))
    return NULL;
  g_autofree char *number = g_strdup_printf ("%d", pid);
  return process_name (number);
}

static gboolean
refuse (const char *devnode, const char *owner, GError **error)
{
  g_autofree char *seen = owner ? NULL : sqns_port_owner (devnode);
  if (owner == NULL)
    owner = seen;
  g_set_error (error, SQNS_ERROR, SQNS_ERROR_PORT_LOCKED, "%s is in use by %s", devnode,
               owner ? owner : "another program");
  return FALSE;
}

gboolean
sqns_port_lock (int fd, const char *devnode, GError **error)
{
  g_autofree char *holder = lock_file_owner (devnode);
  int exclusive = 0;

  if (holder != NULL || flock (fd, LOCK_EX | LOCK_NB) < 0)
    return refuse (devnode, holder, error);
  /* Root walks through TIOCEXCL, so look whether it stands before setting it. On a pseudo-terminal it outlives a
   * program that was killed: it counts only while somebody has the port. */
  if (ioctl (fd, TIOCGEXCL, &exclusive) == 0 && exclusive && (holder = sqns_port_owner (devnode)) != NULL)
    return refuse (devnode, holder, error);
  (void)ioctl (fd, TIOCEXCL); /* ENOTTY in some mocks: the flock stands */
  return TRUE;
}

void
sqns_port_unlock (int fd)
{
  (void)ioctl (fd, TIOCNXCL);
  (void)flock (fd, LOCK_UN);
}
