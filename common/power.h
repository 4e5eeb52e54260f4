/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the board's power may be cut. Pure; the one rule of daemon and client. */
#pragma once

#include "common/error.h"
#include "common/types.h"

/* By the state of the modem alone. */
SqnsPower sqns_power_of_state (SqnsModemState state);

/* @safe: what the job did allows it (org.sqnsd1.Job.Safe). @code: how it failed. @state: of the modem, as far as
 * anybody knows; GONE when there is none. */
SqnsPower sqns_power_after_failure (gboolean safe, SqnsError code, SqnsModemState state);
