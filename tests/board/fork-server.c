/* The fork server: one python3 forks the processes of all boards, as starting it costs more than the rest of a board.
 */
#include "fork-server.h"

#include <errno.h>
#include <gio/gio.h>
#include <gio/gunixfdmessage.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define PROGRAM_FD 3
#define SOCKET_FD 4
#define LOAD_S 60

static int server = -1; /* packet socket to it, -1 = not running */

static GBytes *
part (const char *name)
{
  g_autofree char *path = g_strconcat ("/org/sqnsd/board/", name, NULL);
  GBytes *text = g_resources_lookup_data (path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);

  g_assert (text != NULL);
  return text;
}

static void
write_part (int fd, const char *name)
{
  g_autoptr (GBytes) text = part (name);
  const guint8 *data;
  gsize len;
  gsize done = 0;

  data = g_bytes_get_data (text, &len);
  while (done < len)
    {
      gssize n = write (fd, data + done, len - done);

      if (n <= 0)
        break;
      done += (gsize)n;
    }
}

/* sqns-board contains the program, so it runs from any directory. */
static int
program_fd (void)
{
  static const char *const parts[] = { "esp32.py", "esp32-hardware.py", "esp32-modules.py", "esp32-repl.py" };
  int fd = memfd_create ("esp32.py", MFD_CLOEXEC);

  for (guint i = 0; fd >= 0 && i < G_N_ELEMENTS (parts); i++)
    write_part (fd, parts[i]);
  return fd;
}

/* No program outlives the board, not even one that never waits. */
static void
die_with_parent (gpointer user_data)
{
  prctl (PR_SET_PDEATHSIG, SIGKILL);
}

static gboolean
start (const char *python, GError **error)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_SILENCE);
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (GBytes) text = part ("esp32-fork-server.py");
  g_autofree char *script = g_strndup (g_bytes_get_data (text, NULL), g_bytes_get_size (text));
  g_autofree char *socket_fd = g_strdup_printf ("%d", SOCKET_FD);
  int pair[2];

  if (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
    {
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "socketpair: %s", g_strerror (errno));
      return FALSE;
    }
  g_subprocess_launcher_set_child_setup (launcher, die_with_parent, NULL, NULL);
  g_subprocess_launcher_take_fd (launcher, program_fd (), PROGRAM_FD);
  g_subprocess_launcher_take_fd (launcher, pair[1], SOCKET_FD);
  /* -I -S: starts fast, and ignores the user's Python settings. */
  process = g_subprocess_launcher_spawn (launcher, error, python, "-I", "-S", "-c", script, socket_fd, NULL);
  if (process == NULL)
    {
      close (pair[0]);
      return FALSE;
    }
  server = pair[0];
  return TRUE;
}

void
fork_server_prepare (const char *python)
{
  char loaded;
  struct pollfd wait = { .events = POLLIN };

  if (server >= 0 || !start (python, NULL))
    return;
  wait.fd = server;
  if (poll (&wait, 1, LOAD_S * 1000) == 1 && recv (server, &loaded, 1, 0) == 1)
    return;
  close (server);
  server = -1;
}

/* @fd may be -1. Sets errno when it returns FALSE. */
static gboolean
send_packet (char kind, guint32 number, int fd, const char *config)
{
  guint8 head[1 + sizeof number];
  union {
    struct cmsghdr align;
    char buffer[CMSG_SPACE (sizeof fd)];
  } control = { 0 };
  struct iovec parts[] = { { head, sizeof head }, { (void *)config, strlen (config) } };
  struct msghdr message = { .msg_iov = parts, .msg_iovlen = G_N_ELEMENTS (parts) };

  head[0] = (guint8)kind;
  memcpy (head + 1, &number, sizeof number);
  if (fd >= 0)
    {
      control.align.cmsg_level = SOL_SOCKET;
      control.align.cmsg_type = SCM_RIGHTS;
      control.align.cmsg_len = CMSG_LEN (sizeof fd);
      memcpy (CMSG_DATA (&control.align), &fd, sizeof fd);
      message.msg_control = control.buffer;
      message.msg_controllen = sizeof control.buffer;
    }
  return sendmsg (server, &message, MSG_NOSIGNAL) >= 0;
}

gboolean
fork_server_fork (const char *python, guint32 number, int socket, const char *config, GError **error)
{
  gboolean done = server >= 0 && send_packet ('f', number, socket, config);

  if (!done && server >= 0)
    {
      /* It has died, and its processes with it. */
      close (server);
      server = -1;
    }
  if (!done && start (python, error))
    {
      done = send_packet ('f', number, socket, config);
      if (!done)
        g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "%s: %s", python, g_strerror (errno));
    }
  close (socket);
  return done;
}

void
fork_server_kill (guint32 number)
{
  if (server >= 0)
    send_packet ('k', number, -1, "");
}
