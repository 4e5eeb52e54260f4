/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The waits of ports: more than one turn can serve, deadlines that move, waits that end other waits. */
#include "serial/port-wait.h"

#include <sys/socket.h>
#include <unistd.h>

#define MANY 50u
#define GIVE_UP_MS 10000

typedef struct _Fixture Fixture;

typedef struct {
  Fixture *fixture;
  int ends[2]; /* the waiting one, the other one */
  SqnsPortWait *wait;
  guint events[3];
} Side;

struct _Fixture {
  Side sides[MANY];
  guint all[3];
  gboolean free_others;
};

static void
on_event (SqnsPortEvent event, gpointer user_data)
{
  Side *side = user_data;
  char byte;

  g_assert_nonnull (side->wait);
  side->events[event]++;
  side->fixture->all[event]++;
  if (event == SQNS_PORT_READABLE)
    g_assert_cmpint (read (side->ends[0], &byte, 1), ==, 1);
  for (guint i = 0; i < MANY && side->fixture->free_others; i++)
    g_clear_pointer (&side->fixture->sides[i].wait, sqns_port_wait_free);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < MANY; i++)
    {
      Side *side = &f->sides[i];
      side->fixture = f;
      g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, side->ends), ==, 0);
      side->wait = sqns_port_wait_new (side->ends[0], on_event, side);
      g_assert_nonnull (side->wait);
    }
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < MANY; i++)
    {
      g_clear_pointer (&f->sides[i].wait, sqns_port_wait_free);
      close (f->sides[i].ends[0]);
      close (f->sides[i].ends[1]);
    }
}

static gboolean
on_give_up (gpointer data)
{
  g_error ("what was waited for did not come");
  return G_SOURCE_REMOVE;
}

static void
run_until (const guint *count, guint wanted)
{
  guint give_up = g_timeout_add (GIVE_UP_MS, on_give_up, NULL);
  while (*count < wanted)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (give_up);
}

static void
run_all_that_is_ready (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
test_all_are_served (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < MANY; i++)
    g_assert_cmpint (write (f->sides[i].ends[1], "x", 1), ==, 1);
  run_until (&f->all[SQNS_PORT_READABLE], MANY);
  run_all_that_is_ready ();
  for (guint i = 0; i < MANY; i++)
    g_assert_cmpuint (f->sides[i].events[SQNS_PORT_READABLE], ==, 1);
  g_assert_cmpuint (f->all[SQNS_PORT_WRITABLE] + f->all[SQNS_PORT_DEADLINE], ==, 0);
}

static void
test_room_is_said_once (Fixture *f, gconstpointer data)
{
  sqns_port_wait_for_room (f->sides[3].wait, TRUE);
  sqns_port_wait_for_room (f->sides[4].wait, TRUE);
  sqns_port_wait_for_room (f->sides[4].wait, FALSE);
  run_until (&f->all[SQNS_PORT_WRITABLE], 1);
  run_all_that_is_ready ();
  g_assert_cmpuint (f->sides[3].events[SQNS_PORT_WRITABLE], ==, 1);
  g_assert_cmpuint (f->sides[4].events[SQNS_PORT_WRITABLE], ==, 0);
}

static void
test_one_frees_all (Fixture *f, gconstpointer data)
{
  f->free_others = TRUE;
  for (guint i = 0; i < MANY; i++)
    {
      g_assert_cmpint (write (f->sides[i].ends[1], "x", 1), ==, 1);
      sqns_port_wait_for_room (f->sides[i].wait, TRUE);
      sqns_port_wait_until (f->sides[i].wait, g_get_monotonic_time ());
    }
  run_all_that_is_ready ();
  g_assert_cmpuint (f->all[0] + f->all[1] + f->all[2], ==, 1);
}

static void
test_deadlines_free_all (Fixture *f, gconstpointer data)
{
  f->free_others = TRUE;
  for (guint i = 0; i < MANY; i++)
    sqns_port_wait_until (f->sides[i].wait, g_get_monotonic_time ());
  run_until (&f->all[SQNS_PORT_DEADLINE], 1);
  run_all_that_is_ready ();
  g_assert_cmpuint (f->all[SQNS_PORT_DEADLINE], ==, 1);
}

static void
test_all_deadlines_come (Fixture *f, gconstpointer data)
{
  gint64 now = g_get_monotonic_time ();
  guint turns = 0;

  for (guint i = 0; i < MANY; i++)
    sqns_port_wait_until (f->sides[i].wait, now);
  for (; f->all[SQNS_PORT_DEADLINE] < MANY; turns++)
    run_until (&f->all[SQNS_PORT_DEADLINE], f->all[SQNS_PORT_DEADLINE] + 1);
  run_all_that_is_ready ();
  for (guint i = 0; i < MANY; i++)
    g_assert_cmpuint (f->sides[i].events[SQNS_PORT_DEADLINE], ==, 1);
  /* others had their turns in between */
  g_assert_cmpuint (turns, >, 1);
}

static void
test_deadlines_move (Fixture *f, gconstpointer data)
{
  gint64 now = g_get_monotonic_time ();

  sqns_port_wait_until (f->sides[0].wait, now + 5000);
  sqns_port_wait_until (f->sides[0].wait, -1);
  sqns_port_wait_until (f->sides[1].wait, now + 1000);
  sqns_port_wait_until (f->sides[1].wait, now + 60000);
  sqns_port_wait_until (f->sides[2].wait, now + 30000);
  run_until (&f->all[SQNS_PORT_DEADLINE], 1);
  g_assert_cmpuint (f->sides[2].events[SQNS_PORT_DEADLINE], ==, 1);
  g_assert_cmpint (g_get_monotonic_time (), >=, now + 30000);
  run_until (&f->all[SQNS_PORT_DEADLINE], 2);
  g_assert_cmpuint (f->sides[1].events[SQNS_PORT_DEADLINE], ==, 1);
  g_assert_cmpint (g_get_monotonic_time (), >=, now + 60000);
  g_assert_cmpuint (f->sides[0].events[SQNS_PORT_DEADLINE], ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/port-wait/all-are-served", Fixture, NULL, set_up, test_all_are_served, tear_down);
  g_test_add ("/port-wait/room-is-said-once", Fixture, NULL, set_up, test_room_is_said_once, tear_down);
  g_test_add ("/port-wait/one-frees-all", Fixture, NULL, set_up, test_one_frees_all, tear_down);
  g_test_add ("/port-wait/deadlines-free-all", Fixture, NULL, set_up, test_deadlines_free_all, tear_down);
  g_test_add ("/port-wait/all-deadlines-come", Fixture, NULL, set_up, test_all_deadlines_come, tear_down);
  g_test_add ("/port-wait/deadlines-move", Fixture, NULL, set_up, test_deadlines_move, tear_down);
  return g_test_run ();
}
