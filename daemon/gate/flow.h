/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One direction of the stream between the daemon and the bus, message by message, in bounded memory. */
#pragma once

#include "gate/fds.h"
#include "gate/frame.h"

#define SQNS_FLOW_BUFFER (256u * 1024u) /* longer than any piece the kernel sends */

typedef struct _SqnsFlow SqnsFlow;

/* The next byte of @flow, with which the message of @frame begins, carries descriptors. @data: the @len bytes of the
 * message that can be read so far. Takes that byte, and attaches replacements with sqns_flow_attach(). FALSE: the
 * flow must end. */
typedef gboolean (*SqnsFlowAdmit) (
    SqnsFlow *flow, const SqnsFrame *frame, const guint8 *data, gsize len, gpointer user_data);

struct _SqnsFlow {
  int from;
  int to;
  SqnsFlowAdmit admit;
  gpointer user_data;
  gboolean in_messages; /* the authentication lines are over */
  SqnsFrameLine line;
  guint8 head[SQNS_FRAME_HEAD]; /* of the next message, as far as it was read */
  guint head_len;
  guint32 left; /* bytes of the message still to be read */
  int fds[SQNS_FDS_MAX];
  guint n_fds; /* to be sent with the first byte of the buffer */
  gsize start; /* the rest of the buffer from here on is still to be sent */
  gsize len;
  guint8 buffer[SQNS_FLOW_BUFFER + SQNS_FRAME_HEAD];
};

typedef enum {
  SQNS_FLOW_MOVED, /* and there may be more */
  SQNS_FLOW_WAITS, /* for input, or for output if sqns_flow_is_full() */
  SQNS_FLOW_ENDED,
} SqnsFlowResult;

/* Reads and sends once, without blocking. */
SqnsFlowResult sqns_flow_move (SqnsFlow *flow);
/* Data is waiting to be sent; nothing more is read until then. */
gboolean sqns_flow_is_full (const SqnsFlow *flow);
/* Takes @fd, to be sent with the message that has just begun. */
void sqns_flow_attach (SqnsFlow *flow, int fd);
