/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A job's transcript. */
#pragma once

#include "client/core/connection.h"

/* As it is now. NULL with @error. */
GString *sqns_job_log_get (SqnsConnection *conn, SqnsDbusJob *job, GError **error);

/* Prints it on stdout, and what is added to it, until the job has ended or SIGINT or SIGTERM comes: *@interrupted then.
 * FALSE with @error, also when the daemon goes. */
gboolean sqns_job_log_follow (SqnsConnection *conn, SqnsDbusJob *job, gboolean *interrupted, GError **error);
