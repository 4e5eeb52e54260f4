/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files that lie beside a firmware file and belong to it. */
#pragma once

#include "client/core/ctl.h"
#include "client/firmware/upgrade-options.h"
#include "codec/caba.h"

/* Fills what @options do not name: an updater.elf (never for a diff), and the first of the two files of release 48829.
 * Says what it took. */
void sqns_siblings_find (SqnsCtl *ctl, const char *path, const SqnsCaba *caba, SqnsUpgradeOptions *options);
