/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The passthrough of the board's firmware ("mirror mode"), which only a reset of the ESP32 ends. */
#pragma once

#include "base/monitor.h"
#include "serial/port.h"

/* A step of @ssm, at a prompt that is there. @lte_task: the LTE task is started first, without which the passthrough of
 * newer firmware stays silent (field-failures.md row 2b). Whether a modem answers through it is not asked. Errors that
 * @done gets: NOT_SUPPORTED (the board refuses, or has no LTE task to offer; the prompt is there again), TIMEOUT,
 * PROTOCOL. */
void sqns_passthrough_start (SqnsSsm *ssm, SqnsPort *port, gboolean lte_task, SqnsSsmDone done);

/* A step of @ssm: gets the ESP32 reset, by the board's PIC (@pic: it has one), else by a person who presses the button
 * within @user_timeout_s seconds (0: nobody is asked). The modem is not reset by it (protocol.md §1). Ends with the
 * friendly prompt at 115200. Errors that @done gets: TIMEOUT (nobody pressed the button), NEEDS_HAND (nobody was to be
 * asked, or a program runs on the board after the reset and does not yield: the message says which). */
void sqns_passthrough_leave (SqnsSsm *ssm, SqnsPort *port, gboolean pic, guint user_timeout_s, SqnsSsmDone done);
