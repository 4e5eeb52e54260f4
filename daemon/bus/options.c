/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The option dictionaries of the interface: tables of key, type and meaning. */
#include "bus/options.h"
#include "common/clean.h"

#include <string.h>

#define MAX_TEXT 1024 /* bytes of a label or key: they are kept and shown with every job */

/* @key: for the message. Stores into @field; what it cannot mean is refused. */
typedef gboolean (*Store) (GVariant *value, gpointer field, const char *key, GError **error);

typedef struct {
  const char *key;
  const char *type;
  Store store;
  gsize offset; /* of the field in the target; of a file's handle in SqnsOptionFiles */
} Option;

G_GNUC_PRINTF (2, 3)
static gboolean
refuse (GError **error, const char *format, ...)
{
  va_list args;
  va_start (args, format);
  g_autofree char *text = g_strdup_vprintf (format, args);
  va_end (args);
  sqns_message_cut (text);
  g_set_error_literal (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS, text);
  return FALSE;
}

static gboolean
store_boolean (GVariant *value, gpointer field, const char *key, GError **error)
{
  *(gboolean *)field = g_variant_get_boolean (value);
  return TRUE;
}

static gboolean
store_int (GVariant *value, gpointer field, const char *key, GError **error)
{
  *(int *)field = g_variant_get_int32 (value);
  return TRUE;
}

static gboolean
store_text (GVariant *value, gpointer field, const char *key, GError **error)
{
  gsize len;
  const char *text = g_variant_get_string (value, &len);
  if (len > MAX_TEXT)
    return refuse (error, "option \"%s\" is longer than %d bytes", key, MAX_TEXT);
  g_free (*(char **)field);
  *(char **)field = g_strdup (text);
  return TRUE;
}

/* A text that people see. */
static gboolean
store_label (GVariant *value, gpointer field, const char *key, GError **error)
{
  if (!store_text (value, field, key, error))
    return FALSE;
  g_autofree char *told = *(char **)field;
  *(char **)field = sqns_clean_line (told, -1);
  return TRUE;
}

static gboolean
store_key (GVariant *value, gpointer field, const char *key, GError **error)
{
  if (*g_variant_get_string (value, NULL) == '\0')
    return refuse (error, "option \"%s\" is empty", key);
  return store_text (value, field, key, error);
}

static gboolean
store_sha256 (GVariant *value, gpointer field, const char *key, GError **error)
{
  const char *text = g_variant_get_string (value, NULL);
  gsize digits = strspn (text, "0123456789abcdefABCDEF");
  if (digits != 64 || text[digits] != '\0')
    return refuse (error, "option \"%s\" must be 64 hexadecimal digits", key);
  return store_text (value, field, key, error);
}

/* A bare build is enough: releases are known by it. It is read as "[37781]", so that a job's record can hold it. */
static gboolean
store_version (GVariant *value, gpointer field, const char *key, GError **error)
{
  const char *text = g_variant_get_string (value, NULL);
  g_autofree char *quote = sqns_clean_quote (text);
  gboolean bare = *text != '\0' && text[strspn (text, "0123456789")] == '\0';
  g_autofree char *build = bare ? g_strdup_printf ("[%s]", text) : NULL;

  if (!sqns_version_parse (bare ? build : text, -1, field))
    return refuse (error, "option \"%s\" must be a version as in 6.0.0.0-37781 or a build as in 37781, not \"%s\"", key,
                   quote);
  return TRUE;
}

static gboolean
store_method (GVariant *value, gpointer field, const char *key, GError **error)
{
  const char *text = g_variant_get_string (value, NULL);
  g_autofree char *quote = sqns_clean_quote (text);
  if (!sqns_method_from_name (text, field))
    return refuse (error, "option \"%s\" must be auto, on-the-fly, fff or recovery, not \"%s\"", key, quote);
  return TRUE;
}

static gboolean
store_link (GVariant *value, gpointer field, const char *key, GError **error)
{
  const char *text = g_variant_get_string (value, NULL);
  g_autofree char *quote = sqns_clean_quote (text);
  if (!sqns_link_kind_from_name (text, field))
    return refuse (error, "option \"%s\" must be auto, direct, passthrough or relay, not \"%s\"", key, quote);
  return TRUE;
}

static gboolean
store_board (GVariant *value, gpointer field, const char *key, GError **error)
{
  static const char *const boards[] = { "fipy", "gpy", "g01" };
  const char *text = g_variant_get_string (value, NULL);
  g_autofree char *quote = sqns_clean_quote (text);
  for (gsize i = 0; i < G_N_ELEMENTS (boards); i++)
    if (g_str_equal (text, boards[i]))
      {
        *(const char **)field = boards[i];
        return TRUE;
      }
  return refuse (error, "option \"%s\" must be fipy, gpy or g01, not \"%s\"", key, quote);
}

static gboolean
store_speed (GVariant *value, gpointer field, const char *key, GError **error)
{
  static const guint speeds[] = { 9600,   19200,  38400,   57600,   115200,  230400,  460800,  500000,
                                  576000, 921600, 1000000, 1152000, 1500000, 2000000, 2500000, 3000000 };
  guint speed = g_variant_get_uint32 (value);
  for (gsize i = 0; i < G_N_ELEMENTS (speeds); i++)
    if (speed == speeds[i])
      {
        *(guint *)field = speed;
        return TRUE;
      }
  return refuse (error, "option \"%s\" must be a serial speed as in 115200 or 921600, not %u", key, speed);
}

/* protocol.md §4: max transfer 8192 with a header of 16; below 112 the headers would outweigh the data. */
static gboolean
store_block_size (GVariant *value, gpointer field, const char *key, GError **error)
{
  guint size = g_variant_get_uint32 (value);
  if (size < 112 || size > 8176)
    return refuse (error, "option \"%s\" must be from 112 to 8176, not %u", key, size);
  *(guint *)field = size;
  return TRUE;
}

static gboolean
store_time (GVariant *value, gpointer field, const char *key, GError **error)
{
  guint64 time = g_variant_get_uint64 (value);
  if (time > G_MAXINT64)
    return refuse (error, "option \"%s\" is no time in µs since the epoch", key);
  *(gint64 *)field = time;
  return TRUE;
}

static gboolean
store_kind (GVariant *value, gpointer field, const char *key, GError **error)
{
  const char *text = g_variant_get_string (value, NULL);
  g_autofree char *quote = sqns_clean_quote (text);
  SqnsHistoryFilter *filter = field;
  filter->by_kind = TRUE;
  filter->recover = g_str_equal (text, "recover");
  return filter->recover || g_str_equal (text, "upgrade")
         || refuse (error, "option \"%s\" must be upgrade or recover, not \"%s\"", key, quote);
}

static gboolean
store_end (GVariant *value, gpointer field, const char *key, GError **error)
{
  const char *text = g_variant_get_string (value, NULL);
  g_autofree char *quote = sqns_clean_quote (text);
  SqnsHistoryFilter *filter = field;
  for (guint i = 0; i < SQNS_N_JOB_STATES; i++)
    if (sqns_job_state_ended ((SqnsJobState)i) && g_str_equal (sqns_job_state_name ((SqnsJobState)i), text))
      {
        filter->by_state = TRUE;
        filter->state = (SqnsJobState)i;
        return TRUE;
      }
  return refuse (error, "option \"%s\" must be succeeded, failed or cancelled, not \"%s\"", key, quote);
}

/* Looked up among the call's descriptors later. */
static gboolean
store_file (GVariant *value, gpointer field, const char *key, GError **error)
{
  *(gint32 *)field = g_variant_get_handle (value);
  return TRUE;
}

#define REQUEST(field) G_STRUCT_OFFSET (SqnsRequest, field)
#define FILES(field) G_STRUCT_OFFSET (SqnsOptionFiles, field)
static const Option upgrade_options[] = {
  { "allow-downgrade", "b", store_boolean, REQUEST (options.allow_downgrade) },
  { "allow-family-change", "b", store_boolean, REQUEST (options.allow_family_change) },
  { "allow-reinstall", "b", store_boolean, REQUEST (options.allow_reinstall) },
  { "block-size", "u", store_block_size, REQUEST (block_size) },
  { "dry-run", "b", store_boolean, REQUEST (dry_run) },
  { "expect-sha256", "s", store_sha256, REQUEST (expect_sha256) },
  { "expect-version", "s", store_version, REQUEST (expect_version) },
  { "first-step", "h", store_file, FILES (first_step) },
  { "force", "b", store_boolean, REQUEST (options.force) },
  { "idempotency-key", "s", store_key, REQUEST (idempotency_key) },
  { "label", "s", store_label, REQUEST (label) },
  { "link", "s", store_link, REQUEST (link) },
  { "method", "s", store_method, REQUEST (options.method) },
  { "not-after", "t", store_time, REQUEST (not_after) },
  { "not-before", "t", store_time, REQUEST (not_before) },
  { "priority", "i", store_int, REQUEST (priority) },
  { "speed", "u", store_speed, REQUEST (speed) },
  { "updater", "h", store_file, FILES (updater) },
};

static const Option port_options[] = {
  { "board", "s", store_board, G_STRUCT_OFFSET (SqnsPortOptions, board) },
  { "link", "s", store_link, G_STRUCT_OFFSET (SqnsPortOptions, link) },
  { "speed", "u", store_speed, G_STRUCT_OFFSET (SqnsPortOptions, speed) },
};

static const Option reset_options[] = {
  { "modem", "b", store_boolean, 0 },
};

static const Option inhibit_options[] = {
  { "modem", "o", store_text, 0 },
};

static const Option history_options[] = {
  { "kind", "s", store_kind, 0 },
  { "label", "s", store_label, G_STRUCT_OFFSET (SqnsHistoryFilter, label) },
  { "modem", "s", store_text, G_STRUCT_OFFSET (SqnsHistoryFilter, modem) },
  { "since", "t", store_time, G_STRUCT_OFFSET (SqnsHistoryFilter, since) },
  { "state", "s", store_end, 0 },
};

static gboolean
parse_one (const Option *table,
           gsize n,
           const char *key,
           GVariant *value,
           gpointer target,
           SqnsOptionFiles *files,
           guint32 *seen,
           GError **error)
{
  for (gsize i = 0; i < n; i++)
    {
      if (!g_str_equal (key, table[i].key))
        continue;
      if (*seen & (1u << i))
        return refuse (error, "option \"%s\" is given twice", key);
      *seen |= 1u << i;
      if (!g_variant_is_of_type (value, G_VARIANT_TYPE (table[i].type)))
        {
          g_autofree char *type = sqns_clean_quote (g_variant_get_type_string (value));
          return refuse (error, "option \"%s\" must be of type %s, not %s", key, table[i].type, type);
        }
      guint8 *base = table[i].store == store_file ? (guint8 *)files : target;
      return table[i].store (value, base + table[i].offset, key, error);
    }
  g_autofree char *quote = sqns_clean_quote (key);
  return refuse (error, "unknown option \"%s\"", quote);
}

static gboolean
parse (GVariant *dict, const Option *table, gsize n, gpointer target, SqnsOptionFiles *files, GError **error)
{
  GVariantIter iter;
  guint32 seen = 0;
  const char *key;
  GVariant *value;

  g_variant_iter_init (&iter, dict);
  while (g_variant_iter_next (&iter, "{&sv}", &key, &value))
    {
      gboolean good = parse_one (table, n, key, value, target, files, &seen, error);
      g_variant_unref (value);
      if (!good)
        return FALSE;
    }
  return TRUE;
}

SqnsRequest *
sqns_options_upgrade (GVariant *dict, SqnsOptionFiles *files, GError **error)
{
  G_STATIC_ASSERT (G_N_ELEMENTS (upgrade_options) <= 32);
  g_autoptr (SqnsRequest) request = sqns_request_new ();
  SqnsOptionFiles found = { .first_step = -1, .updater = -1 };
  *files = found;
  if (!parse (dict, upgrade_options, G_N_ELEMENTS (upgrade_options), request, &found, error))
    return NULL;
  if (request->not_after != 0 && request->not_after <= request->not_before)
    {
      refuse (error, "\"not-after\" must be later than \"not-before\"");
      return NULL;
    }
  *files = found;
  return g_steal_pointer (&request);
}

const char *
sqns_options_upgrade_key (guint i)
{
  return i < G_N_ELEMENTS (upgrade_options) ? upgrade_options[i].key : NULL;
}

gboolean
sqns_options_port (GVariant *dict, SqnsPortOptions *options, GError **error)
{
  SqnsPortOptions found = { 0 };
  gboolean good = parse (dict, port_options, G_N_ELEMENTS (port_options), &found, NULL, error);
  *options = good ? found : (SqnsPortOptions){ 0 };
  return good;
}

gboolean
sqns_options_reset (GVariant *dict, gboolean *modem, GError **error)
{
  gboolean found = FALSE, good = parse (dict, reset_options, G_N_ELEMENTS (reset_options), &found, NULL, error);
  *modem = good && found;
  return good;
}

gboolean
sqns_options_inhibit (GVariant *dict, char **modem, GError **error)
{
  g_autofree char *found = NULL;
  gboolean good = parse (dict, inhibit_options, G_N_ELEMENTS (inhibit_options), &found, NULL, error);
  *modem = good ? g_steal_pointer (&found) : NULL;
  return good;
}

gboolean
sqns_options_history (GVariant *dict, SqnsHistoryFilter *filter, GError **error)
{
  SqnsHistoryFilter found = { .before = filter->before, .limit = filter->limit };
  gboolean good = parse (dict, history_options, G_N_ELEMENTS (history_options), &found, NULL, error);
  if (good)
    *filter = found;
  else
    sqns_history_filter_clear (&found);
  return good;
}

gboolean
sqns_options_none (GVariant *dict, GError **error)
{
  return parse (dict, NULL, 0, NULL, NULL, error);
}
