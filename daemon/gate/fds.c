/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Descriptors in the messages of a socket. */
#include "gate/fds.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

typedef union {
  struct cmsghdr header;
  char space[CMSG_SPACE (sizeof (int) * SQNS_FDS_MAX)];
} Control;

ssize_t
sqns_fds_send (int socket, const void *data, gsize len, const int *fds, guint n_fds, int flags)
{
  Control control = { 0 };
  struct iovec part = { (void *)data, len };
  struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
  gsize bytes = sizeof (int) * n_fds;

  if (n_fds > 0)
    {
      control.header = (struct cmsghdr){ CMSG_LEN (bytes), SOL_SOCKET, SCM_RIGHTS };
      memcpy (CMSG_DATA (&control.header), fds, bytes);
      message.msg_control = &control;
      message.msg_controllen = CMSG_SPACE (bytes);
    }
  return sendmsg (socket, &message, flags | MSG_NOSIGNAL);
}

ssize_t
sqns_fds_receive (int socket, void *data, gsize len, int *fds, guint *n_fds, gboolean *cut, int flags)
{
  Control control;
  struct iovec part = { data, len };
  struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
  gsize room = *n_fds > 0 ? CMSG_LEN (sizeof (int) * *n_fds) : 0;
  ssize_t n;

  do
    {
      message.msg_control = room > 0 ? &control : NULL;
      message.msg_controllen = room; /* not CMSG_SPACE: the kernel would fill the padding, too */
      n = recvmsg (socket, &message, flags | MSG_CMSG_CLOEXEC);
    }
  while (n < 0 && errno == EINTR);
  *n_fds = 0;
  *cut = n >= 0 && (message.msg_flags & MSG_CTRUNC) != 0;
  struct cmsghdr *header = n >= 0 ? CMSG_FIRSTHDR (&message) : NULL;
  if (header != NULL && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS)
    {
      *n_fds = (guint)((header->cmsg_len - CMSG_LEN (0)) / sizeof (int));
      memcpy (fds, CMSG_DATA (header), sizeof (int) * *n_fds);
    }
  return n;
}
