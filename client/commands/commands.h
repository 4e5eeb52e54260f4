/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The commands' functions: one file each. */
#pragma once

#include "client/core/ctl.h"

SqnsExit sqns_cmd_at (SqnsCtl *ctl, int argc, char **argv);
SqnsExit sqns_cmd_cancel (SqnsCtl *ctl, int argc, char **argv);
SqnsExit sqns_cmd_console (SqnsCtl *ctl, int argc, char **argv);
SqnsExit sqns_cmd_doctor (SqnsCtl *ctl, int argc, char **argv);
SqnsExit sqns_cmd_drain (SqnsCtl *ctl, int argc, char **argv);
SqnsExit sqns_cmd_history (SqnsCtl *ctl, int argc, char **argv);
SqnsExit sqns_cmd_inhibit (SqnsCtl *ctl, int argc, char **argv);
SqnsExit sqns_cmd_inspect (SqnsCtl *ctl, int argc, char **argv);
SqnsExit sqns_cmd_job (SqnsCtl *ctl, int argc, char **argv);
SqnsExit sqns_cmd_jobs (SqnsCtl *ctl, int argc, char **argv);
SqnsExit sqns_cmd_list (SqnsCtl *ctl, int argc, char **argv);
SqnsExit sqns_cmd_notify (SqnsCtl *ctl, int argc, char **argv);
SqnsExit sqns_cmd_recover (SqnsCtl *ctl, int argc, char **argv);
SqnsExit sqns_cmd_reset (SqnsCtl *ctl, int argc, char **argv);
SqnsExit sqns_cmd_resume (SqnsCtl *ctl, int argc, char **argv);
SqnsExit sqns_cmd_show (SqnsCtl *ctl, int argc, char **argv);
SqnsExit sqns_cmd_upgrade (SqnsCtl *ctl, int argc, char **argv);
SqnsExit sqns_cmd_version (SqnsCtl *ctl, int argc, char **argv);
SqnsExit sqns_cmd_wait (SqnsCtl *ctl, int argc, char **argv);
SqnsExit sqns_cmd_watch (SqnsCtl *ctl, int argc, char **argv);
