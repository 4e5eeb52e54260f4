/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The sequential state machine: order, trampoline, cleanup, cancel, first error wins. */
#include "base/ssm.h"

#include <string.h>

typedef enum { A, B, C, CLEAN_ONE, CLEAN_TWO, N_STATES } State;
static const char *const names[] = { "a", "b", "c", "clean-one", "clean-two" };

typedef struct {
  GString *seen;
  int fail_at;   /* state that fails, -1 none */
  int hang_at;   /* state that waits for ever, -1 none */
  guint repeats; /* of state B */
  gboolean with_result;
} Script;

static void
handler (SqnsSsm *ssm, guint state, gpointer data)
{
  Script *script = data;
  g_string_append_c (script->seen, "abcxy"[state]);
  if ((int)state == script->hang_at)
    {
      sqns_ssm_next_in_ms (ssm, 60 * 60 * 1000);
      return;
    }
  if ((int)state == script->fail_at || (script->fail_at >= 0 && script->fail_at < CLEAN_ONE && state == CLEAN_ONE))
    {
      sqns_ssm_fail (ssm, SQNS_ERROR_PROTOCOL, "failed in %s", names[state]);
      return;
    }
  if (state == B && script->repeats > 0)
    {
      script->repeats--;
      sqns_ssm_goto (ssm, B);
      return;
    }
  if (state == C && script->with_result)
    sqns_ssm_set_result (ssm, g_strdup ("result"), g_free);
  sqns_ssm_next (ssm);
}

static const SqnsSsmClass klass = { "test", names, N_STATES, CLEAN_ONE, handler };

typedef struct {
  gboolean done;
  char *result;
  GError *error;
} Outcome;

static void
on_done (GObject *source, GAsyncResult *result, gpointer data)
{
  Outcome *outcome = data;
  outcome->result = g_task_propagate_pointer (G_TASK (result), &outcome->error);
  outcome->done = TRUE;
}

static void
run (Script *script, GCancellable *cancellable, Outcome *outcome)
{
  memset (outcome, 0, sizeof *outcome);
  script->seen = g_string_new (NULL);
  sqns_ssm_run (&klass, g_task_new (NULL, cancellable, on_done, outcome), script, NULL);
  while (!outcome->done)
    g_main_context_iteration (NULL, TRUE);
}

static void
assert_seen (Script *script, const char *expected)
{
  g_assert_cmpstr (script->seen->str, ==, expected);
  g_string_free (script->seen, TRUE);
}

static void
test_order (void)
{
  Script script = { .fail_at = -1, .hang_at = -1, .with_result = TRUE };
  Outcome outcome;
  run (&script, NULL, &outcome);
  assert_seen (&script, "abcxy");
  g_assert_no_error (outcome.error);
  g_assert_cmpstr (outcome.result, ==, "result");
  g_free (outcome.result);
}

/* A hundred thousand states that finish at once must not nest. */
static void
test_trampoline (void)
{
  Script script = { .fail_at = -1, .hang_at = -1, .repeats = 100000, .with_result = TRUE };
  Outcome outcome;
  run (&script, NULL, &outcome);
  g_assert_cmpuint (script.seen->len, ==, 100005);
  g_string_free (script.seen, TRUE);
  g_assert_no_error (outcome.error);
  g_free (outcome.result);
}

static void
test_fail_everywhere (void)
{
  static const char *const expected[N_STATES] = { "axy", "abxy", "abcxy", "abcxy", "abcxy" };
  for (int state = 0; state < N_STATES; state++)
    {
      Script script = { .fail_at = state, .hang_at = -1, .with_result = TRUE };
      g_autofree char *message = g_strdup_printf ("failed in %s", names[state]);
      Outcome outcome;
      run (&script, NULL, &outcome);
      assert_seen (&script, expected[state]);
      g_assert_error (outcome.error, SQNS_ERROR, SQNS_ERROR_PROTOCOL);
      g_assert_cmpstr (outcome.error->message, ==, message); /* the first error wins over those of cleanup */
      g_assert_null (outcome.result);
      g_clear_error (&outcome.error);
    }
}

static gboolean
cancel_now (gpointer data)
{
  g_cancellable_cancel (data);
  return G_SOURCE_REMOVE;
}

static void
test_cancel_everywhere (void)
{
  static const char *const expected[CLEAN_ONE] = { "axy", "abxy", "abcxy" };
  for (int state = 0; state < CLEAN_ONE; state++)
    {
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      Script script = { .fail_at = -1, .hang_at = state };
      Outcome outcome;
      g_timeout_add (1, cancel_now, cancellable);
      run (&script, cancellable, &outcome);
      assert_seen (&script, expected[state]);
      g_assert_error (outcome.error, SQNS_ERROR, SQNS_ERROR_CANCELLED);
      g_clear_error (&outcome.error);
    }
}

static void
test_cancelled_before (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Script script = { .fail_at = -1, .hang_at = -1 };
  Outcome outcome;
  g_cancellable_cancel (cancellable);
  run (&script, cancellable, &outcome);
  assert_seen (&script, "xy"); /* no ordinary state, all cleanup */
  g_assert_error (outcome.error, SQNS_ERROR, SQNS_ERROR_CANCELLED);
  g_clear_error (&outcome.error);
}

/* The wait that it happened to end adds its name to the error; whoever cancelled has no use for that. */
static void
cancelled_wait (SqnsSsm *ssm, guint state, gpointer data)
{
  if (state == A)
    sqns_ssm_fail (ssm, SQNS_ERROR_CANCELLED, "AT+SMLOG?: cancelled");
  else
    sqns_ssm_next (ssm);
}

static void
test_cancelled_wait (void)
{
  static const SqnsSsmClass waits = { "waits", names, N_STATES, CLEAN_ONE, cancelled_wait };
  Outcome outcome = { FALSE };
  sqns_ssm_run (&waits, g_task_new (NULL, NULL, on_done, &outcome), NULL, NULL);
  while (!outcome.done)
    g_main_context_iteration (NULL, TRUE);
  g_assert_error (outcome.error, SQNS_ERROR, SQNS_ERROR_CANCELLED);
  g_assert_cmpstr (outcome.error->message, ==, "cancelled");
  g_clear_error (&outcome.error);
}

static void
note_state (const SqnsSsmClass *machine, guint state, gpointer data)
{
  g_assert_true (machine == &klass);
  g_string_append (data, machine->state_names[state]);
}

static void
test_hook (void)
{
  Script script = { .fail_at = -1, .hang_at = -1 };
  g_autoptr (GString) seen = g_string_new (NULL);
  Outcome outcome;
  sqns_ssm_set_hook (note_state, seen);
  run (&script, NULL, &outcome);
  sqns_ssm_set_hook (NULL, NULL);
  assert_seen (&script, "abcxy");
  g_assert_cmpstr (seen->str, ==, "abcclean-oneclean-two");
}

/* --- a machine as a step of another --- */

typedef struct {
  int code;      /* the inner machine fails with this, -1: it ends well */
  gboolean hear; /* the outer one wants to hear of it */
  const char *seen;
  gboolean succeeds;
} Step;

/* The outer machine's states, "!" where it heard of an error: it goes on then. */
static const Step steps[] = {
  { -1, FALSE, "abcxy", TRUE },
  { -1, TRUE, "a.bcxy", TRUE },
  { SQNS_ERROR_TIMEOUT, FALSE, "axy", FALSE },
  { SQNS_ERROR_TIMEOUT, TRUE, "a!bcxy", TRUE },
  { SQNS_ERROR_PROTOCOL, TRUE, "a!bcxy", TRUE },
  { SQNS_ERROR_NOT_SUPPORTED, TRUE, "a!bcxy", TRUE },
  { SQNS_ERROR_CANCELLED, TRUE, "axy", FALSE },
  { SQNS_ERROR_DEVICE_LOST, TRUE, "axy", FALSE },
  { SQNS_ERROR_BUSY, TRUE, "axy", FALSE },
  { SQNS_ERROR_FAILED, TRUE, "axy", FALSE },
};

typedef struct {
  const Step *step;
  GString *seen;
} Outer;

static void
inner_state (SqnsSsm *ssm, guint state, gpointer data)
{
  const Step *step = data;

  if (step->code >= 0)
    sqns_ssm_fail (ssm, step->code, "inner");
  else
    sqns_ssm_next (ssm);
}

static void
on_inner (SqnsSsm *ssm, gpointer data, const GError *error)
{
  Outer *outer = data;
  g_string_append_c (outer->seen, error != NULL ? '!' : '.');
  sqns_ssm_next (ssm);
}

static void
outer_state (SqnsSsm *ssm, guint state, gpointer data)
{
  static const SqnsSsmClass inner = { "inner", names, 1, 1, inner_state };
  Outer *outer = data;

  g_string_append_c (outer->seen, "abcxy"[state]);
  if (state == A)
    sqns_ssm_run_step (ssm, &inner, (gpointer)outer->step, NULL, outer->step->hear ? on_inner : NULL);
  else
    sqns_ssm_next (ssm);
}

static void
test_steps (void)
{
  static const SqnsSsmClass outer_class = { "outer", names, N_STATES, CLEAN_ONE, outer_state };

  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      g_autoptr (GString) seen = g_string_new (NULL);
      Outer outer = { &steps[i], seen };
      Outcome outcome = { FALSE };

      sqns_ssm_run (&outer_class, g_task_new (NULL, NULL, on_done, &outcome), &outer, NULL);
      while (!outcome.done)
        g_main_context_iteration (NULL, TRUE);
      g_assert_cmpstr (seen->str, ==, steps[i].seen);
      if (steps[i].succeeds)
        g_assert_no_error (outcome.error);
      else
        g_assert_error (outcome.error, SQNS_ERROR, steps[i].code);
      g_clear_error (&outcome.error);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ssm/order", test_order);
  g_test_add_func ("/ssm/trampoline", test_trampoline);
  g_test_add_func ("/ssm/fail-everywhere", test_fail_everywhere);
  g_test_add_func ("/ssm/cancel-everywhere", test_cancel_everywhere);
  g_test_add_func ("/ssm/cancelled-before", test_cancelled_before);
  g_test_add_func ("/ssm/cancelled-wait", test_cancelled_wait);
  g_test_add_func ("/ssm/hook", test_hook);
  g_test_add_func ("/ssm/steps", test_steps);
  return g_test_run ();
}
