/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The daemon's settings, /etc/sqnsd/sqnsd.conf: strict, so that a typing error is not taken for a default. */
#pragma once

#include "common/error.h"

typedef struct {
  gboolean probe_on_plug; /* ProbeOnPlug: talk to a board as soon as it is plugged in */
  gboolean auto_resume;   /* AutoResume: go on with interrupted jobs */
  guint max_concurrent;   /* MaxConcurrent: most jobs at the same time, 0 = no bound */
  guint history_days;     /* HistoryDays: how long finished jobs are kept, 0 = as long as the daemon runs */
  gboolean log_personal;  /* LogPersonal: IMEI and SIM numbers may stand in logs */
  /* What one user may have at a time, 0 = no bound: */
  guint max_jobs_per_user;       /* MaxJobsPerUser: jobs that have not ended */
  guint max_inhibitors_per_user; /* MaxInhibitorsPerUser */
  guint max_consoles_per_user;   /* MaxConsolesPerUser */
  guint max_readers_per_user;    /* MaxReadersPerUser: calls with files */
} SqnsConfig;

void sqns_config_init (SqnsConfig *config); /* the defaults: no, yes, 0, 30, no; 512, 64, 8, 8 */

/* Reads a key file's text with the one group [sqnsd] over the defaults. @name: for messages. FAILED with
 * "name:line: what is wrong", and the defaults alone in *@config. Pure. */
gboolean sqns_config_parse (SqnsConfig *config, const char *text, gsize len, const char *name, GError **error);

/* The file at @path; one that does not exist gives the defaults, unless it is @required. */
gboolean sqns_config_load (SqnsConfig *config, const char *path, gboolean required, GError **error);
