/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sqnsctl recover: the same for a modem that does not boot. */
#include "client/commands/commands.h"
#include "client/commands/upgrade-start.h"

SqnsExit
sqns_cmd_recover (SqnsCtl *ctl, int argc, char **argv)
{
  return sqns_upgrade_start (ctl, argc, argv, TRUE);
}
