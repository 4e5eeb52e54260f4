/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who has a serial port open, as far as /proc tells. */
#include "common/port-owner.h"

#include "common/clean.h"
#include "common/small-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define PTY_SLAVE_MAJOR 136 /* to 143 */
#define MAX_COMM 64
#define MAX_FDINFO 256

/* A process and a tty that it has open. */
typedef struct {
  int pid;
  gboolean master;  /* the other end of the pseudo-terminal of that number */
  gboolean unknown; /* a master of a devpts that is not known */
  SqnsTtyId tty;
} Holding;

struct _SqnsPortScan {
  char *proc;
  GDir *processes;
  GDir *files; /* of the process being examined, NULL none */
  int pid;     /* of that process */
  gboolean saw_all;
  GArray *holdings; /* of Holding */
};

static gboolean
is_pty_slave (dev_t number)
{
  return major (number) >= PTY_SLAVE_MAJOR && major (number) < PTY_SLAVE_MAJOR + 8;
}

static SqnsTtyId
tty_id (dev_t number, dev_t file_system)
{
  return (SqnsTtyId){ .number = number, .devpts = is_pty_slave (number) ? file_system : 0 };
}

gboolean
sqns_tty_id_of (const char *devnode, SqnsTtyId *id)
{
  struct stat st;
  if (stat (devnode, &st) < 0 || !S_ISCHR (st.st_mode))
    return FALSE;
  *id = tty_id (st.st_rdev, st.st_dev);
  return TRUE;
}

SqnsPortScan *
sqns_port_scan_new (const char *proc)
{
  SqnsPortScan *self = g_new0 (SqnsPortScan, 1);
  self->proc = g_strdup (proc);
  self->processes = g_dir_open (proc, 0, NULL);
  self->saw_all = self->processes != NULL && geteuid () == 0; /* processes of others may not even be listed */
  self->holdings = g_array_new (FALSE, FALSE, sizeof (Holding));
  return self;
}

void
sqns_port_scan_free (SqnsPortScan *self)
{
  g_clear_pointer (&self->files, g_dir_close);
  g_clear_pointer (&self->processes, g_dir_close);
  g_array_unref (self->holdings);
  g_free (self->proc);
  g_free (self);
}

/* Paths of ttys, also in containers and changed roots. Only these are examined: other files may be on a file system
 * that does not answer. */
static gboolean
may_be_tty (const char *target)
{
  return (g_str_has_prefix (target, "/dev/") && !g_str_equal (target, "/dev/null"))
         || strstr (target, "/dev/tty") != NULL || strstr (target, "/dev/pts/") != NULL;
}

/* "tty-index: 5" of a pseudo-terminal's master. */
static gboolean
index_of_master (SqnsPortScan *self, const char *name, guint *index)
{
  g_autofree char *path = g_strdup_printf ("%s/%d/fdinfo/%s", self->proc, self->pid, name);
  char info[MAX_FDINFO];
  const char *line;

  if (sqns_small_file_read (AT_FDCWD, path, info, sizeof info, NULL) < 0
      || (line = strstr (info, "tty-index:")) == NULL)
    return FALSE;
  *index = (guint)strtoul (line + strlen ("tty-index:"), NULL, 10);
  return TRUE;
}

/* Asks only for what the kernel knows already: a file system in user space may never answer. */
static gboolean
stat_without_asking (const char *path, struct statx *st)
{
  return statx (AT_FDCWD, path, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_TYPE | STATX_MODE, st) == 0
         && S_ISCHR (st->stx_mode);
}

static void
look_at_file (SqnsPortScan *self, const char *name)
{
  g_autofree char *path = g_strdup_printf ("%s/%d/fd/%s", self->proc, self->pid, name);
  char target[PATH_MAX];
  struct statx st;
  guint index;
  gssize len = readlink (path, target, sizeof target - 1);

  if (len < 0)
    return;
  target[len] = '\0';
  if (!may_be_tty (target) || !stat_without_asking (path, &st))
    return;
  dev_t number = makedev (st.stx_rdev_major, st.stx_rdev_minor);
  dev_t file_system = makedev (st.stx_dev_major, st.stx_dev_minor);
  Holding holding = { .pid = self->pid, .tty = tty_id (number, file_system) };
  if (g_str_has_suffix (target, "/ptmx") && index_of_master (self, name, &index))
    {
      holding.master = TRUE;
      holding.unknown = !g_str_has_suffix (target, "/pts/ptmx");
      holding.tty = (SqnsTtyId){ .number = index, .devpts = file_system };
    }
  g_array_append_val (self->holdings, holding);
}

/* FALSE: there is no further process. */
static gboolean
next_process (SqnsPortScan *self)
{
  for (const char *name; self->processes != NULL && (name = g_dir_read_name (self->processes)) != NULL;)
    {
      self->pid = g_ascii_isdigit (*name) ? atoi (name) : 0;
      if (self->pid <= 0 || self->pid == getpid ())
        continue;
      g_autofree char *folder = g_strdup_printf ("%s/%d/fd", self->proc, self->pid);
      errno = 0;
      self->files = g_dir_open (folder, 0, NULL);
      /* unless it has ended by now */
      self->saw_all = self->saw_all && (self->files != NULL || errno == ENOENT || errno == ESRCH);
      return TRUE;
    }
  return FALSE;
}

gboolean
sqns_port_scan_step (SqnsPortScan *self, gint64 until_us)
{
  do
    {
      const char *name = self->files != NULL ? g_dir_read_name (self->files) : NULL;
      if (name != NULL)
        {
          look_at_file (self, name);
          continue;
        }
      g_clear_pointer (&self->files, g_dir_close);
      if (!next_process (self))
        return FALSE;
    }
  while (until_us == G_MAXINT64 || g_get_monotonic_time () < until_us);
  return TRUE;
}

gboolean
sqns_port_scan_saw_all (SqnsPortScan *scan)
{
  return scan->saw_all;
}

static gboolean
plays_the_board (SqnsPortScan *self, int pid, const SqnsTtyId *id)
{
  for (guint i = 0; id->devpts != 0 && i < self->holdings->len; i++)
    {
      const Holding *holding = &g_array_index (self->holdings, Holding, i);
      if (holding->pid == pid && holding->master && holding->tty.number == minor (id->number)
          && (holding->unknown || holding->tty.devpts == id->devpts))
        return TRUE;
    }
  return FALSE;
}

char *
sqns_process_name (const char *proc, int pid)
{
  g_autofree char *path = g_strdup_printf ("%s/%d/comm", proc, pid);
  char comm[MAX_COMM];
  gssize len = sqns_small_file_read (AT_FDCWD, path, comm, sizeof comm, NULL);
  if (len <= 0)
    return g_strdup_printf ("process %d", pid);
  g_autofree char *name = sqns_clean_line (g_strchomp (comm), -1); /* a process may call itself anything */
  return g_strdup_printf ("%s (pid %d)", name, pid);
}

char *
sqns_port_scan_owner (SqnsPortScan *self, const SqnsTtyId *id, int *pid)
{
  for (guint i = 0; i < self->holdings->len; i++)
    {
      const Holding *holding = &g_array_index (self->holdings, Holding, i);
      if (holding->master || holding->tty.number != id->number || holding->tty.devpts != id->devpts
          || plays_the_board (self, holding->pid, id))
        continue;
      if (pid != NULL)
        *pid = holding->pid;
      return sqns_process_name (self->proc, holding->pid);
    }
  return NULL;
}

char *
sqns_port_owner_of (const char *proc, const SqnsTtyId *id, int *pid)
{
  g_autoptr (SqnsPortScan) scan = sqns_port_scan_new (proc);
  sqns_port_scan_step (scan, G_MAXINT64);
  return sqns_port_scan_owner (scan, id, pid);
}
