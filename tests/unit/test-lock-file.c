/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lock files in a folder that anybody may write to. A test that hangs is one that failed. */
#include "common/lock-file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEVNODE "/dev/ttyTEST0"
#define STRANGER 65534

static char *folder, *file;

static void
remove_lock (void)
{
  if (g_unlink (file) != 0)
    (void)g_rmdir (file);
}

static char *
owner (void)
{
  return sqns_lock_file_owner ("/proc", folder, DEVNODE, NULL);
}

static void
put (const char *data, gssize len)
{
  remove_lock ();
  g_assert_true (g_file_set_contents (file, data, len, NULL));
}

static void
put_pid (int pid)
{
  g_autofree char *text = g_strdup_printf ("%10d\n", pid);
  put (text, -1);
}

static void
test_parse (void)
{
  static const struct {
    const char *text;
    gsize len; /* 0: of the text */
    int pid;
  } rows[] = {
    { "      1234\n", 0, 1234 },
    { "1234", 0, 1234 },
    { "1234 minicom root\n", 0, 1234 },
    { "1234minicom", 0, 0 },
    { "", 0, 0 },
    { "\n", 0, 0 },
    { "-5\n", 0, 0 },
    { "99999999999999999999", 0, 0 },
    { "2147483647", 0, 2147483640 /* or none */ },
    { "\xd2\x04\0\0", 4, 1234 },
    { "\x20\x6f\0\0", 4, 28448 }, /* begins like a text */
    { "\x31\x6f\0\0", 4, 28465 },
    { "\xff\xff\xff\xff", 4, 0 },
    { "\0\0\0\0", 4, 0 },
    { "\xd2\x04\0", 3, 0 },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      int pid = sqns_lock_file_parse (rows[i].text, rows[i].len != 0 ? rows[i].len : strlen (rows[i].text));
      if (rows[i].pid > 2000000000)
        g_assert_cmpint (pid, >=, 0);
      else
        g_assert_cmpint (pid, ==, rows[i].pid);
    }
}

static void
test_living (void)
{
  gint32 binary = getppid ();
  int pid = 0;

  put_pid (getppid ());
  g_autofree char *name = sqns_lock_file_owner ("/proc", folder, DEVNODE, &pid);
  g_assert_nonnull (name);
  g_assert_cmpint (pid, ==, getppid ());
  put ((const char *)&binary, sizeof binary);
  g_autofree char *again = owner ();
  g_assert_cmpstr (again, ==, name);
}

static void
test_stale (void)
{
  GPid child = fork ();
  if (child == 0)
    _exit (0);
  g_assert_cmpint (waitpid (child, NULL, 0), ==, child);
  put_pid (child);
  g_assert_null (owner ());
  put_pid (getpid ());
  g_assert_null (owner ());
}

static void
test_no_file (void)
{
  remove_lock ();
  g_assert_null (owner ());
  g_assert_cmpint (mkfifo (file, 0666), ==, 0);
  g_assert_null (owner ());
  remove_lock ();
  g_assert_cmpint (g_mkdir (file, 0777), ==, 0);
  g_assert_null (owner ());
  remove_lock ();
  g_assert_cmpint (symlink ("/proc/self/stat", file), ==, 0);
  g_assert_null (owner ());
  g_assert_null (sqns_lock_file_owner ("/proc", "/no/such/folder", DEVNODE, NULL));
}

static void
test_huge (void)
{
  put_pid (getppid ());
  g_assert_cmpint (truncate (file, (off_t)3 << 30), ==, 0);
  g_assert_null (owner ());
}

/* A lock file that names an unrelated process does not block the port. */
static void
test_stranger (void)
{
  if (geteuid () != 0)
    {
      g_test_skip ("only root can play another user");
      return;
    }
  g_autofree char *locks = g_strdup (folder);
  g_autofree char *path = g_build_filename (folder, "LCK..null", NULL);
  g_autofree char *text = g_strdup_printf ("%10d\n", getppid ());
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  g_autofree char *of_root = sqns_lock_file_owner ("/proc", locks, "/dev/null", NULL);
  g_assert_nonnull (of_root);
  g_assert_cmpint (chown (path, STRANGER, STRANGER), ==, 0);
  g_assert_null (sqns_lock_file_owner ("/proc", locks, "/dev/null", NULL));
  g_unlink (path);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("sqnsd-locks-XXXXXX", NULL);
  file = g_build_filename (folder, "LCK..ttyTEST0", NULL);
  g_test_add_func ("/lock-file/parse", test_parse);
  g_test_add_func ("/lock-file/living", test_living);
  g_test_add_func ("/lock-file/stale", test_stale);
  g_test_add_func ("/lock-file/no-file", test_no_file);
  g_test_add_func ("/lock-file/huge", test_huge);
  g_test_add_func ("/lock-file/stranger", test_stranger);
  int code = g_test_run ();
  remove_lock ();
  g_rmdir (folder);
  g_free (file);
  g_free (folder);
  return code;
}
