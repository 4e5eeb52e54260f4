/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The port on a pseudo-terminal: exchange, deadline, resync, locks, other holders, hang-up, partial writes. */
#include "serial/port-holder.h"
#include "serial/port-open.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

typedef struct {
  int master;
  char *slave;
  SqnsPort *port;
} Fixture;

static void
on_opened (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **)data = g_object_ref (result);
}

static SqnsPort *
open_port (const char *devnode, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  sqns_port_open_async (devnode, 115200, on_opened, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return sqns_port_open_finish (result, error);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  f->master = posix_openpt (O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
  g_assert_cmpint (f->master, >=, 0);
  g_assert_cmpint (grantpt (f->master) | unlockpt (f->master), ==, 0);
  f->slave = g_strdup (ptsname (f->master));
  f->port = open_port (f->slave, &error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_clear_object (&f->port);
  if (f->master >= 0)
    close (f->master);
  g_free (f->slave);
}

typedef struct {
  gboolean done;
  gboolean ok;
  GError *error;
} Outcome;

static void
on_done (GObject *source, GAsyncResult *result, gpointer data)
{
  Outcome *outcome = data;
  outcome->ok = g_task_propagate_boolean (G_TASK (result), &outcome->error);
  outcome->done = TRUE;
}

static void
wait_for (Outcome *outcome)
{
  while (!outcome->done)
    g_main_context_iteration (NULL, TRUE);
}

/* The far end answers as soon as the request has arrived. */
static gsize
master_read (Fixture *f, char *buffer, gsize size)
{
  gsize n = 0;
  gint64 deadline = g_get_monotonic_time () + 5 * G_USEC_PER_SEC;
  while (n < size)
    {
      gssize r = read (f->master, buffer + n, size - n);
      if (r > 0)
        n += r;
      else
        g_main_context_iteration (NULL, FALSE);
      g_assert_cmpint (g_get_monotonic_time (), <, deadline);
    }
  return n;
}

static void
master_write (Fixture *f, const char *text)
{
  g_assert_cmpint (write (f->master, text, strlen (text)), ==, (gssize)strlen (text));
}

static SqnsMatch
match_ok (const guint8 *data, gsize len, gsize *consumed, gpointer user_data)
{
  const char *found = g_strstr_len ((const char *)data, len, "OK\r\n");
  if (found == NULL)
    return SQNS_MATCH_MORE;
  *consumed = found - (const char *)data + 4;
  if (user_data != NULL)
    *(gsize *)user_data = *consumed;
  return SQNS_MATCH_DONE;
}

static const SqnsExchange at_exchange = {
  .request = (const guint8 *)"AT\r",
  .request_len = 3,
  .match = match_ok,
  .timeout_ms = 5000,
};
static const SqnsExchange short_exchange = {
  .request = (const guint8 *)"AT\r",
  .request_len = 3,
  .match = match_ok,
  .timeout_ms = 30,
};

static void
test_exchange (Fixture *f, gconstpointer data)
{
  Outcome outcome = { 0 };
  char buffer[8];

  sqns_port_exchange_async (f->port, 0, &at_exchange, NULL, on_done, &outcome);
  master_read (f, buffer, 3);
  g_assert_cmpmem (buffer, 3, "AT\r", 3);
  master_write (f, "\r\nO");
  g_main_context_iteration (NULL, TRUE);
  g_assert_false (outcome.done);
  master_write (f, "K\r\n");
  wait_for (&outcome);
  g_assert_no_error (outcome.error);
}

static void
test_one_at_a_time (Fixture *f, gconstpointer data)
{
  Outcome first = { 0 }, second = { 0 };
  sqns_port_exchange_async (f->port, 0, &at_exchange, NULL, on_done, &first);
  sqns_port_exchange_async (f->port, 0, &at_exchange, NULL, on_done, &second);
  wait_for (&second);
  g_assert_error (second.error, SQNS_ERROR, SQNS_ERROR_BUSY);
  g_clear_error (&second.error);
  master_write (f, "OK\r\n");
  wait_for (&first);
  g_assert_no_error (first.error);
}

/* The main rule of this layer: a late answer does not belong to the next exchange. */
static void
test_late_answer (Fixture *f, gconstpointer data)
{
  Outcome timed_out = { 0 }, refused = { 0 }, resynced = { 0 }, again = { 0 };
  char buffer[8];

  sqns_port_exchange_async (f->port, 0, &short_exchange, NULL, on_done, &timed_out);
  wait_for (&timed_out);
  g_assert_error (timed_out.error, SQNS_ERROR, SQNS_ERROR_TIMEOUT);
  g_clear_error (&timed_out.error);
  g_assert_false (sqns_port_is_synced (f->port));
  master_read (f, buffer, 3);

  sqns_port_exchange_async (f->port, 0, &at_exchange, NULL, on_done, &refused);
  wait_for (&refused);
  g_assert_error (refused.error, SQNS_ERROR, SQNS_ERROR_PROTOCOL);
  g_clear_error (&refused.error);

  gsize length = 0;
  SqnsExchange probe = at_exchange;
  probe.match_data = &length;
  master_write (f, "LATE\r\nOK\r\n"); /* arrives before the resync, which drains it */
  /* the kernel brings bytes over a pseudo-terminal when it has time */
  sqns_port_exchange_async (f->port, 200, &probe, NULL, on_done, &resynced);
  master_read (f, buffer, 3);
  master_write (f, "OK\r\n");
  wait_for (&resynced);
  g_assert_no_error (resynced.error);
  g_assert_cmpuint (length, ==, 4); /* the late answer is not part of it */
  g_assert_true (sqns_port_is_synced (f->port));

  sqns_port_exchange_async (f->port, 0, &at_exchange, NULL, on_done, &again);
  master_read (f, buffer, 3);
  master_write (f, "OK\r\n");
  wait_for (&again);
  g_assert_no_error (again.error);
}

static tcflag_t
line_of (Fixture *f, speed_t *speed)
{
  struct termios mode;
  g_assert_cmpint (tcgetattr (f->master, &mode), ==, 0);
  *speed = cfgetospeed (&mode);
  return mode.c_cflag & (CSIZE | PARENB | CSTOPB | CRTSCTS | HUPCL);
}

/* Commands for a PIC: a pseudo-terminal does not support 5 data bits, which is not an error; the other settings apply.
 */
static void
test_command_mode (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  Outcome outcome = { 0 };
  char buffer[8];
  speed_t speed;

  g_assert_true (sqns_port_set_speed (f->port, 921600, &error));
  g_assert_no_error (error);
  g_assert_true (sqns_port_set_command_mode (f->port, 115200, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (sqns_port_speed (f->port), ==, 115200);
  line_of (f, &speed);
  g_assert_cmpuint (speed, ==, B115200);
  sqns_port_exchange_async (f->port, 0, &at_exchange, NULL, on_done, &outcome);
  master_read (f, buffer, 3);
  master_write (f, "OK\r\n");
  wait_for (&outcome);
  g_assert_no_error (outcome.error);

  g_assert_true (sqns_port_set_speed (f->port, 921600, &error));
  g_assert_cmpuint (line_of (f, &speed), ==, CS8);
  g_assert_cmpuint (speed, ==, B921600);
  g_assert_false (sqns_port_set_command_mode (f->port, 123456, &error));
  g_assert_error (error, SQNS_ERROR, SQNS_ERROR_FAILED);
  g_clear_error (&error);
  sqns_port_close (f->port);
  g_assert_false (sqns_port_set_command_mode (f->port, 115200, &error));
  g_assert_error (error, SQNS_ERROR, SQNS_ERROR_DEVICE_LOST);
}

static void
test_cancel (Fixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Outcome outcome = { 0 };
  sqns_port_exchange_async (f->port, 0, &at_exchange, cancellable, on_done, &outcome);
  g_cancellable_cancel (cancellable);
  wait_for (&outcome);
  g_assert_error (outcome.error, SQNS_ERROR, SQNS_ERROR_CANCELLED);
  g_clear_error (&outcome.error);
  g_assert_false (sqns_port_is_synced (f->port));
}

static void
count_lost (SqnsPort *port, gpointer data)
{
  ++*(int *)data;
}

static void
test_hang_up (Fixture *f, gconstpointer data)
{
  Outcome outcome = { 0 }, after = { 0 };
  int lost = 0;
  g_signal_connect (f->port, "lost", G_CALLBACK (count_lost), &lost);
  sqns_port_exchange_async (f->port, 0, &at_exchange, NULL, on_done, &outcome);
  close (f->master);
  f->master = -1;
  wait_for (&outcome);
  g_assert_error (outcome.error, SQNS_ERROR, SQNS_ERROR_DEVICE_LOST);
  g_clear_error (&outcome.error);
  g_assert_cmpint (lost, ==, 1);
  sqns_port_exchange_async (f->port, 0, &at_exchange, NULL, on_done, &after);
  wait_for (&after);
  g_assert_error (after.error, SQNS_ERROR, SQNS_ERROR_DEVICE_LOST);
  g_clear_error (&after.error);
}

/* More than the tty accepts at once: written in parts, and the deadline starts at the end. */
static void
test_partial_write (Fixture *f, gconstpointer data)
{
  g_autofree char *big = g_malloc (100000);
  g_autofree char *got = g_malloc (100000);
  memset (big, 'x', 100000);
  SqnsExchange exchange
      = { .request = (const guint8 *)big, .request_len = 100000, .match = match_ok, .timeout_ms = 5000 };
  Outcome outcome = { 0 };
  sqns_port_exchange_async (f->port, 0, &exchange, NULL, on_done, &outcome);
  g_assert_cmpuint (master_read (f, got, 100000), ==, 100000);
  g_assert_cmpmem (got, 100000, big, 100000);
  master_write (f, "OK\r\n");
  wait_for (&outcome);
  g_assert_no_error (outcome.error);
}

/* Without a reader, the write itself ends by a deadline. */
static void
test_stuck_write (Fixture *f, gconstpointer data)
{
  g_autofree char *big = g_malloc0 (100000);
  SqnsExchange exchange
      = { .request = (const guint8 *)big, .request_len = 100000, .match = match_ok, .timeout_ms = 30 };
  Outcome outcome = { 0 };
  g_autoptr (GError) error = NULL;
  g_assert_true (sqns_port_set_speed (f->port, 1000000, &error));
  sqns_port_exchange_async (f->port, 0, &exchange, NULL, on_done, &outcome);
  wait_for (&outcome);
  g_assert_error (outcome.error, SQNS_ERROR, SQNS_ERROR_TIMEOUT);
  g_clear_error (&outcome.error);
}

/* An exchange sets its speed, unless termios does not support it. */
static void
test_exchange_speed (Fixture *f, gconstpointer data)
{
  SqnsExchange exchange = at_exchange;
  Outcome known = { 0 }, unknown = { 0 };
  char buffer[8];

  exchange.speed = 9600;
  sqns_port_exchange_async (f->port, 0, &exchange, NULL, on_done, &known);
  master_read (f, buffer, 3);
  master_write (f, "OK\r\n");
  wait_for (&known);
  g_assert_no_error (known.error);
  g_assert_cmpuint (sqns_port_speed (f->port), ==, 9600);

  exchange.speed = 12345;
  sqns_port_exchange_async (f->port, 0, &exchange, NULL, on_done, &unknown);
  wait_for (&unknown);
  g_assert_error (unknown.error, SQNS_ERROR, SQNS_ERROR_FAILED);
  g_clear_error (&unknown.error);
  g_assert_cmpuint (sqns_port_speed (f->port), ==, 9600);
}

/* On a line that never falls quiet, the probe is still sent. */
static void
test_drain_ends (Fixture *f, gconstpointer data)
{
  const SqnsExchange probe
      = { .request = (const guint8 *)"AT\r", .request_len = 3, .match = match_ok, .timeout_ms = 100 };
  Outcome outcome = { 0 };
  gint64 began = g_get_monotonic_time ();
  sqns_port_exchange_async (f->port, 20, &probe, NULL, on_done, &outcome);
  while (!outcome.done)
    {
      (void)!write (f->master, "noise ", 6);
      g_main_context_iteration (NULL, FALSE);
    }
  g_assert_error (outcome.error, SQNS_ERROR, SQNS_ERROR_TIMEOUT);
  g_clear_error (&outcome.error);
  g_assert_cmpint (g_get_monotonic_time () - began, >=, 290000);
  gsize len;
  const guint8 *heard = sqns_port_heard (f->port, &len);
  g_assert_nonnull (g_strstr_len ((const char *)heard, len, "noise"));
}

/* Endless bytes are not an answer: a program on a board that was reset may print endlessly. */
static void
test_chatter_ends (Fixture *f, gconstpointer data)
{
  SqnsExchange exchange = short_exchange;
  Outcome outcome = { 0 };
  gint64 deadline = g_get_monotonic_time () + 5 * G_USEC_PER_SEC;

  exchange.timeout_ms = 200;
  exchange.idle_ms = 100;
  sqns_port_exchange_async (f->port, 0, &exchange, NULL, on_done, &outcome);
  while (!outcome.done)
    {
      (void)!write (f->master, "noise ", 6);
      g_main_context_iteration (NULL, FALSE);
      g_assert_cmpint (g_get_monotonic_time (), <, deadline);
    }
  g_assert_error (outcome.error, SQNS_ERROR, SQNS_ERROR_TIMEOUT);
  g_clear_error (&outcome.error);
}

static void
test_idle_ends_early (Fixture *f, gconstpointer data)
{
  SqnsExchange exchange = short_exchange;
  Outcome outcome = { 0 };
  char buffer[8];
  gint64 began = g_get_monotonic_time ();

  exchange.timeout_ms = 60000;
  exchange.idle_ms = 50;
  sqns_port_exchange_async (f->port, 0, &exchange, NULL, on_done, &outcome);
  master_read (f, buffer, 3);
  master_write (f, "noise");
  wait_for (&outcome);
  g_assert_error (outcome.error, SQNS_ERROR, SQNS_ERROR_TIMEOUT);
  g_clear_error (&outcome.error);
  g_assert_cmpint (g_get_monotonic_time () - began, <, 60 * G_USEC_PER_SEC);
}

static void
test_termios (Fixture *f, gconstpointer data)
{
  struct termios mode;
  g_autoptr (GError) error = NULL;
  g_assert_true (sqns_port_set_speed (f->port, 921600, &error));
  g_assert_cmpint (tcgetattr (f->master, &mode), ==, 0);
  g_assert_cmpint (cfgetospeed (&mode), ==, B921600);
  g_assert_cmpint (mode.c_cflag & CSIZE, ==, CS8);
  g_assert_cmpint (mode.c_cflag & (PARENB | CSTOPB | CRTSCTS | HUPCL), ==, 0);
  g_assert_cmpint (mode.c_lflag & (ICANON | ECHO | ISIG), ==, 0);
  g_assert_false (sqns_port_set_speed (f->port, 12345, &error));
  g_assert_error (error, SQNS_ERROR, SQNS_ERROR_FAILED);
  g_assert_cmpuint (sqns_port_speed (f->port), ==, 921600);
}

static void
test_locked (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_assert_null (open_port (f->slave, &error));
  g_assert_error (error, SQNS_ERROR, SQNS_ERROR_PORT_LOCKED);
}

static void
test_flock_of_another (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_clear_object (&f->port);
  int other = open (f->slave, O_RDWR | O_NOCTTY | O_CLOEXEC);
  g_assert_cmpint (flock (other, LOCK_EX | LOCK_NB), ==, 0);
  g_assert_null (open_port (f->slave, &error));
  g_assert_error (error, SQNS_ERROR, SQNS_ERROR_PORT_LOCKED);
  g_clear_error (&error);
  close (other);
  f->port = open_port (f->slave, &error);
  g_assert_no_error (error);
}

/* A program that was killed leaves TIOCEXCL on a pseudo-terminal. Only root can open that terminal and remove the flag.
 */
static void
test_stale_exclusive (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_clear_object (&f->port);
  int other = open (f->slave, O_RDWR | O_NOCTTY | O_CLOEXEC);
  g_assert_cmpint (ioctl (other, TIOCEXCL), ==, 0);
  close (other);
  f->port = open_port (f->slave, &error);
  if (geteuid () == 0)
    g_assert_no_error (error);
  else
    g_assert_error (error, SQNS_ERROR, SQNS_ERROR_PORT_LOCKED);
}

/* A child that has @path open without a lock, like terminal programs; it ends when *@end is closed. */
static GPid
hold (const char *path, int *end)
{
  int ready[2], until[2];
  char byte;
  g_assert_cmpint (pipe (ready) | pipe (until), ==, 0);
  GPid child = fork ();
  if (child == 0)
    {
      for (int i = 3; i < 256; i++) /* it does not use the board */
        if (i != ready[1] && i != until[0])
          close (i);
      int fd = open (path, O_RDWR | O_NOCTTY);
      prctl (PR_SET_NAME, "term\033[31m\n");
      if (fd < 0 || write (ready[1], "", 1) != 1 || read (until[0], &byte, 1) < 0)
        _exit (1);
      _exit (0);
    }
  close (until[0]);
  g_assert_cmpint (read (ready[0], &byte, 1), ==, 1);
  close (ready[0]);
  close (ready[1]);
  *end = until[1];
  return child;
}

static void
let_go (GPid child, int end)
{
  int status = -1;
  close (end);
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_cmpint (status, ==, 0);
}

/* Without a lock, the program is still named, and its line and its bytes are left alone. */
static void
test_held_without_lock (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  struct termios before = { 0 }, after = { 0 };
  int end, waiting = 0;

  g_clear_object (&f->port);
  GPid child = hold (f->slave, &end);
  g_assert_cmpint (tcgetattr (f->master, &before), ==, 0);
  g_assert_cmpint (write (f->master, "for the other\n", 14), ==, 14);
  int look = open (f->slave, O_RDWR | O_NOCTTY | O_CLOEXEC);
  for (gint64 end_us = g_get_monotonic_time () + 5 * G_USEC_PER_SEC; waiting < 14;)
    g_assert_true (ioctl (look, FIONREAD, &waiting) == 0 && g_get_monotonic_time () < end_us);

  g_assert_null (open_port (f->slave, &error));
  g_assert_error (error, SQNS_ERROR, SQNS_ERROR_PORT_LOCKED);
  g_autofree char *name = g_strdup_printf ("in use by term?[31m (pid %d)", (int)child);
  g_assert_nonnull (strstr (error->message, name));
  g_clear_error (&error);
  g_assert_cmpint (tcgetattr (f->master, &after), ==, 0);
  g_assert_cmpmem (&before, sizeof before, &after, sizeof after);
  int still = 0;
  g_assert_cmpint (ioctl (look, FIONREAD, &still), ==, 0);
  g_assert_cmpint (still, ==, waiting);
  close (look);

  let_go (child, end);
  f->port = open_port (f->slave, &error);
  g_assert_no_error (error);
}

/* Many at once share the lookup, and each gets its own answer. */
static void
test_many_look (Fixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) free_result = NULL, held_result = NULL;
  g_autoptr (GError) error = NULL;
  int end;
  int other = posix_openpt (O_RDWR | O_NOCTTY | O_CLOEXEC);
  g_assert_cmpint (grantpt (other) | unlockpt (other), ==, 0);
  g_autofree char *held = g_strdup (ptsname (other));
  GPid child = hold (held, &end);

  sqns_port_holder_async (held, on_opened, &held_result);
  sqns_port_holder_async (f->slave, on_opened, &free_result);
  while (free_result == NULL || held_result == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (sqns_port_holder_finish (free_result, NULL, &error));
  g_assert_no_error (error);
  g_assert_false (sqns_port_holder_finish (held_result, NULL, &error));
  g_assert_error (error, SQNS_ERROR, SQNS_ERROR_PORT_LOCKED);
  let_go (child, end);
  close (other);
}

static void
test_put_back (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  struct termios mode;

  g_clear_object (&f->port);
  g_assert_cmpint (tcgetattr (f->master, &mode), ==, 0);
  mode.c_cflag |= HUPCL;
  cfsetspeed (&mode, B38400);
  g_assert_cmpint (tcsetattr (f->master, TCSANOW, &mode), ==, 0);
  f->port = open_port (f->slave, &error);
  g_assert_true (sqns_port_set_speed (f->port, 921600, &error));
  if (data != NULL)
    sqns_port_close (f->port);
  g_clear_object (&f->port);
  g_assert_cmpint (tcgetattr (f->master, &mode), ==, 0);
  g_assert_cmpint (cfgetospeed (&mode), ==, B38400);
  g_assert_cmpint (mode.c_cflag & HUPCL, ==, HUPCL);
}

static void
test_no_such_port (void)
{
  g_autoptr (GError) error = NULL;
  g_assert_null (open_port ("/dev/no-such-tty", &error));
  g_assert_error (error, SQNS_ERROR, SQNS_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_null (open_port ("/dev/null", &error));
  g_assert_error (error, SQNS_ERROR, SQNS_ERROR_FAILED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, function) g_test_add ("/port/" path, Fixture, NULL, set_up, function, tear_down)
  ADD ("exchange", test_exchange);
  ADD ("one-at-a-time", test_one_at_a_time);
  ADD ("late-answer", test_late_answer);
  ADD ("command-mode", test_command_mode);
  ADD ("cancel", test_cancel);
  ADD ("hang-up", test_hang_up);
  ADD ("partial-write", test_partial_write);
  ADD ("stuck-write", test_stuck_write);
  ADD ("drain-ends", test_drain_ends);
  ADD ("exchange-speed", test_exchange_speed);
  ADD ("chatter-ends", test_chatter_ends);
  ADD ("idle-ends-early", test_idle_ends_early);
  ADD ("termios", test_termios);
  ADD ("locked", test_locked);
  ADD ("flock-of-another", test_flock_of_another);
  ADD ("stale-exclusive", test_stale_exclusive);
  ADD ("held-without-lock", test_held_without_lock);
  ADD ("many-look", test_many_look);
  ADD ("put-back", test_put_back);
  g_test_add ("/port/put-back-at-close", Fixture, "close", set_up, test_put_back, tear_down);
  g_test_add_func ("/port/no-such-port", test_no_such_port);
  return g_test_run ();
}
