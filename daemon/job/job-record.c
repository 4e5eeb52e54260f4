/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The state of a job as a value: one table of fields. */
#include "job/job-record.h"

#include "common/clean.h"
#include "common/error.h"

#include <string.h>

#define HEAD "# A job of sqnsd; see sqnsd(8).\n[sqnsd-job]\n"
#define GROUP "[sqnsd-job]"
#define MAX_TEXT 8192 /* bytes of one value */
#define MAX_SERIAL_SPEED 4000000

typedef enum {
  TEXT,
  DIGEST, /* text; the case of letters makes no difference */
  UUID,
  SHA256, /* or nothing */
  BOOLEAN,
  KIND,   /* a boolean on disk, "recover" or "upgrade" in words */
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

typedef enum {
  OPTION = 1,   /* by @name an option: requests that differ in it are different */
  PROPERTY = 2, /* a property of org.sqnsd1.Job */
  HISTORY = 4,  /* in an entry of GetHistory */
  NEWER = 8,    /* older daemons did not write it: when missing, as in a new record */
} Use;

#define FIELD(name) G_STRUCT_OFFSET (SqnsJobRecord, name)
static const struct {
  const char *key; /* on disk */
  ValueType type;
  gsize offset;
  const char *name; /* on D-Bus, nullable */
  Use use;
  guint max;
} keys[] = {
  { "Version", VERSION_OF_FORMAT, 0 },
  { "Uuid", UUID, FIELD (uuid), "uuid", PROPERTY | HISTORY },
  { "State", STATE, FIELD (state), "state", HISTORY },
  { "Device", TEXT, FIELD (device), "modem", HISTORY },
  { "DevNode", TEXT, FIELD (devnode), "dev-node", HISTORY },
  { "VendorId", NUMBER, FIELD (vendor), NULL, 0, 0xffff },
  { "ProductId", NUMBER, FIELD (product), NULL, 0, 0xffff },
  { "Manual", BOOLEAN, FIELD (manual) },
  { "PortLink", LINK, FIELD (port_link) },
  { "PortBoard", TEXT, FIELD (port_board) },
  { "PortSpeed", NUMBER, FIELD (port_speed), NULL, 0, MAX_SERIAL_SPEED },
  { "FirmwareName", TEXT, FIELD (request.files[SQNS_JOB_FIRMWARE].name), "firmware-name", PROPERTY | HISTORY },
  { "FirmwareSha256", SHA256, FIELD (request.files[SQNS_JOB_FIRMWARE].sha256), "firmware-sha256", PROPERTY | HISTORY },
  { "FirstStepName", TEXT, FIELD (request.files[SQNS_JOB_FIRST_STEP].name) },
  { "FirstStepSha256", SHA256, FIELD (request.files[SQNS_JOB_FIRST_STEP].sha256) },
  { "UpdaterName", TEXT, FIELD (request.files[SQNS_JOB_UPDATER].name) },
  { "UpdaterSha256", SHA256, FIELD (request.files[SQNS_JOB_UPDATER].sha256) },
  { "ExpectSha256", DIGEST, FIELD (request.expect_sha256), "expect-sha256", OPTION },
  { "ExpectVersion", VERSION, FIELD (request.expect_version), "expect-version", OPTION },
  { "Method", METHOD, FIELD (request.options.method), "method", OPTION },
  { "AllowDowngrade", BOOLEAN, FIELD (request.options.allow_downgrade), "allow-downgrade", OPTION },
  { "AllowReinstall", BOOLEAN, FIELD (request.options.allow_reinstall), "allow-reinstall", OPTION },
  { "AllowFamilyChange", BOOLEAN, FIELD (request.options.allow_family_change), "allow-family-change", OPTION },
  { "Force", BOOLEAN, FIELD (request.options.force), "force", OPTION },
  { "Recover", KIND, FIELD (request.options.recover), "kind", OPTION | PROPERTY | HISTORY },
  { "Link", LINK, FIELD (request.link), "link", OPTION },
  { "Speed", NUMBER, FIELD (request.speed), "speed", OPTION, MAX_SERIAL_SPEED },
  { "BlockSize", NUMBER, FIELD (request.block_size), "block-size", OPTION, 65535 },
  { "NotBefore", TIME, FIELD (request.not_before), "not-before", OPTION | PROPERTY },
  { "NotAfter", TIME, FIELD (request.not_after), "not-after", OPTION | PROPERTY },
  { "AtOnce", BOOLEAN, FIELD (request.at_once), NULL, NEWER },
  { "Priority", INTEGER, FIELD (request.priority), "priority", OPTION | PROPERTY },
  { "Label", TEXT, FIELD (request.label), "label", OPTION | PROPERTY | HISTORY },
  { "IdempotencyKey", TEXT, FIELD (request.idempotency_key) },
  { "DryRun", BOOLEAN, FIELD (request.dry_run), "dry-run", OPTION },
  { "CreatorUid", NUMBER, FIELD (request.creator_uid), "creator-uid", PROPERTY | HISTORY, G_MAXUINT },
  { "CreatedAt", TIME, FIELD (created_at), "created-at", PROPERTY | HISTORY },
  { "StartedAt", TIME, FIELD (started_at), "started-at", PROPERTY | HISTORY },
  { "FinishedAt", TIME, FIELD (finished_at), "finished-at", PROPERTY | HISTORY },
  { "Started", BOOLEAN, FIELD (started) },
  { "Phase", PHASE, FIELD (phase), "phase", PROPERTY | HISTORY },
  { "Safe", BOOLEAN, FIELD (safe), "safe", PROPERTY | HISTORY },
  { "Progress", NUMBER, FIELD (progress), NULL, 0, 1000000 },
  { "BytesDone", TIME, FIELD (bytes_done), "bytes-done", PROPERTY },
  { "BytesTotal", TIME, FIELD (bytes_total), "bytes-total", PROPERTY },
  { "Retries", NUMBER, FIELD (retries), "retries", PROPERTY | HISTORY, G_MAXUINT },
  { "VersionBefore", VERSION, FIELD (version_before), "version-before", PROPERTY | HISTORY },
  { "VersionAfter", VERSION, FIELD (version_after), "version-after", PROPERTY | HISTORY },
  { "Message", TEXT, FIELD (message), "message", PROPERTY | HISTORY },
  { "ErrorName", TEXT, FIELD (error_name), "error-name", PROPERTY | HISTORY },
  { "ErrorMessage", TEXT, FIELD (error_message), "error-message", PROPERTY | HISTORY },
  { "Advice", TEXT, FIELD (advice), "advice", PROPERTY | HISTORY },
  { "BoardLost", BOOLEAN, FIELD (board_lost) },
  { "CancelAsked", BOOLEAN, FIELD (cancel_asked) },
  { "Interruption", TEXT, FIELD (interruption) },
  { "Interruptions", NUMBER, FIELD (interruptions), "interruptions", HISTORY, G_MAXUINT },
  { "Fruitless", NUMBER, FIELD (fruitless), NULL, 0, G_MAXUINT },
  { "Milestones", NUMBER, FIELD (milestones), NULL, 0, G_MAXUINT },
  { "BootromReplaced", BOOLEAN, FIELD (checkpoint.done.bootrom_replaced) },
  { "FirstStepDone", BOOLEAN, FIELD (checkpoint.done.first_step_done) },
  { "FileSent", BOOLEAN, FIELD (checkpoint.done.file_sent) },
  { "FileTaken", BOOLEAN, FIELD (checkpoint.done.file_taken) },
  { "Rebooted", BOOLEAN, FIELD (checkpoint.done.rebooted) },
  { "Touched", BOOLEAN, FIELD (checkpoint.done.modified) },
  { "UpdaterLoads", NUMBER, FIELD (checkpoint.done.updater_loads), NULL, 0, G_MAXUINT },
  { "Uploads", NUMBER, FIELD (checkpoint.done.uploads), NULL, 0, G_MAXUINT },
  { "ModemBefore", VERSION, FIELD (checkpoint.before) },
  { "ModemVersion", VERSION, FIELD (checkpoint.version) },
  { "ModemBootloader0", VERSION, FIELD (checkpoint.bootloader0) },
  { "Written", BOOLEAN, FIELD (checkpoint.written) },
  { "ModemSalt", NUMBER, FIELD (checkpoint.salt), NULL, 0, G_MAXUINT },
  { "ModemTag", NUMBER, FIELD (checkpoint.tag), NULL, 0, G_MAXUINT },
};
#define N_KEYS G_N_ELEMENTS (keys)

G_STATIC_ASSERT (sizeof (SqnsJobState) == sizeof (guint) && sizeof (SqnsPhase) == sizeof (guint)
                 && sizeof (SqnsLinkKind) == sizeof (guint) && sizeof (SqnsMethod) == sizeof (guint));

static gboolean
is_string (gsize key)
{
  return keys[key].type == TEXT || keys[key].type == DIGEST || keys[key].type == UUID || keys[key].type == SHA256;
}

void
sqns_job_record_set (char **field, const char *value)
{
  char *copy = g_strdup (value != NULL ? value : "");
  g_free (*field);
  *field = copy;
}

void
sqns_job_record_set_message (SqnsJobRecord *record, const char *message)
{
  char *clean = sqns_clean_line (message, -1);
  g_free (record->message);
  record->message = clean;
}

SqnsJobRecord *
sqns_job_record_copy (const SqnsJobRecord *record)
{
  SqnsJobRecord *copy = g_memdup2 (record, sizeof *record);
  for (gsize i = 0; i < N_KEYS; i++)
    if (is_string (i))
      {
        char **field = G_STRUCT_MEMBER_P (copy, keys[i].offset);
        *field = g_strdup (*field != NULL ? *field : "");
      }
  return copy;
}

SqnsJobRecord *
sqns_job_record_new (void)
{
  const SqnsJobRecord none = { 0 };
  return sqns_job_record_copy (&none);
}

void
sqns_job_record_free (SqnsJobRecord *record)
{
  if (record == NULL)
    return;
  for (gsize i = 0; i < N_KEYS; i++)
    if (is_string (i))
      g_free (G_STRUCT_MEMBER (char *, record, keys[i].offset));
  g_free (record);
}

gboolean
sqns_job_record_is_resumable (const SqnsJobRecord *record)
{
  return (record->state == SQNS_JOB_FAILED || record->state == SQNS_JOB_CANCELLED) && !record->request.dry_run;
}

gboolean
sqns_job_record_needs_files (const SqnsJobRecord *record)
{
  return !sqns_job_state_ended (record->state) || sqns_job_record_is_resumable (record);
}

/* The request */

/* A field of @request. */
#define OF_REQUEST(order, key) G_STRUCT_MEMBER_P (order, keys[key].offset - FIELD (request))

static gboolean
is_request_string (gsize key)
{
  return is_string (key) && keys[key].offset >= FIELD (request)
         && keys[key].offset < FIELD (request) + sizeof (SqnsRequest);
}

SqnsRequest *
sqns_request_copy (const SqnsRequest *request)
{
  SqnsRequest *copy = g_memdup2 (request, sizeof *request);
  for (gsize i = 0; i < N_KEYS; i++)
    if (is_request_string (i))
      {
        char **field = OF_REQUEST (copy, i);
        *field = g_strdup (*field != NULL ? *field : "");
      }
  return copy;
}

SqnsRequest *
sqns_request_new (void)
{
  const SqnsRequest none = { 0 };
  return sqns_request_copy (&none);
}

static void
clear_request (SqnsRequest *request)
{
  for (gsize i = 0; i < N_KEYS; i++)
    if (is_request_string (i))
      g_free (*(char **)OF_REQUEST (request, i));
}

void
sqns_request_free (SqnsRequest *request)
{
  if (request == NULL)
    return;
  clear_request (request);
  g_free (request);
}

void
sqns_job_record_set_request (SqnsJobRecord *record, const SqnsRequest *request)
{
  g_autofree SqnsRequest *copy = sqns_request_copy (request);
  clear_request (&record->request);
  record->request = *copy;
}

void
sqns_request_set_file (SqnsRequest *request, SqnsJobFile file, const char *name, const char *sha256)
{
  sqns_job_record_set (&request->files[file].name, name);
  sqns_job_record_set (&request->files[file].sha256, sha256);
}

gint64
sqns_request_begin (const SqnsRequest *request)
{
  return request->at_once ? 0 : request->not_before;
}

gint64
sqns_request_deadline (const SqnsRequest *request)
{
  return request->at_once ? 0 : request->not_after;
}

static void append_value (GString *out, gsize key, gconstpointer field);

/* As it is written: a record holds no more of it. */
static char *
format_value (const SqnsRequest *request, gsize key)
{
  GString *text = g_string_new (NULL);
  append_value (text, key, OF_REQUEST (request, key));
  return g_string_free (keys[key].type == DIGEST ? g_string_ascii_down (text) : text, FALSE);
}

const char *
sqns_request_difference (const SqnsRequest *one, const SqnsRequest *other)
{
  static const char *const files[SQNS_JOB_N_FILES] = { "firmware", "first-step", "updater" };
  for (guint i = 0; i < SQNS_JOB_N_FILES; i++)
    if (!g_str_equal (one->files[i].sha256, other->files[i].sha256))
      return files[i];
  for (gsize i = 0; i < N_KEYS; i++)
    {
      if (!(keys[i].use & OPTION))
        continue;
      g_autofree char *first = format_value (one, i), *second = format_value (other, i);
      if (!g_str_equal (first, second))
        return keys[i].name;
    }
  return NULL;
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
append_value (GString *out, gsize key, gconstpointer field)
{
  ValueType type = keys[key].type;
  g_autofree char *version = NULL;

  switch (type)
    {
    case TEXT:
    case DIGEST:
    case UUID:
    case SHA256:
      append_text (out, *(char *const *)field);
      break;
    case BOOLEAN:
    case KIND:
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
      append_value (out, i, G_STRUCT_MEMBER_P (record, keys[i].offset));
      g_string_append_c (out, '\n');
    }
  return g_string_free (out, FALSE);
}

/* On D-Bus */

static GVariant *
to_variant (const SqnsJobRecord *record, gsize key)
{
  gconstpointer field = G_STRUCT_MEMBER_P (record, keys[key].offset);
  switch (keys[key].type)
    {
    case TEXT:
    case DIGEST:
    case UUID:
    case SHA256:
      return g_variant_new_string (*(char *const *)field);
    case BOOLEAN:
      return g_variant_new_boolean (*(const gboolean *)field);
    case KIND:
      return g_variant_new_string (*(const gboolean *)field ? "recover" : "upgrade");
    case NUMBER:
      return g_variant_new_uint32 (*(const guint *)field);
    case INTEGER:
      return g_variant_new_int32 (*(const int *)field);
    case TIME:
      return g_variant_new_uint64 ((guint64) * (const gint64 *)field);
    case VERSION:
      return g_variant_new_take_string (sqns_version_format (field));
    case PHASE:
      return g_variant_new_string (record->started ? sqns_phase_name (record->phase) : "");
    case STATE:
    case LINK:
    case METHOD:
      return g_variant_new_string (enum_names (keys[key].type)[*(const guint *)field]);
    case VERSION_OF_FORMAT:
      break;
    }
  g_return_val_if_reached (NULL);
}

static GVariant *
to_dictionary (const SqnsJobRecord *record, Use use)
{
  GVariantBuilder builder;
  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  for (gsize i = 0; i < N_KEYS; i++)
    if (keys[i].use & use)
      g_variant_builder_add (&builder, "{sv}", keys[i].name, to_variant (record, i));
  return g_variant_builder_end (&builder);
}

GVariant *
sqns_job_record_to_properties (const SqnsJobRecord *record)
{
  return to_dictionary (record, PROPERTY);
}

GVariant *
sqns_job_record_to_history (const SqnsJobRecord *record)
{
  return to_dictionary (record, HISTORY);
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
    case DIGEST:
    case UUID:
    case SHA256:
      return read_text (type, text, field);
    case BOOLEAN:
    case KIND:
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
    if (!parser->seen[i] && !(keys[i].use & NEWER))
      return refuse (parser, error, "%s is missing", keys[i].key);
  if (*record->request.files[SQNS_JOB_FIRMWARE].sha256 == '\0')
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
