/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Modem images inside a .dup: their own header and checksum, the ELF behind an index, the version text. */
#include "codec/caba-image.h"

#include "codec/elf.h"

#define SLIM_HEADER_SIZE 40u /* behind the u32 kind */
#define SLIM_OVERHEAD (4u + SLIM_HEADER_SIZE + SQNS_CABA_CHECKSUM_SIZE)
#define IELF_SIZE 16u

#define MAX_VERSION_TEXT 96u
#define MAX_DOTTED 23u /* "9999.9999.9999.9999" and some */

/* The version text that ends in "[build] by ...", with @bracket at its '['; NULL when it is none. */
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

/* The application image carries its version as text (protocol.md §5). */
static void
find_version (const SqnsCabaFile *file, const char *label, const guint8 *image, guint64 size)
{
  SqnsCaba *caba = file->caba;
  const guint8 *end = image + size;
  const guint8 *bracket = image;

  while ((bracket = memchr (bracket, '[', (gsize)(end - bracket))) != NULL)
    {
      SqnsVersion version;
      g_autofree char *text = version_text_at (image, bracket++, end, &version);

      if (text == NULL)
        continue;
      if (caba->version_text == NULL)
        {
          caba->version = version;
          caba->version_text = g_steal_pointer (&text);
        }
      else if (!sqns_version_equal (&version, &caba->version))
        {
          sqns_caba_warn (file, "%s: names two versions, \"%s\" and \"%s\"", label, caba->version_text, text);
          return;
        }
    }
  if (caba->version_text == NULL)
    sqns_caba_warn (file, "%s: does not say its version", label);
}

/* *@offset and *@size, the file's: the ELF in the image of @n bytes at @image; size 0 when there is none. */
static gboolean
find_elf (const SqnsCabaFile *file,
          const char *label,
          guint64 image,
          guint64 n,
          guint64 *offset,
          guint64 *size,
          GError **error)
{
  SqnsCabaReader reader = { file->data, image, image + n };
  guint32 elf_offset, elf_size, last;

  *offset = 0;
  *size = 0;
  if (sqns_caba_has_magic (file->data + image, n, "\177ELF"))
    {
      *offset = image;
      *size = n;
      return TRUE;
    }
  if (!sqns_caba_has_magic (file->data + image, n, "IELF"))
    return TRUE;

  if (!sqns_caba_skip (&reader, SQNS_CABA_MAGIC_SIZE) || !sqns_caba_read_le32 (&reader, &elf_offset)
      || !sqns_caba_read_le32 (&reader, &elf_size) || !sqns_caba_read_le32 (&reader, &last))
    return sqns_caba_bad (error, "%s: the ELF index at byte %" G_GUINT64_FORMAT " is cut short", label, image);
  if (elf_offset < IELF_SIZE || (guint64)elf_offset + elf_size > n)
    return sqns_caba_bad (error,
                          "%s: the ELF index at byte %" G_GUINT64_FORMAT
                          " points at %u bytes at %u, outside of the image's %" G_GUINT64_FORMAT,
                          label, image, elf_size, elf_offset, n);
  if (last != G_MAXUINT32)
    sqns_caba_warn (file, "%s: the ELF index ends in 0x%08x, known is 0xffffffff", label, last);
  *offset = image + elf_offset;
  *size = elf_size;
  return TRUE;
}

/* The fields of the 40-byte header behind the FFF! magic; *@n is the image's length. */
static gboolean
read_slim_header (const SqnsCabaFile *file, const char *label, const SqnsPackage *package, guint64 *n, GError **error)
{
  static const guint32 seen32[] = { 0, 1, 0, 0, 0, 0 };
  static const guint16 seen16[] = { 0, 0, 1, SQNS_CABA_CHECKSUM_SIZE };
  SqnsCabaReader reader = { file->data, package->payload_offset + 4, package->payload_offset + package->payload_size };
  guint32 value32;
  guint16 value16 = 0;
  gboolean odd = FALSE, whole;

  whole = sqns_caba_skip (&reader, SQNS_CABA_MAGIC_SIZE);
  for (guint i = 0; i < G_N_ELEMENTS (seen32) && whole; i++)
    {
      whole = sqns_caba_read_le32 (&reader, &value32);
      odd |= whole && value32 != seen32[i];
    }
  whole = whole && sqns_caba_read_le32 (&reader, &value32);
  if (whole)
    *n = value32;
  for (guint i = 0; i < G_N_ELEMENTS (seen16) && whole; i++)
    {
      whole = sqns_caba_read_le16 (&reader, &value16);
      odd |= whole && value16 != seen16[i];
    }
  if (!whole)
    return sqns_caba_bad (error, "%s: the image header at byte %" G_GUINT64_FORMAT " is cut short", label,
                          package->payload_offset);
  if (value16 != SQNS_CABA_CHECKSUM_SIZE)
    return sqns_caba_bad (error,
                          "%s: the image header at byte %" G_GUINT64_FORMAT " wants a checksum of %u bytes, not 4",
                          label, package->payload_offset + 4, value16);
  if (odd)
    sqns_caba_warn (file, "%s: the image header at byte %" G_GUINT64_FORMAT " has values never seen before", label,
                    package->payload_offset + 4);
  return TRUE;
}

/* The payload of updater and fff: kind, slim header, image, checksum. */
gboolean
sqns_caba_check_image (const SqnsCabaFile *file, const char *label, SqnsPackage *package, guint32 kind, GError **error)
{
  const guint64 header = package->payload_offset + 4, image = header + SLIM_HEADER_SIZE;
  SqnsCabaReader reader = { file->data, package->payload_offset, package->payload_offset + package->payload_size };
  guint64 n = 0, elf, elf_size;
  guint32 stored_kind, content;

  if (!sqns_caba_read_le32 (&reader, &stored_kind)
      || !sqns_caba_has_magic (file->data + header, reader.end - header, "FFF!"))
    return sqns_caba_bad (error, "%s holds no modem image at byte %" G_GUINT64_FORMAT, label, package->payload_offset);
  if (stored_kind != kind)
    return sqns_caba_bad (error, "%s: the payload at byte %" G_GUINT64_FORMAT " is of kind %u, not %u", label,
                          package->payload_offset, stored_kind, kind);
  if (!read_slim_header (file, label, package, &n, error))
    return FALSE;
  if (n == 0 || n + SLIM_OVERHEAD != package->payload_size)
    return sqns_caba_bad (error,
                          "%s: the image at byte %" G_GUINT64_FORMAT " claims %" G_GUINT64_FORMAT
                          " bytes, but the payload around it has %" G_GUINT64_FORMAT,
                          label, image, n, package->payload_size);

  reader.at = image + n;
  if (!sqns_caba_read_le32 (&reader, &package->image_checksum))
    return sqns_caba_bad (error, "%s: the image's checksum at byte %" G_GUINT64_FORMAT " is cut short", label,
                          image + n);
  content = sqns_caba_fletcher32 (file->data + header, (gsize)(SLIM_HEADER_SIZE + n));
  if (content != package->image_checksum)
    return sqns_caba_bad (error,
                          "%s: the image at byte %" G_GUINT64_FORMAT
                          " is damaged: checksum says 0x%08x, content gives 0x%08x",
                          label, image, package->image_checksum, content);

  if (!find_elf (file, label, image, n, &elf, &elf_size, error))
    return FALSE;
  if (kind == SQNS_CABA_KIND_FFF)
    find_version (file, label, file->data + image, n);
  else if (sqns_elf_check_updater (file->data + elf, elf_size, NULL))
    {
      file->caba->updater_offset = elf;
      file->caba->updater_size = elf_size;
    }
  else
    sqns_caba_warn (file, "%s: holds no updater program that the boot ROM would take", label);
  return TRUE;
}
