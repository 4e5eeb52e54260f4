/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which job a person means: its uuid or a unique beginning of it. */
#pragma once

#include "client/core/connection.h"

SqnsDbusJob *sqns_job_ref_find (SqnsConnection *conn, const char *ref, GError **error);

/* All of @refs, each once; with @all also every job that is not finished. SqnsDbusJob *, perhaps empty with @all. */
GPtrArray *sqns_job_ref_resolve (SqnsConnection *conn, char *const *refs, guint n_refs, gboolean all, GError **error);

/* The arguments of a command on jobs: ID... and --all, which is among the options. Opens *@conn. NULL with @error, or
 * with *@code after a complaint about the usage. */
GPtrArray *
sqns_job_ref_arguments (SqnsCtl *ctl, int argc, char **argv, SqnsConnection **conn, SqnsExit *code, GError **error);
extern const GOptionEntry sqns_job_ref_options[];

/* So many characters of a uuid tell all of @jobs apart, at least 8. */
guint sqns_job_ref_length (GPtrArray *jobs);
