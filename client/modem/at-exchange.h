/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One AT command and its answer over a byte stream. */
#pragma once

#include "codec/at.h"
#include "common/error.h"

/* As sqns_at_parse(); of a command that dials CONNECT ends the answer, too (SQNS_AT_OK, it stays among the lines), and
 * NO CARRIER, BUSY and their like do (SQNS_AT_CME_ERROR, with it as the text). */
SqnsAtFinal sqns_at_hear (const char *command, const guint8 *data, gsize len, SqnsAtReply *reply);

/* Sends @command and a CR to @fd, a socket, and fills @reply when the final line is there; it is the caller's to clear.
 * Blocks. @timeout_ms: for all of it. Errors: TIMEOUT, DEVICE_LOST when the stream ends, FAILED. */
gboolean sqns_at_exchange (int fd, const char *command, int timeout_ms, SqnsAtReply *reply, GError **error);
