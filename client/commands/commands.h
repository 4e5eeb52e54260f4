/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The commands, one file each. */
#pragma once

#include "client/core/ctl.h"

extern const SqnsCommand sqns_at_command;
extern const SqnsCommand sqns_cancel_command;
extern const SqnsCommand sqns_console_command;
extern const SqnsCommand sqns_doctor_command;
extern const SqnsCommand sqns_drain_command;
extern const SqnsCommand sqns_history_command;
extern const SqnsCommand sqns_inhibit_command;
extern const SqnsCommand sqns_inspect_command;
extern const SqnsCommand sqns_job_command;
extern const SqnsCommand sqns_jobs_command;
extern const SqnsCommand sqns_list_command;
extern const SqnsCommand sqns_notify_command;
extern const SqnsCommand sqns_recover_command;
extern const SqnsCommand sqns_reset_command;
extern const SqnsCommand sqns_resume_command;
extern const SqnsCommand sqns_show_command;
extern const SqnsCommand sqns_upgrade_command;
extern const SqnsCommand sqns_version_command;
extern const SqnsCommand sqns_wait_command;
extern const SqnsCommand sqns_watch_command;
