/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Locks of a serial port and the search for who holds them. */
#include "port/port-lock.h"

#include "base/port-owner.h"

#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

char *
sqns_port_owner (const char *devnode)
{
  struct stat st;
  return stat (devnode, &st) < 0 ? NULL : sqns_port_owner_of ("/proc", st.st_rdev, NULL);
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
  g_autofree char *holder = sqns_port_lock_file_owner ("/proc", "/var/lock", devnode, NULL);
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
