/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Progress on stderr: a bar per board on a terminal. */
#pragma once

#include "client/ui/bar.h"

typedef struct _SqnsBars SqnsBars;

/* NULL when stderr is no terminal that can move its cursor. Follows its width (SIGWINCH) and counts the seconds
 * down. */
SqnsBars *sqns_bars_new (void);

/* Copies @bar. @index: its place, at most one after the last. */
void sqns_bars_set (SqnsBars *bars, guint index, const SqnsBar *bar);

/* A line that stays, above the bars. */
void sqns_bars_note (SqnsBars *bars, const char *line);

/* The bars stay on the screen; later output is below them. */
void sqns_bars_free (SqnsBars *bars);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqnsBars, sqns_bars_free)
