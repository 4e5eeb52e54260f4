/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Structured logging with the facts about a board in journal fields. */
#include "base/log.h"
#include "common/clean.h"

#include <unistd.h>

#define MAX_FIELDS 8

static gboolean verbose_log;

static const char *
priority (GLogLevelFlags level)
{
  if (level & G_LOG_LEVEL_ERROR)
    return "3";
  if (level & G_LOG_LEVEL_CRITICAL)
    return "4";
  if (level & G_LOG_LEVEL_WARNING)
    return "4";
  if (level & G_LOG_LEVEL_MESSAGE)
    return "5";
  if (level & G_LOG_LEVEL_INFO)
    return "6";
  return "7";
}

typedef struct {
  GLogField list[MAX_FIELDS];
  char *clean[MAX_FIELDS]; /* owned */
  gsize n;
} Fields;

/* The names of boards and ports and serial numbers come from outside. */
static void
add_field (Fields *fields, const char *key, const char *value)
{
  if (value == NULL)
    return;
  fields->clean[fields->n] = sqns_clean_line (value, -1);
  fields->list[fields->n] = (GLogField){ key, fields->clean[fields->n], -1 };
  fields->n++;
}

static char *
prefix (const SqnsLogContext *context)
{
  if (context == NULL || (context->port == NULL && context->board == NULL))
    return g_strdup ("");
  g_autofree char *port = context->port ? g_path_get_basename (context->port) : NULL;
  return g_strdup_printf ("[%s%s%s] ", context->board && *context->board ? context->board : "",
                          context->board && *context->board && port ? " " : "", port ? port : "");
}

void
sqns_log (const SqnsLogContext *context, GLogLevelFlags level, const char *format, ...)
{
  if (!verbose_log && (level & G_LOG_LEVEL_DEBUG))
    return;

  va_list args;
  va_start (args, format);
  g_autofree char *text = g_strdup_vprintf (format, args);
  va_end (args);
  g_autofree char *head = prefix (context);
  g_autofree char *whole = g_strconcat (head, text, NULL);

  Fields fields = { .n = 0 };
  add_field (&fields, "MESSAGE", whole);
  add_field (&fields, "PRIORITY", priority (level));
  add_field (&fields, "GLIB_DOMAIN", G_LOG_DOMAIN);
  if (context != NULL)
    {
      add_field (&fields, "SQNS_MODEM", context->modem);
      add_field (&fields, "SQNS_PORT", context->port);
      add_field (&fields, "SQNS_JOB", context->job);
      add_field (&fields, "SQNS_PHASE", context->phase);
    }
  g_log_structured_array (level, fields.list, fields.n);
  for (gsize i = 0; i < fields.n; i++)
    g_free (fields.clean[i]);
}

static GLogWriterOutput
writer (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
  gboolean journal = g_log_writer_is_journald (STDERR_FILENO);
  /* info goes to the journal, for later analysis, but not to a terminal */
  if (!verbose_log && ((level & G_LOG_LEVEL_DEBUG) || ((level & G_LOG_LEVEL_INFO) && !journal)))
    return G_LOG_WRITER_HANDLED;
  if (journal)
    return g_log_writer_journald (level, fields, n_fields, data);
  return g_log_writer_standard_streams (level, fields, n_fields, data);
}

void
sqns_log_init (gboolean verbose)
{
  verbose_log = verbose;
  g_log_writer_default_set_use_stderr (TRUE);
  g_log_set_writer_func (writer, NULL, NULL);
}
