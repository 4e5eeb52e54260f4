/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Synthetic .dup files for tests. */
#include "caba-builder.h"

#include <glib/gstdio.h>
#include <string.h>

#define HEADER_SIZE 18
#define SLIM_HEADER_SIZE 40
#define BOOTROM_SIZE 600
#define UPDATER_SIZE 1100
#define FS_SIZE 700
#define FFF_ELF_SIZE 160
#define IELF_SIZE 16

/* Folds after each word: slow and simple. */
guint32
sqns_test_dup_fletcher32 (const guint8 *data, gsize len)
{
  guint32 s1 = 0xffff, s2 = 0xffff;

  for (gsize i = 0; i < len; i += 2)
    {
      s1 += (guint32)data[i] * 256 + (i + 1 < len ? data[i + 1] : 0);
      s1 = (s1 & 0xffff) + (s1 >> 16);
      s2 += s1;
      s2 = (s2 & 0xffff) + (s2 >> 16);
    }
  return s2 << 16 | s1;
}

void
sqns_test_dup_append_le16 (GByteArray *out, guint value)
{
  const guint8 bytes[] = { (guint8)value, (guint8)(value >> 8) };

  g_byte_array_append (out, bytes, sizeof bytes);
}

void
sqns_test_dup_append_le32 (GByteArray *out, guint32 value)
{
  sqns_test_dup_append_le16 (out, value & 0xffff);
  sqns_test_dup_append_le16 (out, value >> 16);
}

static guint32
get_le32 (const guint8 *p)
{
  return p[0] | (guint32)p[1] << 8 | (guint32)p[2] << 16 | (guint32)p[3] << 24;
}

static void
put_le32 (guint8 *p, guint32 value)
{
  for (guint i = 0; i < 4; i++)
    p[i] = (guint8)(value >> (8 * i));
}

static void
append_text (GByteArray *out, const char *text)
{
  g_byte_array_append (out, (const guint8 *)text, (guint)strlen (text));
}

/* Pseudo-random bytes, always the same. */
static void
append_noise (GByteArray *out, gsize len, guint32 seed)
{
  g_byte_array_set_size (out, out->len + (guint)len);
  for (gsize i = out->len - len; i < out->len; i++)
    {
      seed = seed * 1664525u + 1013904223u;
      out->data[i] = (guint8)(seed >> 24);
    }
}

void
sqns_test_dup_append_package (GByteArray *out, const char *magic, const char *description, const GByteArray *payload)
{
  const guint start = out->len;
  const guint description_size = (guint)strlen (description) + 1;

  append_text (out, magic);
  sqns_test_dup_append_le32 (out, 3);
  sqns_test_dup_append_le32 (out, payload->len);
  sqns_test_dup_append_le16 (out, 1);
  sqns_test_dup_append_le16 (out, 4);
  sqns_test_dup_append_le16 (out, description_size);
  g_byte_array_append (out, (const guint8 *)description, description_size);
  g_byte_array_append (out, payload->data, payload->len);
  sqns_test_dup_append_le32 (out, sqns_test_dup_fletcher32 (out->data + start, out->len - start));
}

GByteArray *
sqns_test_dup_image_new (guint32 kind, const GByteArray *image)
{
  GByteArray *payload = g_byte_array_new ();

  sqns_test_dup_append_le32 (payload, kind);
  append_text (payload, "FFF!");
  sqns_test_dup_append_le32 (payload, 0);
  sqns_test_dup_append_le32 (payload, 1);
  for (guint i = 0; i < 4; i++)
    sqns_test_dup_append_le32 (payload, 0);
  sqns_test_dup_append_le32 (payload, image->len);
  sqns_test_dup_append_le16 (payload, 0);
  sqns_test_dup_append_le16 (payload, 0);
  sqns_test_dup_append_le16 (payload, 1);
  sqns_test_dup_append_le16 (payload, 4);
  g_byte_array_append (payload, image->data, image->len);
  sqns_test_dup_append_le32 (payload, sqns_test_dup_fletcher32 (payload->data + 4, payload->len - 4));
  return payload;
}

/* ELF32, big-endian, executable, machine 167, with one segment that is loaded. */
static void
append_elf (GByteArray *out, gsize size, guint32 seed)
{
  static const guint8 header[52] = {
    0x7f,       'E',      'L',         'F',       1,         2,         1,        [17] = 2,
    [19] = 167, [23] = 1, [26] = 0x10, [31] = 52, [41] = 52, [43] = 32, [45] = 1,
  };
  const gsize behind = sizeof header + 32;
  guint8 segment[32] = { [3] = 1, [7] = (guint8)behind, [10] = 0x10, [14] = 0x10, [27] = 7, [31] = 1 };

  segment[18] = segment[22] = (guint8)((size - behind) >> 8);
  segment[19] = segment[23] = (guint8)(size - behind);
  g_byte_array_append (out, header, sizeof header);
  g_byte_array_append (out, segment, sizeof segment);
  append_noise (out, size - behind, seed);
}

static void
append_index (GByteArray *out, guint32 offset, guint32 size)
{
  append_text (out, "IELF");
  sqns_test_dup_append_le32 (out, offset);
  sqns_test_dup_append_le32 (out, size);
  sqns_test_dup_append_le32 (out, 0xffffffff);
}

GBytes *
sqns_test_dup_updater_elf_new (void)
{
  GByteArray *elf = g_byte_array_new ();

  append_elf (elf, UPDATER_SIZE, 8);
  return g_byte_array_free_to_bytes (elf);
}

static void
append_updater (GByteArray *out, guint flags)
{
  g_autoptr (GByteArray) image = g_byte_array_new ();
  g_autoptr (GByteArray) payload = NULL;

  if (flags & SQNS_TEST_DUP_IELF)
    append_index (image, IELF_SIZE, UPDATER_SIZE);
  append_elf (image, UPDATER_SIZE, 8);
  payload = sqns_test_dup_image_new (8, image);
  sqns_test_dup_append_package (out, "UPGR", "updater upgrade package", payload);
}

/* With an index: index, noise, the version, noise, an ELF at the end, as in a real file. */
static void
append_fff (GByteArray *out, const char *version_text, gsize size, guint flags)
{
  g_autoptr (GByteArray) image = g_byte_array_new ();
  g_autoptr (GByteArray) payload = NULL;
  const gsize text_size = version_text != NULL ? strlen (version_text) + 2 : 0;
  gsize head, tail;

  size = MAX (size, SQNS_TEST_DUP_MIN_FFF);
  if (flags & SQNS_TEST_DUP_IELF)
    append_index (image, (guint32)size - FFF_ELF_SIZE, FFF_ELF_SIZE);
  else
    append_elf (image, FFF_ELF_SIZE, 2);
  tail = flags & SQNS_TEST_DUP_IELF ? FFF_ELF_SIZE : 0;
  head = (size - tail - image->len - text_size) / 2;
  append_noise (image, head, 3);
  if (version_text != NULL)
    {
      g_byte_array_append (image, (const guint8 *)"", 1);
      g_byte_array_append (image, (const guint8 *)version_text, (guint)strlen (version_text) + 1);
    }
  append_noise (image, size - tail - image->len, 4);
  if (tail != 0)
    append_elf (image, tail, 2);
  payload = sqns_test_dup_image_new (2, image);
  sqns_test_dup_append_package (out, "UPGR", "fff upgrade package", payload);
}

static void
append_plain (
    GByteArray *out, const char *magic, const char *description, const char *begin, gsize begin_size, gsize size)
{
  g_autoptr (GByteArray) payload = g_byte_array_new ();

  g_byte_array_append (payload, (const guint8 *)begin, (guint)begin_size);
  append_noise (payload, size - begin_size, 5);
  sqns_test_dup_append_package (out, magic, description, payload);
}

GBytes *
sqns_test_dup_new (const char *version_text, gsize fff_size, guint flags)
{
  GByteArray *dup = g_byte_array_new ();

  if (flags & SQNS_TEST_DUP_DIFF)
    append_plain (dup, "DIFF", "diff upgrade package", "", 0, fff_size);
  else
    {
      if (!(flags & SQNS_TEST_DUP_SKIP_BOOTROM))
        append_plain (dup, "UPGR", "bootrom upgrade package", "toob", 4, BOOTROM_SIZE);
      if (!(flags & SQNS_TEST_DUP_SKIP_UPDATER))
        append_updater (dup, flags);
      if (!(flags & SQNS_TEST_DUP_SKIP_FFF))
        append_fff (dup, version_text, fff_size, flags);
      if (!(flags & SQNS_TEST_DUP_SKIP_FS))
        append_plain (dup, "UPGR", "fs upgrade package", "\3\0\0\0", 4, FS_SIZE);
    }
  if (flags & SQNS_TEST_DUP_PACKED)
    {
      g_autoptr (GByteArray) inside = dup;

      dup = g_byte_array_new ();
      sqns_test_dup_append_package (dup, "PACK", "Packed dup files", inside);
    }
  return g_byte_array_free_to_bytes (dup);
}

static void
repair_image (guint8 *payload, gsize size)
{
  gsize n;

  if (size < 4 + SLIM_HEADER_SIZE + 4 || memcmp (payload + 4, "FFF!", 4) != 0)
    return;
  n = get_le32 (payload + 4 + 28);
  if (n == size - 4 - SLIM_HEADER_SIZE - 4)
    put_le32 (payload + size - 4, sqns_test_dup_fletcher32 (payload + 4, SLIM_HEADER_SIZE + n));
}

static void
repair (guint8 *data, gsize size, guint depth)
{
  while (size >= HEADER_SIZE)
    {
      const gsize payload_size = get_le32 (data + 8);
      const gsize begin = HEADER_SIZE + (data[16] | (gsize)data[17] << 8);

      if (begin + payload_size + 4 > size)
        return;
      if (memcmp (data, "PACK", 4) == 0 && depth == 0)
        repair (data + begin, payload_size, depth + 1);
      else
        repair_image (data + begin, payload_size);
      put_le32 (data + begin + payload_size, sqns_test_dup_fletcher32 (data, begin + payload_size));
      data += begin + payload_size + 4;
      size -= begin + payload_size + 4;
    }
}

void
sqns_test_dup_repair (GByteArray *dup)
{
  repair (dup->data, dup->len, 0);
}

void
sqns_test_dup_refused (const guint8 *data, gsize size, const char *name, const char *words)
{
  g_autoptr (GError) error = NULL;
  SqnsCaba *caba = sqns_caba_parse (data, size, name, &error);

  g_assert_null (caba);
  g_assert_error (error, SQNS_ERROR, SQNS_ERROR_INVALID_FIRMWARE);
  g_assert_cmpstr (error->message, !=, "");
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  if (words != NULL && strstr (error->message, words) == NULL)
    g_error ("\"%s\" does not say \"%s\"", error->message, words);
}

void
sqns_test_dup_warned (const SqnsCaba *caba, const char *words)
{
  for (guint i = 0; i < caba->warnings->len; i++)
    if (strstr (g_ptr_array_index (caba->warnings, i), words) != NULL)
      return;
  g_error ("no warning says \"%s\"", words);
}

SqnsCaba *
sqns_test_dup_parse (const GByteArray *dup, const char *name)
{
  g_autoptr (GError) error = NULL;
  SqnsCaba *caba = sqns_caba_parse (dup->data, dup->len, name, &error);

  g_assert_no_error (error);
  g_assert_nonnull (caba);
  return caba;
}

/* The folder that SQNS_TEST_FIRMWARE names, or what its first zip holds, unpacked into *@temporary. NULL without it. */
static char *
firmware_folder (char **temporary)
{
  const char *folder = g_getenv ("SQNS_TEST_FIRMWARE");
  g_autoptr (GDir) dir = folder != NULL ? g_dir_open (folder, 0, NULL) : NULL;
  const char *entry;

  *temporary = NULL;
  while (dir != NULL && (entry = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, entry, NULL);
      int status = -1;

      if (g_str_has_suffix (entry, ".dup"))
        return g_strdup (folder);
      if (g_str_has_suffix (entry, ".zip"))
        {
          *temporary = g_dir_make_tmp ("sqns-caba-XXXXXX", NULL);
          g_assert_true (g_spawn_sync (NULL, (char *[]){ "python3", "-m", "zipfile", "-e", path, *temporary, NULL },
                                       NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, &status, NULL));
          g_assert_cmpint (status, ==, 0);
          return g_strdup (*temporary);
        }
    }
  return NULL;
}

/* The first file named @suffix at or below @folder; removes all files there when @and_remove. */
static GByteArray *
find_file (const char *folder, const char *suffix, gboolean and_remove)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  GByteArray *found = NULL;
  const char *entry;

  while (dir != NULL && found == NULL && (entry = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, entry, NULL);
      char *data;
      gsize size;

      if (g_file_test (path, G_FILE_TEST_IS_DIR))
        found = find_file (path, suffix, and_remove);
      else if (and_remove)
        g_remove (path);
      else if (g_str_has_suffix (entry, suffix) && g_file_get_contents (path, &data, &size, NULL))
        found = g_byte_array_new_take ((guint8 *)data, size);
    }
  if (and_remove)
    g_rmdir (folder);
  return found;
}

GByteArray *
sqns_test_real_dup (GByteArray **updater_elf)
{
  g_autofree char *temporary = NULL;
  g_autofree char *folder = firmware_folder (&temporary);
  GByteArray *dup;

  *updater_elf = NULL;
  if (folder == NULL)
    return NULL;
  dup = find_file (folder, ".dup", FALSE);
  *updater_elf = find_file (folder, "updater.elf", FALSE);
  if (temporary != NULL)
    find_file (temporary, "", TRUE);
  g_assert_nonnull (dup);
  return dup;
}
