/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A job as it stands on disk: one table of keys for writing and reading. */
#include "job/job-record.h"

#include "common/error.h"

#include <string.h>

#define HEAD "# A job of sqnsd; see sqnsd(8).\n[sqnsd-job]\n"
#define GROUP "[sqnsd-job]"
#define MAX_TEXT 8192 /* bytes of one value */
#define MAX_SERIAL_SPEED 4000000

typedef enum {
  TEXT,
  UUID,
  SHA256, /* or nothing */
  BOOLEAN,
  NUMBER, /* guint, to max */
  INTEGER,
  TIME, /* or an amount of bytes */
  VERSION,
  STATE,
  PHASE,
  LINK,
  METHOD,
  VERSION_OF_FORMAT, /* no field */
} ValueType;

#define FIELD(name) G_STRUCT_OFFSET (SqnsJobRecord, name)
static const struct {
  const char *key;
  ValueType type;
  gsize offset;
  guint max;
  gboolean newer; /* the first daemons did not write it: as in a new record where it is missing */
} keys[] = {
  { "Version", VERSION_OF_FORMAT, 0 },
  { "Uuid", UUID, FIELD (uuid) },
  { "State", STATE, FIELD (state) },
  { "Device", TEXT, FIELD (device) },
  { "DevNode", TEXT, FIELD (devnode) },
  { "VendorId", NUMBER, FIELD (vendor), 0xffff },
  { "ProductId", NUMBER, FIELD (product), 0xffff },
  { "Manual", BOOLEAN, FIELD (manual) },
  { "PortLink", LINK, FIELD (port_link) },
  { "PortBoard", TEXT, FIELD (port_board) },
  { "PortSpeed", NUMBER, FIELD (port_speed), MAX_SERIAL_SPEED },
  { "FirmwareName", TEXT, FIELD (files[SQNS_JOB_FIRMWARE].name) },
  { "FirmwareSha256", SHA256, FIELD (files[SQNS_JOB_FIRMWARE].sha256) },
  { "FirstStepName", TEXT, FIELD (files[SQNS_JOB_FIRST_STEP].name) },
  { "FirstStepSha256", SHA256, FIELD (files[SQNS_JOB_FIRST_STEP].sha256) },
  { "UpdaterName", TEXT, FIELD (files[SQNS_JOB_UPDATER].name) },
  { "UpdaterSha256", SHA256, FIELD (files[SQNS_JOB_UPDATER].sha256) },
  { "ExpectSha256", TEXT, FIELD (expect_sha256) },
  { "ExpectVersion", VERSION, FIELD (expect_version) },
  { "Method", METHOD, FIELD (options.method) },
  { "AllowDowngrade", BOOLEAN, FIELD (options.allow_downgrade) },
  { "AllowReinstall", BOOLEAN, FIELD (options.allow_reinstall) },
  { "AllowFamilyChange", BOOLEAN, FIELD (options.allow_family_change) },
  { "Force", BOOLEAN, FIELD (options.force) },
  { "Recover", BOOLEAN, FIELD (options.recover) },
  { "Link", LINK, FIELD (link) },
  { "Speed", NUMBER, FIELD (speed), MAX_SERIAL_SPEED },
  { "BlockSize", NUMBER, FIELD (block_size), 65535 },
  { "NotBefore", TIME, FIELD (not_before) },
  { "NotAfter", TIME, FIELD (not_after) },
  { "AtOnce", BOOLEAN, FIELD (at_once), .newer = TRUE },
  { "Priority", INTEGER, FIELD (priority) },
  { "Label", TEXT, FIELD (label) },
  { "IdempotencyKey", TEXT, FIELD (idempotency_key) },
  { "DryRun", BOOLEAN, FIELD (dry_run) },
  { "CreatorUid", NUMBER, FIELD (creator_uid), G_MAXUINT },
  { "CreatedAt", TIME, FIELD (created_at) },
  { "StartedAt", TIME, FIELD (started_at) },
  { "FinishedAt", TIME, FIELD (finished_at) },
  { "Started", BOOLEAN, FIELD (started) },
  { "Phase", PHASE, FIELD (phase) },
  { "Safe", BOOLEAN, FIELD (safe) },
  { "Progress", NUMBER, FIELD (progress), 1000000 },
  { "BytesDone", TIME, FIELD (bytes_done) },
  { "BytesTotal", TIME, FIELD (bytes_total) },
  { "Retries", NUMBER, FIELD (retries), G_MAXUINT },
  { "VersionBefore", VERSION, FIELD (version_before) },
  { "VersionAfter", VERSION, FIELD (version_after) },
  { "Message", TEXT, FIELD (message) },
  { "ErrorName", TEXT, FIELD (error_name) },
  { "ErrorMessage", TEXT, FIELD (error_message) },
  { "Advice", TEXT, FIELD (advice) },
  { "BoardLost", BOOLEAN, FIELD (board_lost) },
  { "CancelAsked", BOOLEAN, FIELD (cancel_asked) },
  { "Interruption", TEXT, FIELD (interruption) },
  { "Interruptions", NUMBER, FIELD (interruptions), G_MAXUINT },
  { "Fruitless", NUMBER, FIELD (fruitless), G_MAXUINT },
  { "Milestones", NUMBER, FIELD (milestones), G_MAXUINT },
  { "BootromReplaced", BOOLEAN, FIELD (checkpoint.done.bootrom_replaced) },
  { "FirstStepDone", BOOLEAN, FIELD (checkpoint.done.first_step_done) },
  { "FileSent", BOOLEAN, FIELD (checkpoint.done.file_sent) },
  { "FileTaken", BOOLEAN, FIELD (checkpoint.done.file_taken) },
  { "Rebooted", BOOLEAN, FIELD (checkpoint.done.rebooted) },
  { "Touched", BOOLEAN, FIELD (checkpoint.done.modified) },
  { "UpdaterLoads", NUMBER, FIELD (checkpoint.done.updater_loads), G_MAXUINT },
  { "Uploads", NUMBER, FIELD (checkpoint.done.uploads), G_MAXUINT },
  { "ModemBefore", VERSION, FIELD (checkpoint.before) },
  { "ModemVersion", VERSION, FIELD (checkpoint.version) },
  { "ModemBootloader0", VERSION, FIELD (checkpoint.bootloader0) },
  { "Written", BOOLEAN, FIELD (checkpoint.written) },
  { "ModemSalt", NUMBER, FIELD (checkpoint.salt), G_MAXUINT },
  { "ModemTag", NUMBER, FIELD (checkpoint.tag), G_MAXUINT },
};
#define N_KEYS G_N_ELEMENTS (keys)

G_STATIC_ASSERT (sizeof (SqnsJobState) == sizeof (guint) && sizeof (SqnsPhase) == sizeof (guint)
                 && sizeof (SqnsLinkKind) == sizeof (guint) && sizeof (SqnsMethod) == sizeof (guint));

static gboolean
is_string (ValueType type)
{
  return type == TEXT || type == UUID || type == SHA256;
}

SqnsJobRecord *
sqns_job_record_new (void)
{
  SqnsJobRecord *record = g_new0 (SqnsJobRecord, 1);
  for (gsize i = 0; i < N_KEYS; i++)
    if (is_string (keys[i].type))
      G_STRUCT_MEMBER (char *, record, keys[i].offset) = g_strdup ("");
  return record;
}

void
sqns_job_record_free (SqnsJobRecord *record)
{
  if (record == NULL)
    return;
  for (gsize i = 0; i < N_KEYS; i++)
    if (is_string (keys[i].type))
      g_free (G_STRUCT_MEMBER (char *, record, keys[i].offset));
  g_free (record);
}

/* Writing */

/* Lines end values, and blanks at their ends get lost when somebody edits. */
static void
append_text (GString *out, const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  if (strlen (valid) > MAX_TEXT / 2)
    *g_utf8_find_prev_char (valid, valid + MAX_TEXT / 2) = '\0'; /* each byte may become two */
  for (const char *at = valid; *at != '\0'; at++)
    if (*at == '\\')
      g_string_append (out, "\\\\");
    else if (*at == '\n')
      g_string_append (out, "\\n");
    else if (*at == '\r')
      g_string_append (out, "\\r");
    else if (*at == ' ' && (at == valid || at[1] == '\0'))
      g_string_append (out, "\\s");
    else
      g_string_append_c (out, *at);
}

static const char *const *
enum_names (ValueType type)
{
  return type == STATE   ? sqns_job_state_names
         : type == PHASE ? sqns_phase_names
         : type == LINK  ? sqns_link_kind_names
                         : sqns_method_names;
}

static void
append_value (GString *out, ValueType type, gconstpointer field)
{
  g_autofree char *version = NULL;

  switch (type)
    {
    case TEXT:
    case UUID:
    case SHA256:
      append_text (out, *(char *const *)field);
      break;
    case BOOLEAN:
      g_string_append (out, *(const gboolean *)field ? "yes" : "no");
      break;
    case NUMBER:
      g_string_append_printf (out, "%u", *(const guint *)field);
      break;
    case INTEGER:
      g_string_append_printf (out, "%d", *(const int *)field);
      break;
    case TIME:
      g_string_append_printf (out, "%" G_GINT64_FORMAT, *(const gint64 *)field);
      break;
    case VERSION:
      version = sqns_version_format (field);
      g_string_append (out, version);
      break;
    case STATE:
    case PHASE:
    case LINK:
    case METHOD:
      g_string_append (out, enum_names (type)[*(const guint *)field]);
      break;
    case VERSION_OF_FORMAT:
      g_string_append (out, "1");
      break;
    }
}

char *
sqns_job_record_format (const SqnsJobRecord *record)
{
  GString *out = g_string_new (HEAD);
  for (gsize i = 0; i < N_KEYS; i++)
    {
      g_string_append_printf (out, "%s=", keys[i].key);
      append_value (out, keys[i].type, G_STRUCT_MEMBER_P (record, keys[i].offset));
      g_string_append_c (out, '\n');
    }
  return g_string_free (out, FALSE);
}

/* Reading */

typedef struct {
  SqnsJobRecord *record;
  guint line;
  gboolean in_group;
  gsize next; /* key that is expected: they are written in their order */
  gboolean seen[N_KEYS];
} Parser;

G_GNUC_PRINTF (3, 4)
static gboolean
refuse (const Parser *parser, GError **error, const char *format, ...)
{
  va_list args;
  va_start (args, format);
  g_autofree char *text = g_strdup_vprintf (format, args);
  va_end (args);
  sqns_message_cut (text);
  g_set_error (error, SQNS_ERROR, SQNS_ERROR_FAILED, "line %u: %s", parser->line, text);
  return FALSE;
}

/* What was escaped; NULL for an escape that is none. */
static char *
unescape (const char *text)
{
  GString *out = g_string_new (NULL);
  for (const char *at = text; *at != '\0'; at++)
    {
      if (*at != '\\')
        {
          g_string_append_c (out, *at);
          continue;
        }
      at++;
      if (*at == '\\')
        g_string_append_c (out, '\\');
      else if (*at == 'n')
        g_string_append_c (out, '\n');
      else if (*at == 'r')
        g_string_append_c (out, '\r');
      else if (*at == 's')
        g_string_append_c (out, ' ');
      else
        {
          g_string_free (out, TRUE);
          return NULL;
        }
    }
  return g_string_free (out, FALSE);
}

static gboolean
is_lower_hex (const char *text, gsize digits)
{
  return strspn (text, "0123456789abcdef") == digits && text[digits] == '\0';
}

static gboolean
read_text (ValueType type, const char *text, char **field)
{
  g_autofree char *value = strlen (text) <= MAX_TEXT ? unescape (text) : NULL;
  if (value == NULL || strlen (value) > MAX_TEXT / 2)
    return FALSE;
  if (type == UUID)
    {
      g_autofree char *lower = g_ascii_strdown (value, -1);
      if (!g_uuid_string_is_valid (value) || !g_str_equal (lower, value))
        return FALSE;
    }
  if (type == SHA256 && *value != '\0' && !is_lower_hex (value, 64))
    return FALSE;
  g_free (*field);
  *field = g_steal_pointer (&value);
  return TRUE;
}

static gboolean
read_enum (ValueType type, const char *text, guint *field)
{
  int i = sqns_names_find (enum_names (type), text);
  if (i >= 0)
    *field = (guint)i;
  return i >= 0;
}

/* Only in the form that is written, so that nothing is read into it. */
static gboolean
read_version (const char *text, SqnsVersion *version)
{
  *version = (SqnsVersion){ 0 };
  if (*text == '\0')
    return TRUE;
  if (!sqns_version_parse (text, -1, version))
    return FALSE;
  g_autofree char *again = sqns_version_format (version);
  return g_str_equal (again, text);
}

static gboolean
read_value (gsize key, const char *text, gpointer field)
{
  ValueType type = keys[key].type;
  guint64 number;
  gint64 integer;

  switch (type)
    {
    case TEXT:
    case UUID:
    case SHA256:
      return read_text (type, text, field);
    case BOOLEAN:
      *(gboolean *)field = g_str_equal (text, "yes");
      return g_str_equal (text, "yes") || g_str_equal (text, "no");
    case NUMBER:
      if (!g_ascii_string_to_unsigned (text, 10, 0, keys[key].max, &number, NULL))
        return FALSE;
      *(guint *)field = number;
      return TRUE;
    case INTEGER:
      if (!g_ascii_string_to_signed (text, 10, G_MININT, G_MAXINT, &integer, NULL))
        return FALSE;
      *(int *)field = integer;
      return TRUE;
    case TIME:
      return g_ascii_string_to_signed (text, 10, 0, G_MAXINT64, field, NULL);
    case VERSION:
      return read_version (text, field);
    case STATE:
    case PHASE:
    case LINK:
    case METHOD:
      return read_enum (type, text, field);
    case VERSION_OF_FORMAT:
      return g_str_equal (text, "1");
    }
  return FALSE;
}

static gboolean
parse_line (Parser *parser, char *line, GError **error)
{
  if (*line == '\0' || *line == '#')
    return TRUE;
  if (g_str_equal (line, GROUP) && !parser->in_group)
    {
      parser->in_group = TRUE;
      return TRUE;
    }
  char *equals = strchr (line, '=');
  if (equals == NULL || !parser->in_group)
    return refuse (parser, error, "no Key=Value of the group " GROUP);
  *equals = '\0';
  for (gsize tries = 0; tries < N_KEYS; tries++)
    {
      gsize i = (parser->next + tries) % N_KEYS;
      if (!g_str_equal (keys[i].key, line))
        continue;
      parser->next = i + 1;
      if (parser->seen[i])
        return refuse (parser, error, "%s stands there twice", line);
      parser->seen[i] = TRUE;
      return read_value (i, equals + 1, G_STRUCT_MEMBER_P (parser->record, keys[i].offset))
             || refuse (parser, error, "the value of %s is none", line);
    }
  return refuse (parser, error, "unknown key \"%s\"", line);
}

/* What no single value shows. */
static gboolean
check_whole (const Parser *parser, GError **error)
{
  const SqnsJobRecord *record = parser->record;
  for (gsize i = 0; i < N_KEYS; i++)
    if (!parser->seen[i] && !keys[i].newer)
      return refuse (parser, error, "%s is missing", keys[i].key);
  if (*record->files[SQNS_JOB_FIRMWARE].sha256 == '\0')
    return refuse (parser, error, "no firmware is named");
  if (*record->device == '\0' || *record->devnode != '/')
    return refuse (parser, error, "no board is named");
  return TRUE;
}

SqnsJobRecord *
sqns_job_record_parse (const char *text, gsize len, GError **error)
{
  g_autoptr (SqnsJobRecord) record = sqns_job_record_new ();
  Parser parser = { .record = record };

  /* a cut record lacks its last end of line, or keys */
  if (len == 0 || len > SQNS_JOB_RECORD_MAX || text[len - 1] != '\n' || memchr (text, '\0', len) != NULL
      || !g_utf8_validate (text, len, NULL))
    {
      refuse (&parser, error, "the file is empty, cut, too long or no text");
      return NULL;
    }
  g_autofree char *copy = g_strndup (text, len);
  g_auto (GStrv) lines = g_strsplit (copy, "\n", -1);
  for (char **line = lines; *line != NULL; line++)
    {
      parser.line++;
      if (!parse_line (&parser, *line, error))
        return NULL;
    }
  return check_whole (&parser, error) ? g_steal_pointer (&record) : NULL;
}
