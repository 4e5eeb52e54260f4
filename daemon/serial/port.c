/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The serial fd: exchange with a deadline, resync, console. */
#include "serial/port.h"

#include "base/deadlines.h"
#include "base/source.h"
#include "serial/port-wait.h"
#include "serial/tty.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define READ_SIZE 16384
#define MAX_RECEIVED 131072u /* an answer longer than this is a flood: the oldest bytes go */
#define MAX_HEARD 512u

typedef struct {
  GTask *task;
  SqnsExchange exchange;
  gboolean resync;   /* the port is synced when it is answered */
  gboolean draining; /* first, what comes is thrown away */
  gsize written;
  guint quiet_ms;    /* silence after a byte that ends it; 0: no byte moves its end */
  gint64 give_up_us; /* monotonic time of its end at the latest; set once the request is out */
} Operation;

struct _SqnsPort {
  GObject parent;
  char *devnode;
  guint speed;
  SqnsMonitor monitor;
  SqnsTty tty;
  SqnsPortWait *wait; /* NULL when lost */
  GSource *cancel;    /* kept over the exchanges of a procedure */
  GCancellable *cancellable;
  GByteArray *received;
  GByteArray *heard;
  gboolean synced;
  gboolean lost;
  Operation *operation;
  SqnsPortReceived listener;
  gpointer listener_data;
};

static guint signal_lost;

G_DEFINE_FINAL_TYPE (SqnsPort, sqns_port, G_TYPE_OBJECT)

/* --- the end of an operation --- */

static void
keep_heard (SqnsPort *port)
{
  g_byte_array_set_size (port->heard, 0);
  guint n = MIN (port->received->len, MAX_HEARD);
  if (n > 0) /* else there may be no data to point into */
    g_byte_array_append (port->heard, port->received->data + port->received->len - n, n);
}

/* Takes @error; NULL: success. */
static void
operation_end (SqnsPort *port, GError *error)
{
  Operation *operation = g_steal_pointer (&port->operation);

  if (port->wait != NULL)
    {
      sqns_port_wait_until (port->wait, -1);
      sqns_port_wait_for_room (port->wait, FALSE);
    }
  port->synced = error == NULL && (port->synced || operation->resync);
  if (error != NULL)
    {
      keep_heard (port);
      g_task_return_error (operation->task, error);
    }
  else
    g_task_return_boolean (operation->task, TRUE);
  g_object_unref (operation->task);
  g_free (operation);
}

static void
port_lost (SqnsPort *port, const char *why)
{
  g_autoptr (SqnsPort) self = g_object_ref (port);

  if (port->lost)
    return;
  port->lost = TRUE;
  port->synced = FALSE;
  g_clear_pointer (&port->wait, sqns_port_wait_free);
  if (port->operation != NULL)
    operation_end (port, g_error_new (SQNS_ERROR, SQNS_ERROR_DEVICE_LOST, "%s is gone: %s", port->devnode, why));
  g_signal_emit (port, signal_lost, 0);
}

static void
arm_deadline (SqnsPort *port, guint ms)
{
  sqns_port_wait_until (port->wait, g_get_monotonic_time () + (gint64)ms * 1000);
}

/* Bytes came that are not the end: silence from now on is, and whatever comes, there is an end. */
static void
arm_quiet (SqnsPort *port)
{
  Operation *operation = port->operation;
  gint64 quiet_us = g_get_monotonic_time () + (gint64)operation->quiet_ms * 1000;

  if (operation->quiet_ms > 0)
    sqns_port_wait_until (port->wait, MIN (quiet_us, operation->give_up_us));
}

static void
forget_cancellable (SqnsPort *port)
{
  sqns_clear_source (&port->cancel);
  g_clear_object (&port->cancellable);
}

/* Runs once: a cancelled source is ready for ever. */
static gboolean
on_cancelled (GCancellable *cancellable, gpointer data)
{
  SqnsPort *port = data;
  g_autoptr (SqnsPort) self = g_object_ref (port);

  forget_cancellable (port);
  if (port->operation != NULL && g_task_get_cancellable (port->operation->task) == cancellable)
    operation_end (port, g_error_new_literal (SQNS_ERROR, SQNS_ERROR_CANCELLED, "cancelled"));
  return G_SOURCE_REMOVE;
}

static void
watch_cancellable (SqnsPort *port, GCancellable *cancellable)
{
  if (port->cancellable == cancellable)
    return;
  forget_cancellable (port);
  if (cancellable == NULL)
    return;
  port->cancellable = g_object_ref (cancellable);
  port->cancel = g_cancellable_source_new (cancellable);
  g_source_set_callback (port->cancel, G_SOURCE_FUNC (on_cancelled), port, NULL);
  g_source_attach (port->cancel, NULL);
}

/* --- bytes --- */

static void
match_received (SqnsPort *port)
{
  Operation *operation = port->operation;
  const SqnsExchange *exchange = &operation->exchange;
  gsize consumed = 0;

  if (exchange->match == NULL || operation->written < exchange->request_len)
    return;
  SqnsMatch verdict = exchange->match (port->received->data, port->received->len, &consumed, exchange->match_data);
  g_byte_array_remove_range (port->received, 0, MIN (consumed, port->received->len));
  if (verdict == SQNS_MATCH_DONE)
    operation_end (port, NULL);
  else
    arm_quiet (port);
}

static void
take_received (SqnsPort *port, const guint8 *data, gsize len)
{
  Operation *operation = port->operation;

  if (port->listener != NULL)
    {
      port->listener (port, data, len, port->listener_data);
      return;
    }
  g_byte_array_append (port->received, data, len);
  if (port->received->len > MAX_RECEIVED)
    g_byte_array_remove_range (port->received, 0, port->received->len - MAX_RECEIVED / 2);
  if (operation == NULL)
    return;
  if (operation->draining)
    arm_quiet (port);
  else
    match_received (port);
}

static void
on_readable (SqnsPort *port)
{
  guint8 buffer[READ_SIZE];

  gssize n = read (port->tty.fd, buffer, sizeof buffer);
  if (n > 0)
    take_received (port, buffer, n);
  else if (n == 0 || (errno != EAGAIN && errno != EINTR))
    port_lost (port, n == 0 ? "hung up" : g_strerror (errno));
}

static void
operation_progress (SqnsPort *port)
{
  Operation *operation = port->operation;
  const SqnsExchange *exchange = &operation->exchange;

  while (operation->written < exchange->request_len)
    {
      gssize n
          = write (port->tty.fd, exchange->request + operation->written, exchange->request_len - operation->written);
      if (n > 0)
        operation->written += n;
      else if (n < 0 && errno == EINTR)
        continue;
      else if (n < 0 && errno != EAGAIN)
        {
          port_lost (port, g_strerror (errno));
          return;
        }
      else
        {
          sqns_port_wait_for_room (port->wait, TRUE);
          return;
        }
    }
  operation->give_up_us = g_get_monotonic_time () + (gint64)exchange->timeout_ms * 1000;
  sqns_port_wait_until (port->wait, operation->give_up_us);
  if (exchange->match == NULL)
    operation_end (port, NULL);
  else if (port->received->len > 0)
    match_received (port);
}

static void
begin_exchange (SqnsPort *port)
{
  Operation *operation = port->operation;
  const SqnsExchange *exchange = &operation->exchange;
  guint wire_ms = (guint64)exchange->request_len * 20000 / port->speed;

  if (operation->draining || exchange->request_len > 0)
    g_byte_array_set_size (port->received, 0); /* what came before cannot be the answer */
  operation->draining = FALSE;
  operation->quiet_ms = exchange->idle_ms;
  arm_deadline (port, wire_ms + MAX (SQNS_WRITE_GRACE_MS, exchange->timeout_ms));
  operation_progress (port);
}

static void
on_deadline (SqnsPort *port)
{
  Operation *operation = port->operation;

  if (operation->draining)
    begin_exchange (port);
  else if (operation->written < operation->exchange.request_len)
    operation_end (port, g_error_new (SQNS_ERROR, SQNS_ERROR_TIMEOUT, "%s does not accept data", port->devnode));
  else
    operation_end (port, g_error_new (SQNS_ERROR, SQNS_ERROR_TIMEOUT, "no answer within %.1f s",
                                      operation->exchange.timeout_ms / 1000.0));
}

static void
on_event (SqnsPortEvent event, gpointer data)
{
  SqnsPort *port = data;
  g_autoptr (SqnsPort) self = g_object_ref (port);

  switch (event)
    {
    case SQNS_PORT_READABLE:
      on_readable (port);
      break;
    case SQNS_PORT_WRITABLE:
      if (port->operation != NULL && !port->operation->draining)
        operation_progress (port);
      break;
    case SQNS_PORT_DEADLINE:
      on_deadline (port);
      break;
    }
}

/* --- operations --- */

/* Returns the error that forbids an operation now, NULL when it may start. */
static GError *
why_not (SqnsPort *port, GCancellable *cancellable)
{
  if (g_cancellable_is_cancelled (cancellable))
    return g_error_new_literal (SQNS_ERROR, SQNS_ERROR_CANCELLED, "cancelled");
  if (port->lost)
    return g_error_new (SQNS_ERROR, SQNS_ERROR_DEVICE_LOST, "%s is gone", port->devnode);
  if (port->operation != NULL || port->listener != NULL)
    return g_error_new (SQNS_ERROR, SQNS_ERROR_BUSY, "%s is busy with another exchange", port->devnode);
  return NULL;
}

void
sqns_port_exchange_async (SqnsPort *port,
                          guint quiet_ms,
                          const SqnsExchange *exchange,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  GTask *task = g_task_new (port, cancellable, callback, user_data);
  GError *error = why_not (port, cancellable);

  g_assert (exchange->timeout_ms > 0);
  g_task_set_check_cancellable (task, FALSE);
  if (error == NULL && !port->synced && quiet_ms == 0)
    error = g_error_new_literal (SQNS_ERROR, SQNS_ERROR_PROTOCOL,
                                 "a late answer may still arrive: the port has not been resynchronized");
  if (error == NULL && exchange->speed != 0 && exchange->speed != port->speed)
    sqns_port_set_speed (port, exchange->speed, &error);
  if (error != NULL)
    {
      g_task_return_error (task, error);
      g_object_unref (task);
      return;
    }
  Operation *operation = port->operation = g_new0 (Operation, 1);
  operation->task = task;
  operation->exchange = *exchange;
  operation->resync = operation->draining = quiet_ms > 0;
  watch_cancellable (port, cancellable);
  if (!operation->draining)
    {
      begin_exchange (port);
      return;
    }
  /* a line that never falls quiet is given up on by the probe's own deadline */
  operation->quiet_ms = quiet_ms;
  operation->give_up_us = g_get_monotonic_time () + (gint64)quiet_ms * 10 * 1000;
  arm_deadline (port, quiet_ms);
}

gboolean
sqns_port_exchange_finish (SqnsPort *port, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
sqns_port_ask (SqnsSsm *ssm, SqnsPort *port, guint quiet_ms, const SqnsExchange *exchange, SqnsSsmDone done)
{
  sqns_port_exchange_async (port, quiet_ms, exchange, sqns_ssm_cancellable (ssm), sqns_ssm_step (ssm, done), ssm);
}

gboolean
sqns_port_is_synced (SqnsPort *port)
{
  return port->synced;
}

const guint8 *
sqns_port_heard (SqnsPort *port, gsize *len)
{
  *len = port->heard->len;
  return port->heard->data;
}

/* --- console --- */

gboolean
sqns_port_listen (SqnsPort *port, SqnsPortReceived received, gpointer user_data, GError **error)
{
  GError *refusal = why_not (port, NULL);
  if (refusal != NULL)
    {
      g_propagate_error (error, refusal);
      return FALSE;
    }
  port->listener = received;
  port->listener_data = user_data;
  port->synced = FALSE; /* another dialogue: ours starts with a resync */
  return TRUE;
}

void
sqns_port_unlisten (SqnsPort *port)
{
  port->listener = NULL;
  port->listener_data = NULL;
}

gssize
sqns_port_write (SqnsPort *port, const guint8 *data, gsize len, GError **error)
{
  gssize n = port->lost ? -1 : write (port->tty.fd, data, len);
  if (n >= 0)
    return n;
  if (!port->lost && (errno == EAGAIN || errno == EINTR))
    return 0;
  g_set_error (error, SQNS_ERROR, SQNS_ERROR_DEVICE_LOST, "%s is gone", port->devnode);
  return -1;
}

/* --- life --- */

SqnsPort *
sqns_port_new (const char *devnode, SqnsTty *tty, guint speed, GError **error)
{
  g_autoptr (SqnsPort) port = g_object_new (SQNS_TYPE_PORT, NULL);
  port->devnode = g_strdup (devnode);
  port->speed = speed;
  port->tty = *tty;
  tty->fd = -1;
  port->synced = TRUE;
  port->wait = sqns_port_wait_new (port->tty.fd, on_event, port);
  if (port->wait == NULL)
    {
      g_set_error (error, SQNS_ERROR, SQNS_ERROR_FAILED, "cannot wait for %s: %s", devnode, g_strerror (errno));
      return NULL;
    }
  return g_steal_pointer (&port);
}

void
sqns_port_set_monitor (SqnsPort *port, const SqnsMonitor *monitor)
{
  port->monitor = *monitor;
}

const SqnsMonitor *
sqns_port_monitor (SqnsPort *port)
{
  return &port->monitor;
}

guint
sqns_port_speed (SqnsPort *port)
{
  return port->speed;
}

static gboolean
set_line (SqnsPort *port, guint speed, SqnsTtyBits bits, GError **error)
{
  if (port->lost)
    {
      g_set_error (error, SQNS_ERROR, SQNS_ERROR_DEVICE_LOST, "%s is gone", port->devnode);
      return FALSE;
    }
  if (!sqns_tty_set_line (port->tty.fd, speed, bits, error))
    return FALSE;
  g_byte_array_set_size (port->received, 0);
  port->speed = speed;
  return TRUE;
}

gboolean
sqns_port_set_speed (SqnsPort *port, guint speed, GError **error)
{
  return set_line (port, speed, SQNS_TTY_DATA_BITS, error);
}

gboolean
sqns_port_set_command_mode (SqnsPort *port, guint speed, GError **error)
{
  return set_line (port, speed, SQNS_TTY_COMMAND_BITS, error);
}

gboolean
sqns_port_is_lost (SqnsPort *port)
{
  return port->lost;
}

void
sqns_port_close (SqnsPort *port)
{
  port_lost (port, "closed");
  forget_cancellable (port);
  sqns_tty_close (&port->tty);
}

static void
sqns_port_finalize (GObject *object)
{
  SqnsPort *port = SQNS_PORT (object);
  g_clear_pointer (&port->wait, sqns_port_wait_free);
  forget_cancellable (port);
  sqns_tty_close (&port->tty);
  g_byte_array_unref (port->received);
  g_byte_array_unref (port->heard);
  g_free (port->devnode);
  G_OBJECT_CLASS (sqns_port_parent_class)->finalize (object);
}

static void
sqns_port_init (SqnsPort *port)
{
  port->tty.fd = -1;
  port->received = g_byte_array_new ();
  port->heard = g_byte_array_new ();
}

static void
sqns_port_class_init (SqnsPortClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = sqns_port_finalize;
  signal_lost = g_signal_new ("lost", SQNS_TYPE_PORT, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}
