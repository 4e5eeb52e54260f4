/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The daemon itself connects to the bus, so that the bus knows the daemon's process. */
#include "common/error.h"
#include "gate/fds.h"
#include "gate/gate.h"
#include "gate/pump.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct _SqnsGate {
  int fd;         /* our end; -1 once a stream has it */
  GSocket *inner; /* the same afterwards */
  GSocket *bus;   /* kept for shutdown() */
};

static gpointer
fail (GError **error, const char *what)
{
  int code = errno;
  g_set_error (error, SQNS_ERROR, SQNS_ERROR_FAILED, "%s: %s", what, g_strerror (code));
  return NULL;
}

SqnsGate *
sqns_gate_start (GError **error)
{
  int pair[2];
  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
    return fail (error, "cannot create a pair of sockets");
  pid_t pid = fork ();
  if (pid == 0)
    {
      close (pair[0]);
      sqns_pump_run (pair[1]);
    }
  int code = errno;
  close (pair[1]);
  if (pid < 0)
    {
      close (pair[0]);
      errno = code;
      return fail (error, "cannot start the process that reads callers' files");
    }
  SqnsGate *gate = g_new0 (SqnsGate, 1);
  gate->fd = pair[0];
  return gate;
}

GIOStream *
sqns_gate_connect (SqnsGate *gate, const char *address, guint max_readers, gsize max_size, GError **error)
{
  g_autofree SqnsPumpStart *start = g_new0 (SqnsPumpStart, 1);
  g_autoptr (GIOStream) stream = g_dbus_address_get_stream_sync (address, NULL, NULL, error);
  if (stream == NULL)
    return NULL;
  start->max_readers = max_readers;
  start->max_size = max_size;
  if (!G_IS_SOCKET_CONNECTION (stream)
      || g_strlcpy (start->address, address, sizeof start->address) >= sizeof start->address)
    {
      g_set_error_literal (error, SQNS_ERROR, SQNS_ERROR_FAILED, "the bus has an address of an unknown kind");
      return NULL;
    }
  gate->bus = g_object_ref (g_socket_connection_get_socket (G_SOCKET_CONNECTION (stream)));
  int bus = g_socket_get_fd (gate->bus);
  if (sqns_fds_send (gate->fd, start, sizeof *start, &bus, 1, 0) != sizeof *start)
    return fail (error, "the process that reads callers' files has ended");
  gate->inner = g_socket_new_from_fd (gate->fd, error);
  if (gate->inner == NULL)
    return NULL;
  gate->fd = -1;
  return G_IO_STREAM (g_socket_connection_factory_create_connection (gate->inner));
}

/* Shuts down the sockets, which no other process can keep open: a gate that hangs does not keep the bus name. */
static void
hang_up (GSocket *socket)
{
  if (socket != NULL && !g_socket_is_closed (socket))
    shutdown (g_socket_get_fd (socket), SHUT_RDWR);
}

void
sqns_gate_free (SqnsGate *gate)
{
  hang_up (gate->inner);
  hang_up (gate->bus);
  g_clear_object (&gate->inner);
  g_clear_object (&gate->bus);
  if (gate->fd >= 0)
    close (gate->fd);
  g_free (gate);
}
