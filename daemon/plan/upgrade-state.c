/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How an upgrade continues after each step, and what a failure means. */
#include "plan/upgrade-state.h"

#include "base/deadlines.h"

void
sqns_upgrade_state_init (SqnsUpgradeState *state, const SqnsCheckpoint *checkpoint, gboolean busy)
{
  *state = (SqnsUpgradeState){ .checkpoint = *checkpoint, .modem.mode = SQNS_MODE_UNKNOWN, .busy = busy };
  /* each run has its own tries */
  state->checkpoint.done.updater_loads = 0;
  state->checkpoint.done.uploads = MIN (state->checkpoint.done.uploads, 1);
}

void
sqns_upgrade_state_clear (SqnsUpgradeState *state)
{
  g_clear_error (&state->step_error);
  g_clear_error (&state->refusal);
}

gboolean
sqns_upgrade_state_is_between (const SqnsUpgradeState *state)
{
  return state->checkpoint.done.first_step_done && !state->checkpoint.done.file_taken;
}

SqnsPhase
sqns_upgrade_state_phase (const SqnsUpgradeState *state, SqnsStep step)
{
  const SqnsStepInfo *upload = sqns_step_info (state->uploaded);

  if (sqns_step_has (step, SQNS_TRAIT_REPORTS)
      && (upload->part == SQNS_PART_BOOTROM || upload->part == SQNS_PART_FIRST))
    return upload->phase;
  return sqns_step_info (step)->phase;
}

/* --- probes and plans --- */

/* Once the modem reports its mode, an earlier job's work is over. */
static void
note_mode (SqnsUpgradeState *state, SqnsMode mode)
{
  if (mode != SQNS_MODE_UNKNOWN)
    state->busy = mode == SQNS_MODE_UPDATER;
}

void
sqns_upgrade_state_probed (SqnsUpgradeState *state, const SqnsPlanState *modem)
{
  SqnsCheckpoint *checkpoint = &state->checkpoint;

  state->modem = *modem;
  state->probed = TRUE;
  note_mode (state, modem->mode);
  if (sqns_version_known (&modem->version))
    checkpoint->version = modem->version;
  if (sqns_version_known (&modem->bootloader0))
    checkpoint->bootloader0 = modem->bootloader0;
  if (!sqns_version_known (&checkpoint->before) && !checkpoint->written)
    checkpoint->before = modem->version;
}

gboolean
sqns_upgrade_state_lacks_version (SqnsUpgradeState *state)
{
  return state->modem.mode == SQNS_MODE_FFF && state->checkpoint.done.file_taken
         && !sqns_version_known (&state->modem.version) && ++state->version_tries < SQNS_CONFIRM_TRIES;
}

/* The second of two files overwrites the application, the only one that can take the first: where the installation of
 * that was interrupted, the application is booted first, and tells by its version. */
static gboolean
is_first_in_doubt (const SqnsUpgradeState *state)
{
  const SqnsCheckpoint *checkpoint = &state->checkpoint;

  return state->modem.mode == SQNS_MODE_RECOVERY && sqns_upgrade_state_is_between (state)
         && checkpoint->done.uploads == 0 && !state->unbootable
         && sqns_version_equal (&checkpoint->version, &checkpoint->before);
}

SqnsPlan *
sqns_upgrade_state_plan (SqnsUpgradeState *state,
                         const SqnsRules *rules,
                         const SqnsPlanFiles *files,
                         const SqnsPlanOptions *options,
                         GError **error)
{
  SqnsCheckpoint *checkpoint = &state->checkpoint;
  SqnsPlanState modem = state->modem;
  GError *refused = NULL;

  modem.bootloader0 = checkpoint->bootloader0;
  if (modem.mode != SQNS_MODE_FFF)
    modem.version = checkpoint->version;
  else if (sqns_version_known (&modem.version) && sqns_version_equal (&modem.version, &checkpoint->before))
    checkpoint->done.first_step_done = FALSE; /* the modem did not take the file */

  SqnsPlanDone done = checkpoint->done;
  if (is_first_in_doubt (state))
    done.first_step_done = FALSE;
  g_autoptr (SqnsPlan) plan = sqns_plan_make (rules, &modem, &done, files, options, &refused);
  if (plan == NULL)
    {
      g_propagate_error (error, sqns_upgrade_state_cause (state, refused));
      return NULL;
    }
  g_clear_error (&state->step_error);
  state->no_user = FALSE;
  if (plan->route != SQNS_ROUTE_NOTHING && ++state->plans > SQNS_PLANS)
    {
      g_set_error (error, SQNS_ERROR, SQNS_ERROR_PROTOCOL, "the upgrade makes no progress: %s", plan->summary);
      return NULL;
    }
  return g_steal_pointer (&plan);
}

/* --- steps --- */

void
sqns_upgrade_state_begin (SqnsUpgradeState *state, SqnsStep step)
{
  SqnsPlanDone *done = &state->checkpoint.done;

  /* from here on the modem may be between the two files, until its version tells */
  done->first_step_done |= step == SQNS_STEP_INSTALL && sqns_step_info (state->uploaded)->part == SQNS_PART_FIRST;
  done->modified |= sqns_step_has (step, SQNS_TRAIT_MODIFIES);
  state->checkpoint.written |= sqns_step_has (step, SQNS_TRAIT_WRITES);
  done->uploads += step == SQNS_STEP_UPLOAD_ON_THE_FLY;
  done->updater_loads += step == SQNS_STEP_LOAD_UPDATER;
  state->stores += step == SQNS_STEP_STORE;
  if (sqns_step_info (step)->part != SQNS_PART_NONE)
    state->uploaded = step;
  /* the boot before an updater clears what was sent */
  if (sqns_step_info (step)->part == SQNS_PART_FILE || step == SQNS_STEP_LOAD_UPDATER)
    done->file_sent = FALSE;
}

void
sqns_upgrade_state_done (SqnsUpgradeState *state, SqnsStep step)
{
  SqnsPlanDone *done = &state->checkpoint.done;

  done->file_sent |= sqns_step_info (step)->part == SQNS_PART_FILE;
  done->rebooted |= step == SQNS_STEP_BOOT_APPLICATION;
  if (!sqns_step_has (step, SQNS_TRAIT_REPORTS))
    return;
  g_clear_error (&state->refusal);
  switch (sqns_step_info (state->uploaded)->part)
    {
    case SQNS_PART_BOOTROM:
      done->bootrom_replaced = TRUE;
      break;
    case SQNS_PART_FIRST:
      break;
    case SQNS_PART_NONE: /* uploaded by an earlier run */
    case SQNS_PART_FILE:
      done->file_taken = TRUE;
      break;
    }
}

static gboolean
is (const GError *error, SqnsError code)
{
  return g_error_matches (error, SQNS_ERROR, (int)code);
}

static gboolean
may_retry (const SqnsUpgradeState *state, SqnsStep step, const GError *error, gboolean board)
{
  SqnsRetry retry = sqns_step_info (step)->retry;
  gboolean timeout = sqns_error_is_timeout (error);

  if (state->failures[step] == SQNS_STEP_RETRIES || is (error, SQNS_ERROR_CANCELLED)
      || is (error, SQNS_ERROR_DEVICE_LOST))
    return FALSE;
  return (retry & SQNS_RETRY_ALWAYS) != 0
         || ((retry & SQNS_RETRY_BETWEEN) != 0 && sqns_upgrade_state_is_between (state))
         || ((retry & SQNS_RETRY_TIMEOUT) != 0 && timeout) || ((retry & SQNS_RETRY_LOST_WAY) != 0 && timeout && board)
         || ((retry & SQNS_RETRY_PROTOCOL) != 0 && is (error, SQNS_ERROR_PROTOCOL))
         || ((retry & SQNS_RETRY_REFUSED) != 0 && is (error, SQNS_ERROR_MODEM_REFUSED) && state->stores < SQNS_STORES);
}

/* The modem has reported on the file, or was reset before it began and never will. */
static gboolean
ends_report (SqnsStep step, const GError *error)
{
  return is (error, SQNS_ERROR_MODEM_REFUSED) || (step == SQNS_STEP_INSTALL && is (error, SQNS_ERROR_PROTOCOL))
         || (step == SQNS_STEP_APPLY && sqns_error_is_timeout (error));
}

SqnsNext
sqns_upgrade_state_failed (SqnsUpgradeState *state, SqnsStep step, const GError *error, gboolean board)
{
  if (!may_retry (state, step, error, board))
    return SQNS_NEXT_FAIL;
  state->failures[step]++;
  g_clear_error (&state->step_error);
  state->step_error = g_error_copy (error);
  if (sqns_step_has (step, SQNS_TRAIT_REPORTS) && is (error, SQNS_ERROR_MODEM_REFUSED))
    {
      g_clear_error (&state->refusal);
      state->refusal = g_error_copy (error);
    }
  if (ends_report (step, error))
    state->checkpoint.done.file_sent = FALSE;
  state->unbootable |= step == SQNS_STEP_BOOT_APPLICATION;
  state->no_user = sqns_step_has (step, SQNS_TRAIT_STORES) && is (error, SQNS_ERROR_PROTOCOL);
  return SQNS_NEXT_RETRY;
}

/* --- links --- */

SqnsNext
sqns_upgrade_state_unanswered (SqnsUpgradeState *state, const GError *error, gboolean lost)
{
  if ((error != NULL && !sqns_error_is_timeout (error)) || lost || state->relinks >= SQNS_RELINKS)
    return SQNS_NEXT_FAIL;
  state->relinks++;
  state->passthrough_tried = TRUE;
  return SQNS_NEXT_RELINK;
}

GError *
sqns_upgrade_state_cause (SqnsUpgradeState *state, GError *error)
{
  GError *first = g_steal_pointer (&state->step_error);

  if (first == NULL || is (error, SQNS_ERROR_CANCELLED) || is (error, SQNS_ERROR_DEVICE_LOST))
    {
      g_clear_error (&first);
      return error;
    }
  g_error_free (error);
  return first;
}

GError *
sqns_upgrade_state_unlinked (SqnsUpgradeState *state, GError *error)
{
  /* the port was there a moment ago: a lost board, not a wrong name */
  if (is (error, SQNS_ERROR_NOT_FOUND))
    sqns_error_recode (&error, SQNS_ERROR_DEVICE_LOST, "%s", "");
  if (state->no_user && (is (error, SQNS_ERROR_NEEDS_HAND) || sqns_error_is_timeout (error)))
    return sqns_upgrade_state_cause (state, error);
  return error;
}

static gboolean
wants_passthrough (const SqnsUpgradeState *state, const SqnsPlan *plan, const SqnsLinkFacts *facts)
{
  SqnsMode mode = state->modem.mode;

  if (facts->kind != SQNS_LINK_RELAY || facts->wanted == SQNS_LINK_RELAY || !facts->has_passthrough || !facts->fast
      || state->passthrough_tried)
    return FALSE;
  if (plan->needs_boot_rom || plan->route == SQNS_ROUTE_REBOOT || plan->route == SQNS_ROUTE_WAIT)
    return FALSE;
  /* a modem that has reached mTools stays where it is */
  return mode == SQNS_MODE_FFF || mode == SQNS_MODE_RECOVERY || facts->wanted == SQNS_LINK_PASSTHROUGH;
}

SqnsLinkChange
sqns_upgrade_state_change_link (SqnsUpgradeState *state, const SqnsPlan *plan, const SqnsLinkFacts *facts)
{
  SqnsLinkChange change = SQNS_CHANGE_NONE;

  if (wants_passthrough (state, plan, facts))
    change = SQNS_CHANGE_TO_PASSTHROUGH;
  /* a boot ROM that answers is already reachable */
  else if (facts->kind == SQNS_LINK_PASSTHROUGH && plan->needs_boot_rom && state->modem.mode != SQNS_MODE_FFH)
    change = SQNS_CHANGE_RESET;
  state->passthrough_tried |= change != SQNS_CHANGE_NONE;
  return change;
}

/* --- the end --- */

/* If the second try failed for another reason than the first, both are reported. */
static char *
reason (const SqnsUpgradeState *state, const GError *error)
{
  const GError *refusal = state->refusal;

  if (refusal == NULL || is (error, SQNS_ERROR_CANCELLED)
      || (is (error, SQNS_ERROR_MODEM_REFUSED) && g_str_equal (error->message, refusal->message)))
    return g_strdup (error->message);
  return g_strdup_printf ("%s; on the second attempt: %s", refusal->message, error->message);
}

GError *
sqns_upgrade_state_diagnose (SqnsUpgradeState *state,
                             const GError *error,
                             SqnsPhase phase,
                             SqnsMode mode,
                             SqnsContact contact,
                             SqnsDiagnosis *diagnosis)
{
  g_autofree char *why = reason (state, error);

  note_mode (state, mode);
  *diagnosis = sqns_diagnose (&(SqnsFailure){
      .code = error->domain == SQNS_ERROR ? (SqnsError)error->code : SQNS_ERROR_FAILED,
      .phase = phase,
      .mode = mode,
      .contact = contact,
      .safe = !state->busy,
      .begun = TRUE,
      .written = state->checkpoint.written,
      .between = sqns_upgrade_state_is_between (state),
  });
  return g_error_new (SQNS_ERROR, (int)diagnosis->code, "%s; %s", why, diagnosis->message);
}
