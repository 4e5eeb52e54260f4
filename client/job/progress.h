/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Progress of jobs on stderr: bars on a terminal, else a line per step; with --quiet only unexpected waits. */
#pragma once

#include "client/ui/bars.h"
#include "client/core/ctl.h"
#include "sqns-dbus.h"

typedef struct _SqnsProgress SqnsProgress;

SqnsProgress *sqns_progress_new (const SqnsCtl *ctl);
void sqns_progress_free (SqnsProgress *progress); /* leaves the bars on the screen */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqnsProgress, sqns_progress_free)

/* A whole line, above the bars when there are any. */
void sqns_progress_note (SqnsProgress *progress, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* Shows @job as it is now. @index: its place, from 0. @name: the board's. */
void sqns_progress_show (SqnsProgress *progress, guint index, SqnsDbusJob *job, const char *name);
