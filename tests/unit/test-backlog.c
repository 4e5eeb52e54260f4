/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Work in turns of the main loop. */
#include "base/backlog.h"

#define N 100u

typedef struct {
  SqnsBacklog *backlog;
  GArray *done; /* guint, in the order of the work */
  gint64 takes_us;
  guint again; /* an item that pushes another one */
  guint gone;  /* an item that removes the next one */
} Rig;

static void
work (gpointer item, gpointer user_data)
{
  Rig *rig = user_data;
  guint number = GPOINTER_TO_UINT (item);
  gint64 end = g_get_monotonic_time () + rig->takes_us;

  g_array_append_val (rig->done, number);
  if (number == rig->again)
    sqns_backlog_push (rig->backlog, GUINT_TO_POINTER (N + 1));
  if (number == rig->gone)
    g_assert_true (sqns_backlog_remove (rig->backlog, GUINT_TO_POINTER (number + 1)));
  while (g_get_monotonic_time () < end)
    ;
}

static void
rig_set_up (Rig *rig, gconstpointer unused)
{
  rig->done = g_array_new (FALSE, FALSE, sizeof (guint));
  rig->backlog = sqns_backlog_new (work, rig);
}

static void
rig_tear_down (Rig *rig, gconstpointer unused)
{
  g_clear_pointer (&rig->done, g_array_unref);
}

static void
push (Rig *rig)
{
  for (guint i = 1; i <= N; i++)
    sqns_backlog_push (rig->backlog, GUINT_TO_POINTER (i));
}

static guint
turns_until_done (void)
{
  guint turns = 0;
  while (g_main_context_iteration (NULL, FALSE))
    turns++;
  return turns;
}

/* Nothing runs at once; the work may push and remove items; the order stays. */
static void
test_order (Rig *rig, gconstpointer unused)
{
  rig->again = 3;
  rig->gone = 50;
  push (rig);
  g_assert_cmpuint (rig->done->len, ==, 0);
  turns_until_done ();
  g_assert_cmpuint (rig->done->len, ==, N);
  for (guint i = 0; i < 50; i++)
    g_assert_cmpuint (g_array_index (rig->done, guint, i), ==, i + 1);
  for (guint i = 50; i < N; i++)
    g_assert_cmpuint (g_array_index (rig->done, guint, i), ==, i + 2);
  sqns_backlog_free (rig->backlog, NULL);
}

/* Each turn handles at least one item and ends soon after its time. */
static void
test_turns (Rig *rig, gconstpointer unused)
{
  rig->takes_us = SQNS_BACKLOG_TURN_US / 4;
  push (rig);
  g_assert_cmpuint (turns_until_done (), >=, N / 4);
  g_assert_cmpuint (rig->done->len, ==, N);
  rig->takes_us = SQNS_BACKLOG_TURN_US + 1;
  push (rig);
  g_assert_cmpuint (turns_until_done (), >=, N);
  g_assert_cmpuint (rig->done->len, ==, 2 * N);
  sqns_backlog_free (rig->backlog, NULL);
}

/* All items are removed before their turn. */
static void
test_nothing_left (Rig *rig, gconstpointer unused)
{
  sqns_backlog_push (rig->backlog, GUINT_TO_POINTER (1));
  g_assert_false (sqns_backlog_remove (rig->backlog, GUINT_TO_POINTER (2)));
  g_assert_true (sqns_backlog_remove (rig->backlog, GUINT_TO_POINTER (1)));
  g_assert_false (sqns_backlog_remove (rig->backlog, GUINT_TO_POINTER (1)));
  turns_until_done ();
  g_assert_cmpuint (rig->done->len, ==, 0);
  push (rig);
  turns_until_done ();
  g_assert_cmpuint (rig->done->len, ==, N);
  sqns_backlog_free (rig->backlog, NULL);
}

static guint forgotten;

static void
forget (gpointer item)
{
  forgotten++;
}

static void
test_freed (Rig *rig, gconstpointer unused)
{
  rig->takes_us = SQNS_BACKLOG_TURN_US + 1;
  push (rig);
  g_main_context_iteration (NULL, FALSE);
  sqns_backlog_free (rig->backlog, forget);
  g_assert_cmpuint (rig->done->len, ==, 1);
  g_assert_cmpuint (forgotten, ==, N - 1);
  g_assert_false (g_main_context_iteration (NULL, FALSE));
  sqns_backlog_free (NULL, forget);
}

static void
free_at_work (gpointer item, gpointer backlog)
{
  sqns_backlog_free (*(SqnsBacklog **)backlog, forget);
}

static void
test_freed_at_work (Rig *rig, gconstpointer unused)
{
  SqnsBacklog *backlog = sqns_backlog_new (free_at_work, &backlog);
  forgotten = 0;
  sqns_backlog_push (backlog, rig);
  sqns_backlog_push (backlog, rig);
  g_assert_true (g_main_context_iteration (NULL, FALSE));
  g_assert_cmpuint (forgotten, ==, 1);
  g_assert_false (g_main_context_iteration (NULL, FALSE));
  sqns_backlog_free (rig->backlog, NULL);
}

int
main (int argc, char **argv)
{
  static const struct {
    const char *name;
    void (*test) (Rig *rig, gconstpointer unused);
  } tests[] = {
    { "/backlog/order", test_order },
    { "/backlog/turns", test_turns },
    { "/backlog/nothing-left", test_nothing_left },
    { "/backlog/freed", test_freed },
    { "/backlog/freed-at-work", test_freed_at_work },
  };
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].name, Rig, NULL, rig_set_up, tests[i].test, rig_tear_down);
  return g_test_run ();
}
