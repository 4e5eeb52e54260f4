/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Structured logging: every fact about a board goes into journal fields, the text is prefixed "[FiPy ttyUSB0]". */
#pragma once

#include <glib.h>

typedef struct {
  const char *modem; /* SQNS_MODEM: object id, nullable */
  const char *board; /* "FiPy", nullable */
  const char *port;  /* SQNS_PORT: "/dev/ttyUSB0", nullable */
  const char *job;   /* SQNS_JOB: uuid, nullable */
  const char *phase; /* SQNS_PHASE, nullable */
} SqnsLogContext;

/* @context nullable. Text is lower case, without a full stop; docs/architecture.md says what each level means. */
void sqns_log (const SqnsLogContext *context, GLogLevelFlags level, const char *format, ...) G_GNUC_PRINTF (3, 4);

#define sqns_debug(ctx, ...) sqns_log ((ctx), G_LOG_LEVEL_DEBUG, __VA_ARGS__)
#define sqns_info(ctx, ...) sqns_log ((ctx), G_LOG_LEVEL_INFO, __VA_ARGS__)
#define sqns_message(ctx, ...) sqns_log ((ctx), G_LOG_LEVEL_MESSAGE, __VA_ARGS__)
#define sqns_warning(ctx, ...) sqns_log ((ctx), G_LOG_LEVEL_WARNING, __VA_ARGS__)

/* For main: journal when stderr is the journal, else stderr; debug only when @verbose. */
void sqns_log_init (gboolean verbose);
