/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The programs that have a tty open: by device number and devpts, in a /proc of real processes. */
#include "common/port-owner.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs in the child before it waits; FALSE: it failed. */
typedef gboolean (*Act) (const char *slave);

typedef struct {
  int master;
  char *slave;
} Pty;

static void
pty_open (Pty *pty)
{
  pty->master = posix_openpt (O_RDWR | O_NOCTTY | O_CLOEXEC);
  g_assert_cmpint (grantpt (pty->master) | unlockpt (pty->master), ==, 0);
  pty->slave = g_strdup (ptsname (pty->master));
}

static void
pty_close (Pty *pty)
{
  close (pty->master);
  g_free (pty->slave);
}

/* The child ends when *@end is closed; 0: it failed. */
static GPid
start (Act act, const char *slave, int *end)
{
  int ready[2], until[2];
  char byte;
  g_assert_cmpint (pipe (ready) | pipe (until), ==, 0);
  GPid child = fork ();
  if (child == 0)
    {
      for (int i = 3; i < 256; i++) /* it does not use the board of its parent */
        if (i != ready[1] && i != until[0])
          close (i);
      if (!act (slave) || write (ready[1], "", 1) != 1 || read (until[0], &byte, 1) < 0)
        _exit (1);
      _exit (0);
    }
  close (until[0]);
  close (ready[1]);
  gboolean done = read (ready[0], &byte, 1) == 1;
  close (ready[0]);
  *end = until[1];
  if (done)
    return child;
  close (*end);
  waitpid (child, NULL, 0);
  return 0;
}

static void
stop (GPid child, int end)
{
  close (end);
  g_assert_cmpint (waitpid (child, NULL, 0), ==, child);
}

static char *
owner_of (const char *slave, int *pid)
{
  SqnsTtyId id;
  g_assert_true (sqns_tty_id_of (slave, &id));
  return sqns_port_owner_of ("/proc", &id, pid);
}

static gboolean
holds_slave (const char *slave)
{
  return open (slave, O_RDWR | O_NOCTTY) >= 0;
}

static void
test_holder (void)
{
  Pty pty;
  int end, pid = 0;
  pty_open (&pty);
  g_assert_null (owner_of (pty.slave, NULL));
  GPid child = start (holds_slave, pty.slave, &end);
  g_autofree char *owner = owner_of (pty.slave, &pid);
  g_assert_nonnull (owner);
  g_assert_cmpint (pid, ==, child);
  stop (child, end);
  g_assert_null (owner_of (pty.slave, NULL));
  pty_close (&pty);
}

/* A program that plays the board may have both ends open. */
static gboolean
holds_both (const char *slave)
{
  Pty pty;
  pty_open (&pty);
  g_autofree char *link = g_strdup (slave); /* where the test looks for it */
  return open (pty.slave, O_RDWR | O_NOCTTY) >= 0 && symlink (pty.slave, link) == 0;
}

static void
test_board (void)
{
  g_autofree char *folder = g_dir_make_tmp ("sqnsd-owner-XXXXXX", NULL);
  g_autofree char *link = g_build_filename (folder, "board", NULL);
  int end;
  GPid child = start (holds_both, link, &end);
  g_assert_cmpint (child, >, 0);
  g_assert_null (owner_of (link, NULL));
  stop (child, end);
  g_unlink (link);
  g_rmdir (folder);
}

/* Another container with its own devpts, in which it opens terminals up to the same number as ours. */
static gboolean
holds_namesake (const char *slave)
{
  char folder[] = "/tmp/sqnsd-devpts-XXXXXX";
  int wanted = atoi (strrchr (slave, '/') + 1);

  if (unshare (CLONE_NEWNS) != 0 || mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 || mkdtemp (folder) == NULL)
    return FALSE;
  gboolean mounted = mount ("devpts", folder, "devpts", 0, "newinstance,ptmxmode=0666") == 0
                     && mount (folder, "/dev/pts", NULL, MS_BIND, NULL) == 0;
  int slave_fd = -1;
  for (int i = 0; mounted && i <= wanted; i++)
    {
      int master = open ("/dev/pts/ptmx", O_RDWR | O_NOCTTY);
      int unlock = 0;
      if (master < 0 || ioctl (master, TIOCSPTLCK, &unlock) != 0)
        break;
      if (i < wanted)
        continue;
      slave_fd = open (slave, O_RDWR | O_NOCTTY);
      close (master); /* with it, the process would count as the board */
    }
  umount2 (folder, MNT_DETACH);
  rmdir (folder);
  return slave_fd >= 0;
}

static void
test_other_container (void)
{
  Pty pty;
  int end;
  pty_open (&pty);
  GPid child = start (holds_namesake, pty.slave, &end);
  if (child == 0)
    g_test_skip ("no other devpts can be mounted here");
  else
    {
      g_assert_null (owner_of (pty.slave, NULL));
      stop (child, end);
    }
  pty_close (&pty);
}

/* A fake /proc: a name with colour codes, files that are not ttys, and unreadable files. */
static void
test_made_up (void)
{
  g_autofree char *proc = g_dir_make_tmp ("sqnsd-proc-XXXXXX", NULL);
  g_autofree char *process = g_build_filename (proc, "4321", NULL);
  g_autofree char *files = g_build_filename (process, "fd", NULL);
  g_autofree char *comm = g_build_filename (process, "comm", NULL);
  g_autofree char *third = g_build_filename (files, "3", NULL);
  g_autofree char *fourth = g_build_filename (files, "4", NULL);
  g_autofree char *fifth = g_build_filename (files, "5", NULL);
  Pty pty;
  SqnsTtyId id;

  pty_open (&pty);
  g_assert_true (sqns_tty_id_of (pty.slave, &id));
  g_assert_cmpint (g_mkdir_with_parents (files, 0700), ==, 0);
  g_assert_true (g_file_set_contents (comm, "\033]0;x\a\n", -1, NULL));
  g_assert_cmpint (symlink ("/dev/no-such-tty", third), ==, 0);
  g_assert_cmpint (symlink ("/dev/shm", fourth), ==, 0);
  g_assert_null (sqns_port_owner_of (proc, &id, NULL));
  g_assert_cmpint (symlink (pty.slave, fifth), ==, 0);
  g_autofree char *owner = sqns_port_owner_of (proc, &id, NULL);
  g_assert_cmpstr (owner, ==, "?]0;x? (pid 4321)");

  g_unlink (third);
  g_unlink (fourth);
  g_unlink (fifth);
  g_unlink (comm);
  g_rmdir (files);
  g_rmdir (process);
  g_rmdir (proc);
  pty_close (&pty);
}

/* A scan in the smallest pieces ends with the same result. */
static void
test_pieces (void)
{
  Pty pty;
  SqnsTtyId id;
  int end;
  pty_open (&pty);
  GPid child = start (holds_slave, pty.slave, &end);
  g_autoptr (SqnsPortScan) scan = sqns_port_scan_new ("/proc");
  guint pieces = 1;
  while (sqns_port_scan_step (scan, 0))
    pieces++;
  g_assert_cmpuint (pieces, >, 10);
  g_assert_true (sqns_tty_id_of (pty.slave, &id));
  g_autofree char *owner = sqns_port_scan_owner (scan, &id, NULL);
  g_assert_nonnull (owner);
  g_assert_cmpint (sqns_port_scan_saw_all (scan), <=, geteuid () == 0);
  stop (child, end);
  pty_close (&pty);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/port-owner/holder", test_holder);
  g_test_add_func ("/port-owner/board", test_board);
  g_test_add_func ("/port-owner/other-container", test_other_container);
  g_test_add_func ("/port-owner/made-up", test_made_up);
  g_test_add_func ("/port-owner/pieces", test_pieces);
  return g_test_run ();
}
