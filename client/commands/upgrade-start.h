/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What upgrade and recover have in common: all but the method that they call. */
#pragma once

#include "client/core/ctl.h"

/* Parses the command's arguments and runs it. */
SqnsExit sqns_upgrade_start (SqnsCtl *ctl, int argc, char **argv, gboolean recover);
