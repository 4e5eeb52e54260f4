/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A job as org.sqnsd1.Job. */
#pragma once

#include "bus/call.h"
#include "sqns-dbus.h"

#define SQNS_TYPE_JOB_OBJECT (sqns_job_object_get_type ())
G_DECLARE_FINAL_TYPE (SqnsJobObject, sqns_job_object, SQNS, JOB_OBJECT, SqnsDbusJobSkeleton)

/* Follows @job; @service must outlive it. */
SqnsJobObject *sqns_job_object_new (SqnsService *service, SqnsJob *job);
