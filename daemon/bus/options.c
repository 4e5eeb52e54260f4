/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The option dictionaries of the interface: tables of key, type and meaning. */
#include "bus/options.h"
#include "common/clean.h"

#include <string.h>

#define MAX_TEXT 1024 /* bytes of a label or key, which are saved and shown with every job */

typedef struct _Option Option;

struct _Option {
  const char *key;
  const char *type;
  gboolean (*store) (GVariant *value, gpointer field, const Option *option, GError **error); /* or refuses it */
  gsize offset;             /* of the field in the target; of a file's handle among the handles */
  const char *const *names; /* the possible values, NULL at the end */
};

G_GNUC_PRINTF (2, 3)
static gboolean
refuse (GError **error, const char *format, ...)
{
  va_list args;
  va_start (args, format);
  g_autofree char *text = g_strdup_vprintf (format, args);
  va_end (args);
  sqns_clean_cut (text, SQNS_CLEAN_MESSAGE_MAX);
  g_set_error_literal (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS, text);
  return FALSE;
}

static gboolean
store_boolean (GVariant *value, gpointer field, const Option *option, GError **error)
{
  *(gboolean *)field = g_variant_get_boolean (value);
  return TRUE;
}

static gboolean
store_int (GVariant *value, gpointer field, const Option *option, GError **error)
{
  *(int *)field = g_variant_get_int32 (value);
  return TRUE;
}

static gboolean
store_text (GVariant *value, gpointer field, const Option *option, GError **error)
{
  gsize len;
  const char *text = g_variant_get_string (value, &len);
  if (len > MAX_TEXT)
    return refuse (error, "option \"%s\" is longer than %d bytes", option->key, MAX_TEXT);
  g_free (*(char **)field);
  *(char **)field = g_strdup (text);
  return TRUE;
}

/* A text that users see. */
static gboolean
store_label (GVariant *value, gpointer field, const Option *option, GError **error)
{
  if (!store_text (value, field, option, error))
    return FALSE;
  g_autofree char *raw = *(char **)field;
  *(char **)field = sqns_clean_line (raw, -1);
  return TRUE;
}

static gboolean
store_key (GVariant *value, gpointer field, const Option *option, GError **error)
{
  if (*g_variant_get_string (value, NULL) == '\0')
    return refuse (error, "option \"%s\" is empty", option->key);
  return store_text (value, field, option, error);
}

static gboolean
store_sha256 (GVariant *value, gpointer field, const Option *option, GError **error)
{
  const char *text = g_variant_get_string (value, NULL);
  gsize digits = strspn (text, "0123456789abcdefABCDEF");
  if (digits != 64 || text[digits] != '\0')
    return refuse (error, "option \"%s\" must be 64 hexadecimal digits", option->key);
  return store_text (value, field, option, error);
}

/* A bare build is enough, as releases are known by it. It is read as "[37781]", as in a job's record. */
static gboolean
store_version (GVariant *value, gpointer field, const Option *option, GError **error)
{
  const char *text = g_variant_get_string (value, NULL);
  g_autofree char *quote = sqns_clean_quote (text);
  gboolean bare = *text != '\0' && text[strspn (text, "0123456789")] == '\0';
  g_autofree char *build = bare ? g_strdup_printf ("[%s]", text) : NULL;

  if (!sqns_version_parse (bare ? build : text, -1, field))
    return refuse (error, "option \"%s\" must be a version as in 6.0.0.0-37781 or a build as in 37781, not \"%s\"",
                   option->key, quote);
  return TRUE;
}

/* The index of @value in the option's names; -1 with @error. */
static int
find_name (GVariant *value, const Option *option, GError **error)
{
  const char *text = g_variant_get_string (value, NULL);
  const char *const *names = option->names;
  int found = sqns_names_find (names, text);
  if (found >= 0)
    return found;
  g_autofree char *quote = sqns_clean_quote (text);
  g_autoptr (GString) choice = g_string_new (names[0]);
  for (guint i = 1; names[i] != NULL; i++)
    g_string_append_printf (choice, "%s%s", names[i + 1] != NULL ? ", " : " or ", names[i]);
  refuse (error, "option \"%s\" must be %s, not \"%s\"", option->key, choice->str, quote);
  return -1;
}

static gboolean
store_enum (GVariant *value, gpointer field, const Option *option, GError **error)
{
  int found = find_name (value, option, error);
  if (found >= 0)
    *(int *)field = found;
  return found >= 0;
}

static gboolean
store_name (GVariant *value, gpointer field, const Option *option, GError **error)
{
  int found = find_name (value, option, error);
  if (found >= 0)
    *(const char **)field = option->names[found];
  return found >= 0;
}

static gboolean
store_kind (GVariant *value, gpointer field, const Option *option, GError **error)
{
  SqnsHistoryFilter *filter = field;
  filter->by_kind = TRUE;
  return store_enum (value, &filter->recover, option, error);
}

static gboolean
store_end (GVariant *value, gpointer field, const Option *option, GError **error)
{
  SqnsHistoryFilter *filter = field;
  int found = find_name (value, option, error);
  filter->by_state = found >= 0 && sqns_job_state_from_name (option->names[found], &filter->state);
  return found >= 0;
}

static gboolean
store_speed (GVariant *value, gpointer field, const Option *option, GError **error)
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
  return refuse (error, "option \"%s\" must be a serial speed as in 115200 or 921600, not %u", option->key, speed);
}

/* protocol.md §4: max transfer 8192 with a header of 16; below 112 the headers would outweigh the data. */
static gboolean
store_block_size (GVariant *value, gpointer field, const Option *option, GError **error)
{
  guint size = g_variant_get_uint32 (value);
  if (size < 112 || size > 8176)
    return refuse (error, "option \"%s\" must be from 112 to 8176, not %u", option->key, size);
  *(guint *)field = size;
  return TRUE;
}

static gboolean
store_time (GVariant *value, gpointer field, const Option *option, GError **error)
{
  guint64 time = g_variant_get_uint64 (value);
  if (time > G_MAXINT64)
    return refuse (error, "option \"%s\" is not a time in µs since the epoch", option->key);
  *(gint64 *)field = time;
  return TRUE;
}

/* The handle; the call's descriptors are taken later. */
static gboolean
store_file (GVariant *value, gpointer field, const Option *option, GError **error)
{
  *(gint32 *)field = g_variant_get_handle (value);
  return TRUE;
}

#define REQUEST(field) G_STRUCT_OFFSET (SqnsRequest, field)
#define HANDLE(file) ((file) * sizeof (gint32))
static const char *const boards[] = { "fipy", "gpy", "g01", NULL };
static const char *const kinds[] = { "upgrade", "recover", NULL };
static const char *const ends[] = { "succeeded", "failed", "cancelled", NULL };

static const Option upgrade_options[] = {
  { "allow-downgrade", "b", store_boolean, REQUEST (options.allow_downgrade) },
  { "allow-family-change", "b", store_boolean, REQUEST (options.allow_family_change) },
  { "allow-reinstall", "b", store_boolean, REQUEST (options.allow_reinstall) },
  { "block-size", "u", store_block_size, REQUEST (block_size) },
  { "dry-run", "b", store_boolean, REQUEST (dry_run) },
  { "expect-sha256", "s", store_sha256, REQUEST (expect_sha256) },
  { "expect-version", "s", store_version, REQUEST (expect_version) },
  { "first-step", "h", store_file, HANDLE (SQNS_JOB_FIRST_STEP) },
  { "force", "b", store_boolean, REQUEST (options.force) },
  { "idempotency-key", "s", store_key, REQUEST (idempotency_key) },
  { "label", "s", store_label, REQUEST (label) },
  { "link", "s", store_enum, REQUEST (link), sqns_link_kind_names },
  { "method", "s", store_enum, REQUEST (options.method), sqns_method_names },
  { "not-after", "t", store_time, REQUEST (not_after) },
  { "not-before", "t", store_time, REQUEST (not_before) },
  { "priority", "i", store_int, REQUEST (priority) },
  { "speed", "u", store_speed, REQUEST (speed) },
  { "updater", "h", store_file, HANDLE (SQNS_JOB_UPDATER) },
};

static const Option port_options[] = {
  { "board", "s", store_name, G_STRUCT_OFFSET (SqnsPortOptions, board), boards },
  { "link", "s", store_enum, G_STRUCT_OFFSET (SqnsPortOptions, link), sqns_link_kind_names },
  { "speed", "u", store_speed, G_STRUCT_OFFSET (SqnsPortOptions, speed) },
};

static const Option reset_options[] = {
  { "modem", "b", store_boolean, 0 },
};

static const Option inhibit_options[] = {
  { "modem", "o", store_text, 0 },
};

static const Option history_options[] = {
  { "kind", "s", store_kind, 0, kinds },
  { "label", "s", store_label, G_STRUCT_OFFSET (SqnsHistoryFilter, label) },
  { "modem", "s", store_text, G_STRUCT_OFFSET (SqnsHistoryFilter, modem) },
  { "since", "t", store_time, G_STRUCT_OFFSET (SqnsHistoryFilter, since) },
  { "state", "s", store_end, 0, ends },
};

static const Option *
find_option (const Option *table, gsize n, const char *key)
{
  for (gsize i = 0; i < n; i++)
    if (g_str_equal (key, table[i].key))
      return &table[i];
  return NULL;
}

static gboolean
parse (GVariant *dict, const Option *table, gsize n, gpointer target, gint32 *handles, GError **error)
{
  GVariantIter iter;
  guint32 seen = 0;
  const char *key;
  GVariant *entry;

  g_variant_iter_init (&iter, dict);
  while (g_variant_iter_next (&iter, "{&sv}", &key, &entry))
    {
      g_autoptr (GVariant) value = entry;
      const Option *option = find_option (table, n, key);
      guint32 bit = option != NULL ? 1u << (option - table) : 0;
      if (option == NULL)
        {
          g_autofree char *quote = sqns_clean_quote (key);
          return refuse (error, "unknown option \"%s\"", quote);
        }
      if (seen & bit)
        return refuse (error, "option \"%s\" is given twice", key);
      seen |= bit;
      if (!g_variant_is_of_type (value, G_VARIANT_TYPE (option->type)))
        {
          g_autofree char *type = sqns_clean_quote (g_variant_get_type_string (value));
          return refuse (error, "option \"%s\" must be of type %s, not %s", key, option->type, type);
        }
      guint8 *base = option->store == store_file ? (guint8 *)handles : target;
      if (!option->store (value, base + option->offset, option, error))
        return FALSE;
    }
  return TRUE;
}

SqnsRequest *
sqns_options_upgrade (GVariant *dict, gint32 handles[SQNS_JOB_N_FILES], GError **error)
{
  G_STATIC_ASSERT (G_N_ELEMENTS (upgrade_options) <= 32);
  g_autoptr (SqnsRequest) request = sqns_request_new ();
  gboolean good;
  handles[SQNS_JOB_FIRST_STEP] = handles[SQNS_JOB_UPDATER] = -1;
  good = parse (dict, upgrade_options, G_N_ELEMENTS (upgrade_options), request, handles, error);
  if (good && request->not_after != 0 && request->not_after <= request->not_before)
    good = refuse (error, "\"not-after\" must be later than \"not-before\"");
  if (good)
    return g_steal_pointer (&request);
  handles[SQNS_JOB_FIRST_STEP] = handles[SQNS_JOB_UPDATER] = -1;
  return NULL;
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
