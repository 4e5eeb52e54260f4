/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What somebody ordered, compared with what was ordered before. */
#include "job/order.h"

typedef enum {
  BOOLEAN,
  NUMBER, /* also an enum's */
  TIME,
  TEXT,   /* NULL is "" */
  DIGEST, /* likewise, in any case of letters */
  VERSION,
} ValueType;

#define FIELD(name) G_STRUCT_OFFSET (SqnsRequest, name)
static const struct {
  const char *option;
  ValueType type;
  gsize offset;
} fields[] = {
  { "kind", BOOLEAN, FIELD (options.recover) },
  { "dry-run", BOOLEAN, FIELD (dry_run) },
  { "force", BOOLEAN, FIELD (options.force) },
  { "allow-downgrade", BOOLEAN, FIELD (options.allow_downgrade) },
  { "allow-family-change", BOOLEAN, FIELD (options.allow_family_change) },
  { "allow-reinstall", BOOLEAN, FIELD (options.allow_reinstall) },
  { "method", NUMBER, FIELD (options.method) },
  { "link", NUMBER, FIELD (link) },
  { "speed", NUMBER, FIELD (speed) },
  { "block-size", NUMBER, FIELD (block_size) },
  { "not-before", TIME, FIELD (not_before) },
  { "not-after", TIME, FIELD (not_after) },
  { "priority", NUMBER, FIELD (priority) },
  { "label", TEXT, FIELD (label) },
  { "expect-sha256", DIGEST, FIELD (expect_sha256) },
  { "expect-version", VERSION, FIELD (expect_version) },
};
G_STATIC_ASSERT (sizeof (SqnsMethod) == sizeof (guint) && sizeof (SqnsLinkKind) == sizeof (guint)
                 && sizeof (int) == sizeof (guint));

/* In the order of SqnsJobFile. */
static const char *const files[] = { "firmware", "first-step", "updater" };
G_STATIC_ASSERT (G_N_ELEMENTS (files) == SQNS_JOB_N_FILES);

static const char *
digest_of (SqnsFirmware *file)
{
  return file != NULL ? sqns_firmware_sha256 (file) : "";
}

SqnsOrder
sqns_order_of (const SqnsRequest *request, SqnsFirmware *firmware)
{
  return (SqnsOrder){
    .request = request,
    .sha256 = {
      [SQNS_JOB_FIRMWARE] = digest_of (firmware),
      [SQNS_JOB_FIRST_STEP] = digest_of (request->first_step),
      [SQNS_JOB_UPDATER] = digest_of (request->updater),
    },
  };
}

static const char *
text_of (const char *text)
{
  return text != NULL ? text : "";
}

static gboolean
same (ValueType type, gconstpointer one, gconstpointer other)
{
  switch (type)
    {
    case BOOLEAN:
      return !!*(const gboolean *)one == !!*(const gboolean *)other;
    case NUMBER:
      return *(const guint *)one == *(const guint *)other;
    case TIME:
      return *(const gint64 *)one == *(const gint64 *)other;
    case TEXT:
      return g_str_equal (text_of (*(char *const *)one), text_of (*(char *const *)other));
    case DIGEST:
      return g_ascii_strcasecmp (text_of (*(char *const *)one), text_of (*(char *const *)other)) == 0;
    case VERSION:
      break;
    }
  /* as it is written: a record has no more of it */
  g_autofree char *first = sqns_version_format (one), *second = sqns_version_format (other);
  return g_str_equal (first, second);
}

const char *
sqns_order_difference (const SqnsOrder *one, const SqnsOrder *other)
{
  for (guint i = 0; i < SQNS_JOB_N_FILES; i++)
    if (!g_str_equal (one->sha256[i], other->sha256[i]))
      return files[i];
  for (gsize i = 0; i < G_N_ELEMENTS (fields); i++)
    if (!same (fields[i].type, G_STRUCT_MEMBER_P (one->request, fields[i].offset),
               G_STRUCT_MEMBER_P (other->request, fields[i].offset)))
      return fields[i].option;
  return NULL;
}
