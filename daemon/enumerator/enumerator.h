/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds boards by udev: the only layer that knows gudev.
 *
 * Coldplug and hotplug take one path: every "add", "change" or enumerated tty is added or changed alike. Nothing is
 * opened and nothing is sent. A board in DFU mode has no tty and is not found (field-failures.md §3). */
#pragma once

#include "base/board-facts.h"

typedef struct _SqnsEnumerator SqnsEnumerator;

typedef struct {
  /* A board is there. Called again for a known id when something other than its id or devnode has changed. */
  void (*added) (gpointer data, const SqnsBoardFacts *facts);
  /* It is gone. A board that comes back under another device node without a "remove" of the old one is removed first,
   * then added. */
  void (*removed) (gpointer data, const char *id);
} SqnsEnumeratorFuncs;

/* Calls @funcs (static) for each board that is there before it returns, then from the main loop. Errors: FAILED (no
 * netlink socket to receive from udev, as in a narrow sandbox). */
SqnsEnumerator *sqns_enumerator_new (const SqnsEnumeratorFuncs *funcs, gpointer data, GError **error);
void sqns_enumerator_free (SqnsEnumerator *enumerator);

void sqns_board_facts_free (SqnsBoardFacts *facts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqnsBoardFacts, sqns_board_facts_free)
