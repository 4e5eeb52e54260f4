/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Takes strangers' descriptors. A file in memory, which F_GET_SEALS recognizes without touching the file, is passed
 * on as it is. Any other file is read into a file in memory once its content is asked for. */
#include "common/memfile.h"
#include "gate/fds.h"
#include "gate/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK (256 * 1024)
#define FIRST_FD 3u

typedef struct {
  int fd;      /* of a stranger, closed only when the process ends; -1: lost on the way */
  int channel; /* -1: no longer wanted */
} Item;

static void
read_name (int fd, char *name)
{
  char link[32], path[4096];
  snprintf (link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t len = readlink (link, path, sizeof path - 1);
  path[MAX (len, 0)] = '\0';
  const char *slash = strrchr (path, '/');
  g_strlcpy (name, slash != NULL ? slash + 1 : path, SQNS_PARCEL_NAME_SIZE);
}

static SqnsParcelKind
fail (SqnsParcel *parcel, SqnsParcelKind kind)
{
  parcel->code = errno;
  return kind;
}

/* A file that changes while it is read is refused, not taken half old and half new. */
static SqnsParcelKind
copy (int from, int to, SqnsParcel *parcel)
{
  static char chunk[CHUNK];
  guint64 done = 0;
  ssize_t n;

  while ((n = pread (from, chunk, sizeof chunk, (off_t)done)) != 0 && done <= parcel->size)
    {
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return fail (parcel, SQNS_PARCEL_READ);
      if (!sqns_memfile_write (to, chunk, (gsize)n, NULL))
        return fail (parcel, SQNS_PARCEL_MEMORY);
      done += (guint64)n;
    }
  if (done != parcel->size)
    return SQNS_PARCEL_CHANGED;
  if (!sqns_memfile_seal (to, NULL))
    return fail (parcel, SQNS_PARCEL_MEMORY);
  return SQNS_PARCEL_CONTENT;
}

/* Fills in @parcel. *@file: @fd itself if it is a file in memory, for which no call here blocks; else a copy, if it is
 * a file of the right size. */
static SqnsParcelKind
examine (int fd, gsize max_size, SqnsParcel *parcel, int *file)
{
  struct stat st;
  if (fd < 0)
    return SQNS_PARCEL_LOST;
  read_name (fd, parcel->name);
  if (fcntl (fd, F_GET_SEALS) >= 0)
    *file = fd;
  if (fstat (fd, &st) != 0)
    return fail (parcel, SQNS_PARCEL_EXAMINE);
  parcel->mode = st.st_mode;
  parcel->size = (guint64)st.st_size;
  if (*file == fd || !S_ISREG (st.st_mode) || parcel->size == 0 || parcel->size > max_size)
    return SQNS_PARCEL_CONTENT;
  *file = sqns_memfile_new ("sqnsd-firmware", NULL);
  if (*file < 0)
    return fail (parcel, SQNS_PARCEL_MEMORY);
  return copy (fd, *file, parcel);
}

static void
serve (const Item *item, gsize max_size)
{
  SqnsParcel parcel = { 0 };
  int file = -1;

  parcel.kind = examine (item->fd, max_size, &parcel, &file);
  gboolean with_file = parcel.kind == SQNS_PARCEL_CONTENT && file >= 0;
  (void)!sqns_fds_send (item->channel, &parcel, sizeof parcel, &file, with_file ? 1 : 0, 0);
  if (file >= 0 && file != item->fd)
    close (file);
}

/* Serves them one after the other, as they are asked for. Those no longer wanted are not touched. */
static void
wait_and_serve (Item *items, guint n, gsize max_size)
{
  for (;;)
    {
      struct pollfd polled[SQNS_READER_MAX_FDS];
      gboolean waiting = FALSE;
      for (guint i = 0; i < n; i++)
        {
          polled[i] = (struct pollfd){ items[i].channel, POLLIN, 0 };
          waiting = waiting || items[i].channel >= 0;
        }
      if (!waiting)
        return;
      if (poll (polled, n, -1) < 0 && errno != EINTR)
        return;
      for (guint i = 0; i < n; i++)
        if (items[i].channel >= 0 && polled[i].revents != 0)
          {
            char go;
            ssize_t got = recv (items[i].channel, &go, sizeof go, MSG_DONTWAIT);
            if (got > 0)
              serve (&items[i], max_size);
            else if (got == 0 || (errno != EINTR && errno != EAGAIN))
              items[i].channel = -1;
          }
    }
}

/* Closes inherited sockets only, which never blocks. */
static void
close_all_but (const int *kept, guint n_kept)
{
  guint begin = FIRST_FD;
  for (;;)
    {
      guint next = ~0u;
      for (guint i = 0; i < n_kept; i++)
        if (kept[i] >= (int)begin && (guint)kept[i] < next)
          next = (guint)kept[i];
      if (next != begin)
        close_range (begin, next == ~0u ? next : next - 1, 0);
      if (next == ~0u)
        return;
      begin = next + 1;
    }
}

G_NORETURN static void
run (const SqnsReader *reader, int report, pid_t parent)
{
  Item items[SQNS_READER_MAX_FDS];
  int kept[SQNS_READER_MAX_FDS + 2] = { reader->from, report };

  prctl (PR_SET_NAME, "sqnsd-reader");
  prctl (PR_SET_PDEATHSIG, SIGKILL);
  if (getppid () != parent)
    _exit (0);
  /* keeps a reader of the daemon's output from waiting for a process that hangs */
  for (int fd = 0; fd < (int)FIRST_FD; fd++)
    dup2 (reader->null, fd);
  memcpy (kept + 2, reader->channels, sizeof (int) * reader->n_channels);
  close_all_but (kept, reader->n_channels + 2);

  int fds[SQNS_READER_MAX_FDS];
  guint n = SQNS_READER_MAX_FDS;
  gboolean cut;
  char byte;
  if (sqns_fds_receive (reader->from, &byte, sizeof byte, fds, &n, &cut, 0) != sizeof byte)
    _exit (1);
  (void)!write (report, "", 1);
  close (report);
  close (reader->from);
  for (guint i = 0; i < reader->n_channels; i++)
    items[i] = (Item){ i < n ? fds[i] : -1, reader->channels[i] };
  wait_and_serve (items, reader->n_channels, reader->max_size);
  _exit (0);
}

int
sqns_reader_start (const SqnsReader *reader)
{
  pid_t parent = getpid ();
  int report[2];
  char byte;
  ssize_t n;

  if (pipe2 (report, O_CLOEXEC) != 0)
    return 0;
  pid_t pid = fork ();
  if (pid == 0)
    run (reader, report[1], parent);
  close (report[1]);
  while (pid > 0 && (n = read (report[0], &byte, 1)) != 1)
    if (n == 0 || errno != EINTR)
      {
        close (report[0]);
        return -1;
      }
  close (report[0]);
  return MAX (pid, 0);
}
