/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a failure means, as two tables; the first row that matches counts. */
#include "plan/diagnosis.h"

/* Sets of errors and modes. */
#define E(name) (1u << SQNS_ERROR_##name)
#define M(name) (1u << (SQNS_MODE_##name - SQNS_MODE_UNKNOWN))
#define ANY (~0u)

/* The board, the host or another program is in the way: the modem's mode does not change what to do. */
#define HOST                                                                                                           \
  (E (NOT_FOUND) | E (BUSY) | E (PORT_LOCKED) | E (INHIBITED) | E (DEVICE_LOST) | E (NEEDS_HAND) | E (DRAINING))
#define WRONG_FILE (E (INVALID_FIRMWARE) | E (INCOMPATIBLE) | E (DOWNGRADE))
#define WAITING (M (FFH) | M (MTOOLS) | M (RECOVERY)) /* for a firmware file */

/* --- what the modem is after an upgrade that failed --- */

#define SAME (-1)

enum {
  BETWEEN = 1 << 0,
  WRITTEN = 1 << 1,
  UNHEARD = 1 << 2, /* it was asked, and does not answer */
};

typedef struct {
  guint modes;
  guint errors;
  guint yes, no; /* what must hold, and what must not */
  int code;
  gboolean safe;
  const char *message;
} Finding;

/* clang-format off */
static const Finding findings[] = {
  { M (MTOOLS) | M (RECOVERY), ANY, BETWEEN, 0, SQNS_ERROR_NEEDS_RECOVERY, FALSE,
    "the modem is waiting in recovery, perhaps with the first of two files: leave its power on and upgrade it again to finish" },
  { M (MTOOLS), ANY, 0, 0, SQNS_ERROR_NEEDS_RECOVERY, TRUE,
    "the modem is waiting in its updater (mTools); power may be cut; upgrade it again to finish" },
  { M (RECOVERY), ANY, 0, 0, SQNS_ERROR_NEEDS_RECOVERY, TRUE,
    "the modem is waiting in recovery; power may be cut; upgrade it again to finish" },
  { M (FFH), ANY, 0, 0, SQNS_ERROR_NEEDS_RECOVERY, TRUE,
    "the modem is waiting in its boot ROM (FFH); power may be cut; upgrade it again to finish" },
  { M (FFF), ANY, BETWEEN, 0, SAME, FALSE,
    "the modem runs the first of two files: leave its power on and upgrade it again to finish" },
  { M (FFF), ANY, 0, 0, SAME, TRUE,
    "the modem runs its application; power may be cut" },
  { M (UPDATER), ANY, 0, 0, SQNS_ERROR_TIMEOUT, FALSE,
    "the modem is applying an upgrade by itself; leave its power on and ask it again later" },
  { ANY, E (DEVICE_LOST), 0, 0, SAME, FALSE,
    "the modem's state is unknown; if the board still has power, leave it on; plug the board in again and upgrade it again: an interrupted upload can be repeated" },
  { ANY, E (NEEDS_HAND), 0, 0, SAME, FALSE,
    "the modem's state is unknown; leave its power on" },
  /* another program has taken the port meanwhile */
  { ANY, E (PORT_LOCKED) | E (BUSY), WRITTEN, 0, SAME, FALSE,
    "the modem's state is unknown; leave its power on" },
  { ANY, E (PORT_LOCKED) | E (BUSY), 0, WRITTEN, SAME, TRUE,
    "none of its firmware was written" },
  { ANY, ANY, WRITTEN, 0, SQNS_ERROR_TIMEOUT, FALSE,
    "the modem's state is unknown; leave its power on" },
  { ANY, ANY, UNHEARD, WRITTEN, SQNS_ERROR_TIMEOUT, TRUE,
    "the modem no longer answers; none of its firmware was written" },
  { ANY, ANY, 0, WRITTEN | UNHEARD, SQNS_ERROR_TIMEOUT, TRUE,
    "the modem can no longer be asked; none of its firmware was written" },
};
/* clang-format on */

static const Finding *
find (const SqnsFailure *failure)
{
  guint is = (failure->between ? BETWEEN : 0) | (failure->written ? WRITTEN : 0)
             | (failure->contact == SQNS_CONTACT_SILENT ? UNHEARD : 0);

  for (const Finding *f = findings; f < findings + G_N_ELEMENTS (findings); f++)
    if ((f->modes & 1u << (failure->mode - SQNS_MODE_UNKNOWN)) && (f->errors & 1u << failure->code)
        && (f->yes & ~is) == 0 && (f->no & is) == 0)
      return f;
  g_assert_not_reached ();
}

static SqnsError
found_code (const SqnsFailure *failure, const Finding *finding)
{
  if (failure->code == SQNS_ERROR_CANCELLED)
    return SQNS_ERROR_CANCELLED;
  if (finding->code != SAME)
    return (SqnsError)finding->code;
  /* the codes for an unknown state do not fit a modem that is up */
  if (failure->mode == SQNS_MODE_FFF && (failure->code == SQNS_ERROR_TIMEOUT || failure->code == SQNS_ERROR_PROTOCOL))
    return SQNS_ERROR_FAILED;
  return failure->code;
}

/* --- what the user is to do --- */

/* How far the upgrade had got. */
typedef enum {
  KEEP = 1 << 0,      /* the modem may be writing */
  UNCHANGED = 1 << 1, /* nothing was changed */
  CHANGED = 1 << 2,   /* the modem was being changed; power may still be cut */
  SAFE = UNCHANGED | CHANGED,
} Stage;

#define NOT_ASKED (1u << SQNS_CONTACT_NONE)
#define SILENT (1u << SQNS_CONTACT_SILENT)

typedef struct {
  guint stages;
  guint errors;
  guint modes;
  guint contacts;
  SqnsAdviceId advice;
} Rule;

/* clang-format off */
static const Rule rules[] = {
  { KEEP, ~HOST, M (UPDATER), ANY, SQNS_ADVICE_UPDATER },
  { KEEP, E (DEVICE_LOST), ANY, ANY, SQNS_ADVICE_KEEP_POWER_PLUG_IN },
  { KEEP, E (BUSY) | E (PORT_LOCKED), ANY, ANY, SQNS_ADVICE_KEEP_POWER_CLOSE_PROGRAM },
  { KEEP, E (NEEDS_HAND), ANY, ANY, SQNS_ADVICE_KEEP_POWER_PRESS_RESET },
  { KEEP, ANY, ANY, ANY, SQNS_ADVICE_KEEP_POWER },

  { SAFE, WRONG_FILE, WAITING, ANY, SQNS_ADVICE_NEEDS_FILE },
  { SAFE, ~HOST, M (FFH), ANY, SQNS_ADVICE_FFH },
  { SAFE, ~HOST, M (RECOVERY), ANY, SQNS_ADVICE_RECOVERY },
  { SAFE, ~HOST, M (MTOOLS), ANY, SQNS_ADVICE_MTOOLS },

  { UNCHANGED, E (NOT_FOUND) | E (DEVICE_LOST), ANY, ANY, SQNS_ADVICE_LOST },
  { UNCHANGED, E (BUSY) | E (PORT_LOCKED), ANY, ANY, SQNS_ADVICE_CLOSE_PROGRAM },
  { UNCHANGED, E (INHIBITED), ANY, ANY, SQNS_ADVICE_INHIBITED },
  { UNCHANGED, E (INVALID_FIRMWARE), ANY, ANY, SQNS_ADVICE_FETCH_FILE },
  { UNCHANGED, E (INCOMPATIBLE), ANY, ANY, SQNS_ADVICE_CHOOSE_FILE },
  { UNCHANGED, E (DOWNGRADE), ANY, ANY, SQNS_ADVICE_DOWNGRADE },
  { UNCHANGED, E (WRONG_STATE), ANY, ANY, SQNS_ADVICE_LOOK_AT_STATE },
  /* do not send the user after a modem that was not asked */
  { UNCHANGED, E (TIMEOUT) | E (PROTOCOL), ANY, NOT_ASKED, SQNS_ADVICE_NOT_ASKED },
  { UNCHANGED, E (TIMEOUT), ANY, SILENT, SQNS_ADVICE_SILENT },
  { UNCHANGED, E (MODEM_REFUSED), M (UNKNOWN), SILENT, SQNS_ADVICE_NOTHING_CHANGED },
  { UNCHANGED, E (MODEM_REFUSED), ANY, ANY, SQNS_ADVICE_REFUSED },
  { UNCHANGED, E (NEEDS_RECOVERY), ANY, ANY, SQNS_ADVICE_RECOVERY },
  { UNCHANGED, E (NEEDS_HAND), ANY, ANY, SQNS_ADVICE_PRESS_RESET },
  { UNCHANGED, E (CANCELLED), ANY, ANY, SQNS_ADVICE_CANCELLED },
  { UNCHANGED, E (DRAINING), ANY, ANY, SQNS_ADVICE_DRAINING },
  { UNCHANGED, E (NOT_SUPPORTED) | E (KEY_REUSED) | E (LIMITS_EXCEEDED), ANY, ANY, SQNS_ADVICE_OTHER_WAY },
  { UNCHANGED, E (VERIFY_FAILED), ANY, ANY, SQNS_ADVICE_COMPARE_VERSION },
  { UNCHANGED, ANY, ANY, ANY, SQNS_ADVICE_NOTHING_CHANGED },

  { CHANGED, E (DEVICE_LOST), ANY, ANY, SQNS_ADVICE_PLUG_IN_GO_ON },
  { CHANGED, E (TIMEOUT), ANY, NOT_ASKED, SQNS_ADVICE_NOT_ASKED_GO_ON },
  { CHANGED, E (TIMEOUT), ANY, SILENT, SQNS_ADVICE_SILENT_GO_ON },
  { CHANGED, E (VERIFY_FAILED), ANY, ANY, SQNS_ADVICE_WRONG_VERSION },
  { CHANGED, E (MODEM_REFUSED), M (FFF), ANY, SQNS_ADVICE_FILE_NOT_TAKEN },
  { CHANGED, E (NEEDS_RECOVERY) | E (CANCELLED), M (FFF), ANY, SQNS_ADVICE_STILL_RUNS },
  { CHANGED, E (NEEDS_HAND), ANY, ANY, SQNS_ADVICE_PRESS_RESET_GO_ON },
  { CHANGED, ANY, ANY, ANY, SQNS_ADVICE_GO_ON },
};
/* clang-format on */

static SqnsAdviceId
advise (const SqnsFailure *failure, SqnsError code, SqnsPower power)
{
  Stage stage = power == SQNS_POWER_KEEP ? KEEP : failure->phase <= SQNS_PHASE_PREPARE ? UNCHANGED : CHANGED;

  for (const Rule *r = rules; r < rules + G_N_ELEMENTS (rules); r++)
    if ((r->stages & stage) && (r->errors & 1u << code) && (r->modes & 1u << (failure->mode - SQNS_MODE_UNKNOWN))
        && (r->contacts & 1u << failure->contact))
      return r->advice;
  g_assert_not_reached ();
}

/* --- */

/* As the device will report it. */
static SqnsModemState
state_of (const SqnsFailure *failure)
{
  if (failure->mode == SQNS_MODE_UNKNOWN && failure->contact == SQNS_CONTACT_SILENT)
    return SQNS_MODEM_SILENT;
  return sqns_mode_state (failure->mode);
}

SqnsDiagnosis
sqns_diagnose (const SqnsFailure *failure)
{
  SqnsDiagnosis diagnosis = { .code = failure->code };
  gboolean safe = failure->safe;

  if (failure->begun)
    {
      const Finding *finding = find (failure);
      diagnosis.code = found_code (failure, finding);
      diagnosis.message = finding->message;
      safe = safe && finding->safe;
    }
  diagnosis.power = sqns_power_after_failure (safe, diagnosis.code, state_of (failure));
  diagnosis.advice = advise (failure, diagnosis.code, diagnosis.power);
  return diagnosis;
}
