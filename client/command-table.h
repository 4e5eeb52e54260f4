/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of commands, and the help that is made from it. */
#pragma once

#include "client/core/ctl.h"

/* The global --help: @globals are the options of all commands. Caller frees. */
char *sqns_commands_help (const GOptionEntry *globals);

/* NULL when there is none of that name. */
const SqnsCommand *sqns_commands_find (const char *name);

/* The command that @name may be a typo of; NULL when there is none. */
const char *sqns_commands_nearest (const char *name);
