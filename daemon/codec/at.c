/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* AT dialogue of the SQN3330: splits replies into lines, and reads modes, reports and versions from them. */
#include "codec/at.h"

#include <string.h>

/* IMEI and IMSI have 14 to 16 digits, an ICCID up to 22; nothing else in the dialogue is as long. */
#define MIN_PRIVATE_DIGITS 14u

static gboolean
is_eol (guint8 byte)
{
  return byte == '\r' || byte == '\n';
}

static gboolean
is_graphic (guint8 byte)
{
  return byte >= 0x20 && byte <= 0x7e;
}

/* Finds the next non-empty line from *@pos on: [*@start, *@stop). *@pos moves to the byte after its end: any run of
 * CR and one LF, or without an LF the run of CR if another byte follows. FALSE while the end may be incomplete, so
 * that the rest of it never looks like new data. */
static gboolean
next_line (const guint8 *data, gsize len, gsize *pos, gsize *start, gsize *stop)
{
  gsize at = *pos;

  while (at < len && is_eol (data[at]))
    at++;
  *start = at;
  while (at < len && !is_eol (data[at]))
    at++;
  *stop = at;
  while (at < len && data[at] == '\r')
    at++;
  if (at == len)
    return FALSE;
  *pos = data[at] == '\n' ? at + 1 : at;
  return TRUE;
}

/* A line as text, without leading garbage and NULs, which nothing separates from the reply in FFH (protocol.md §2).
 * NULL when nothing is left. */
static char *
line_text (const guint8 *data, gsize len)
{
  char *text;

  for (; len > 0 && !is_graphic (*data); data++)
    len--;
  while (len > 0 && (data[len - 1] == '\0' || g_ascii_isspace ((char)data[len - 1])))
    len--;
  if (len == 0)
    return NULL;

  text = g_strndup ((const char *)data, len);
  for (gsize i = 0; i < len; i++)
    text[i] = is_graphic (data[i]) || data[i] == '\t' ? (char)data[i] : '?';
  return text;
}

static SqnsAtFinal
line_final (const char *line)
{
  if (g_str_equal (line, "OK"))
    return SQNS_AT_OK;
  if (g_str_equal (line, "ERROR"))
    return SQNS_AT_ERROR;
  if (g_str_has_prefix (line, "+CME ERROR:") || g_str_has_prefix (line, "+CMS ERROR:"))
    return SQNS_AT_CME_ERROR;
  return SQNS_AT_PENDING;
}

/* TRUE when @command contains @name as a whole name: "+CEREG" in "AT+CEREG?", not "+CE". */
static gboolean
command_names (const char *command, const char *name, gsize name_len)
{
  for (const char *at = command; *at != '\0'; at++)
    if (g_ascii_strncasecmp (at, name, name_len) == 0 && !g_ascii_isalnum (at[name_len]))
      return TRUE;
  return FALSE;
}

/* An unsolicited line: "+NAME: ..." or "^NAME: ..." of another name than the command's, or a known one without a
 * colon. "+CFUN" alone is a line of AT+CLAC. */
static gboolean
line_unsolicited (const char *line, const char *command)
{
  static const char *const known[] = { "+SYSSTART", "+SHUTDOWN", "+SQNS", "^EXIT" };
  gsize name_len = 1;
  gboolean unsolicited;

  if (g_strcmp0 (line, "NO CARRIER") == 0 || g_strcmp0 (line, "RING") == 0)
    return TRUE;
  if (line[0] != '+' && line[0] != '^')
    return FALSE;
  while (g_ascii_isalnum (line[name_len]) || line[name_len] == '_')
    name_len++;

  unsolicited = name_len > 1 && line[name_len] == ':';
  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    unsolicited = unsolicited || g_str_has_prefix (line, known[i]);
  return unsolicited && !command_names (command, line, name_len);
}

void
sqns_at_reply_clear (SqnsAtReply *reply)
{
  g_clear_pointer (&reply->lines, g_ptr_array_unref);
  g_clear_pointer (&reply->unsolicited, g_ptr_array_unref);
  g_clear_pointer (&reply->error_text, g_free);
  reply->final = SQNS_AT_PENDING;
  reply->consumed = 0;
}

SqnsAtFinal
sqns_at_parse (const char *command, const guint8 *data, gsize len, SqnsAtReply *reply)
{
  gsize pos = 0, start, stop;

  sqns_at_reply_clear (reply);
  reply->lines = g_ptr_array_new_with_free_func (g_free);
  reply->unsolicited = g_ptr_array_new_with_free_func (g_free);

  while (reply->final == SQNS_AT_PENDING && next_line (data, MIN (len, SQNS_AT_MAX_REPLY), &pos, &start, &stop))
    {
      g_autofree char *line = line_text (data + start, stop - start);

      if (line == NULL)
        continue;
      /* An echo comes first, perhaps behind what was left on the line: "+++AT+SMOD?". Later on the same text is an
       * answer: AT+CLAC lists itself. */
      if (reply->lines->len == 0 && command[0] != '\0' && g_str_has_suffix (line, command))
        continue;
      reply->final = line_final (line);
      if (reply->final == SQNS_AT_CME_ERROR)
        reply->error_text = g_steal_pointer (&line);
      else if (reply->final == SQNS_AT_PENDING)
        {
          GPtrArray *kind = line_unsolicited (line, command) ? reply->unsolicited : reply->lines;
          g_ptr_array_add (kind, g_steal_pointer (&line));
        }
    }
  if (reply->final != SQNS_AT_PENDING)
    reply->consumed = pos;
  return reply->final;
}

gboolean
sqns_at_find_line (const guint8 *data, gsize len, const char *prefix, gsize *end)
{
  gsize pos = 0, start, stop;

  while (next_line (data, len, &pos, &start, &stop))
    {
      g_autofree char *line = line_text (data + start, stop - start);

      if (line != NULL && g_str_has_prefix (line, prefix))
        {
          if (end != NULL)
            *end = pos;
          return TRUE;
        }
    }
  return FALSE;
}

static const char *
reply_line (const SqnsAtReply *reply, guint i)
{
  return g_ptr_array_index (reply->lines, i);
}

SqnsMode
sqns_at_smod (const SqnsAtReply *reply)
{
  SqnsMode mode = SQNS_MODE_UNKNOWN;

  if (reply->final != SQNS_AT_OK)
    return SQNS_MODE_UNKNOWN;
  for (guint i = 0; i < reply->lines->len; i++)
    {
      const char *line = reply_line (reply, i);

      if (!g_ascii_isdigit (line[0]) || line[1] != '\0')
        continue;
      /* Two answers: the dialogue is out of step, and neither is reliable. */
      if (mode != SQNS_MODE_UNKNOWN || g_ascii_digit_value (line[0]) > SQNS_MODE_RECOVERY)
        return SQNS_MODE_UNKNOWN;
      mode = (SqnsMode)g_ascii_digit_value (line[0]);
    }
  return mode;
}

SqnsMode
sqns_at_smswboot (const SqnsAtReply *reply)
{
  static const struct {
    const char *word;
    SqnsMode mode;
  } words[] = {
    { "FFH", SQNS_MODE_FFH },
    { "FFF", SQNS_MODE_FFF },
    { "UPDATER", SQNS_MODE_UPDATER },
    { "RECOVERY", SQNS_MODE_RECOVERY },
  };
  SqnsMode mode = SQNS_MODE_UNKNOWN;

  if (reply->final != SQNS_AT_OK)
    return SQNS_MODE_UNKNOWN;
  for (guint i = 0; i < reply->lines->len; i++)
    for (guint j = 0; j < G_N_ELEMENTS (words); j++)
      {
        if (strstr (reply_line (reply, i), words[j].word) == NULL)
          continue;
        /* More than one name is the help text ("0=FFH, 1=FFF, ..."), not an answer. */
        if (mode != SQNS_MODE_UNKNOWN && mode != words[j].mode)
          return SQNS_MODE_UNKNOWN;
        mode = words[j].mode;
      }
  return mode;
}

/* "success" is the first word of "success" and "success[0]", not of "successor". */
static gboolean
starts_with_word (const char *text, const char *word)
{
  gsize len = strlen (word);

  return g_ascii_strncasecmp (text, word, len) == 0 && !g_ascii_isalnum (text[len]);
}

SqnsReport
sqns_at_smupgrade (const SqnsAtReply *reply, char **reason)
{
  static const struct {
    const char *word;
    SqnsReport report;
  } words[] = {
    { "No report", SQNS_REPORT_NONE },      { "init", SQNS_REPORT_INIT },
    { "available", SQNS_REPORT_AVAILABLE }, { "on-going", SQNS_REPORT_ON_GOING },
    { "success", SQNS_REPORT_SUCCESS },     { "downloading", SQNS_REPORT_DOWNLOADING },
  };
  static const char prefix[] = "+SMUPGRADE:";
  const char *text = NULL;

  if (reason != NULL)
    *reason = NULL;
  for (guint i = 0; i < reply->lines->len; i++)
    if (g_str_has_prefix (reply_line (reply, i), prefix))
      text = reply_line (reply, i) + strlen (prefix);
  while (text != NULL && g_ascii_isspace (*text))
    text++;
  if (text == NULL || *text == '\0')
    return SQNS_REPORT_UNKNOWN;

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (starts_with_word (text, words[i].word))
      return words[i].report;
  if (reason != NULL)
    *reason = g_strdup (text);
  return SQNS_REPORT_FAILURE;
}

/* The UE text after "UE" or "UE:", without the suffix of some builds ("5.0.0.0d;att:5.1.0.0d"). The factory
 * firmware's "Unknown" does not count (field-failures.md row 41). */
static char *
ue_text (const char *text)
{
  while (*text == ':' || g_ascii_isspace (*text))
    text++;
  char *ue = g_strndup (text, strcspn (text, "; \t"));
  if (g_ascii_strcasecmp (ue, "Unknown") == 0)
    *ue = '\0';
  return ue;
}

gboolean
sqns_at_ati1 (const SqnsAtReply *reply, SqnsVersion *version, char **ue)
{
  g_autofree char *found_ue = NULL;
  gboolean found = FALSE;

  *version = (SqnsVersion){ 0 };
  if (ue != NULL)
    *ue = NULL;
  for (guint i = 0; i < reply->lines->len; i++)
    {
      const char *line = reply_line (reply, i);

      if (!found && g_str_has_prefix (line, "LR"))
        found = sqns_version_parse (line, -1, version);
      else if (found_ue == NULL && g_str_has_prefix (line, "UE"))
        found_ue = ue_text (line + 2);
    }
  if (found && ue != NULL)
    *ue = g_steal_pointer (&found_ue);
  return found;
}

/* "Bootloader1*" of a showver line: 1, and *@starred */
static int
bootloader_index (const char *key, gboolean *starred)
{
  static const char word[] = "Bootloader";
  const char *digit = key + strlen (word);

  if (!g_str_has_prefix (key, word) || *digit < '0' || *digit >= '0' + SQNS_N_BOOTLOADERS)
    return -1;
  *starred = g_str_equal (digit + 1, "*");
  return *starred || digit[1] == '\0' ? *digit - '0' : -1;
}

gboolean
sqns_at_showver (const SqnsAtReply *reply, SqnsShowver *showver)
{
  gboolean found = FALSE;

  *showver = (SqnsShowver){ .active = -1 };
  for (guint i = 0; i < reply->lines->len; i++)
    {
      g_auto (GStrv) fields = g_strsplit (reply_line (reply, i), ":", 2);
      gboolean starred = FALSE;
      int loader;

      if (g_strv_length (fields) < 2)
        continue;
      loader = bootloader_index (g_strstrip (fields[0]), &starred);
      if (loader >= 0)
        {
          sqns_version_parse (fields[1], -1, &showver->bootloader[loader]);
          showver->active = starred ? loader : showver->active;
          found = TRUE;
        }
      else if (g_str_equal (fields[0], "Software"))
        {
          sqns_version_parse (fields[1], -1, &showver->software);
          found = TRUE;
        }
      else if (g_str_equal (fields[0], "UE"))
        {
          g_autofree char *ue = ue_text (fields[1]);

          g_strlcpy (showver->ue, ue, sizeof showver->ue);
        }
    }
  return found;
}

SqnsNoise
sqns_at_classify (const guint8 *data, gsize len)
{
  gsize zeros = 0, text = 0;

  if (len == 0)
    return SQNS_NOISE_NONE;
  /* A line that goes low reads as one \xfe, then zeros (field-failures.md §1 row 16). */
  for (gsize i = data[0] == 0xfe ? 1 : 0; i < len && data[i] == 0; i++)
    zeros++;
  if (zeros > 0 && zeros + (data[0] == 0xfe ? 1 : 0) == len)
    return SQNS_NOISE_ZEROS;

  /* Leading zeros come from a modem that was just switched on: what follows them counts. */
  if (data[0] == 0)
    {
      data += zeros;
      len -= zeros;
    }
  for (gsize i = 0; i < len; i++)
    text += is_graphic (data[i]) || is_eol (data[i]) || data[i] == '\t';
  if (text < len - len / 4)
    return SQNS_NOISE_GARBAGE;
  return g_strstr_len ((const char *)data, (gssize)len, "^EXIT: ") != NULL ? SQNS_NOISE_CRASH : SQNS_NOISE_TEXT;
}

char *
sqns_at_printable (const guint8 *data, gsize len, gboolean personal)
{
  GString *text = g_string_sized_new (len);

  for (gsize i = 0; i < len;)
    {
      gsize digits = 0;

      while (i + digits < len && g_ascii_isdigit ((char)data[i + digits]))
        digits++;
      if (digits >= MIN_PRIVATE_DIGITS && !personal)
        g_string_append (text, "<private>");
      else if (digits > 0)
        g_string_append_len (text, (const char *)data + i, (gssize)digits);
      else if (data[i] == '\\')
        g_string_append (text, "\\\\");
      else if (is_graphic (data[i]))
        g_string_append_c (text, (char)data[i]);
      else
        g_string_append_printf (text, "\\x%02x", data[i]);
      i += MAX (digits, 1);
    }
  return g_string_free (text, FALSE);
}
