/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Modem images inside a .dup: header, checksum, the ELF after an index, the version text. */
#include "codec/caba-image.h"

#include "codec/elf.h"

#include <string.h>

#define SLIM_HEADER_SIZE 40u /* after the u32 kind */
#define SLIM_OVERHEAD (4u + SLIM_HEADER_SIZE + SQNS_CABA_CHECKSUM_SIZE)
#define IELF_SIZE 16u

#define MAX_VERSION_TEXT 96u
#define MAX_DOTTED 23u /* "9999.9999.9999.9999" and some */

/* The version text that ends in "[build] by ...", with its '[' at @bracket; NULL: there is none. */
static char *
version_text_at (const guint8 *start, const guint8 *bracket, const guint8 *end, SqnsVersion *version)
{
  const guint8 *begin = bracket, *behind = bracket + 1;
  gsize len;

  while (behind < end && g_ascii_isdigit (*behind))
    behind++;
  if (end - behind < 5 || memcmp (behind, "] by ", 5) != 0)
    return NULL;
  if (begin == start || *--begin != ' ')
    return NULL;
  while (begin > start && (g_ascii_isdigit (begin[-1]) || begin[-1] == '.') && bracket - begin <= (gssize)MAX_DOTTED)
    begin--;
  while (behind < end && g_ascii_isprint (*behind) && behind - begin < (gssize)MAX_VERSION_TEXT)
    behind++;
  len = (gsize)(behind - begin);
  if (!sqns_version_parse ((const char *)begin, (gssize)len, version) || version->part[0] == 0)
    return NULL;
  return g_strchomp (g_strndup ((const char *)begin, len));
}

/* The application image contains its version as text (protocol.md §5). */
static void
find_version (SqnsCabaImage *out, const char *label, const guint8 *image, guint64 size, GPtrArray *warnings)
{
  const guint8 *end = image + size;
  const guint8 *bracket = image;

  while ((bracket = memchr (bracket, '[', (gsize)(end - bracket))) != NULL)
    {
      SqnsVersion version;
      g_autofree char *text = version_text_at (image, bracket++, end, &version);

      if (text == NULL)
        continue;
      if (out->version_text == NULL)
        {
          out->version = version;
          out->version_text = g_steal_pointer (&text);
        }
      else if (!sqns_version_equal (&version, &out->version))
        {
          sqns_caba_warn (warnings, "%s: names two versions, \"%s\" and \"%s\"", label, out->version_text, text);
          return;
        }
    }
  if (out->version_text == NULL)
    sqns_caba_warn (warnings, "%s: has no version", label);
}

/* Finds the ELF in @image; empty when there is none. */
static gboolean
find_elf (SqnsCabaReader image, const char *label, SqnsCabaReader *elf, GPtrArray *warnings, GError **error)
{
  const guint64 start = image.at, n = image.end - image.at;
  guint32 offset, size, last;

  *elf = image;
  if (sqns_caba_has_magic (image.data + start, n, "\177ELF"))
    return TRUE;
  elf->end = elf->at;
  if (!sqns_caba_has_magic (image.data + start, n, "IELF"))
    return TRUE;

  if (!sqns_caba_skip (&image, SQNS_CABA_MAGIC_SIZE) || !sqns_caba_read_le32 (&image, &offset)
      || !sqns_caba_read_le32 (&image, &size) || !sqns_caba_read_le32 (&image, &last))
    return sqns_caba_bad (error, "%s: the ELF index at byte %" G_GUINT64_FORMAT " is truncated", label, start);
  if (offset < IELF_SIZE || (guint64)offset + size > n)
    return sqns_caba_bad (error,
                          "%s: the ELF index at byte %" G_GUINT64_FORMAT
                          " points to %u bytes at %u, outside the image's %" G_GUINT64_FORMAT,
                          label, start, size, offset, n);
  if (last != G_MAXUINT32)
    sqns_caba_warn (warnings, "%s: the ELF index ends in 0x%08x, expected 0xffffffff", label, last);
  elf->at = start + offset;
  elf->end = elf->at + size;
  return TRUE;
}

/* Checks the 40-byte header that begins with the FFF! magic; *@n gets the image's length. */
static gboolean
read_slim_header (
    SqnsCabaReader *reader, const char *label, guint64 payload, guint32 *n, GPtrArray *warnings, GError **error)
{
  static const guint32 seen32[] = { 0, 1, 0, 0, 0, 0 };
  static const guint16 seen16[] = { 0, 0, 1, SQNS_CABA_CHECKSUM_SIZE };
  const guint64 header = reader->at;
  guint32 value32;
  guint16 value16 = 0;
  gboolean odd = FALSE;
  gboolean whole = sqns_caba_skip (reader, SQNS_CABA_MAGIC_SIZE);

  for (guint i = 0; i < G_N_ELEMENTS (seen32) && whole; i++)
    {
      whole = sqns_caba_read_le32 (reader, &value32);
      odd |= whole && value32 != seen32[i];
    }
  whole = whole && sqns_caba_read_le32 (reader, n);
  for (guint i = 0; i < G_N_ELEMENTS (seen16) && whole; i++)
    {
      whole = sqns_caba_read_le16 (reader, &value16);
      odd |= whole && value16 != seen16[i];
    }
  if (!whole)
    return sqns_caba_bad (error, "%s: the image header at byte %" G_GUINT64_FORMAT " is truncated", label, payload);
  if (value16 != SQNS_CABA_CHECKSUM_SIZE)
    return sqns_caba_bad (error,
                          "%s: the image header at byte %" G_GUINT64_FORMAT " has a checksum of %u bytes, expected 4",
                          label, header, value16);
  if (odd)
    sqns_caba_warn (warnings, "%s: the image header at byte %" G_GUINT64_FORMAT " has unknown values", label, header);
  return TRUE;
}

gboolean
sqns_caba_image_read (SqnsCabaReader payload,
                      SqnsCabaImageKind kind,
                      const char *label,
                      SqnsCabaImage *out,
                      GPtrArray *warnings,
                      GError **error)
{
  const guint8 *data = payload.data;
  const guint64 start = payload.at, size = payload.end - payload.at, header = start + 4;
  SqnsCabaReader elf;
  guint32 stored_kind, n = 0, content;

  *out = (SqnsCabaImage){ 0 };
  if (!sqns_caba_read_le32 (&payload, &stored_kind)
      || !sqns_caba_has_magic (data + header, payload.end - header, "FFF!"))
    return sqns_caba_bad (error, "%s contains no modem image at byte %" G_GUINT64_FORMAT, label, start);
  if (stored_kind != kind)
    return sqns_caba_bad (error, "%s: the payload at byte %" G_GUINT64_FORMAT " is of kind %u, expected %u", label,
                          start, stored_kind, kind);
  if (!read_slim_header (&payload, label, start, &n, warnings, error))
    return FALSE;
  SqnsCabaReader image = { data, payload.at, payload.at + n };
  if (n == 0 || n + (guint64)SLIM_OVERHEAD != size)
    return sqns_caba_bad (error,
                          "%s: the image at byte %" G_GUINT64_FORMAT
                          " claims %u bytes, but the payload around it has %" G_GUINT64_FORMAT,
                          label, image.at, n, size);

  payload.at = image.end;
  if (!sqns_caba_read_le32 (&payload, &out->checksum))
    return sqns_caba_bad (error, "%s: the image's checksum at byte %" G_GUINT64_FORMAT " is truncated", label,
                          image.end);
  content = sqns_caba_fletcher32 (data + header, (gsize)(image.end - header));
  if (content != out->checksum)
    return sqns_caba_bad (error,
                          "%s: the image at byte %" G_GUINT64_FORMAT
                          " is damaged: its checksum is 0x%08x, its content gives 0x%08x",
                          label, image.at, out->checksum, content);

  if (!find_elf (image, label, &elf, warnings, error))
    return FALSE;
  if (kind == SQNS_CABA_FFF)
    find_version (out, label, data + image.at, n, warnings);
  else if (sqns_elf_check_updater (data + elf.at, elf.end - elf.at, NULL))
    {
      out->updater_offset = elf.at;
      out->updater_size = elf.end - elf.at;
    }
  else
    sqns_caba_warn (warnings, "%s: contains no updater program that the boot ROM accepts", label);
  return TRUE;
}
