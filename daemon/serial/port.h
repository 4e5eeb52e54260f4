/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The serial fd: exchange with a deadline, resync.
 *
 * One exchange at a time. After a timeout or a cancel the port is unsynced and refuses exchanges until it was resynced,
 * so that a late answer is never taken for the next one's. */
#pragma once

#include "base/monitor.h"
#include "base/ssm.h"
#include "serial/tty.h"

#define SQNS_REPL_SPEED 115200u  /* baud of a board's Python prompt, and of the modem's boot ROM */
#define SQNS_MODEM_SPEED 921600u /* baud of a modem that runs anything else, and of passthrough */

#define SQNS_TYPE_PORT (sqns_port_get_type ())
G_DECLARE_FINAL_TYPE (SqnsPort, sqns_port, SQNS, PORT, GObject)

/* Of a tty that was opened and set to @speed by port-open.h; takes @tty. FAILED: the kernel is out of resources. */
SqnsPort *sqns_port_new (const char *devnode, SqnsTty *tty, guint speed, GError **error);

/* Where what goes over the port is traced, and what comes of it remarked. By value; nowhere at the beginning. */
void sqns_port_set_monitor (SqnsPort *port, const SqnsMonitor *monitor);
const SqnsMonitor *sqns_port_monitor (SqnsPort *port);
#define sqns_port_trace(port, direction, data, len) sqns_monitor_trace (sqns_port_monitor (port), direction, data, len)
#define sqns_port_remark(port, ...) sqns_monitor_remark (sqns_port_monitor (port), __VA_ARGS__)

guint sqns_port_speed (SqnsPort *port);

/* Sets another baud rate at once: bytes that are not out yet are lost, the caller has waited for their answer.
 * Received bytes that were not consumed are dropped. FAILED for a rate that termios does not know, DEVICE_LOST. */
gboolean sqns_port_set_speed (SqnsPort *port, guint speed, GError **error);

/* 5 data bits at @speed: what is written then are commands to the PIC of an expansion board, until the next
 * sqns_port_set_speed(), which is 8 data bits again. A tty that only has 8 (a pseudo-terminal) keeps them, which is no
 * error. Errors as of sqns_port_set_speed(). */
gboolean sqns_port_set_command_mode (SqnsPort *port, guint speed, GError **error);

/* Closes the fd and fails what is pending with DEVICE_LOST. */
void sqns_port_close (SqnsPort *port);
gboolean sqns_port_is_lost (SqnsPort *port); /* hung up or closed */

typedef enum {
  SQNS_MATCH_MORE, /* keep reading */
  SQNS_MATCH_DONE, /* the answer is there */
} SqnsMatch;
/* Looks at all bytes received since the exchange began (or since it consumed the last ones); *@consumed says how many
 * to drop from the front. Pure. */
typedef SqnsMatch (*SqnsMatchFunc) (const guint8 *data, gsize len, gsize *consumed, gpointer user_data);

typedef struct {
  const guint8 *request; /* borrowed until the task returns; NULL: only listen */
  gsize request_len;
  guint speed;         /* baud to set before; 0: as it is */
  SqnsMatchFunc match; /* NULL: done when the request is written */
  gpointer match_data; /* borrowed */
  guint timeout_ms;    /* from the last byte of the request that was written, 0 is not allowed */
  guint idle_ms;       /* > 0: silence for so long after bytes that are no answer is a timeout, too */
} SqnsExchange;

/* @quiet_ms > 0: a resync first, which reads and throws away until nothing came for that long, ten times that at most;
 * the port is synced again when @exchange is answered. Errors: TIMEOUT (the port is unsynced then), CANCELLED
 * (likewise), DEVICE_LOST, PROTOCOL (unsynced, and no resync was wanted: nothing was sent), BUSY (another exchange
 * runs). */
void sqns_port_exchange_async (SqnsPort *port,
                               guint quiet_ms,
                               const SqnsExchange *exchange,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data);
gboolean sqns_port_exchange_finish (SqnsPort *port, GAsyncResult *result, GError **error);

/* The same as a step of a machine. */
void sqns_port_ask (SqnsSsm *ssm, SqnsPort *port, guint quiet_ms, const SqnsExchange *exchange, SqnsSsmDone done);

gboolean sqns_port_is_synced (SqnsPort *port);

/* What was received in the last exchange or resync that failed, for naming noise; owned by the port, may be empty. */
const guint8 *sqns_port_heard (SqnsPort *port, gsize *len);

/* Takes the fd for a console: reads go to @received until sqns_port_unlisten(); writes by sqns_port_write(). */
typedef void (*SqnsPortReceived) (SqnsPort *port, const guint8 *data, gsize len, gpointer user_data);
gboolean sqns_port_listen (SqnsPort *port, SqnsPortReceived received, gpointer user_data, GError **error);
void sqns_port_unlisten (SqnsPort *port);
gssize
sqns_port_write (SqnsPort *port, const guint8 *data, gsize len, GError **error); /* bytes taken, 0 = would block */

/* Signal "lost" (no arguments): the tty hung up. */
