/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The .dup parser and the contents of the file: fields, images, versions, names; and files of other kinds. */
#include "codec/caba.h"

#include "caba-builder.h"

#include <string.h>

#define NB_VERSION "6.0.0.0 [37781] by robot-soft at 2018-08-24 12:00:00"
#define CAT_VERSION "5.1.1.0 [38638] by robot-soft at 2018-08-20 09:51:46"
#define FFF_SIZE 1500

static GByteArray *
new_dup (const char *version_text, guint flags)
{
  return g_bytes_unref_to_array (sqns_test_dup_new (version_text, FFF_SIZE, flags));
}

static const SqnsPackage *
package_at (const SqnsCaba *caba, guint i)
{
  return g_ptr_array_index (caba->packages, i);
}

static void
append_filled (GByteArray *out, const char *magic, const char *description, gsize size)
{
  g_autoptr (GByteArray) payload = g_byte_array_new ();

  g_byte_array_set_size (payload, (guint)size);
  if (size > 0)
    memset (payload->data, 0xa5, size);
  sqns_test_dup_append_package (out, magic, description, payload);
}

/* Changes fields of the bootrom package, the first one, and corrects all checksums. */
static void
test_header_fields (void)
{
  static const struct {
    guint offset;
    guint8 value;
    const char *refusal; /* NULL: a warning */
    const char *warning;
  } cases[] = {
    { 4, 2, NULL, "package 1 (bootrom) at byte 0: format features are 2" },
    { 12, 9, NULL, "header field at byte 12 is 9" },
    { 14, 2, "has a checksum of 2 bytes", NULL },
    { 15, 1, "has a checksum of 260 bytes", NULL },
    { 16, 0, "claims a description of 0 bytes", NULL },
    { 17, 1, "claims a description of 280 bytes", NULL },
    { 16, 23, "has no end", NULL },
    { 41, 'x', "description of package 1 at byte 0 has no end", NULL },
    { 20, '\n', NULL, "the description is not plain text" },
    { 20, 0xff, NULL,
      "package 1 (bo?trom upgrade package) at byte 0: unknown description; its content is that of the bootrom" },
    { 42, 'T', "package 1 (bootrom) at byte 0 contains no boot ROM at byte 42", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GByteArray) dup = new_dup (NB_VERSION, SQNS_TEST_DUP_IELF);

      dup->data[cases[i].offset] = cases[i].value;
      sqns_test_dup_repair (dup);
      if (cases[i].refusal != NULL)
        sqns_test_dup_refused (dup->data, dup->len, NULL, cases[i].refusal);
      else
        {
          g_autoptr (SqnsCaba) caba = sqns_test_dup_parse (dup, NULL);

          sqns_test_dup_warned (caba, cases[i].warning);
          g_assert_true (caba->complete);
        }
    }
}

/* Changes fields of the updater's payload, by offset, and corrects all checksums. */
static void
test_image_fields (void)
{
  static const struct {
    guint offset;
    guint8 value;
    const char *refusal;
    const char *warning;
    gboolean elf_lost;
  } cases[] = {
    { 0, 2, "the payload at byte 688 is of kind 2, expected 8", NULL, FALSE },
    { 0, 9, "is of kind 9", NULL, FALSE },
    { 4, 'f', "contains no modem image", NULL, FALSE },
    { 8, 1, NULL, "unknown values", FALSE },
    { 12, 2, NULL, "unknown values", FALSE },
    { 16, 1, NULL, "unknown values", FALSE },
    { 28, 1, NULL, "unknown values", FALSE },
    { 32, 0, "claims", NULL, FALSE },
    { 35, 0xff, "claims", NULL, FALSE },
    { 36, 1, NULL, "unknown values", FALSE },
    { 40, 2, NULL, "unknown values", FALSE },
    { 42, 2, "has a checksum of 2 bytes", NULL, FALSE },
    { 44 + 4, 15, "points to 1100 bytes at 15, outside the image's 1116", NULL, FALSE },
    { 44 + 4, 17, "outside", NULL, FALSE },
    { 44 + 7, 0xff, "outside", NULL, FALSE },
    { 44 + 11, 0xff, "outside", NULL, FALSE },
    { 44 + 12, 0, NULL, "the ELF index ends in 0xffffff00", FALSE },
    { 44, 'i', NULL, "no updater program", TRUE },
    { 44 + 8, 0x4d, "points to 1101 bytes at 16, outside", NULL, FALSE },
    { 44 + 9, 0, NULL, "no updater program", TRUE }, /* 76 bytes: the segment is truncated */
    { 60, 'x', NULL, "no updater program", TRUE },
    { 60 + 4, 2, NULL, "no updater program", TRUE },
    { 60 + 5, 1, NULL, "no updater program", TRUE },
    { 60 + 19, 40, NULL, "no updater program", TRUE },
    { 60 + 17, 1, NULL, "no updater program", TRUE }, /* an object file */
    { 60 + 45, 0, NULL, "no updater program", TRUE }, /* no segment */
    { 60 + 23, 0, NULL, NULL, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GByteArray) dup = new_dup (NB_VERSION, SQNS_TEST_DUP_IELF);
      g_autoptr (SqnsCaba) before = sqns_test_dup_parse (dup, NULL);
      const SqnsPackage *updater = package_at (before, 1);

      dup->data[updater->payload_offset + cases[i].offset] = cases[i].value;
      sqns_test_dup_repair (dup);
      if (cases[i].refusal != NULL)
        sqns_test_dup_refused (dup->data, dup->len, NULL, cases[i].refusal);
      else
        {
          g_autoptr (SqnsCaba) caba = sqns_test_dup_parse (dup, NULL);

          if (cases[i].warning != NULL)
            sqns_test_dup_warned (caba, cases[i].warning);
          g_assert_cmpint (caba->updater_size == 0, ==, cases[i].elf_lost);
        }
    }
}

/* Offset and length of an ELF that are only valid in 32 bits. */
static void
test_index_wraps (void)
{
  g_autoptr (GByteArray) dup = new_dup (NB_VERSION, SQNS_TEST_DUP_IELF);
  g_autoptr (SqnsCaba) before = sqns_test_dup_parse (dup, NULL);
  guint8 *index = dup->data + package_at (before, 1)->payload_offset + 44;

  memcpy (index + 4, "\xf0\xff\xff\xff\x20\0\0\0", 8);
  sqns_test_dup_repair (dup);
  sqns_test_dup_refused (dup->data, dup->len, NULL, "points to 32 bytes at 4294967280, outside");
}

static GByteArray *
dup_with_fff_text (const char *text, gsize len)
{
  GByteArray *dup = g_byte_array_new ();
  g_autoptr (GByteArray) image = g_byte_array_new ();
  g_autoptr (GByteArray) payload = NULL;

  g_byte_array_append (image, (const guint8 *)text, (guint)len);
  payload = sqns_test_dup_image_new (2, image);
  append_filled (dup, "UPGR", "filler", 128);
  sqns_test_dup_append_package (dup, "UPGR", "fff upgrade package", payload);
  return dup;
}

static void
test_version (void)
{
#define LONG "1234567890123456789012345678901234567890"
  static const struct {
    const char *image;
    const char *text; /* NULL: not found */
    guint build;
    const char *warning;
  } cases[] = {
    { "x" NB_VERSION, NB_VERSION, 37781, NULL },
    { NB_VERSION "\nmore", NB_VERSION, 37781, NULL },
    { "%s [%d] by %s [ [] [1] by [37781] by LR6.0.0.0 [37781]", NULL, 0, ": has no version" },
    { "no.version [12345] by me", NULL, 0, ": has no version" },
    { ".0 [12345] by me", NULL, 0, ": has no version" },
    { "[12345] by me", NULL, 0, ": has no version" },
    { " [12345] by me", NULL, 0, ": has no version" },
    { "6.0.0.0 [37781", NULL, 0, ": has no version" },
    { "6.0.0.0 [37781] b", NULL, 0, ": has no version" },
    { LONG "5.1.1.0 [38638] by me", NULL, 0, ": has no version" },
    { NB_VERSION "|" CAT_VERSION, NULL, 37781, "names two versions" },
    { NB_VERSION "\n" NB_VERSION, NB_VERSION, 37781, NULL },
    { "6.0.0.0 [37781] by " LONG LONG LONG, "6.0.0.0 [37781] by " LONG "1234567890123456789012345678901234567", 37781,
      NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GByteArray) dup = dup_with_fff_text (cases[i].image, strlen (cases[i].image));
      g_autoptr (SqnsCaba) caba = sqns_test_dup_parse (dup, NULL);

      if (cases[i].text != NULL || cases[i].build == 0)
        g_assert_cmpstr (caba->version_text, ==, cases[i].text);
      g_assert_cmpuint (caba->version.build, ==, cases[i].build);
      g_assert_cmpint (caba->family, ==, cases[i].build != 0 ? SQNS_FAMILY_NB_IOT : SQNS_FAMILY_UNKNOWN);
      if (cases[i].warning != NULL)
        sqns_test_dup_warned (caba, cases[i].warning);
      else
        g_assert_cmpuint (caba->warnings->len, ==, 1); /* the filler package */
    }
}

static void
test_diff (void)
{
  static const struct {
    const char *name;
    guint flags;
    gboolean diff;
    guint base, build;
    SqnsFamily family;
    const char *warning;
  } cases[] = {
    { "upgdiff_38638-to-39529.dup", SQNS_TEST_DUP_DIFF, TRUE, 38638, 39529, SQNS_FAMILY_CAT_M1, NULL },
    { "/a/1234-to/upgdiff_38638-to-39529.dup", SQNS_TEST_DUP_DIFF | SQNS_TEST_DUP_PACKED, TRUE, 38638, 39529,
      SQNS_FAMILY_CAT_M1, NULL },
    { "upgdiff_33080-to-99999.dup", SQNS_TEST_DUP_DIFF, TRUE, 33080, 99999, SQNS_FAMILY_CAT_M1, NULL },
    { "upgdiff.dup", SQNS_TEST_DUP_DIFF, TRUE, 0, 0, SQNS_FAMILY_UNKNOWN, "does not say from which version" },
    { "upgdiff_1-to-39529.dup", SQNS_TEST_DUP_DIFF, TRUE, 0, 0, SQNS_FAMILY_UNKNOWN, "does not say" },
    { "\xff\xfe-to-39529.dup", SQNS_TEST_DUP_DIFF, TRUE, 0, 0, SQNS_FAMILY_UNKNOWN, "does not say" },
    { NULL, SQNS_TEST_DUP_DIFF, TRUE, 0, 0, SQNS_FAMILY_UNKNOWN, "does not say from which version" },
    { "upgdiff_38638-to-39529.dup", SQNS_TEST_DUP_SKIP_FS, TRUE, 38638, 37781, SQNS_FAMILY_NB_IOT, "but it contains" },
    { "upgdiff_35351-to-37781.dup", SQNS_TEST_DUP_SKIP_FS, TRUE, 35351, 37781, SQNS_FAMILY_NB_IOT, NULL },
    { "upgdiff_38638-to-39529.dup", SQNS_TEST_DUP_IELF, FALSE, 0, 37781, SQNS_FAMILY_NB_IOT,
      "but this is a full image" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GByteArray) dup = new_dup (NB_VERSION, cases[i].flags);
      g_autoptr (SqnsCaba) caba = sqns_test_dup_parse (dup, cases[i].name);

      g_assert_cmpint (caba->diff, ==, cases[i].diff);
      g_assert_cmpint (caba->complete, ==, !cases[i].diff);
      g_assert_null (caba->missing);
      g_assert_cmpuint (caba->base_build, ==, cases[i].base);
      g_assert_cmpuint (caba->version.build, ==, cases[i].build);
      g_assert_cmpint (caba->family, ==, cases[i].family);
      g_assert_cmpuint (caba->warnings->len, ==, cases[i].warning != NULL ? 1 : 0);
      if (cases[i].warning != NULL)
        sqns_test_dup_warned (caba, cases[i].warning);
    }
}

static void
test_foreign (void)
{
  static const struct {
    const char *bytes;
    gsize size;
    const char *words;
  } cases[] = {
    { "", 0, "the file is empty" },
    { "\177ELF\1\2\1", 7, "this is an ELF program (like updater.elf)" },
    { "PK\3\4....", 8, "zip archive" },
    { "\37\213\10\0", 4, "gzip" },
    { "\3757zXZ\0", 6, "xz file" },
    { "FFF!\0\0\0\0", 8, "bare modem image" },
    { "toob\0\0\0\0", 8, "bare boot ROM" },
    { "<!DOCTYPE html><html>", 21, "a web page, not a firmware file (perhaps a login page)" },
    { "\xef\xbb\xbf \r\n<Html lang=en>", 20, "a web page" },
    { "not found\n", 10, "this is a text" },
    { "na\xc3\xafve text", 11, "this is a text" },
    { "\xff\xff\xff\xff\xff", 5, "every byte of the file is 0xff" },
    { "\0\0\0", 3, "every byte of the file is 0" },
    { "\1\2", 2, "too small (2 bytes)" },
    { "\1\2\3\4\5", 5, "begins with the bytes 01 02 03 04 at byte 0" },
    { "UPGR", 4, "the file has 4 bytes, a .dup has 128 bytes to 64 MiB" },
    { "UPGS\3\0\0\0\0\0\0\0\1\0\4\0\2\0A\0", 20, "begins with the bytes 55 50 47 53" },
  };
  g_autofree char *page = g_strnfill (4000, 'a');

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree guint8 *copy = g_memdup2 (cases[i].bytes, cases[i].size);

      sqns_test_dup_refused (copy, cases[i].size, NULL, cases[i].words);
    }
  /* A character across the end of the searched range. */
  memcpy (page + 510, "\xe2\x82\xac", 3);
  sqns_test_dup_refused ((const guint8 *)page, 4000, NULL, "this is a text");
  memcpy (page + 200, "\xe2\x82", 2);
  sqns_test_dup_refused ((const guint8 *)page, 4000, NULL, "begins with the bytes");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/caba-content/header-fields", test_header_fields);
  g_test_add_func ("/caba-content/image-fields", test_image_fields);
  g_test_add_func ("/caba-content/index-wraps", test_index_wraps);
  g_test_add_func ("/caba-content/version", test_version);
  g_test_add_func ("/caba-content/diff", test_diff);
  g_test_add_func ("/caba-content/foreign", test_foreign);
  return g_test_run ();
}
