/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a failed upgrade means for the modem, in code and words. */
#include "plan/verdict.h"

typedef struct {
  SqnsError code;
  gboolean safe;
  const char *words;
} Verdict;

/* The codes of an unknown state do not fit a modem that is up. */
static SqnsError
application_code (SqnsError code)
{
  return code == SQNS_ERROR_TIMEOUT || code == SQNS_ERROR_PROTOCOL ? SQNS_ERROR_FAILED : code;
}

static Verdict
judge (SqnsError code, const SqnsAftermath *aftermath)
{
  switch (aftermath->mode)
    {
    case SQNS_MODE_MTOOLS:
      if (!aftermath->between)
        return (Verdict){ SQNS_ERROR_NEEDS_RECOVERY, TRUE,
                          "the modem waits in its updater (mTools), power may be cut; upgrade it again to finish" };
      G_GNUC_FALLTHROUGH;
    case SQNS_MODE_RECOVERY:
      if (aftermath->between)
        return (Verdict){ SQNS_ERROR_NEEDS_RECOVERY, FALSE,
                          "the modem waits in recovery with perhaps the first of two files: leave its power on and "
                          "upgrade it again to finish" };
      return (Verdict){ SQNS_ERROR_NEEDS_RECOVERY, TRUE,
                        "the modem waits in recovery, power may be cut; upgrade it again to finish" };
    case SQNS_MODE_FFH:
      return (Verdict){ SQNS_ERROR_NEEDS_RECOVERY, TRUE,
                        "the modem waits in its boot ROM (FFH), power may be cut; upgrade it again to finish" };
    case SQNS_MODE_FFF:
      if (aftermath->between)
        return (Verdict){ application_code (code), FALSE,
                          "the modem runs the first of two files: leave its power on and upgrade it again to finish" };
      return (Verdict){ application_code (code), TRUE, "the modem is up in its application, power may be cut" };
    case SQNS_MODE_UPDATER:
      return (Verdict){ SQNS_ERROR_TIMEOUT, FALSE,
                        "the modem is applying an upgrade by itself; leave its power on and ask it again later" };
    case SQNS_MODE_UNKNOWN:
      break;
    }
  if (code == SQNS_ERROR_DEVICE_LOST)
    return (Verdict){ SQNS_ERROR_DEVICE_LOST, FALSE,
                      "the modem's state is not known; if the board still has power, leave it on, plug the board in "
                      "again and upgrade it again: an interrupted upload can be repeated" };
  if (code == SQNS_ERROR_PORT_LOCKED || code == SQNS_ERROR_BUSY) /* in between, another program took the port */
    return (Verdict){ code, !aftermath->written,
                      aftermath->written ? "the modem's state is not known; leave its power on"
                                         : "nothing of its firmware was written" };
  if (code == SQNS_ERROR_NEEDS_HAND)
    return (Verdict){ SQNS_ERROR_NEEDS_HAND, FALSE, "the modem's state is not known; leave its power on" };
  if (!aftermath->written)
    return (Verdict){ SQNS_ERROR_TIMEOUT, TRUE,
                      aftermath->silent ? "the modem does not answer any more; nothing of its firmware was written"
                                        : "the modem cannot be asked any more; nothing of its firmware was written" };
  return (Verdict){ SQNS_ERROR_TIMEOUT, FALSE, "the modem's state is not known; leave its power on" };
}

GError *
sqns_verdict (const GError *error, const SqnsAftermath *aftermath, gboolean *safe, const char **words)
{
  SqnsError code = error->domain == SQNS_ERROR ? (SqnsError)error->code : SQNS_ERROR_FAILED;
  Verdict verdict = judge (code, aftermath);

  *safe = verdict.safe;
  *words = verdict.words;
  if (code == SQNS_ERROR_CANCELLED)
    verdict.code = SQNS_ERROR_CANCELLED;
  return g_error_new (SQNS_ERROR, (int)verdict.code, "%s; %s", error->message, verdict.words);
}
