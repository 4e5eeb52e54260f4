/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the power of a job's board may be cut: the one place that decides it. */
#pragma once

#include "common/types.h"
#include "sqns-dbus.h"

/* SAFE only of a modem that waits or runs by its own word or that nothing was sent to, and that no other job is at work
 * on (base/power.h).
 * @modem: the job's, nullable. */
SqnsPower sqns_power_of_job (SqnsDbusJob *job, SqnsDbusModem *modem);
