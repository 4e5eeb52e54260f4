/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The state of a job as a value: one table of fields. */
#include "job/job-record.h"

#include "common/clean.h"
#include "common/error.h"

#include <gio/gio.h>
#include <string.h>

#define HEAD "# A job of sqnsd; see sqnsd(8).\n"
#define GROUP "sqnsd-job"
#define MAX_TEXT 4096 /* bytes of one value */
#define MAX_SERIAL_SPEED 4000000

typedef enum {
  TEXT,   /* strings up to SHA256 */
  LINE,   /* text that people read: see sqns_job_record_clean() */
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
  { "FirmwareName", LINE, FIELD (request.files[SQNS_JOB_FIRMWARE].name), "firmware-name", PROPERTY | HISTORY },
  { "FirmwareSha256", SHA256, FIELD (request.files[SQNS_JOB_FIRMWARE].sha256), "firmware-sha256", PROPERTY | HISTORY },
  { "FirstStepName", LINE, FIELD (request.files[SQNS_JOB_FIRST_STEP].name) },
  { "FirstStepSha256", SHA256, FIELD (request.files[SQNS_JOB_FIRST_STEP].sha256) },
  { "UpdaterName", LINE, FIELD (request.files[SQNS_JOB_UPDATER].name) },
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
  { "Label", LINE, FIELD (request.label), "label", OPTION | PROPERTY | HISTORY },
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
  { "Message", LINE, FIELD (message), "message", PROPERTY | HISTORY },
  { "ErrorName", TEXT, FIELD (error_name), "error-name", PROPERTY | HISTORY },
  { "ErrorMessage", LINE, FIELD (error_message), "error-message", PROPERTY | HISTORY },
  { "Advice", TEXT, FIELD (advice), "advice", PROPERTY | HISTORY },
  { "BoardLost", BOOLEAN, FIELD (board_lost) },
  { "CancelAsked", BOOLEAN, FIELD (cancel_asked) },
  { "Interruption", LINE, FIELD (interruption) },
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
/* A request's fields have the same offsets as those of a record. */
G_STATIC_ASSERT (FIELD (request) == 0);

static gboolean
is_string (gsize key)
{
  return keys[key].type <= SHA256;
}

/* @size: that of a record or of a request. */
static gpointer
copy_fields (gconstpointer from, gsize size)
{
  guint8 *copy = g_memdup2 (from, size);
  for (gsize i = 0; i < N_KEYS; i++)
    if (is_string (i) && keys[i].offset < size)
      {
        char **field = G_STRUCT_MEMBER_P (copy, keys[i].offset);
        *field = g_strdup (*field != NULL ? *field : "");
      }
  return copy;
}

static void
clear_fields (gpointer fields, gsize size)
{
  for (gsize i = 0; i < N_KEYS; i++)
    if (is_string (i) && keys[i].offset < size)
      g_free (G_STRUCT_MEMBER (char *, fields, keys[i].offset));
}

SqnsJobRecord *
sqns_job_record_new (void)
{
  const SqnsJobRecord none = { 0 };
  return sqns_job_record_copy (&none);
}

SqnsJobRecord *
sqns_job_record_copy (const SqnsJobRecord *record)
{
  return copy_fields (record, sizeof *record);
}

void
sqns_job_record_free (gpointer record)
{
  if (record != NULL)
    clear_fields (record, sizeof (SqnsJobRecord));
  g_free (record);
}

void
sqns_job_record_set (char **field, const char *value)
{
  char *copy = g_strdup (value != NULL ? value : "");
  g_free (*field);
  *field = copy;
}

void
sqns_job_record_clean (SqnsJobRecord *record)
{
  for (gsize i = 0; i < N_KEYS; i++)
    if (keys[i].type == LINE)
      {
        char **field = G_STRUCT_MEMBER_P (record, keys[i].offset);
        g_autofree char *raw = *field;
        *field = sqns_clean_line (raw, -1);
      }
}

void
sqns_job_record_set_message (SqnsJobRecord *record, const char *message)
{
  char *clean = sqns_clean_line (message, -1);
  g_free (record->message);
  record->message = clean;
}

void
sqns_job_record_set_request (SqnsJobRecord *record, const SqnsRequest *request)
{
  g_autofree SqnsRequest *copy = sqns_request_copy (request);
  clear_fields (&record->request, sizeof record->request);
  record->request = *copy;
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

/* Values */

static const char *const *
enum_names (ValueType type)
{
  return type == STATE   ? sqns_job_state_names
         : type == PHASE ? sqns_phase_names
         : type == LINK  ? sqns_link_kind_names
                         : sqns_method_names;
}

/* Floating. */
static GVariant *
get_value (gsize key, gconstpointer fields)
{
  gconstpointer field = G_STRUCT_MEMBER_P (fields, keys[key].offset);
  switch (keys[key].type)
    {
    case TEXT:
    case LINE:
    case DIGEST:
    case UUID:
    case SHA256:
      return g_variant_new_take_string (g_utf8_make_valid (*(char *const *)field, -1));
    case BOOLEAN:
    case KIND:
      return g_variant_new_boolean (*(const gboolean *)field);
    case NUMBER:
      return g_variant_new_uint32 (*(const guint *)field);
    case INTEGER:
      return g_variant_new_int32 (*(const int *)field);
    case TIME:
      return g_variant_new_uint64 ((guint64) * (const gint64 *)field);
    case VERSION:
      return g_variant_new_take_string (sqns_version_format (field));
    case STATE:
    case PHASE:
    case LINK:
    case METHOD:
      return g_variant_new_string (enum_names (keys[key].type)[*(const guint *)field]);
    case VERSION_OF_FORMAT:
      break;
    }
  return g_variant_new_string ("1");
}

/* The same as people see it. Floating. */
static GVariant *
get_shown_value (gsize key, const SqnsJobRecord *record)
{
  if (keys[key].type == KIND)
    return g_variant_new_string (record->request.options.recover ? "recover" : "upgrade");
  return keys[key].type == PHASE && !record->started ? g_variant_new_string ("") : get_value (key, record);
}

void
sqns_job_record_set_properties (const SqnsJobRecord *record, GObject *object)
{
  for (gsize i = 0; i < N_KEYS; i++)
    if (keys[i].use & PROPERTY)
      {
        g_autoptr (GVariant) shown = g_variant_ref_sink (get_shown_value (i, record));
        g_auto (GValue) value = G_VALUE_INIT;
        g_dbus_gvariant_to_gvalue (shown, &value);
        g_object_set_property (object, keys[i].name, &value);
      }
}

GVariant *
sqns_job_record_to_history (const SqnsJobRecord *record)
{
  GVariantBuilder builder;
  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  for (gsize i = 0; i < N_KEYS; i++)
    if (keys[i].use & HISTORY)
      g_variant_builder_add (&builder, "{sv}", keys[i].name, get_shown_value (i, record));
  return g_variant_builder_end (&builder);
}

/* As it is written. */
static char *
to_text (gsize key, gconstpointer fields)
{
  g_autoptr (GVariant) value = g_variant_ref_sink (get_value (key, fields));
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_BOOLEAN))
    return g_strdup (g_variant_get_boolean (value) ? "yes" : "no");
  if (!g_variant_is_of_type (value, G_VARIANT_TYPE_STRING))
    return g_variant_print (value, FALSE);
  char *text = g_variant_dup_string (value, NULL);
  if (strlen (text) > MAX_TEXT)
    *g_utf8_find_prev_char (text, text + MAX_TEXT) = '\0';
  return text;
}

/* Requests */

SqnsRequest *
sqns_request_new (void)
{
  const SqnsRequest none = { 0 };
  return sqns_request_copy (&none);
}

SqnsRequest *
sqns_request_copy (const SqnsRequest *request)
{
  return copy_fields (request, sizeof *request);
}

void
sqns_request_free (SqnsRequest *request)
{
  if (request != NULL)
    clear_fields (request, sizeof *request);
  g_free (request);
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

static gboolean
is_same (gsize key, const SqnsRequest *one, const SqnsRequest *other)
{
  g_autofree char *first = to_text (key, one), *second = to_text (key, other);
  return keys[key].type == DIGEST ? g_ascii_strcasecmp (first, second) == 0 : g_str_equal (first, second);
}

const char *
sqns_request_difference (const SqnsRequest *one, const SqnsRequest *other)
{
  static const char *const files[SQNS_JOB_N_FILES] = { "firmware", "first-step", "updater" };
  for (guint i = 0; i < SQNS_JOB_N_FILES; i++)
    if (!g_str_equal (one->files[i].sha256, other->files[i].sha256))
      return files[i];
  for (gsize i = 0; i < N_KEYS; i++)
    if ((keys[i].use & OPTION) && !is_same (i, one, other))
      return keys[i].name;
  return NULL;
}

/* The key file */

char *
sqns_job_record_format (const SqnsJobRecord *record)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  for (gsize i = 0; i < N_KEYS; i++)
    {
      g_autofree char *text = to_text (i, record);
      if (*text == '\f' || *text == '\v') /* skipped before a value, and not escaped as blanks and tabs are */
        *text = ' ';
      g_key_file_set_string (file, GROUP, keys[i].key, text);
    }
  g_autofree char *text = g_key_file_to_data (file, NULL, NULL);
  return g_strconcat (HEAD, text, NULL);
}

static gboolean
is_lower_hex (const char *text, gsize digits)
{
  return strspn (text, "0123456789abcdef") == digits && text[digits] == '\0';
}

static gboolean
read_text (ValueType type, const char *text, char **field)
{
  if (strlen (text) > MAX_TEXT)
    return FALSE;
  if (type == UUID)
    {
      g_autofree char *lower = g_ascii_strdown (text, -1);
      if (!g_uuid_string_is_valid (text) || !g_str_equal (lower, text))
        return FALSE;
    }
  if (type == SHA256 && *text != '\0' && !is_lower_hex (text, 64))
    return FALSE;
  sqns_job_record_set (field, text);
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
read_value (gsize key, const char *text, SqnsJobRecord *record)
{
  gpointer field = G_STRUCT_MEMBER_P (record, keys[key].offset);
  ValueType type = keys[key].type;
  guint64 number;
  gint64 integer;

  switch (type)
    {
    case TEXT:
    case LINE:
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
      break;
    }
  return g_str_equal (text, "1");
}

/* Lines that are not empty, and no comments. */
static gsize
count_lines (const char *text)
{
  gsize n = 0;
  for (const char *line = text; *line != '\0'; line += strspn (line, "\n"))
    {
      n += *line != '#' && *line != '\n';
      line += strcspn (line, "\n");
    }
  return n;
}

static gboolean
read_all (GKeyFile *file, SqnsJobRecord *record, gsize *read, GError **error)
{
  for (gsize i = 0; i < N_KEYS; i++)
    {
      g_autoptr (GError) broken = NULL; /* there may be a text all the same */
      g_autofree char *text = is_string (i) ? g_key_file_get_string (file, GROUP, keys[i].key, &broken)
                                            : g_key_file_get_value (file, GROUP, keys[i].key, &broken);
      *read += text != NULL;
      if (text == NULL ? (keys[i].use & NEWER) != 0 : broken == NULL && read_value (i, text, record))
        continue;
      g_set_error (error, SQNS_ERROR, SQNS_ERROR_FAILED, "%s is missing or invalid", keys[i].key);
      return FALSE;
    }
  return TRUE;
}

static const char *
find_fault (const SqnsJobRecord *record, gsize lines, gsize read)
{
  if (lines != read + 1)
    return "unknown or duplicate lines";
  if (*record->request.files[SQNS_JOB_FIRMWARE].sha256 == '\0')
    return "no firmware is named";
  return *record->device == '\0' || *record->devnode != '/' ? "no board is named" : NULL;
}

SqnsJobRecord *
sqns_job_record_parse (const char *text, gsize len, GError **error)
{
  g_autoptr (SqnsJobRecord) record = sqns_job_record_new ();
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (GError) syntax = NULL;
  gsize read = 0;

  /* a cut record lacks its last end of line, or keys */
  if (len == 0 || len > SQNS_JOB_RECORD_MAX || text[len - 1] != '\n' || memchr (text, '\0', len) != NULL
      || !g_utf8_validate (text, (gssize)len, NULL))
    {
      g_set_error_literal (error, SQNS_ERROR, SQNS_ERROR_FAILED, "the file is empty, truncated, too long or not text");
      return NULL;
    }
  g_autofree char *copy = g_strndup (text, len);
  if (!g_key_file_load_from_data (file, copy, len, G_KEY_FILE_NONE, &syntax))
    {
      sqns_clean_cut (syntax->message, SQNS_CLEAN_MESSAGE_MAX);
      g_set_error_literal (error, SQNS_ERROR, SQNS_ERROR_FAILED, syntax->message);
      return NULL;
    }
  if (!read_all (file, record, &read, error))
    return NULL;
  const char *fault = find_fault (record, count_lines (copy), read);
  if (fault == NULL)
    return g_steal_pointer (&record);
  g_set_error_literal (error, SQNS_ERROR, SQNS_ERROR_FAILED, fault);
  return NULL;
}
