/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One direction of the stream between the daemon and the bus, message by message, in bounded memory. */
#pragma once

#include "gate/fds.h"
#include "gate/frame.h"

#define SQNS_FLOW_BUFFER (256u * 1024u) /* more than the kernel lets a message be in one piece */

typedef struct _SqnsFlow SqnsFlow;

/* Descriptors hang on the next byte of @flow, with which the message of @frame begins; @data: @len bytes of it that are
 * there already. Takes that byte, and sqns_flow_attach()es what goes on in their place. FALSE: the flow has to end. */
typedef gboolean (*SqnsFlowAdmit) (
    SqnsFlow *flow, const SqnsFrame *frame, const guint8 *data, gsize len, gpointer user_data);

struct _SqnsFlow {
  int from;
  int to;
  SqnsFlowAdmit admit;
  gpointer user_data;
  gboolean in_messages; /* the lines before them are over */
  SqnsFrameLine line;
  guint8 head[SQNS_FRAME_HEAD]; /* of the next message, so far */
  guint head_len;
  guint32 left; /* bytes of the message that were not read yet */
  int fds[SQNS_FDS_MAX];
  guint n_fds; /* go with the first byte of the buffer */
  gsize start; /* what is behind it in the buffer was not sent yet */
  gsize len;
  guint8 buffer[SQNS_FLOW_BUFFER + SQNS_FRAME_HEAD];
};

typedef enum {
  SQNS_FLOW_MOVED, /* there may be more */
  SQNS_FLOW_WAITS, /* for what sqns_flow_is_full() says */
  SQNS_FLOW_ENDED,
} SqnsFlowResult;

/* Reads and sends once, without waiting. */
SqnsFlowResult sqns_flow_move (SqnsFlow *flow);
/* What was read is still to be sent, nothing more is read until it is. */
gboolean sqns_flow_is_full (const SqnsFlow *flow);
/* Takes @fd, which goes with the message that was just begun. */
void sqns_flow_attach (SqnsFlow *flow, int fd);
