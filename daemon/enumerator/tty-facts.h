/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What udev and sysfs tell about one tty: is it a board, and which. */
#pragma once

#include "base/board-facts.h"

#include <gudev/gudev.h>

/* NULL when @tty is no board, or has no device node yet. A tty is a board when the udev rule says so
 * (ID_SQNSD_CANDIDATE=1; 0 says that it is none), or, without the rule, when its USB ids are those of field-failures.md
 * §3. Udev's ID_* properties precede the attributes of the USB device. Owned by the caller. */
SqnsBoardFacts *sqns_tty_facts (GUdevDevice *tty);

/* Where @tty is plugged in: ID_PATH, else the names of its USB port and tty. Never empty. Owned by the caller. */
char *sqns_tty_place (GUdevDevice *tty);
