/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the board's power may be cut: the one rule of daemon and client. Pure. */
#pragma once

#include "common/error.h"
#include "common/types.h"

/* By the state of the modem alone. */
SqnsPower sqns_power_of_state (SqnsModemState state);

/* After a job failed with @code. @safe: what the job did allows it (org.sqnsd1.Job.Safe). @state: of the modem, as
 * far as known; GONE when there is none. */
SqnsPower sqns_power_after_failure (gboolean safe, SqnsError code, SqnsModemState state);
