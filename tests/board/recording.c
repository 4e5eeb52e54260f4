/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads a job's transcript as a recording of a modem.
 *
 * '>' lines went to the modem, '<' lines came from it. Only remarks ('#') about silence and about STP, whose bytes are
 * not in a transcript, are used. Lines that start with # are comments, except "# modem at 115200 baud", which is the
 * speed at which a hand-made recording begins. */
#include "recording.h"

#include <gio/gio.h>
#include <string.h>

#define SIZE_MAX_BYTES (4 * 1024 * 1024)
#define DEFAULT_BAUD 921600
#define PRIVATE "<private>"
#define PRIVATE_DIGITS "000000000000000"
/* A transcript does not contain the answers to the host's first probes. The host repeats them after 350 ms of silence.
 */
#define POKE_SILENT_MS 300

typedef struct {
  Recording *recording;
  RecordedExchange *now;
  guint line;
  gint64 ms;
  gboolean in_script; /* the text is the output of a script, not of the modem */
} Reader;

static void
answer_free (gpointer data)
{
  RecordedAnswer *answer = data;

  g_free (answer->text);
  g_free (answer);
}

static void
exchange_free (gpointer data)
{
  RecordedExchange *exchange = data;

  if (exchange->upload != NULL)
    g_array_unref (exchange->upload->ranges);
  g_free (exchange->upload);
  g_free (exchange->command);
  g_ptr_array_unref (exchange->answers);
  g_free (exchange);
}

void
recording_free (Recording *recording)
{
  g_ptr_array_unref (recording->exchanges);
  g_ptr_array_unref (recording->notes);
  g_free (recording);
}

static gboolean
wrong (Reader *reader, GError **error, const char *what)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "line %u: %s", reader->line, what);
  return FALSE;
}

static void G_GNUC_PRINTF (2, 3) note (Reader *reader, const char *format, ...)
{
  va_list args;
  g_autofree char *text = NULL;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_ptr_array_add (reader->recording->notes, g_strdup_printf ("line %u: %s", reader->line, text));
}

static RecordedExchange *
begin (Reader *reader, char *command)
{
  RecordedExchange *exchange = g_new0 (RecordedExchange, 1);

  exchange->line = reader->line;
  exchange->command = command;
  exchange->ms = reader->ms;
  exchange->answers = g_ptr_array_new_with_free_func (answer_free);
  g_ptr_array_add (reader->recording->exchanges, exchange);
  reader->now = exchange;
  reader->in_script = FALSE;
  return exchange;
}

/* The bytes that "\x0d" and "\\" stand for; NULL if it is neither. */
static char *
unescape (const char *text, gboolean *raw)
{
  g_autoptr (GString) bytes = g_string_new (NULL);

  *raw = FALSE;
  for (const char *at = text; *at != '\0'; at++)
    {
      gint high, low;

      if (*at != '\\')
        {
          g_string_append_c (bytes, *at);
          continue;
        }
      if (at[1] == '\\')
        {
          g_string_append_c (bytes, *++at);
          continue;
        }
      if (at[1] != 'x' || (high = g_ascii_xdigit_value (at[2])) < 0 || (low = g_ascii_xdigit_value (at[3])) < 0)
        return NULL;
      g_string_append_c (bytes, (char)(high * 16 + low));
      *raw = TRUE;
      at += 3;
    }
  return g_strdup (bytes->str); /* a NUL ends it; replays need none */
}

static char *
with_digits (Reader *reader, const char *text)
{
  g_auto (GStrv) parts = g_strsplit (text, PRIVATE, -1);

  if (parts[0] != NULL && parts[1] != NULL)
    note (reader, "a personal number is not in the recording: zeros stand for it");
  return g_strjoinv (PRIVATE_DIGITS, parts);
}

static gboolean
take_host (Reader *reader, const char *text, GError **error)
{
  gboolean raw;
  g_autofree char *command = unescape (text, &raw);

  if (command == NULL)
    return wrong (reader, error, "a backslash is followed by another one or by x and two hexadecimal digits");
  if (g_ascii_strncasecmp (command, "AT", 2) != 0 && !g_str_equal (command, "+++"))
    note (reader, "not for a modem, so not expected: %s", text);
  else
    begin (reader, g_steal_pointer (&command));
  return TRUE;
}

static gboolean
take_modem (Reader *reader, const char *text, GError **error)
{
  RecordedAnswer *answer;
  g_autofree char *digits = NULL;
  g_autofree char *bytes = NULL;
  gboolean raw;

  if (reader->in_script)
    return TRUE;
  digits = with_digits (reader, text);
  bytes = unescape (digits, &raw);
  if (bytes == NULL)
    return wrong (reader, error, "a backslash is followed by another one or by x and two hexadecimal digits");
  answer = g_new0 (RecordedAnswer, 1);
  answer->ms = reader->ms - reader->now->ms;
  answer->text = g_steal_pointer (&bytes);
  answer->raw = raw;
  g_ptr_array_add (reader->now->answers, answer);
  return TRUE;
}

static RecordedUpload *
upload_of (RecordedExchange *exchange)
{
  if (exchange->upload == NULL)
    {
      exchange->upload = g_new0 (RecordedUpload, 1);
      exchange->upload->ranges = g_array_new (FALSE, TRUE, sizeof (RecordedRange));
    }
  return exchange->upload;
}

/* "STP bytes 0 to 6048 of 60000, blocks of 8064, 0 sent again: trouble". Older transcripts lack the total. "blocks of
 * 0" ends the session. */
static gboolean
take_range (Reader *reader, const char *text)
{
  static const char pattern[] = "^STP bytes ([0-9]+) to ([0-9]+)(?: of ([0-9]+))?, blocks of ([0-9]+), [0-9]+ sent "
                                "again(: .+)?$";
  g_autoptr (GRegex) regex = g_regex_new (pattern, 0, 0, NULL);
  g_autoptr (GMatchInfo) match = NULL;
  RecordedUpload *upload;
  RecordedRange range = { .ms = reader->ms - reader->now->ms };
  guint64 numbers[5] = { 0 };

  if (!g_regex_match (regex, text, 0, &match))
    return FALSE;
  for (gint i = 1; i <= 4; i++)
    {
      g_autofree char *digits = g_match_info_fetch (match, i);

      numbers[i] = g_ascii_strtoull (digits, NULL, 10);
    }
  upload = upload_of (reader->now);
  range.bytes = numbers[2];
  range.in_trouble = g_match_info_get_match_count (match) == 6;
  g_array_append_val (upload->ranges, range);
  upload->taken = numbers[2];
  upload->whole = numbers[3] > 0 ? numbers[2] == numbers[3] : numbers[4] == 0;
  return TRUE;
}

static gboolean
take_remark (Reader *reader, const char *text, GError **error)
{
  RecordedExchange *now = reader->now;

  if (g_str_has_prefix (text, "STP bytes "))
    return take_range (reader, text) || wrong (reader, error, "an STP line of a form that is not known");
  if (g_str_has_prefix (text, "STP RESET, in case "))
    begin (reader, NULL)->silent = TRUE;
  else if (g_str_has_prefix (text, "the modem was in STP mode and answered a RESET") && now->command == NULL)
    now->silent = FALSE;
  else if (g_str_has_prefix (text, "the modem is out of STP mode"))
    upload_of (now)->left = TRUE;
  else if (g_str_has_prefix (text, "runs "))
    reader->in_script = TRUE;
  else if (now->command != NULL && now->answers->len == 0 && strstr (text, ": no answer within ") != NULL)
    now->silent = TRUE;
  return TRUE;
}

/* "linked: direct at 921600 baud" */
static guint
linked_baud (const char *text)
{
  const char *at = strstr (text, " at ");

  return g_str_has_prefix (text, "linked: ") && at != NULL ? (guint)g_ascii_strtoull (at + 4, NULL, 10) : 0;
}

static void
take_comment (Reader *reader, const char *line)
{
  static const char head[] = "# modem at ";

  if (g_str_has_prefix (line, head))
    reader->recording->baud = (guint)g_ascii_strtoull (line + strlen (head), NULL, 10);
  else if (strstr (line, " left out here ...") != NULL)
    note (reader, "the transcript has a gap here");
}

static gboolean
take_line (Reader *reader, const char *line, GError **error)
{
  char *end = NULL;
  guint64 seconds;
  guint64 millis = 0;
  gint64 ms;
  const char *text;

  if (*line == '#' || *line == '\0')
    {
      take_comment (reader, line);
      return TRUE;
    }
  seconds = g_ascii_isdigit (*line) ? g_ascii_strtoull (line, &end, 10) : 0;
  if (end == NULL || *end != '.' || !g_ascii_isdigit (end[1]) || !g_ascii_isdigit (end[2]) || !g_ascii_isdigit (end[3])
      || end[4] != ' ' || seconds > G_MAXINT32)
    return wrong (reader, error, "not a line of a transcript, which is like 12.345 > AT");
  millis = g_ascii_strtoull (end + 1, &end, 10);
  if (end[1] == '\0' || strchr ("><#", end[1]) == NULL || (end[2] != ' ' && end[2] != '\0'))
    return wrong (reader, error, "neither >, < nor # stands behind the time");
  ms = (gint64)(seconds * 1000 + millis);
  if (ms < reader->ms)
    return wrong (reader, error, "the time goes backwards");
  reader->ms = ms;
  text = end[2] == '\0' ? "" : end + 3;
  if (end[1] == '>')
    return take_host (reader, text, error);
  if (end[1] == '<')
    return take_modem (reader, text, error);
  if (reader->recording->baud == 0)
    reader->recording->baud = linked_baud (text);
  return take_remark (reader, text, error);
}

/* Probes whose answers are not in the transcript. */
static void
find_silences (Recording *recording)
{
  for (guint i = 0; i + 1 < recording->exchanges->len; i++)
    {
      RecordedExchange *exchange = g_ptr_array_index (recording->exchanges, i);
      const RecordedExchange *next = g_ptr_array_index (recording->exchanges, i + 1);

      if (g_strcmp0 (exchange->command, "AT") == 0 && exchange->answers->len == 0
          && next->ms - exchange->ms >= POKE_SILENT_MS)
        exchange->silent = TRUE;
    }
}

Recording *
recording_load (const char *path, GError **error)
{
  g_autoptr (Recording) recording = g_new0 (Recording, 1);
  Reader reader = { .recording = recording };
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  gsize len;

  recording->exchanges = g_ptr_array_new_with_free_func (exchange_free);
  recording->notes = g_ptr_array_new_with_free_func (g_free);
  if (!g_file_get_contents (path, &text, &len, error))
    return NULL;
  if (len > SIZE_MAX_BYTES || memchr (text, '\0', len) != NULL || !g_utf8_validate_len (text, len, NULL))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s is not a transcript: not text, or too long", path);
      return NULL;
    }
  begin (&reader, g_strdup (""));
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      reader.line = i + 1;
      if (!take_line (&reader, g_strchomp (lines[i]), error))
        {
          g_prefix_error (error, "%s: ", path);
          return NULL;
        }
    }
  if (recording->exchanges->len == 1 && reader.now->answers->len == 0)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s: contains nothing from or to a modem", path);
      return NULL;
    }
  if (recording->baud == 0)
    recording->baud = DEFAULT_BAUD;
  find_silences (recording);
  return g_steal_pointer (&recording);
}
