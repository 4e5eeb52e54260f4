/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The daemon's settings. GKeyFile would take unknown keys and keep no line numbers. */
#include "manager/config.h"

#include "common/clean.h"
#include "base/plain-file.h"

#include <string.h>

#define GROUP "[sqnsd]"
#define MAX_SIZE (1024u * 1024u) /* bytes of a file */

#define FIELD(name) G_STRUCT_OFFSET (SqnsConfig, name)
static const struct {
  const char *key;
  gsize offset;
  guint standard;
  guint max; /* 0: yes or no */
} keys[] = {
  { "ProbeOnPlug", FIELD (probe_on_plug), FALSE },
  { "AutoResume", FIELD (auto_resume), TRUE },
  { "MaxConcurrent", FIELD (max_concurrent), 0, 100000 },
  { "HistoryDays", FIELD (history_days), 30, 36500 },
  { "LogPersonal", FIELD (log_personal), FALSE },
  { "MaxJobsPerUser", FIELD (max_jobs_per_user), 512, 100000 },
  { "MaxInhibitorsPerUser", FIELD (max_inhibitors_per_user), 64, 10000 },
  { "MaxConsolesPerUser", FIELD (max_consoles_per_user), 8, 10000 },
  { "MaxReadersPerUser", FIELD (max_readers_per_user), 8, 1000 },
};
G_STATIC_ASSERT (sizeof (gboolean) == sizeof (guint) && sizeof (SqnsConfig) == G_N_ELEMENTS (keys) * sizeof (guint));

typedef struct {
  SqnsConfig *config;
  const char *name;
  guint line;
  gboolean in_group;
  guint seen; /* bit per key */
} Parser;

void
sqns_config_init (SqnsConfig *config)
{
  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
    G_STRUCT_MEMBER (guint, config, keys[i].offset) = keys[i].standard;
}

G_GNUC_PRINTF (3, 4)
static gboolean
refuse (const Parser *parser, GError **error, const char *format, ...)
{
  va_list args;
  va_start (args, format);
  g_autofree char *text = g_strdup_vprintf (format, args);
  va_end (args);
  sqns_clean_cut (text, SQNS_CLEAN_MESSAGE_MAX);
  g_set_error (error, SQNS_ERROR, SQNS_ERROR_FAILED, "%s:%u: %s", parser->name, parser->line, text);
  return FALSE;
}

static gboolean
parse_boolean (const char *text, guint *value)
{
  static const char *const words[] = { "no", "yes", "false", "true", "0", "1", "off", "on" };
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (g_ascii_strcasecmp (text, words[i]) == 0)
      {
        *value = i % 2;
        return TRUE;
      }
  return FALSE;
}

static gboolean
set_value (Parser *parser, guint key, const char *text, GError **error)
{
  guint *field = G_STRUCT_MEMBER_P (parser->config, keys[key].offset), max = keys[key].max;
  guint64 number;

  if (max == 0)
    return parse_boolean (text, field)
           || refuse (parser, error, "%s must be yes or no, not \"%s\"", keys[key].key, text);
  if (!g_ascii_string_to_unsigned (text, 10, 0, max, &number, NULL))
    return refuse (parser, error, "%s must be a number from 0 to %u, not \"%s\"", keys[key].key, max, text);
  *field = (guint)number;
  return TRUE;
}

static gboolean
parse_key (Parser *parser, const char *key, const char *value, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    if (g_str_equal (key, keys[i].key))
      {
        if (parser->seen & (1u << i))
          return refuse (parser, error, "%s is given twice", key);
        parser->seen |= 1u << i;
        return set_value (parser, i, value, error);
      }
  return refuse (parser, error, "unknown key \"%s\"", key);
}

static gboolean
parse_line (Parser *parser, char *line, GError **error)
{
  g_strstrip (line);
  if (*line == '\0' || *line == '#' || *line == ';')
    return TRUE;
  if (*line == '[')
    {
      parser->in_group = g_str_equal (line, GROUP);
      return parser->in_group || refuse (parser, error, "unknown group %s; the only group is " GROUP, line);
    }
  char *equals = strchr (line, '=');
  if (equals == NULL)
    return refuse (parser, error, "\"%s\" is not of the form Key=Value", line);
  if (!parser->in_group)
    return refuse (parser, error, "a key before the group " GROUP);
  *equals = '\0';
  return parse_key (parser, g_strchomp (line), g_strchug (equals + 1), error);
}

gboolean
sqns_config_parse (SqnsConfig *config, const char *text, gsize len, const char *name, GError **error)
{
  Parser parser = { .config = config, .name = name };
  sqns_config_init (config);
  if (len > 0 && (memchr (text, '\0', len) != NULL || !g_utf8_validate (text, len, NULL)))
    {
      parser.line = 1;
      return refuse (&parser, error, "the file is not UTF-8 text");
    }
  g_autofree char *copy = g_strndup (text, len);
  g_auto (GStrv) lines = g_strsplit (copy, "\n", -1);
  for (char **line = lines; *line != NULL; line++)
    {
      parser.line++;
      if (!parse_line (&parser, *line, error))
        {
          sqns_config_init (config);
          return FALSE;
        }
    }
  return TRUE;
}

gboolean
sqns_config_load (SqnsConfig *config, const char *path, gboolean required, GError **error)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) local = NULL;
  gsize len;

  sqns_config_init (config);
  text = sqns_plain_file_read (path, MAX_SIZE, SQNS_PLAIN_FILE_LINKS, &len, &local);
  if (text == NULL)
    {
      if (!required && g_error_matches (local, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        return TRUE;
      g_set_error (error, SQNS_ERROR, SQNS_ERROR_FAILED, "cannot read the configuration: %s", local->message);
      return FALSE;
    }
  return sqns_config_parse (config, text, len, path, error);
}
