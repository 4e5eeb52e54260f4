/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sqnsctl upgrade: brings modems to the firmware in a file. */
#include "client/commands/commands.h"
#include "client/commands/upgrade-start.h"

SqnsExit
sqns_cmd_upgrade (SqnsCtl *ctl, int argc, char **argv)
{
  return sqns_upgrade_start (ctl, argc, argv, FALSE);
}
