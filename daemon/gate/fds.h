/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Descriptors in the messages of a socket: SCM_RIGHTS, see unix(7). */
#pragma once

#include <glib.h>
#include <sys/types.h>

/* As many as one message can carry. */
#define SQNS_FDS_MAX 253u

/* sendmsg(2) without SIGPIPE: @len bytes of @data with @n_fds descriptors, 0 none, which stay the caller's. */
ssize_t sqns_fds_send (int socket, const void *data, gsize len, const int *fds, guint n_fds, int flags);

/* recvmsg(2), again after EINTR: at most @len bytes, and at most *@n_fds descriptors into @fds, the caller's to close;
 * *@n_fds becomes their number. *@cut: more came, which the kernel has dropped without the calls that close(2) makes
 * (with MSG_PEEK: they are still there). */
ssize_t sqns_fds_receive (int socket, void *data, gsize len, int *fds, guint *n_fds, gboolean *cut, int flags);
