/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* polkit's textual agent, so that a person without a desktop can be asked for a password in this terminal. */
#pragma once

#include <glib.h>

/* Starts pkttyagent for this process and waits until it is registered. Does nothing for root, without a terminal, or
 * without the program: the daemon's reply then says what is missing. */
void sqns_ask_password_start (void);
void sqns_ask_password_stop (void);
