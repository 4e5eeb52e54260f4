/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The meaning of the end of an attempt: a row for each kind. */
#include "job/interruption.h"

#include <string.h>

static void
test_kinds (void)
{
  static const struct {
    SqnsAttempt attempt;
    SqnsInterruption expected;
  } rows[] = {
    { { SQNS_ERROR_TIMEOUT, SQNS_CANCEL_NONE, TRUE, TRUE }, SQNS_INTERRUPTION_NONE },
    { { SQNS_ERROR_DEVICE_LOST, SQNS_CANCEL_NONE, FALSE, FALSE }, SQNS_INTERRUPTION_BOARD_LOST },
    { { SQNS_ERROR_DEVICE_LOST, SQNS_CANCEL_NONE, TRUE, TRUE }, SQNS_INTERRUPTION_BOARD_LOST },
    /* an obstacle on the host says nothing about the modem */
    { { SQNS_ERROR_PORT_LOCKED, SQNS_CANCEL_NONE, TRUE, TRUE }, SQNS_INTERRUPTION_PORT_BUSY },
    { { SQNS_ERROR_PORT_LOCKED, SQNS_CANCEL_NONE, FALSE, TRUE }, SQNS_INTERRUPTION_NONE },
    { { SQNS_ERROR_PORT_LOCKED, SQNS_CANCEL_PORT_SHARED, TRUE, TRUE }, SQNS_INTERRUPTION_PORT_BUSY },
    { { SQNS_ERROR_PORT_LOCKED, SQNS_CANCEL_PORT_SHARED, FALSE, TRUE }, SQNS_INTERRUPTION_NONE },
    /* the next daemon resumes */
    { { SQNS_ERROR_CANCELLED, SQNS_CANCEL_STOP, FALSE, TRUE }, SQNS_INTERRUPTION_DAEMON_STOPPED },
    { { SQNS_ERROR_TIMEOUT, SQNS_CANCEL_STOP, TRUE, TRUE }, SQNS_INTERRUPTION_DAEMON_STOPPED },
    { { SQNS_ERROR_CANCELLED, SQNS_CANCEL_STOP, TRUE, FALSE }, SQNS_INTERRUPTION_NONE },
    { { SQNS_ERROR_DEVICE_LOST, SQNS_CANCEL_STOP, TRUE, FALSE }, SQNS_INTERRUPTION_BOARD_LOST },
    /* a user's cancel ends the job, whatever else happens */
    { { SQNS_ERROR_CANCELLED, SQNS_CANCEL_USER, TRUE, TRUE }, SQNS_INTERRUPTION_NONE },
    { { SQNS_ERROR_DEVICE_LOST, SQNS_CANCEL_USER, TRUE, TRUE }, SQNS_INTERRUPTION_NONE },
    { { SQNS_ERROR_FAILED, SQNS_CANCEL_NOT_SAVED, TRUE, TRUE }, SQNS_INTERRUPTION_NONE },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_test_message ("row %" G_GSIZE_FORMAT, i);
      g_assert_cmpint (sqns_interruption (&rows[i].attempt), ==, rows[i].expected);
    }
}

static void
test_pauses (void)
{
  static const struct {
    SqnsInterruption why;
    guint fruitless;
    gint64 seconds;
  } rows[] = {
    { SQNS_INTERRUPTION_BOARD_LOST, 1, 1 },  { SQNS_INTERRUPTION_BOARD_LOST, 2, 2 },
    { SQNS_INTERRUPTION_BOARD_LOST, 6, 32 }, { SQNS_INTERRUPTION_BOARD_LOST, 60, 32 },
    { SQNS_INTERRUPTION_PORT_BUSY, 9, 5 },   { SQNS_INTERRUPTION_DAEMON_STOPPED, 3, 0 },
    { SQNS_INTERRUPTION_DAEMON_DIED, 3, 0 },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    g_assert_cmpint (sqns_interruption_pause (rows[i].why, rows[i].fruitless), ==, rows[i].seconds * G_USEC_PER_SEC);
}

static void
test_messages (void)
{
  for (guint why = SQNS_INTERRUPTION_BOARD_LOST; why <= SQNS_INTERRUPTION_DAEMON_DIED; why++)
    {
      g_autofree char *safe
          = sqns_interruption_message ((SqnsInterruption)why, SQNS_PHASE_TRANSFER, TRUE, "in use by cu");
      g_autofree char *unsafe
          = sqns_interruption_message ((SqnsInterruption)why, SQNS_PHASE_TRANSFER, FALSE, "in use by cu");
      g_assert_null (strstr (safe, "power, leave it on"));
      g_assert_nonnull (strstr (unsafe, "power, leave it on"));
      g_assert_nonnull (strstr (safe, why == SQNS_INTERRUPTION_PORT_BUSY ? "cu" : "transfer"));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/interruption/kinds", test_kinds);
  g_test_add_func ("/interruption/pauses", test_pauses);
  g_test_add_func ("/interruption/messages", test_messages);
  return g_test_run ();
}
