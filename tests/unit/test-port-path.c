/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Valid paths of ports, and ttys that are ports. */
#include "manager/port-path.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

static void
test_canonical (void)
{
  static const struct {
    const char *path;
    const char *below_dev; /* NULL: refused */
    const char *anywhere;
  } rows[] = {
    { "/dev/ttyUSB0", "/dev/ttyUSB0", "/dev/ttyUSB0" },
    { "/dev/pts/5", "/dev/pts/5", "/dev/pts/5" },
    { "/dev/serial/by-id/usb-x", "/dev/serial/by-id/usb-x", "/dev/serial/by-id/usb-x" },
    { "/dev/../dev/ttyUSB0", "/dev/ttyUSB0", "/dev/ttyUSB0" },
    { "//dev/./ttyUSB0/", "/dev/ttyUSB0", "/dev/ttyUSB0" },
    { "/dev/../mnt/fuse/x", NULL, "/mnt/fuse/x" },
    { "/mnt/fuse/x", NULL, "/mnt/fuse/x" },
    { "/device/x", NULL, "/device/x" },
    { "/dev", NULL, "/dev" },
    { "/dev/..", NULL, "/" },
    { "ttyUSB0", NULL, NULL },
    { "", NULL, NULL },
    { "/dev/a\x1b[2J", NULL, NULL },
    { "/dev/a\nb", NULL, NULL },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    for (guint places = SQNS_PORTS_BELOW_DEV; places <= SQNS_PORTS_ANYWHERE; places++)
      {
        g_autoptr (GError) error = NULL;
        const char *want = places == SQNS_PORTS_ANYWHERE ? rows[i].anywhere : rows[i].below_dev;
        g_autofree char *path = sqns_port_path_canonical (rows[i].path, (SqnsPortPlaces)places, &error);
        g_test_message ("%s", rows[i].path);
        g_assert_cmpstr (path, ==, want);
        if (want == NULL)
          g_assert_error (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS);
      }

  g_autofree char *tail = g_strnfill (1024 * 1024, 'x'), *huge = g_strconcat ("/dev/", tail, NULL);
  g_autoptr (GError) error = NULL;
  g_assert_null (sqns_port_path_canonical (huge, SQNS_PORTS_ANYWHERE, &error));
  g_assert_error (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS);
  g_assert_cmpuint (strlen (error->message), <, 200);
}

static void
test_safe (void)
{
  static const struct {
    const char *path;
    gboolean safe;
  } rows[] = {
    { "tty", TRUE },      { "own/tty", TRUE },   { "open/tty", FALSE },     { "sticky/tty", FALSE },
    { "gone/tty", TRUE }, { "link/tty", FALSE }, { "open/own/tty", FALSE }, { "own/deeper/tty", TRUE },
  };
  static const struct {
    const char *path;
    int mode;
  } folders[]
      = { { "own", 0755 }, { "own/deeper", 0700 }, { "open", 0757 }, { "open/own", 0755 }, { "sticky", 01777 } };
  g_autofree char *top = g_dir_make_tmp ("sqns-ports-XXXXXX", NULL);
  g_autofree char *link = g_build_filename (top, "link", NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (folders); i++)
    {
      g_autofree char *path = g_build_filename (top, folders[i].path, NULL);
      g_assert_cmpint (g_mkdir (path, 0700), ==, 0);
      g_assert_cmpint (g_chmod (path, folders[i].mode), ==, 0);
    }
  g_assert_cmpint (symlink ("own", link), ==, 0);
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *path = g_build_filename (top, rows[i].path, NULL);
      g_autoptr (GError) error = NULL;
      g_test_message ("%s", rows[i].path);
      g_assert_true (sqns_port_path_is_safe (path, top, &error) == rows[i].safe);
      if (!rows[i].safe)
        g_assert_error (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS);
    }
  g_unlink (link);
  for (gsize i = G_N_ELEMENTS (folders); i-- > 0;)
    {
      g_autofree char *path = g_build_filename (top, folders[i].path, NULL);
      g_rmdir (path);
    }
  g_assert_cmpint (g_rmdir (top), ==, 0);
}

static void
test_kinds (void)
{
  static const char drivers[] = "/dev/tty             /dev/tty        5       0 system:/dev/tty\n"
                                "/dev/console         /dev/console    5       1 system:console\n"
                                "/dev/ptmx            /dev/ptmx       5       2 system\n"
                                "/dev/vc/0            /dev/vc/0       4       0 system:vtmaster\n"
                                "rfcomm               /dev/rfcomm   216 0-255 serial\n"
                                "acm                  /dev/ttyACM   166 0-255 serial\n"
                                "ttyprintk            /dev/ttyprintk   5       3 console\n"
                                "usbserial            /dev/ttyUSB   188 0-511 serial\n"
                                "serial               /dev/ttyS       4 64-111 serial\n"
                                "pty_slave            /dev/pts      136 0-1048575 pty:slave\n"
                                "pty_master           /dev/ptm      128 0-1048575 pty:master\n"
                                "unknown              /dev/tty        4 1-63 console\n"
                                "a line of another kind\n";
  static const struct {
    guint major, minor;
    gboolean port;
  } rows[] = {
    { 188, 0, TRUE },     { 188, 511, TRUE }, { 188, 512, FALSE }, { 166, 3, TRUE }, { 4, 64, TRUE },
    { 4, 111, TRUE },     { 4, 112, FALSE },  { 4, 0, FALSE },     { 4, 1, FALSE },  { 4, 63, FALSE },
    { 5, 0, FALSE },      { 5, 1, FALSE },    { 5, 2, FALSE },     { 5, 3, FALSE },  { 136, 5, TRUE },
    { 136, 70000, TRUE }, { 128, 5, FALSE },  { 1, 3, FALSE },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_test_message ("%u:%u", rows[i].major, rows[i].minor);
      g_assert_cmpint (sqns_tty_is_port (drivers, rows[i].major, rows[i].minor), ==, rows[i].port);
    }
  g_assert_cmpint (sqns_tty_is_port ("", 188, 0), ==, FALSE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/port-path/canonical", test_canonical);
  g_test_add_func ("/port-path/safe", test_safe);
  g_test_add_func ("/port-path/kinds", test_kinds);
  return g_test_run ();
}
