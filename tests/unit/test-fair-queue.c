/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Turns, and what is dropped if the queue is full. */
#include "base/fair-queue.h"

#define MAX_ITEMS 6u

static void
forget (gpointer item)
{
}

/* @script: "a1" is pushed as item "a1" of "a", "-" pops. What comes out, in its order; "!" before what had no place. */
static void
check (const char *script, const char *want)
{
  g_auto (GStrv) words = g_strsplit (script, " ", -1);
  SqnsFairQueue *queue = sqns_fair_queue_new (MAX_ITEMS);
  g_autoptr (GString) out = g_string_new (NULL);

  for (char **word = words; *word != NULL; word++)
    {
      g_autofree char *owner = g_strndup (*word, 1);
      gboolean pop = **word == '-';
      const char *item = pop ? sqns_fair_queue_pop (queue) : sqns_fair_queue_push (queue, owner, *word);
      if (pop || item != NULL)
        g_string_append_printf (out, "%s%s ", pop ? "" : "!", item != NULL ? item : "none");
      g_assert_cmpuint (sqns_fair_queue_length (queue), <=, MAX_ITEMS);
    }
  g_assert_cmpstr (out->str, ==, want);
  sqns_fair_queue_free (queue, forget);
}

static void
test_turns (void)
{
  check ("-", "none ");
  check ("a1 a2 - - -", "a1 a2 none ");
  check ("a1 a2 a3 b1 - - - -", "a1 b1 a2 a3 ");
  check ("a1 a2 a3 - b1 - - -", "a1 a2 b1 a3 ");
  check ("a1 a2 b1 b2 c1 - - - - -", "a1 b1 c1 a2 b2 ");
}

static void
test_full (void)
{
  check ("a1 a2 a3 a4 a5 a6 a7 - -", "!a7 a1 a2 ");
  check ("a1 a2 a3 a4 a5 a6 b1 - - -", "!a6 a1 b1 a2 ");
  check ("a1 a2 a3 b1 b2 b3 a4 c1 c2", "!a4 !a3 !b3 ");
  check ("a1 b1 c1 d1 e1 f1 g1 a2", "!g1 !a2 ");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/fair-queue/turns", test_turns);
  g_test_add_func ("/fair-queue/full", test_full);
  return g_test_run ();
}
