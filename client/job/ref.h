/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds the job that a person names: by its uuid or a unique beginning of it. */
#pragma once

#include "client/core/connection.h"

SqnsDbusJob *sqns_job_ref_find (SqnsConnection *conn, const char *ref, GError **error);

/* All of @refs, each once; with @all also every job that has not ended. SqnsDbusJob *, may be empty with @all. */
GPtrArray *sqns_job_ref_resolve (SqnsConnection *conn, char *const *refs, guint n_refs, gboolean all, GError **error);

/* The jobs that a command's arguments name: ID... and --all, which sqns_job_ref_options has. Opens *@conn. NULL with
 * @error, or with *@code after a usage message. */
GPtrArray *
sqns_job_ref_arguments (SqnsCtl *ctl, int argc, char **argv, SqnsConnection **conn, SqnsExit *code, GError **error);
extern const GOptionEntry sqns_job_ref_options[];

/* The shortest length, at least 8, at which the uuids of @jobs differ. */
guint sqns_job_ref_length (GPtrArray *jobs);
