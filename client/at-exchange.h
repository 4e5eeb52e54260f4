/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One AT command and its answer over a byte stream. */
#pragma once

#include "base/error.h"
#include "codec/at.h"

/* Sends @command and a CR to @fd, a socket, and fills @reply when the final line is there; it is the caller's to clear.
 * Blocks. @timeout_ms: for all of it. Errors: TIMEOUT, DEVICE_LOST when the stream ends, FAILED. */
gboolean sqns_at_exchange (int fd, const char *command, int timeout_ms, SqnsAtReply *reply, GError **error);
