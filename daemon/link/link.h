/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The way to the modem's AT channel: direct, the board's passthrough, or a relay typed into its REPL; proven before it
 * is believed. */
#pragma once

#include "base/monitor.h"
#include "serial/port.h"

#define SQNS_TYPE_LINK (sqns_link_get_type ())
G_DECLARE_FINAL_TYPE (SqnsLink, sqns_link, SQNS, LINK, GObject)

typedef struct {
  const char *devnode;
  SqnsLinkKind kind;
  const char *board;    /* "fipy", "gpy", "g01": overrides what the board says of itself; nullable */
  guint speed;          /* baud at which a direct or present passthrough is tried first; 0 = find out */
  gboolean usb_board;   /* a known USB board: an answering modem is behind passthrough, not direct */
  gboolean pic;         /* a known USB board whose PIC takes commands at 5 data bits (field-failures.md §3) */
  gboolean leave;       /* a relay, which can be left and reaches FFH too, goes before passthrough, whatever @kind */
  gboolean reset;       /* the board is in passthrough: get its ESP32 reset first, by the PIC or by a person */
  gboolean again;       /* the modem was reached, and fell silent: a program on the board may be why */
  gboolean unsafe;      /* the modem may be writing meanwhile: no phase is reported as safe */
  gboolean committed;   /* no phase is reported as one that may be cancelled */
  guint user_timeout_s; /* for a person to press the button, seconds; 0 = NEEDS_HAND at once */
} SqnsLinkConfig;

/* Opens the port and finds the way. @config's strings are copied, @monitor by value. Where nothing answers and a board
 * may sit in a passthrough that is silent, its ESP32 is reset: by the PIC, else by a person (the monitor's
 * "user_action"). Errors: PORT_LOCKED, NOT_FOUND, DEVICE_LOST, TIMEOUT (nothing answers: the message tells an
 * unreachable modem from one that is reached and silent, and silence, garbage and zeros apart), NEEDS_HAND (a program
 * on the board does not yield, or nobody pressed the button), NOT_SUPPORTED (the board cannot do the wanted kind),
 * CANCELLED. */
void sqns_link_open_async (const SqnsLinkConfig *config,
                           const SqnsMonitor *monitor,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data);
SqnsLink *sqns_link_open_finish (GAsyncResult *result, GError **error);

/* Of a way that was found; @board is copied. */
SqnsLink *sqns_link_new (SqnsPort *port, SqnsLinkKind kind, guint speed, const SqnsBoardInfo *board);

/* Leaves a relay (the REPL is back), closes the port. Never fails: a link that is lost is closed. */
void sqns_link_close_async (SqnsLink *link, GAsyncReadyCallback callback, gpointer user_data);
gboolean sqns_link_close_finish (SqnsLink *link, GAsyncResult *result, GError **error);

SqnsLinkKind sqns_link_kind (SqnsLink *link);
guint sqns_link_speed (SqnsLink *link); /* baud on the modem's side */
/* The board's firmware can be brought into passthrough from here: a relay, on a board that has it. */
gboolean sqns_link_has_passthrough (SqnsLink *link);

/* Changes the baud on the modem's side, not that of the modem itself. A direct link sets its port, a
 * relay is sent a word for it. Errors: NOT_SUPPORTED (passthrough runs at 921600 only), TIMEOUT (the relay does not
 * answer), DEVICE_LOST, CANCELLED. */
gboolean sqns_link_can_set_speed (SqnsLink *link);
void sqns_link_set_speed_async (
    SqnsLink *link, guint speed, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
gboolean sqns_link_set_speed_finish (SqnsLink *link, GAsyncResult *result, GError **error);

const SqnsBoardInfo *sqns_link_board (SqnsLink *link); /* owned by the link */
SqnsPort *sqns_link_port (SqnsLink *link);             /* owned by the link */
const SqnsMonitor *sqns_link_monitor (SqnsLink *link);

/* A stream socket to the AT channel, for consoles: bytes are copied both ways until the far end is closed, @closed is
 * then called once. Exchanges are refused meanwhile. Returns the far end's fd, owned by the caller; -1 with @error. */
int sqns_link_open_console (SqnsLink *link, GFunc closed, gpointer user_data, GError **error);
/* Ends it from this side, if one is open: what the modem said last and @farewell (nullable) go to the far end as far as
 * it takes them at once, then its stream ends; @closed is called. */
void sqns_link_end_console (SqnsLink *link, const char *farewell);
