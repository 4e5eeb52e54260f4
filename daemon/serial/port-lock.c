/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Locks of a serial port. */
#include "serial/port-lock.h"

#include "common/lock-file.h"

#include <sys/file.h>
#include <sys/ioctl.h>

static gboolean
refuse (const char *devnode, const char *owner, GError **error)
{
  g_set_error (error, SQNS_ERROR, SQNS_ERROR_PORT_LOCKED, "%s is in use by %s", devnode,
               owner ? owner : "another program");
  return FALSE;
}

gboolean
sqns_port_lock (int fd, const char *devnode, GError **error)
{
  g_autofree char *holder = sqns_lock_file_owner ("/proc", "/var/lock", devnode, NULL);

  if (holder != NULL || flock (fd, LOCK_EX | LOCK_NB) < 0)
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
