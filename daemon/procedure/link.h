/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The way to the modem's AT channel: direct, the board's passthrough, or a relay typed into its REPL; proven before it
 * is believed. */
#pragma once

#include "port/port.h"
#include "procedure/monitor.h"

#define SQNS_TYPE_LINK (sqns_link_get_type ())
G_DECLARE_FINAL_TYPE (SqnsLink, sqns_link, SQNS, LINK, GObject)

typedef struct {
  const char *devnode;
  SqnsLinkKind kind;
  const char *board;  /* "fipy", "gpy", "g01": overrides what the board says of itself; nullable */
  guint speed;        /* baud at which a direct or present passthrough is tried first; 0 = find out */
  gboolean usb_board; /* a known USB board: an answering modem is behind passthrough, not direct */
  gboolean leave;     /* prefer a relay, which can be left without a reset, to passthrough */
} SqnsLinkConfig;

/* Opens the port and finds the way. @config's strings are copied, @monitor by value. Errors: PORT_LOCKED, NOT_FOUND,
 * DEVICE_LOST, TIMEOUT (nothing answers: the message tells silence, garbage and zeros apart), NEEDS_HAND (a program on
 * the board does not yield), NOT_SUPPORTED (the board cannot do the wanted kind), CANCELLED. */
void sqns_link_open_async (const SqnsLinkConfig *config,
                           const SqnsMonitor *monitor,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data);
SqnsLink *sqns_link_open_finish (GAsyncResult *result, GError **error);

/* Leaves a relay (the REPL is back), closes the port. Never fails: a link that is lost is closed. */
void sqns_link_close_async (SqnsLink *link, GAsyncReadyCallback callback, gpointer user_data);
gboolean sqns_link_close_finish (SqnsLink *link, GAsyncResult *result, GError **error);

SqnsLinkKind sqns_link_kind (SqnsLink *link);
const SqnsBoardInfo *sqns_link_board (SqnsLink *link); /* owned by the link */
SqnsPort *sqns_link_port (SqnsLink *link);             /* owned by the link */
const SqnsMonitor *sqns_link_monitor (SqnsLink *link);

/* A stream socket to the AT channel, for consoles: bytes are copied both ways until the far end is closed, @closed is
 * then called once. Exchanges are refused meanwhile. Returns the far end's fd, owned by the caller; -1 with @error. */
int sqns_link_open_console (SqnsLink *link, GFunc closed, gpointer user_data, GError **error);
