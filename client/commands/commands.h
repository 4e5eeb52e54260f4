/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The commands and their options, one file each. */
#pragma once

#include "client/core/ctl.h"
#include "client/job/ref.h" /* sqns_job_ref_options */

SqnsExit sqns_cmd_at (SqnsCtl *ctl, int argc, char **argv, GError **error);
SqnsExit sqns_cmd_cancel (SqnsCtl *ctl, int argc, char **argv, GError **error);
SqnsExit sqns_cmd_console (SqnsCtl *ctl, int argc, char **argv, GError **error);
SqnsExit sqns_cmd_doctor (SqnsCtl *ctl, int argc, char **argv, GError **error);
SqnsExit sqns_cmd_drain (SqnsCtl *ctl, int argc, char **argv, GError **error);
SqnsExit sqns_cmd_history (SqnsCtl *ctl, int argc, char **argv, GError **error);
SqnsExit sqns_cmd_inhibit (SqnsCtl *ctl, int argc, char **argv, GError **error);
SqnsExit sqns_cmd_inspect (SqnsCtl *ctl, int argc, char **argv, GError **error);
SqnsExit sqns_cmd_job (SqnsCtl *ctl, int argc, char **argv, GError **error);
SqnsExit sqns_cmd_jobs (SqnsCtl *ctl, int argc, char **argv, GError **error);
SqnsExit sqns_cmd_list (SqnsCtl *ctl, int argc, char **argv, GError **error);
SqnsExit sqns_cmd_notify (SqnsCtl *ctl, int argc, char **argv, GError **error);
SqnsExit sqns_cmd_recover (SqnsCtl *ctl, int argc, char **argv, GError **error);
SqnsExit sqns_cmd_reset (SqnsCtl *ctl, int argc, char **argv, GError **error);
SqnsExit sqns_cmd_resume (SqnsCtl *ctl, int argc, char **argv, GError **error);
SqnsExit sqns_cmd_show (SqnsCtl *ctl, int argc, char **argv, GError **error);
SqnsExit sqns_cmd_upgrade (SqnsCtl *ctl, int argc, char **argv, GError **error);
SqnsExit sqns_cmd_version (SqnsCtl *ctl, int argc, char **argv, GError **error);
SqnsExit sqns_cmd_wait (SqnsCtl *ctl, int argc, char **argv, GError **error);
SqnsExit sqns_cmd_watch (SqnsCtl *ctl, int argc, char **argv, GError **error);

extern const GOptionEntry sqns_console_options[];
extern const GOptionEntry sqns_doctor_options[];
extern const GOptionEntry sqns_history_options[];
extern const GOptionEntry sqns_inhibit_options[];
extern const GOptionEntry sqns_job_options[];
extern const GOptionEntry sqns_recover_options[];
extern const GOptionEntry sqns_reset_options[];
extern const GOptionEntry sqns_resume_options[];
extern const GOptionEntry sqns_show_options[];
extern const GOptionEntry sqns_upgrade_options[];
extern const GOptionEntry sqns_upgrade_job_options[];
