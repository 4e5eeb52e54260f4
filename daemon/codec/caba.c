/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The .dup firmware file ("caba"): packages, their checksums, and what their content says. */
#include "codec/caba-image.h"
#include "codec/caba.h"
#include "codec/foreign.h"
#include "common/clean.h"

#include <string.h>

#define HEADER_SIZE 18u
#define MAX_DESCRIPTION 255u /* the longest seen has 24 */
#define MAX_PACKAGES 64u     /* a full image has 4 */

/* Values that all known files have in fields of unknown meaning (protocol.md §5). */
#define SEEN_FEATURES 3u
#define SEEN_ONE 1u

#define KIND_FS 3u

typedef struct {
  const guint8 *data;
  guint64 size;
  const char *name; /* nullable */
  SqnsCaba *caba;   /* what is known so far */
} File;

/* The header of a package. */
typedef struct {
  guint64 offset;
  const guint8 *magic;
  guint32 features;
  guint16 one;
  const char *description; /* description_size bytes, the last one NUL */
  guint16 description_size;
  guint64 payload_offset;
  guint64 payload_size;
  guint64 end; /* after the checksum */
  guint32 checksum;
  char label[96]; /* "package 3 (fff) at byte 361040" */
} Raw;

const char *const sqns_package_kind_names[] = { "UPGR", "DIFF", NULL };
const char *const sqns_package_role_names[] = { "other", "bootrom", "updater", "fff", "fs", NULL };
G_STATIC_ASSERT (G_N_ELEMENTS (sqns_package_role_names) == SQNS_N_ROLES + 1);

/* @text with "?" for what is not printable ASCII. */
static char *
printable (const char *text)
{
  char *copy = g_strdup (text);

  for (char *p = copy; *p != '\0'; p++)
    if (!g_ascii_isprint (*p))
      *p = '?';
  return copy;
}

static SqnsPackageRole
role_by_description (const char *description)
{
  for (guint role = SQNS_ROLE_BOOTROM; role < SQNS_N_ROLES; role++)
    {
      const char *name = sqns_package_role_names[role];
      if (g_str_has_prefix (description, name) && g_str_equal (description + strlen (name), " upgrade package"))
        return (SqnsPackageRole)role;
    }
  return SQNS_ROLE_OTHER;
}

static void
set_label (Raw *raw, guint number)
{
  SqnsPackageRole role = role_by_description (raw->description);
  g_autofree char *text = printable (raw->description);

  if (sqns_caba_has_magic (raw->magic, SQNS_CABA_MAGIC_SIZE, "PACK"))
    g_snprintf (raw->label, sizeof raw->label, "the container at byte %" G_GUINT64_FORMAT, raw->offset);
  else
    g_snprintf (raw->label, sizeof raw->label, "package %u (%.40s) at byte %" G_GUINT64_FORMAT, number,
                role != SQNS_ROLE_OTHER ? sqns_package_role_name (role) : text, raw->offset);
}

static gboolean
is_package (const guint8 *data, guint64 size)
{
  return sqns_caba_has_magic (data, size, "UPGR") || sqns_caba_has_magic (data, size, "DIFF")
         || sqns_caba_has_magic (data, size, "PACK");
}

/* Reads the package at @offset, which must end at or before @end. @whole: what ends there, "file" or "container". */
static gboolean
read_package (const File *file, guint64 offset, guint64 end, const char *whole, guint number, Raw *raw, GError **error)
{
  SqnsCabaReader reader = { file->data, offset, end };
  guint32 payload_size;
  guint16 checksum_size;
  guint64 left = end - offset, need;

  *raw = (Raw){ .offset = offset, .magic = file->data + offset };
  if (left >= SQNS_CABA_MAGIC_SIZE && !is_package (raw->magic, left))
    return sqns_caba_bad (error, "no package %u at byte %" G_GUINT64_FORMAT, number, offset);
  if (!sqns_caba_skip (&reader, SQNS_CABA_MAGIC_SIZE) || !sqns_caba_read_le32 (&reader, &raw->features)
      || !sqns_caba_read_le32 (&reader, &payload_size) || !sqns_caba_read_le16 (&reader, &raw->one)
      || !sqns_caba_read_le16 (&reader, &checksum_size) || !sqns_caba_read_le16 (&reader, &raw->description_size))
    return sqns_caba_bad (error, "the %s is truncated in the header of package %u at byte %" G_GUINT64_FORMAT, whole,
                          number, offset);

  if (checksum_size != SQNS_CABA_CHECKSUM_SIZE)
    return sqns_caba_bad (error, "package %u at byte %" G_GUINT64_FORMAT " has a checksum of %u bytes, expected 4",
                          number, offset, checksum_size);
  if (raw->description_size == 0 || raw->description_size > MAX_DESCRIPTION)
    return sqns_caba_bad (error, "package %u at byte %" G_GUINT64_FORMAT " claims a description of %u bytes", number,
                          offset, raw->description_size);

  need = (guint64)HEADER_SIZE + raw->description_size + payload_size + SQNS_CABA_CHECKSUM_SIZE;
  raw->description = (const char *)file->data + reader.at;
  if (!sqns_caba_skip (&reader, raw->description_size))
    return sqns_caba_bad (error, "the %s is truncated in the description of package %u at byte %" G_GUINT64_FORMAT,
                          whole, number, offset);
  if (raw->description[raw->description_size - 1] != '\0')
    return sqns_caba_bad (error, "the description of package %u at byte %" G_GUINT64_FORMAT " has no end", number,
                          offset);
  set_label (raw, number);

  raw->payload_offset = reader.at;
  raw->payload_size = payload_size;
  if (!sqns_caba_skip (&reader, payload_size) || !sqns_caba_read_le32 (&reader, &raw->checksum))
    return sqns_caba_bad (error,
                          "the %s is truncated: %s needs %" G_GUINT64_FORMAT " bytes, but only %" G_GUINT64_FORMAT
                          " are left",
                          whole, raw->label, need, left);
  raw->end = reader.at;
  return TRUE;
}

static gboolean
check_package (const File *file, const Raw *raw, GError **error)
{
  guint64 covered = raw->end - raw->offset - SQNS_CABA_CHECKSUM_SIZE;
  guint32 content = sqns_caba_fletcher32 (file->data + raw->offset, (gsize)covered);

  if (content != raw->checksum)
    return sqns_caba_bad (error, "%s is damaged: its checksum is 0x%08x, its content gives 0x%08x", raw->label,
                          raw->checksum, content);

  if (raw->features != SEEN_FEATURES)
    sqns_caba_warn (file->caba->warnings, "%s: format features are %u, expected %u", raw->label, raw->features,
                    SEEN_FEATURES);
  if (raw->one != SEEN_ONE)
    sqns_caba_warn (file->caba->warnings, "%s: header field at byte %" G_GUINT64_FORMAT " is %u, expected %u",
                    raw->label, raw->offset + 12, raw->one, SEEN_ONE);
  for (guint i = 0; i + 1 < raw->description_size; i++)
    if (!g_ascii_isprint (raw->description[i]))
      {
        sqns_caba_warn (file->caba->warnings, "%s: the description is not plain text", raw->label);
        break;
      }
  return TRUE;
}

/* By the description, or else by the content. */
static SqnsPackageRole
find_role (const File *file, const Raw *raw)
{
  const guint8 *payload = file->data + raw->payload_offset;
  SqnsPackageRole role = role_by_description (raw->description);

  if (role != SQNS_ROLE_OTHER || sqns_caba_has_magic (raw->magic, SQNS_CABA_MAGIC_SIZE, "DIFF"))
    return role;
  if (sqns_caba_has_magic (payload, raw->payload_size, "toob"))
    role = SQNS_ROLE_BOOTROM;
  else if (raw->payload_size >= 8 && sqns_caba_has_magic (payload + 4, 4, "FFF!")
           && (payload[1] | payload[2] | payload[3]) == 0)
    role = payload[0] == SQNS_CABA_UPDATER ? SQNS_ROLE_UPDATER
           : payload[0] == SQNS_CABA_FFF   ? SQNS_ROLE_FFF
                                           : SQNS_ROLE_OTHER;
  if (role == SQNS_ROLE_OTHER)
    sqns_caba_warn (file->caba->warnings, "%s: unknown kind", raw->label);
  else
    sqns_caba_warn (file->caba->warnings, "%s: unknown description; its content is that of the %s", raw->label,
                    sqns_package_role_name (role));
  return role;
}

static gboolean
check_image (const File *file,
             const Raw *raw,
             SqnsCabaImageKind kind,
             SqnsPackage *package,
             SqnsCabaImage *image,
             GError **error)
{
  const SqnsCabaReader payload = { file->data, raw->payload_offset, raw->payload_offset + raw->payload_size };
  if (!sqns_caba_image_read (payload, kind, raw->label, image, file->caba->warnings, error))
    return FALSE;
  package->image_checksum = image->checksum;
  return TRUE;
}

static gboolean
check_payload (const File *file, const Raw *raw, SqnsPackage *package, GError **error)
{
  SqnsCabaReader reader = { file->data, raw->payload_offset, raw->payload_offset + raw->payload_size };
  SqnsCabaImage image;
  guint32 kind = 0;

  if (package->kind == SQNS_PACKAGE_DIFF)
    return TRUE; /* a patch, of unknown content */
  switch (package->role)
    {
    case SQNS_ROLE_BOOTROM:
      if (!sqns_caba_has_magic (file->data + raw->payload_offset, raw->payload_size, "toob"))
        return sqns_caba_bad (error, "%s contains no boot ROM at byte %" G_GUINT64_FORMAT, raw->label,
                              raw->payload_offset);
      return TRUE;
    case SQNS_ROLE_UPDATER:
      if (!check_image (file, raw, SQNS_CABA_UPDATER, package, &image, error))
        return FALSE;
      file->caba->updater_offset = image.updater_offset;
      file->caba->updater_size = image.updater_size;
      return TRUE;
    case SQNS_ROLE_FFF:
      if (!check_image (file, raw, SQNS_CABA_FFF, package, &image, error))
        return FALSE;
      file->caba->version = image.version;
      file->caba->version_text = image.version_text;
      return TRUE;
    case SQNS_ROLE_FS:
      if (!sqns_caba_read_le32 (&reader, &kind) || kind != KIND_FS)
        sqns_caba_warn (file->caba->warnings, "%s: the payload is of kind %u, expected %u", raw->label, kind, KIND_FS);
      return TRUE;
    case SQNS_ROLE_OTHER:
      return TRUE;
    }
  g_assert_not_reached ();
}

static void
package_free (gpointer data)
{
  SqnsPackage *package = data;

  g_free (package->description);
  g_free (package);
}

static gboolean
add_package (const File *file, const Raw *raw, GError **error)
{
  GPtrArray *packages = file->caba->packages;
  SqnsPackage *package = g_new0 (SqnsPackage, 1);

  package->kind
      = sqns_caba_has_magic (raw->magic, SQNS_CABA_MAGIC_SIZE, "DIFF") ? SQNS_PACKAGE_DIFF : SQNS_PACKAGE_UPGR;
  package->role = find_role (file, raw);
  package->description = printable (raw->description);
  package->offset = raw->offset;
  package->size = raw->end - raw->offset;
  package->payload_offset = raw->payload_offset;
  package->payload_size = raw->payload_size;
  package->checksum = raw->checksum;
  g_ptr_array_add (packages, package);

  for (guint i = 0; i + 1 < packages->len; i++)
    {
      const SqnsPackage *other = g_ptr_array_index (packages, i);

      if (package->role != SQNS_ROLE_OTHER && other->role == package->role)
        return sqns_caba_bad (error, "%s is a second %s, after the one at byte %" G_GUINT64_FORMAT, raw->label,
                              sqns_package_role_name (package->role), other->offset);
    }
  return check_payload (file, raw, package, error);
}

/* Reads the packages between two offsets, which follow one another without gaps. */
static gboolean
read_packages (const File *file, guint64 offset, guint64 end, const char *whole, GError **error)
{
  guint number = 0;

  while (offset < end)
    {
      Raw raw;

      if (++number > MAX_PACKAGES)
        return sqns_caba_bad (error, "more than %u packages, the next at byte %" G_GUINT64_FORMAT, MAX_PACKAGES,
                              offset);
      if (!read_package (file, offset, end, whole, number, &raw, error))
        return FALSE;
      if (sqns_caba_has_magic (raw.magic, SQNS_CABA_MAGIC_SIZE, "PACK"))
        return sqns_caba_bad (error,
                              "a container at byte %" G_GUINT64_FORMAT ", as package %u: it must be the only one",
                              offset, number);
      if (!check_package (file, &raw, error) || !add_package (file, &raw, error))
        return FALSE;
      offset = raw.end;
    }
  return number > 0 || sqns_caba_bad (error, "the %s contains no package", whole);
}

static gboolean
all_bytes (const File *file, guint8 byte)
{
  for (guint64 i = 0; i < file->size; i++)
    if (file->data[i] != byte)
      return FALSE;
  return TRUE;
}

/* If the file does not begin with a package, says what it is instead. */
static gboolean
check_beginning (const File *file, GError **error)
{
  const guint8 *data = file->data;
  const char *hint, *name;

  if (file->size == 0)
    return sqns_caba_bad (error, "the file is empty");
  if (is_package (data, file->size))
    return TRUE;
  if (all_bytes (file, 0xff))
    return sqns_caba_bad (error, "every byte of the file is 0xff: this is erased flash, not a .dup");
  if (all_bytes (file, 0))
    return sqns_caba_bad (error, "every byte of the file is 0: this is not a .dup");
  if ((name = sqns_foreign_name (data, file->size, &hint)) != NULL)
    return sqns_caba_bad (error, "this is %s, not a firmware file%s", name, hint);
  if (file->size < SQNS_CABA_MAGIC_SIZE)
    return sqns_caba_bad (error, "too small (%u bytes) to be firmware", (guint)file->size);
  return sqns_caba_bad (
      error, "this is not a .dup: it begins with the bytes %02x %02x %02x %02x at byte 0, not with UPGR, DIFF or PACK",
      data[0], data[1], data[2], data[3]);
}

static gboolean
read_file (const File *file, GError **error)
{
  Raw raw;

  if (file->size < SQNS_FIRMWARE_MIN_SIZE || file->size > SQNS_FIRMWARE_MAX_SIZE)
    return sqns_caba_bad (error, "the file has %" G_GUINT64_FORMAT " bytes, a .dup has 128 bytes to 64 MiB",
                          file->size);

  file->caba->packed = sqns_caba_has_magic (file->data, file->size, "PACK");
  if (!file->caba->packed)
    return read_packages (file, 0, file->size, "file", error);

  if (!read_package (file, 0, file->size, "file", 1, &raw, error))
    return FALSE;
  if (raw.end != file->size)
    return sqns_caba_bad (error,
                          "%" G_GUINT64_FORMAT " extra bytes after the container, from byte %" G_GUINT64_FORMAT " on",
                          file->size - raw.end, raw.end);
  /* The packages inside first: the message then names the one that is damaged. */
  return read_packages (file, raw.payload_offset, raw.payload_offset + raw.payload_size, "container", error)
         && check_package (file, &raw, error);
}

/* Base and target of a diff: "upgdiff_38638-to-39529.dup". */
static gboolean
parse_diff_name (const char *name, guint *base, guint *target)
{
  g_autoptr (GRegex) regex = g_regex_new ("(?<![0-9])([0-9]{4,6})-to-([0-9]{4,6})(?![0-9])", 0, 0, NULL);
  g_autoptr (GMatchInfo) match = NULL;
  g_autofree char *valid = sqns_clean_line (name, -1);
  g_autofree char *first = NULL, *second = NULL;

  if (!g_regex_match (regex, valid, 0, &match))
    return FALSE;
  first = g_match_info_fetch (match, 1);
  second = g_match_info_fetch (match, 2);
  *base = (guint)g_ascii_strtoull (first, NULL, 10);
  *target = (guint)g_ascii_strtoull (second, NULL, 10);
  return TRUE;
}

/* The roles without an UPGR package; NULL when there are none. */
static char *
list_missing (const SqnsCaba *caba)
{
  g_autoptr (GString) list = g_string_new (NULL);

  for (guint role = SQNS_ROLE_BOOTROM; role < SQNS_N_ROLES; role++)
    {
      gboolean found = FALSE;

      for (guint j = 0; j < caba->packages->len; j++)
        {
          const SqnsPackage *package = g_ptr_array_index (caba->packages, j);

          found |= package->kind == SQNS_PACKAGE_UPGR && package->role == role;
        }
      if (!found)
        g_string_append_printf (list, "%s%s", list->len > 0 ? ", " : "", sqns_package_role_names[role]);
    }
  return list->len > 0 ? g_strdup (list->str) : NULL;
}

/* Draws conclusions from all packages. A file named like a diff is one, unless it contains a full image: the magic
 * of real diffs is a guess, their names are reliable (protocol.md §3). */
static void
conclude (const File *file)
{
  SqnsCaba *caba = file->caba;
  guint base = 0, target = 0;
  gboolean named = parse_diff_name (file->name, &base, &target);

  caba->missing = list_missing (caba);
  for (guint i = 0; i < caba->packages->len; i++)
    caba->diff |= ((SqnsPackage *)g_ptr_array_index (caba->packages, i))->kind == SQNS_PACKAGE_DIFF;
  if (named && !caba->diff && caba->missing == NULL)
    sqns_caba_warn (file->caba->warnings,
                    "the name is that of a differential file from %u to %u, but this is a full image", base, target);
  else
    caba->diff |= named;

  if (caba->diff)
    {
      g_clear_pointer (&caba->missing, g_free);
      caba->base_build = base;
      if (!named)
        sqns_caba_warn (file->caba->warnings, "a differential file, but its name does not say from which version");
      else if (!sqns_version_known (&caba->version))
        caba->version.build = target;
      else if (caba->version.build != target)
        sqns_caba_warn (file->caba->warnings, "the name is that of a differential file to %u, but it contains \"%s\"",
                        target, caba->version_text);
    }
  caba->complete = !caba->diff && caba->missing == NULL;
  caba->family = sqns_version_family (&caba->version);
  if (caba->family == SQNS_FAMILY_UNKNOWN && base != 0)
    caba->family = sqns_version_family (&(SqnsVersion){ .build = base });
}

SqnsCaba *
sqns_caba_parse (const guint8 *data, guint64 size, const char *name, GError **error)
{
  g_autoptr (SqnsCaba) caba = g_new0 (SqnsCaba, 1);
  const File file = { data, size, name, caba };

  caba->packages = g_ptr_array_new_with_free_func (package_free);
  caba->warnings = g_ptr_array_new_with_free_func (g_free);
  if (!check_beginning (&file, error) || !read_file (&file, error))
    return NULL;
  conclude (&file);
  return g_steal_pointer (&caba);
}

void
sqns_caba_free (SqnsCaba *caba)
{
  g_ptr_array_unref (caba->packages);
  g_ptr_array_unref (caba->warnings);
  g_free (caba->missing);
  g_free (caba->version_text);
  g_free (caba);
}
