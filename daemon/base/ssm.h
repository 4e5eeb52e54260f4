/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sequential state machine: drives a GTask through the states of one procedure, in order, then through its cleanup
 * states.
 *
 * A procedure is one enum and one switch, in wire order. A state starts one asynchronous step; its callback says next,
 * goto, fail or complete. Transitions run in a trampoline, so that a hundred states that finish at once do not nest.
 * After a failure, a cancel or complete the cleanup states run, always and all of them; the first error wins.
 * A machine may run another one as a step: what only machines do has no async and finish of its own. */
#pragma once

#include "common/error.h"

typedef struct _SqnsSsm SqnsSsm;

/* Called on entry of each state; must cause exactly one transition, now or later. */
typedef void (*SqnsSsmHandler) (SqnsSsm *ssm, guint state, gpointer data);

typedef struct {
  const char *name;               /* for logs: "upgrade" */
  const char *const *state_names; /* n_states names */
  guint n_states;                 /* all states, cleanup included */
  guint first_cleanup;            /* index of the first cleanup state; n_states when there is none */
  SqnsSsmHandler handler;
} SqnsSsmClass;

/* Runs the machine: takes @data (freed with @free_data when the task has returned) and owns @task (transfer full).
 * The task returns the pointer given to sqns_ssm_set_result(), else TRUE/NULL, or the first error.
 * The task's cancellable is watched: in an ordinary state a cancel fails a pending delay at once; a pending step must
 * itself take sqns_ssm_cancellable(). The machine frees itself. */
void sqns_ssm_run (const SqnsSsmClass *klass, GTask *task, gpointer data, GDestroyNotify free_data);

gpointer sqns_ssm_data (SqnsSsm *ssm);
GTask *sqns_ssm_task (SqnsSsm *ssm);
guint sqns_ssm_state (SqnsSsm *ssm);

/* To be handed to every step: the task's cancellable, NULL in cleanup states (cleanup is not cancelled). */
GCancellable *sqns_ssm_cancellable (SqnsSsm *ssm);

/* How a step ended. @error NULL: well. Else the far end did not do its part (TIMEOUT, PROTOCOL, NOT_SUPPORTED, ...);
 * borrowed. A cancel, a lost port and bugs (BUSY, FAILED) have failed the machine already. Makes one transition. */
typedef void (*SqnsSsmDone) (SqnsSsm *ssm, gpointer data, const GError *error);

/* The callback of a step that is a GTask of a boolean; its user_data is @ssm. @done NULL: next, or fail with any error.
 */
GAsyncReadyCallback sqns_ssm_step (SqnsSsm *ssm, SqnsSsmDone done);

/* Runs another machine as a step. It has the same source object; what its @data borrows from this one's must stay. */
void
sqns_ssm_run_step (SqnsSsm *ssm, const SqnsSsmClass *klass, gpointer data, GDestroyNotify free_data, SqnsSsmDone done);

/* The error so far, NULL while all goes well; for cleanup states. */
const GError *sqns_ssm_error (SqnsSsm *ssm);

/* Replaces the error's code and text, for a cleanup state that found out what it means for the modem. Takes @error. */
void sqns_ssm_replace_error (SqnsSsm *ssm, GError *error);

void sqns_ssm_next (SqnsSsm *ssm);
void sqns_ssm_goto (SqnsSsm *ssm, guint state);
void sqns_ssm_next_in_ms (SqnsSsm *ssm, guint ms);
void sqns_ssm_goto_in_ms (SqnsSsm *ssm, guint state, guint ms);
void sqns_ssm_complete (SqnsSsm *ssm); /* skip to the cleanup states with success */
/* Takes @error; of a cancel only "cancelled" stays, whatever was waited for. */
void sqns_ssm_fail_error (SqnsSsm *ssm, GError *error);
void sqns_ssm_fail (SqnsSsm *ssm, SqnsError code, const char *format, ...) G_GNUC_PRINTF (3, 4);
/* For SqnsSsmDone: fails with a copy of @error. FALSE, and no transition: there is none. */
gboolean sqns_ssm_failed (SqnsSsm *ssm, const GError *error);
/* next when @ok, else fail with @error (taken); for the callbacks of steps. */
void sqns_ssm_next_or_fail (SqnsSsm *ssm, gboolean ok, GError *error);
void sqns_ssm_set_result (SqnsSsm *ssm, gpointer result, GDestroyNotify free_result);

/* For tests: called before each state of every machine. NULL removes it. */
typedef void (*SqnsSsmHook) (const SqnsSsmClass *klass, guint state, gpointer data);
void sqns_ssm_set_hook (SqnsSsmHook hook, gpointer data);
