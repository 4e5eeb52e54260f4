/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any bytes as a dictionary of options: as GVariant data, as the body of a D-Bus message, and as entries made of the
 * names, types and values of the options. */
#include "bus/options.h"

#include "fuzz.h"
#include "job/job-record.h"

#include <string.h>

#define MAX_MESSAGE 512u /* bytes of an error message */
#define MAX_TEXT 1024u
#define SHA256 "0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcdef"

/* Error messages are bounded. Takes @error, which may be NULL. */
static void
check_refusal (GString *outcome, gboolean good, GError *error)
{
  g_assert_cmpint (good, ==, error == NULL);
  if (good)
    return;
  g_assert_error (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  g_assert_cmpuint (strlen (error->message), <=, MAX_MESSAGE);
  g_string_append_printf (outcome, "refused: %s\n", error->message);
  g_error_free (error);
}

/* A job with these options is on disk before it acts, so its record has to survive writing and reading. */
static void
check_record (GString *outcome, const SqnsRequest *request)
{
  g_autoptr (SqnsJobRecord) record = sqns_job_record_new ();
  g_autoptr (GError) error = NULL;

  sqns_job_record_set_request (record, request);
  sqns_request_set_file (&record->request, SQNS_JOB_FIRMWARE, "x.dup",
                         "c3bc08fb7f497c03cd0af60c7e273d1360565838c6925f68a8c4dae1d8ce469f");
  sqns_job_record_set (&record->uuid, "082a6295-3472-420b-8f5f-1a9875372a3d");
  sqns_job_record_set (&record->device, "board");
  sqns_job_record_set (&record->devnode, "/dev/tty");

  g_autofree char *text = sqns_job_record_format (record);
  g_autoptr (SqnsJobRecord) again = sqns_job_record_parse (text, strlen (text), &error);
  g_assert_no_error (error);
  g_autofree char *text_again = sqns_job_record_format (again);
  g_assert_cmpstr (text_again, ==, text);
  g_assert_cmpstr (again->request.label, ==, request->label);
  g_assert_cmpmem (&again->request.expect_version, sizeof again->request.expect_version, &request->expect_version,
                   sizeof request->expect_version);
  g_string_append (outcome, text);
}

static void
upgrade (GString *outcome, GVariant *dict)
{
  GError *error = NULL;
  gint32 files[SQNS_JOB_N_FILES] = { 7, 7, 7 };
  g_autoptr (SqnsRequest) request = sqns_options_upgrade (dict, files, &error);

  check_refusal (outcome, request != NULL, error);
  if (request == NULL)
    {
      g_assert_cmpint (files[SQNS_JOB_FIRST_STEP], ==, -1);
      g_assert_cmpint (files[SQNS_JOB_UPDATER], ==, -1);
      return;
    }
  g_assert_cmpuint (strlen (request->label), <=, MAX_TEXT);
  g_assert_cmpuint (strlen (request->idempotency_key), <=, MAX_TEXT);
  g_assert_true (*request->expect_sha256 == '\0' || strlen (request->expect_sha256) == 64);
  g_assert_true (request->speed == 0 || (request->speed >= 9600 && request->speed <= 3000000));
  g_assert_true (request->block_size == 0 || (request->block_size >= 112 && request->block_size <= 8176));
  g_assert_cmpint (request->not_before, >=, 0);
  g_assert_true (request->not_after == 0 || request->not_after > request->not_before);
  /* not options of the call */
  g_assert_true (!request->options.recover && request->creator_uid == 0);
  g_string_append_printf (outcome, "files %d %d\n", files[SQNS_JOB_FIRST_STEP], files[SQNS_JOB_UPDATER]);
  check_record (outcome, request);
}

static void
port (GString *outcome, GVariant *dict)
{
  GError *error = NULL;
  SqnsPortOptions options;
  gboolean good = sqns_options_port (dict, &options, &error);

  check_refusal (outcome, good, error);
  g_assert_true (good || (options.board == NULL && options.link == SQNS_LINK_AUTO && options.speed == 0));
  g_assert_nonnull (sqns_link_kind_name (options.link));
  if (good)
    g_string_append_printf (outcome, "port %s %d %u\n", options.board, options.link, options.speed);
}

static void
history (GString *outcome, GVariant *dict)
{
  GError *error = NULL;
  SqnsHistoryFilter filter = { .before = 5, .limit = 7 };
  gboolean good = sqns_options_history (dict, &filter, &error);

  check_refusal (outcome, good, error);
  g_assert_true (filter.before == 5 && filter.limit == 7);
  g_assert_true (
      good
      || (filter.modem == NULL && filter.label == NULL && !filter.by_state && !filter.by_kind && filter.since == 0));
  g_assert_cmpint (filter.since, >=, 0);
  g_assert_true (!filter.by_state || sqns_job_state_ended (filter.state));
  if (good)
    g_string_append_printf (outcome, "history %s %s %d %d %d %d %" G_GINT64_FORMAT "\n", filter.modem, filter.label,
                            filter.by_state, filter.state, filter.by_kind, filter.recover, filter.since);
  sqns_history_filter_clear (&filter);
}

static void
others (GString *outcome, GVariant *dict)
{
  GError *error = NULL;
  g_autofree char *modem = NULL;
  gboolean flag = 7, good = sqns_options_reset (dict, &flag, &error);

  check_refusal (outcome, good, error);
  g_assert_true (flag == TRUE || flag == FALSE);
  g_assert_true (good || !flag);
  g_string_append_printf (outcome, "reset %d\n", flag);

  error = NULL;
  good = sqns_options_inhibit (dict, &modem, &error);
  check_refusal (outcome, good, error);
  g_assert_true (good || modem == NULL);
  g_assert_true (modem == NULL || g_variant_is_object_path (modem));
  g_string_append_printf (outcome, "inhibit %s\n", modem);

  error = NULL;
  good = sqns_options_none (dict, &error);
  check_refusal (outcome, good, error);
  g_assert_cmpint (good, ==, g_variant_n_children (dict) == 0);
}

/* Calls all readers with @dict. */
static char *
read_all (GVariant *dict)
{
  GString *outcome = g_string_new (NULL);

  upgrade (outcome, dict);
  port (outcome, dict);
  history (outcome, dict);
  others (outcome, dict);
  return g_string_free (outcome, FALSE);
}

static void
check_same (GVariant *dict, const char *outcome)
{
  g_autofree char *again = read_all (dict);

  g_assert_cmpstr (again, ==, outcome);
}

/* The order of the entries only affects which of two errors is reported. */
static void
check_order (GVariant *dict)
{
  g_autoptr (GVariant) reversed = NULL;
  GVariantBuilder builder;
  gint32 files[SQNS_JOB_N_FILES], files_again[SQNS_JOB_N_FILES];

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  for (gsize i = g_variant_n_children (dict); i-- > 0;)
    {
      g_autoptr (GVariant) entry = g_variant_get_child_value (dict, i);

      g_variant_builder_add_value (&builder, entry);
    }
  reversed = g_variant_ref_sink (g_variant_builder_end (&builder));
  g_autoptr (SqnsRequest) request = sqns_options_upgrade (dict, files, NULL);
  g_autoptr (SqnsRequest) again = sqns_options_upgrade (reversed, files_again, NULL);
  g_assert_cmpint (request == NULL, ==, again == NULL);
  g_assert_cmpint (files[SQNS_JOB_UPDATER], ==, files_again[SQNS_JOB_UPDATER]);
  g_assert_true (request == NULL || g_str_equal (request->label, again->label));
}

/* All forms of a dictionary give the same result: built, or in trusted or untrusted bytes. */
static void
check (GVariant *dict)
{
  g_autofree char *outcome = read_all (dict);
  g_autoptr (GVariant) normal = g_variant_get_normal_form (dict);
  g_autoptr (GBytes) bytes = g_variant_get_data_as_bytes (normal);
  g_autoptr (GVariant) trusted = g_variant_ref_sink (g_variant_new_from_bytes (G_VARIANT_TYPE_VARDICT, bytes, TRUE));
  g_autoptr (GVariant) untrusted = g_variant_ref_sink (g_variant_new_from_bytes (G_VARIANT_TYPE_VARDICT, bytes, FALSE));

  check_same (normal, outcome);
  check_same (trusted, outcome);
  check_same (untrusted, outcome);
  check_order (normal);
}

static void
check_bytes (const guint8 *data, gsize size)
{
  g_autoptr (GBytes) bytes = g_bytes_new (data, size);
  g_autoptr (GVariant) dict = g_variant_ref_sink (g_variant_new_from_bytes (G_VARIANT_TYPE_VARDICT, bytes, FALSE));

  check (dict);
}

/* Reads the argument of a message with GDBus, if it is valid. */
static void
check_message (guint8 *blob, gsize size)
{
  g_autoptr (GDBusMessage) message
      = g_dbus_message_new_from_blob (blob, size, G_DBUS_CAPABILITY_FLAGS_UNIX_FD_PASSING, NULL);
  GVariant *body = message != NULL ? g_dbus_message_get_body (message) : NULL;

  if (body == NULL || !g_variant_is_of_type (body, G_VARIANT_TYPE ("(a{sv})")))
    return;
  g_autoptr (GVariant) dict = g_variant_get_child_value (body, 0);
  check (dict);
}

/* @data as the body of a call of "/".a with the signature a{sv}. */
static void
check_wire (const guint8 *data, gsize size)
{
  static const guint8 head[] = {
    'l', 1,   0,   1, 0,  0,   0,   0,
    1,   0,   0,   0, 43, 0,   0,   0, /* call, body's size at 4, serial 1, size of fields */
    1,   1,   'o', 0, 1,  0,   0,   0,
    '/', 0,   0,   0, 0,  0,   0,   0, /* path */
    3,   1,   's', 0, 1,  0,   0,   0,
    'a', 0,   0,   0, 0,  0,   0,   0, /* member */
    8,   1,   'g', 0, 5,  'a', '{', 's',
    'v', '}', 0,   0, 0,  0,   0,   0 /* signature, filled up to 8 */
  };
  g_autofree guint8 *blob = g_malloc (sizeof head + size);

  memcpy (blob, head, sizeof head);
  for (guint i = 0; i < 4; i++)
    blob[4 + i] = (guint8)(size >> (8 * i));
  if (size > 0)
    memcpy (blob + sizeof head, data, size);
  check_message (blob, sizeof head + size);
}

/* Entries made of bytes */

typedef struct {
  const guint8 *data;
  gsize size;
} Source;

static guint8
take (Source *source)
{
  if (source->size == 0)
    return 0;
  source->size--;
  return *source->data++;
}

static guint64
take_number (Source *source)
{
  static const guint64 numbers[] = { 0,      1,      10,      20,   111,  112,        4096,       8176,       8177,
                                     115200, 921600, 3000000, 1024, 9600, G_MAXINT32, G_MAXINT64, G_MAXUINT64 };
  guint8 which = take (source);
  guint64 number = 0;

  if (which < G_N_ELEMENTS (numbers))
    return numbers[which];
  for (guint i = 0; i < which % 9; i++)
    number = number << 8 | take (source);
  return number;
}

static char *
take_text (Source *source)
{
  static const char *const words[] = { "",
                                       "auto",
                                       "on-the-fly",
                                       "fff",
                                       "recovery",
                                       "direct",
                                       "passthrough",
                                       "relay",
                                       "fipy",
                                       "gpy",
                                       "g01",
                                       "succeeded",
                                       "failed",
                                       "queued",
                                       "upgrade",
                                       "recover",
                                       "cancelled",
                                       "37781",
                                       "[5]",
                                       "/",
                                       "/org/sqnsd1/modem/x",
                                       SHA256,
                                       "5.1.1.0-33080",
                                       "LR6.0.0.0-37781" };
  guint8 which = take (source);
  gsize len = which;

  if (which < G_N_ELEMENTS (words))
    return g_strdup (words[which]);
  if (which > 0xf0)
    return g_strnfill ((which - 0xf0u) * 256 + take (source), 'x');
  len = MIN (len - G_N_ELEMENTS (words), source->size);
  g_autofree char *raw = g_strndup ((const char *)source->data, len);
  source->data += len;
  source->size -= len;
  return g_utf8_make_valid (raw, -1);
}

/* Text for the string types, made valid for its type. */
static GVariant *
take_string (Source *source, char type)
{
  g_autofree char *text = take_text (source);

  if (type == 'o')
    return g_variant_new_object_path (g_variant_is_object_path (text) ? text : "/a");
  if (type == 'g')
    return g_variant_new_signature (g_variant_is_signature (text) ? text : "as");
  return g_variant_new_string (text);
}

static GVariant *
take_value (Source *source, char type)
{
  switch (type)
    {
    case 'b':
      return g_variant_new_boolean (take (source) & 1);
    case 'y':
      return g_variant_new_byte (take (source));
    case 'i':
      return g_variant_new_int32 ((gint32)take_number (source));
    case 'u':
      return g_variant_new_uint32 ((guint32)take_number (source));
    case 'h':
      return g_variant_new_handle ((gint32)take_number (source));
    case 'x':
      return g_variant_new_int64 ((gint64)take_number (source));
    case 't':
      return g_variant_new_uint64 (take_number (source));
    case 'v':
      return g_variant_new_variant (take_string (source, 's'));
    case 'a':
      return g_variant_new_array (G_VARIANT_TYPE_STRING, NULL, 0);
    default: /* s, o, g */
      return take_string (source, type);
    }
}

static GVariant *
take_dict (Source *source)
{
  static const struct {
    const char *key;
    char type;
  } options[] = {
    { "allow-downgrade", 'b' },
    { "allow-family-change", 'b' },
    { "allow-reinstall", 'b' },
    { "block-size", 'u' },
    { "dry-run", 'b' },
    { "expect-sha256", 's' },
    { "expect-version", 's' },
    { "first-step", 'h' },
    { "force", 'b' },
    { "idempotency-key", 's' },
    { "label", 's' },
    { "link", 's' },
    { "method", 's' },
    { "not-after", 't' },
    { "not-before", 't' },
    { "priority", 'i' },
    { "speed", 'u' },
    { "updater", 'h' },
    { "board", 's' },
    { "modem", 's' },
    { "modem", 'b' },
    { "modem", 'o' },
    { "kind", 's' },
    { "state", 's' },
    { "since", 't' },
  };
  static const char types[] = "byiuhxtvasog";
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  while (source->size > 0)
    {
      guint8 which = take (source);
      guint i = which % 32;
      g_autofree char *key = i < G_N_ELEMENTS (options) ? g_strdup (options[i].key) : take_text (source);
      char type = i < G_N_ELEMENTS (options) ? options[i].type : 's';

      if (which >= 0xe0) /* usually a wrong one */
        type = types[take (source) % strlen (types)];
      g_variant_builder_add (&builder, "{sv}", key, take_value (source, type));
    }
  return g_variant_ref_sink (g_variant_builder_end (&builder));
}

static void
check_entries (const guint8 *data, gsize size)
{
  Source source = { data, size };
  g_autoptr (GVariant) dict = take_dict (&source);
  g_autoptr (GDBusMessage) message = g_dbus_message_new_method_call (NULL, "/", NULL, "a");
  gsize blob_size;

  check (dict);
  g_dbus_message_set_serial (message, 1);
  g_dbus_message_set_body (message, g_variant_new ("(@a{sv})", dict));
  g_autofree guint8 *blob = g_dbus_message_to_blob (message, &blob_size, G_DBUS_CAPABILITY_FLAGS_UNIX_FD_PASSING, NULL);
  g_assert_nonnull (blob);
  check_message (blob, blob_size);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  if (size == 0)
    return 0;
  if (data[0] == 'b')
    check_bytes (data + 1, size - 1);
  else if (data[0] == 'w')
    check_wire (data + 1, size - 1);
  else
    check_entries (data + 1, size - 1);
  return 0;
}
