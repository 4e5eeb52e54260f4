/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files beside a firmware file that belong to it. What is used, or left out, is reported. */
#pragma once

#include "client/core/ctl.h"
#include "codec/caba.h"

/* An updater.elf (never for a diff); NULL: none. Caller frees. */
char *sqns_companion_updater (const SqnsCtl *ctl, const char *path, const SqnsCaba *caba);

/* The first of the two files of release 48829; NULL: none. Caller frees. */
char *sqns_companion_first_step (const SqnsCtl *ctl, const char *path, const SqnsCaba *caba);
