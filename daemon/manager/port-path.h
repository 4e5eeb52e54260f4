/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which path may name a port, and which tty is one. A path under a user's control may lead to a file system of theirs,
 * where a stat() hangs: it is not touched. */
#pragma once

#include <glib.h>

typedef enum {
  SQNS_PORTS_BELOW_DEV, /* below /dev, in folders that only root and the daemon's user can write */
  SQNS_PORTS_ANYWHERE,  /* only the daemon's user gives paths */
} SqnsPortPlaces;

/* @path without "..", "." and doubled slashes; caller frees. NULL with G_DBUS_ERROR_INVALID_ARGS: no absolute path, too
 * long, with control characters, not below /dev. Pure. */
char *sqns_port_path_canonical (const char *path, SqnsPortPlaces places, GError **error);

/* Whether each folder between @top and @path, a canonical path below it, is one that strangers cannot write to. Looks
 * at none behind one that is not. G_DBUS_ERROR_INVALID_ARGS. */
gboolean sqns_port_path_is_safe (const char *path, const char *top, GError **error);

/* Whether a tty is a serial port or the slave of a pseudo-terminal; not a console, a virtual terminal, a master,
 * /dev/tty, or no tty at all. @drivers: the text of /proc/tty/drivers. Pure. */
gboolean sqns_tty_is_port (const char *drivers, guint major, guint minor);

/* Whether @path, a canonical path, names a port, which is not opened: that alone would move DTR. Errors: that of
 * sqns_port_path_is_safe(), NOT_FOUND (there is nothing), FAILED (not a serial port, nor a pseudo-terminal). */
gboolean sqns_port_path_check (const char *path, SqnsPortPlaces places, GError **error);
