/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads the output of a MicroPython REPL, and prepares scripts for it. */
#include "codec/repl.h"

#include <string.h>

/* Noise of at most one line may precede "OK"; a REPL that echoes is not the raw one. */
#define MAX_NOISE 256u
#define RAW_BANNER "raw REPL; CTRL-B to exit"
#define EOT '\x04'

static gboolean
ends_in (const guint8 *data, gsize len, const char *tail)
{
  gsize tail_len = strlen (tail);

  return len >= tail_len && memcmp (data + len - tail_len, tail, tail_len) == 0;
}

static gboolean
at_line_start (const guint8 *data, gsize pos)
{
  return pos == 0 || data[pos - 1] == '\n' || data[pos - 1] == '\r';
}

/* TRUE when @data ends in @prompt at the start of a line: a program may print "Loading... ". */
static gboolean
ends_in_line (const guint8 *data, gsize len, const char *prompt)
{
  return ends_in (data, len, prompt) && at_line_start (data, len - strlen (prompt));
}

/* The raw REPL's ">" follows its banner, and the 0x04 that ends the output of each script. */
static gboolean
ends_in_raw_prompt (const guint8 *data, gsize len)
{
  gsize banner_end;

  if (!ends_in (data, len, ">"))
    return FALSE;
  if (len > 1 && data[len - 2] == EOT)
    return TRUE;
  for (banner_end = len - 1;
       banner_end > 0 && strchr ("\r\n", data[banner_end - 1]) != NULL && data[banner_end - 1] != 0;)
    banner_end--;
  return banner_end < len - 1 && ends_in (data, banner_end, RAW_BANNER);
}

#define CRASH_MAX 80

char *
sqns_repl_crash (const guint8 *data, gsize len)
{
  static const char *const words[] = { "Guru Meditation Error", "abort() was called" };

  for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
    {
      const char *said = len > 0 ? g_strstr_len ((const char *)data, (gssize)len, words[i]) : NULL;
      gsize size = 0;

      if (said == NULL)
        continue;
      for (gsize left = len - (gsize)(said - (const char *)data);
           size < left && size < CRASH_MAX && g_ascii_isprint (said[size]) && (size == 0 || said[size - 1] != '.');)
        size++;
      return g_strndup (said, size > 0 && said[size - 1] == '.' ? size - 1 : size);
    }
  return NULL;
}

guint
sqns_repl_starts (const guint8 *data, gsize len)
{
  static const char word[] = "rst:0x";
  guint starts = 0;

  for (gsize i = 0; i + strlen (word) <= len; i++)
    starts += memcmp (data + i, word, strlen (word)) == 0;
  return starts;
}

gboolean
sqns_repl_banner (const char *text, char **board, char **firmware)
{
  static const char product[] = "MicroPython ";
  const char *release = strstr (text, product), *end, *name;
  gsize release_len, name_len;

  if (release == NULL)
    return FALSE;
  release += strlen (product);
  end = release + strcspn (release, "\r\n");
  release_len = strcspn (release, " \r\n");
  name = g_strstr_len (release, end - release, "; ");
  if (release_len == 0 || name == NULL)
    return FALSE;
  name += strlen ("; ");
  name_len = strcspn (name, " \r\n");
  if (name_len == 0)
    return FALSE;
  *board = g_strndup (name, name_len);
  *firmware = g_strndup (release, release_len);
  return TRUE;
}

SqnsPrompt
sqns_repl_prompt (const guint8 *data, gsize len)
{
  gsize blanks = 0;

  /* Not only at the start of a line: a program's output may lack the line end before the prompt. */
  if (ends_in (data, len, ">>> "))
    return SQNS_PROMPT_FRIENDLY;
  if (ends_in_line (data, len, "=== "))
    return SQNS_PROMPT_PASTE;
  if (ends_in_raw_prompt (data, len))
    return SQNS_PROMPT_RAW;
  /* The friendly REPL indents the continuation of a block by itself. */
  while (blanks < len && data[len - 1 - blanks] == ' ')
    blanks++;
  return blanks > 0 && ends_in_line (data, len - blanks, "...") ? SQNS_PROMPT_CONTINUED : SQNS_PROMPT_NONE;
}

/* The end of "OK", 0 without one. At the start of a line or after a prompt it is reliable and preferred; else it may
 * follow garbage, but never end a word. *@hopeless: more bytes will not help. */
static gsize
find_ok (const guint8 *data, gsize len, gboolean *hopeless)
{
  const guint8 *eot = memchr (data, EOT, len);
  gsize head = MIN (eot != NULL ? (gsize)(eot - data) : len, MAX_NOISE);
  gsize fallback = 0, line_start = 0;
  guint lines = 0;

  *hopeless = FALSE;
  for (gsize i = 0; i < head && lines < 2; i++)
    {
      if (data[i] == '\n')
        {
          /* an empty line is no noise: it is the answer to Ctrl-A */
          lines += i > line_start && (data[line_start] != '\r' || i > line_start + 1);
          line_start = i + 1;
        }
      if (i + 1 >= head || data[i] != 'O' || data[i + 1] != 'K')
        continue;
      if (at_line_start (data, i) || data[i - 1] == '>')
        return i + 2;
      if (fallback == 0 && !g_ascii_isalnum ((char)data[i - 1]))
        fallback = i + 2;
    }
  *hopeless = fallback == 0 && (lines == 2 || eot != NULL || len >= MAX_NOISE);
  return fallback;
}

/* Valid UTF-8 with "\n" line ends: the board's stdout turns these into "\r\n". */
static char *
text_of (const guint8 *data, gsize len)
{
  g_autoptr (GString) text = g_string_sized_new (len);

  for (gsize i = 0; i < len; i++)
    if (data[i] != '\r' || i + 1 == len || data[i + 1] != '\n')
      g_string_append_c (text, (char)data[i]);
  return g_utf8_make_valid (text->str, (gssize)text->len);
}

void
sqns_repl_result_clear (SqnsReplResult *result)
{
  g_clear_pointer (&result->output, g_free);
  g_clear_pointer (&result->errors, g_free);
}

SqnsReplState
sqns_repl_parse_result (const guint8 *data, gsize len, SqnsReplResult *result)
{
  const guint8 *end = data + len;
  const guint8 *output, *output_end, *errors_end;
  gboolean hopeless;
  gsize ok;

  sqns_repl_result_clear (result);
  if (len == 0)
    return SQNS_REPL_MORE;
  ok = find_ok (data, len, &hopeless);
  if (ok == 0)
    return hopeless ? SQNS_REPL_BROKEN : SQNS_REPL_MORE;

  output = data + ok;
  output_end = memchr (output, EOT, (gsize)(end - output));
  if (output_end == NULL)
    return SQNS_REPL_MORE;
  errors_end = memchr (output_end + 1, EOT, (gsize)(end - output_end - 1));
  if (errors_end == NULL || memchr (errors_end, '>', (gsize)(end - errors_end)) == NULL)
    return SQNS_REPL_MORE;

  result->output = text_of (output, (gsize)(output_end - output));
  result->errors = g_strchomp (text_of (output_end + 1, (gsize)(errors_end - output_end - 1)));
  return SQNS_REPL_COMPLETE;
}

gboolean
sqns_repl_accepted (const guint8 *data, gsize len)
{
  gboolean hopeless;

  return len > 0 && find_ok (data, len, &hopeless) != 0;
}

const char *
sqns_repl_error_line (const char *errors)
{
  const char *last = errors;

  for (const char *at = errors; *at != '\0'; at++)
    if (*at == '\n' && at[1 + strspn (at + 1, "\r\n")] != '\0')
      last = at + 1;
  return last;
}

char *
sqns_repl_value (const char *output, const char *name)
{
  g_auto (GStrv) lines = g_strsplit (output, "\n", -1);
  g_autofree char *prefix = g_strdup_printf ("sqns %s=", name);

  for (guint i = 0; lines[i] != NULL; i++)
    if (g_str_has_prefix (lines[i], prefix))
      return g_strndup (lines[i] + strlen (prefix), strcspn (lines[i] + strlen (prefix), "\r"));
  return NULL;
}

/* The value for the "@NAME@" at @at, and that mark's length in *@len; NULL: none of @substitutions. */
static const char *
substitution_at (const char *at, const char *const *substitutions, gsize *len)
{
  for (guint i = 0; substitutions != NULL && substitutions[i] != NULL; i += 2)
    {
      gsize name_len = strlen (substitutions[i]);

      if (strncmp (at + 1, substitutions[i], name_len) == 0 && at[1 + name_len] == '@')
        {
          *len = name_len + 2;
          return substitutions[i + 1];
        }
    }
  return NULL;
}

/* In one pass, so that marks in values stay. */
static void
append_substituted (GString *text, const char *line, const char *const *substitutions)
{
  for (gsize i = 0, len; line[i] != '\0'; i += len)
    {
      const char *value = line[i] == '@' ? substitution_at (line + i, substitutions, &len) : NULL;

      if (value != NULL)
        {
          g_string_append (text, value);
          continue;
        }
      g_string_append_c (text, line[i]);
      len = 1;
    }
}

char *
sqns_repl_prepare (const char *script, const char *const *substitutions)
{
  g_auto (GStrv) lines = g_strsplit (script, "\n", -1);
  GString *text = g_string_new (NULL);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      gsize indent = strspn (lines[i], " \t\r");

      if (lines[i][indent] == '\0' || lines[i][indent] == '#')
        continue;
      while (g_str_has_suffix (lines[i], "\r"))
        lines[i][strlen (lines[i]) - 1] = '\0';
      append_substituted (text, lines[i], substitutions);
      g_string_append_c (text, '\n');
    }
  return g_string_free (text, FALSE);
}

#define MAX_RELEASE_NUMBER 999u

static gboolean
take_release_number (const char **at, guint *number)
{
  const char *start = *at;

  *number = 0;
  for (; g_ascii_isdigit (**at); (*at)++)
    {
      *number = *number * 10 + (guint)g_ascii_digit_value (**at);
      if (*number > MAX_RELEASE_NUMBER)
        return FALSE;
    }
  return *at > start;
}

/* ".rc10", ".b3", ".r4": pre-releases rank below the release. A plain release counts as ".r0". */
static gboolean
take_stage (const char **at, guint *stage)
{
  static const struct {
    const char *mark;
    guint stage;
  } marks[] = { { ".rc", 0 }, { ".b", 1 }, { ".r", 2 } };

  for (guint i = 0; i < G_N_ELEMENTS (marks); i++)
    if (g_str_has_prefix (*at, marks[i].mark))
      {
        *at += strlen (marks[i].mark);
        *stage = marks[i].stage;
        return TRUE;
      }
  return FALSE;
}

guint64
sqns_board_firmware_rank (const char *release)
{
  const char *at = *release == 'v' ? release + 1 : release;
  guint64 rank = 0;
  guint number = 0, stage = 2, minor = 0;

  for (guint i = 0; i < 3; i++)
    {
      if (i > 0 && *at++ != '.')
        return 0;
      if (!take_release_number (&at, &number))
        return 0;
      rank = rank * (MAX_RELEASE_NUMBER + 1) + number;
    }
  number = 0;
  if (*at == '.')
    {
      if (!take_stage (&at, &stage) || !take_release_number (&at, &number))
        return 0;
      /* "1.20.0.rc12.1" */
      if (*at == '.' && (at++, !take_release_number (&at, &minor)))
        return 0;
    }
  /* A build's suffix may follow ("1.20.2.r4-dirty"), but no other number or word. */
  if (*at != '\0' && strchr ("-+ ", *at) == NULL)
    return 0;
  return ((rank * 4 + stage) * (MAX_RELEASE_NUMBER + 1) + number) * (MAX_RELEASE_NUMBER + 1) + minor;
}
