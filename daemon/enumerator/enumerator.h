/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds boards by udev: the only layer that knows gudev.
 *
 * Coldplug and hotplug take one path: start() connects to udev, then enumerates, and every "add", "change" or
 * enumerated tty is added or changed alike. Nothing is opened and nothing is sent. A board in DFU mode has no tty and
 * is not found (field-failures.md §3).
 *
 * Signals:
 *   "board-added" (const SqnsBoardFacts *facts): a board is there. Emitted again for a known id when something other
 *     than its id or devnode has changed. The facts are valid during the call.
 *   "board-removed" (const char *id): it is gone. A board that comes back under another device node without a "remove"
 *     of the old one is removed first, then added. */
#pragma once

#include "base/board-facts.h"
#include "common/error.h"

#define SQNS_TYPE_ENUMERATOR (sqns_enumerator_get_type ())
G_DECLARE_FINAL_TYPE (SqnsEnumerator, sqns_enumerator, SQNS, ENUMERATOR, GObject)

SqnsEnumerator *sqns_enumerator_new (void);

/* Emits "board-added" for each board that is there before it returns; connect first. To be called once. Errors: FAILED
 * (no netlink socket to receive from udev, as in a narrow sandbox). */
gboolean sqns_enumerator_start (SqnsEnumerator *enumerator, GError **error);
