/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files that lie beside a firmware file and belong to it. They say what they take. */
#pragma once

#include "client/core/ctl.h"
#include "codec/caba.h"

/* An updater.elf (never for a diff); NULL: none. Caller frees. */
char *sqns_companion_updater (const SqnsCtl *ctl, const char *path, const SqnsCaba *caba);

/* The first of the two files of release 48829; NULL: none. Caller frees. */
char *sqns_companion_first_step (const SqnsCtl *ctl, const char *path, const SqnsCaba *caba);
