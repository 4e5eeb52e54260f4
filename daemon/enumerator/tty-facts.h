/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What udev and sysfs tell about one tty: is it a board, and which. */
#pragma once

#include "base/board-facts.h"

#include <gudev/gudev.h>

/* A tty is a board when the udev rule says so (ID_SQNSD_CANDIDATE=1), or, on a system without the rule, when its USB
 * ids are those of field-failures.md §3. ID_SQNSD_CANDIDATE=0 says that it is none, whatever the ids. */
gboolean sqns_tty_is_board (GUdevDevice *tty);

/* NULL while udev has no device node for it. @tty must be a board. Udev's ID_* properties come first, then the
 * attributes of the USB device that it hangs on. Owned by the caller. */
SqnsBoardFacts *sqns_tty_facts (GUdevDevice *tty);

gboolean sqns_tty_facts_equal (const SqnsBoardFacts *a, const SqnsBoardFacts *b);

/* Where @tty is plugged in: ID_PATH, else the names of its USB port and tty. Never empty. Owned by the caller. */
char *sqns_tty_place (GUdevDevice *tty);
