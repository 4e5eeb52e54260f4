/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Descriptors in the messages of a socket: SCM_RIGHTS, see unix(7). */
#pragma once

#include <glib.h>
#include <sys/types.h>

/* The most that one message can carry. */
#define SQNS_FDS_MAX 253u

/* sendmsg(2) without SIGPIPE: @len bytes of @data with @n_fds descriptors (may be 0), which stay the caller's. */
ssize_t sqns_fds_send (int socket, const void *data, gsize len, const int *fds, guint n_fds, int flags);

/* recvmsg(2), repeated after EINTR: at most @len bytes, and at most *@n_fds descriptors into @fds, which become the
 * caller's. *@n_fds becomes their number. *@cut: there were more; the kernel has dropped them without the calls that
 * close(2) makes, or with MSG_PEEK left them in place. */
ssize_t sqns_fds_receive (int socket, void *data, gsize len, int *fds, guint *n_fds, gboolean *cut, int flags);
