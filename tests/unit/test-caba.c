/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The .dup parser and the whole file: packages, checksums, truncation and changes; a real file if there is one. */
#include "codec/caba-reader.h"
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
test_fletcher (void)
{
  /* protocol.md §5 */
  static const guint8 vector[] = { 0x55, 0x50, 0x47, 0x52, 3, 0, 0, 0, 0, 0, 0, 0, 1, 0, 4, 0, 2, 0, 'A', 0 };
  const gsize big = SQNS_FIRMWARE_MAX_SIZE + 3;
  g_autofree guint8 *data = g_malloc (big);

  g_assert_cmphex (sqns_caba_fletcher32 (vector, sizeof vector), ==, 0x4408e7a2);
  g_assert_cmphex (sqns_caba_fletcher32 (NULL, 0), ==, 0xffffffff);

  for (gsize i = 0; i < big; i++)
    data[i] = (guint8)(i * i >> 7);
  for (gsize len = 0; len < 200; len++)
    g_assert_cmphex (sqns_caba_fletcher32 (data + len % 7, len), ==, sqns_test_dup_fletcher32 (data + len % 7, len));
  g_assert_cmphex (sqns_caba_fletcher32 (data, big), ==, sqns_test_dup_fletcher32 (data, big));
  /* The largest possible sums, and sums that are 0 modulo 65535. */
  memset (data, 0xff, big);
  g_assert_cmphex (sqns_caba_fletcher32 (data, big), ==, sqns_test_dup_fletcher32 (data, big));
  memset (data, 0, big);
  g_assert_cmphex (sqns_caba_fletcher32 (data, big), ==, sqns_test_dup_fletcher32 (data, big));
}

static void
check_full (const GByteArray *dup, const char *text, SqnsFamily family, gboolean packed)
{
  static const SqnsPackageRole order[] = { SQNS_ROLE_BOOTROM, SQNS_ROLE_UPDATER, SQNS_ROLE_FFF, SQNS_ROLE_FS };
  g_autoptr (SqnsCaba) caba = sqns_test_dup_parse (dup, "any.dup");
  g_autoptr (GBytes) elf = sqns_test_dup_updater_elf_new ();
  guint64 offset = packed ? 18 + strlen ("Packed dup files") + 1 : 0;

  g_assert_cmpint (caba->packed, ==, packed);
  g_assert_cmpuint (caba->packages->len, ==, 4);
  for (guint i = 0; i < 4; i++)
    {
      const SqnsPackage *package = package_at (caba, i);

      g_assert_cmpint (package->role, ==, order[i]);
      g_assert_cmpint (package->kind, ==, SQNS_PACKAGE_UPGR);
      g_assert_cmpuint (package->offset, ==, offset);
      g_assert_cmpuint (package->payload_offset, ==, offset + 18 + strlen (package->description) + 1);
      g_assert_cmpuint (package->payload_size + 18 + strlen (package->description) + 1 + 4, ==, package->size);
      g_assert_cmpint (package->image_checksum != 0, ==, i == 1 || i == 2);
      offset += package->size;
    }
  g_assert_cmpuint (offset, ==, packed ? dup->len - 4 : dup->len);
  g_assert_false (caba->diff);
  g_assert_true (caba->complete);
  g_assert_null (caba->missing);
  g_assert_cmpstr (caba->version_text, ==, text);
  g_assert_cmpuint (caba->version.build, ==, family == SQNS_FAMILY_NB_IOT ? 37781 : 38638);
  g_assert_cmpint (caba->family, ==, family);
  g_assert_cmpuint (caba->base_build, ==, 0);
  g_assert_cmpuint (caba->warnings->len, ==, 0);
  g_assert_cmpmem (dup->data + caba->updater_offset, caba->updater_size, g_bytes_get_data (elf, NULL),
                   g_bytes_get_size (elf));
}

static void
test_full (void)
{
  for (guint flags = 0; flags < 4; flags++)
    {
      g_autoptr (GByteArray) nb = new_dup (NB_VERSION, flags);
      g_autoptr (GByteArray) cat = new_dup (CAT_VERSION, flags);

      check_full (nb, NB_VERSION, SQNS_FAMILY_NB_IOT, flags & SQNS_TEST_DUP_PACKED);
      check_full (cat, CAT_VERSION, SQNS_FAMILY_CAT_M1, flags & SQNS_TEST_DUP_PACKED);
    }
}

static void
test_missing (void)
{
  static const struct {
    guint flags;
    const char *missing;
  } cases[] = {
    { SQNS_TEST_DUP_SKIP_FS, "fs" },
    { SQNS_TEST_DUP_SKIP_BOOTROM | SQNS_TEST_DUP_PACKED, "bootrom" },
    { SQNS_TEST_DUP_SKIP_UPDATER | SQNS_TEST_DUP_SKIP_FFF, "updater, fff" },
    { SQNS_TEST_DUP_SKIP_UPDATER | SQNS_TEST_DUP_SKIP_FFF | SQNS_TEST_DUP_SKIP_FS, "updater, fff, fs" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GByteArray) dup = new_dup (NB_VERSION, cases[i].flags);
      g_autoptr (SqnsCaba) caba = sqns_test_dup_parse (dup, NULL);

      g_assert_false (caba->complete);
      g_assert_false (caba->diff);
      g_assert_cmpstr (caba->missing, ==, cases[i].missing);
      g_assert_cmpint (caba->updater_size == 0, ==, (cases[i].flags & SQNS_TEST_DUP_SKIP_UPDATER) != 0);
      g_assert_cmpint (caba->version_text == NULL, ==, (cases[i].flags & SQNS_TEST_DUP_SKIP_FFF) != 0);
    }
}

/* Truncated anywhere, it is refused; between two packages, it is well-formed but incomplete. */
static void
check_cuts (const GByteArray *dup, gsize step)
{
  static const char *const missing[] = { NULL, "updater, fff, fs", "fff, fs", "fs" };
  g_autoptr (SqnsCaba) caba = sqns_test_dup_parse (dup, NULL);
  g_autoptr (GHashTable) boundaries = g_hash_table_new (NULL, NULL);
  g_autoptr (GArray) lengths = g_array_new (FALSE, FALSE, sizeof (gsize));

  for (gsize len = 0; len < dup->len; len += step)
    g_array_append_val (lengths, len);
  for (guint i = 0; i < caba->packages->len; i++)
    {
      const SqnsPackage *package = package_at (caba, i);
      const gsize near[] = { package->offset - 1,
                             package->offset + 1,
                             package->offset + 17,
                             package->offset + 18,
                             package->payload_offset - 1,
                             package->payload_offset,
                             package->payload_offset + 1,
                             package->offset + package->size - 4,
                             package->offset + package->size - 1 };

      if (package->offset > 0)
        g_array_append_vals (lengths, near, G_N_ELEMENTS (near));
      if (!caba->packed && i > 0)
        g_hash_table_insert (boundaries, GSIZE_TO_POINTER (package->offset), GUINT_TO_POINTER (i));
    }

  for (guint i = 0; i < lengths->len; i++)
    {
      const gsize len = g_array_index (lengths, gsize, i);

      /* A separate copy, so that a sanitizer notices reads past its end. */
      g_autofree guint8 *copy = g_memdup2 (dup->data, len);

      if (!g_hash_table_contains (boundaries, GSIZE_TO_POINTER (len)))
        sqns_test_dup_refused (copy, len, NULL, NULL);
    }
  for (guint i = 1; i < caba->packages->len && !caba->packed; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (SqnsCaba) part = sqns_caba_parse (dup->data, package_at (caba, i)->offset, NULL, &error);

      g_assert_no_error (error);
      g_assert_false (part->complete);
      g_assert_cmpstr (part->missing, ==, missing[i]);
    }
}

static void
test_cuts (void)
{
  for (guint flags = 0; flags < 4; flags++)
    {
      g_autoptr (GByteArray) dup = new_dup (NB_VERSION, flags);

      check_cuts (dup, 1);
    }
}

static void
assert_change_refused (GByteArray *dup, gsize at, guint8 value)
{
  const guint8 old = dup->data[at];

  g_assert_cmpuint (old, !=, value);
  dup->data[at] = value;
  sqns_test_dup_refused (dup->data, dup->len, NULL, NULL);
  dup->data[at] = old;
}

/* Changes every byte: each bit, all bits, and to the values that end sums and texts. */
static void
test_changes (void)
{
  for (guint flags = 0; flags < 4; flags++)
    {
      g_autoptr (GByteArray) dup = new_dup (NB_VERSION, flags);

      for (gsize at = 0; at < dup->len; at++)
        {
          const guint8 old = dup->data[at];

          for (guint bit = 0; bit < 8; bit++)
            assert_change_refused (dup, at, old ^ (guint8)(1u << bit));
          assert_change_refused (dup, at, (guint8)~old);
          if (old != 0)
            assert_change_refused (dup, at, 0);
          if (old != 0xff)
            assert_change_refused (dup, at, 0xff);
        }
    }
}

static void
test_additions (void)
{
  for (guint flags = 0; flags < 4; flags++)
    for (guint extra = 1; extra < 40; extra++)
      {
        g_autoptr (GByteArray) dup = new_dup (NB_VERSION, flags);
        const guint len = dup->len;

        g_byte_array_set_size (dup, len + extra);
        memset (dup->data + len, extra % 2 == 0 ? 0 : 0xff, extra);
        sqns_test_dup_refused (dup->data, dup->len, NULL, NULL);
        memcpy (dup->data + len, dup->data, extra);
        sqns_test_dup_refused (dup->data, dup->len, NULL, NULL);
      }
}

/* The checksum of the image is checked even if that of the package is valid. */
static void
test_image_checksum (void)
{
  for (guint i = 1; i <= 2; i++)
    {
      g_autoptr (GByteArray) dup = new_dup (NB_VERSION, 0);
      g_autoptr (SqnsCaba) caba = sqns_test_dup_parse (dup, NULL);
      const SqnsPackage *package = package_at (caba, i);
      const gsize end = package->offset + package->size - 4;
      guint32 sum;

      dup->data[package->payload_offset + 100] ^= 0x10;
      sum = sqns_test_dup_fletcher32 (dup->data + package->offset, package->size - 4);
      for (guint j = 0; j < 4; j++)
        dup->data[end + j] = (guint8)(sum >> (8 * j));
      sqns_test_dup_refused (dup->data, dup->len, NULL, i == 1 ? "package 2 (updater)" : "package 3 (fff)");
      sqns_test_dup_refused (dup->data, dup->len, NULL, "is damaged: its checksum is 0x");
    }
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

static void
test_containers (void)
{
  g_autoptr (GByteArray) plain = new_dup (NB_VERSION, 0);
  g_autoptr (GByteArray) packed = new_dup (NB_VERSION, SQNS_TEST_DUP_PACKED);
  g_autoptr (GByteArray) nested = g_byte_array_new ();
  g_autoptr (GByteArray) behind = g_byte_array_new ();
  g_autoptr (GByteArray) empty = g_byte_array_new ();
  g_autoptr (GByteArray) junk = g_byte_array_new ();
  g_autofree char *long_description = g_strnfill (200, 'd');

  sqns_test_dup_append_package (nested, "PACK", "Packed dup files", packed);
  sqns_test_dup_refused (nested->data, nested->len, NULL,
                         "a container at byte 35, as package 1: it must be the only one");

  g_byte_array_append (behind, plain->data, plain->len);
  g_byte_array_append (behind, packed->data, packed->len);
  sqns_test_dup_refused (behind->data, behind->len, NULL, "it must be the only one");

  g_byte_array_append (packed, plain->data, plain->len);
  sqns_test_dup_refused (packed->data, packed->len, NULL, "extra bytes after the container");

  append_filled (empty, "PACK", long_description, 0);
  sqns_test_dup_refused (empty->data, empty->len, NULL, "the container contains no package");

  append_filled (junk, "PACK", "Packed dup files", 300);
  sqns_test_dup_refused (junk->data, junk->len, NULL, "no package 1 at byte 35");
}

static void
test_odd_packages (void)
{
  g_autoptr (GByteArray) twice = new_dup (NB_VERSION, 0);
  g_autoptr (GByteArray) extra = new_dup (NB_VERSION, 0);
  g_autoptr (GByteArray) many = g_byte_array_new ();
  g_autoptr (GByteArray) again
      = new_dup (NB_VERSION, ~0u & ~(guint)(SQNS_TEST_DUP_SKIP_FFF | SQNS_TEST_DUP_DIFF | SQNS_TEST_DUP_PACKED));
  g_autoptr (SqnsCaba) caba = NULL;

  g_byte_array_append (twice, again->data, again->len);
  sqns_test_dup_refused (twice->data, twice->len, NULL, "is a second fff, after the one at byte");

  append_filled (extra, "UPGR", "tea\xc3\xa9 \x1b[31m", 30);
  caba = sqns_test_dup_parse (extra, NULL);
  sqns_test_dup_warned (caba, "package 5 (tea?? ?[31m) at byte");
  sqns_test_dup_warned (caba, ": unknown kind");
  g_assert_cmpint (package_at (caba, 4)->role, ==, SQNS_ROLE_OTHER);
  g_assert_cmpstr (package_at (caba, 4)->description, ==, "tea?? ?[31m");
  g_assert_true (caba->complete);

  for (guint i = 0; i < 65; i++)
    append_filled (many, "UPGR", "x", 0);
  sqns_test_dup_refused (many->data, many->len, NULL, "more than 64 packages");
}

/* Payloads that are too short for their descriptions. */
static void
test_short_payloads (void)
{
  static const char *const descriptions[]
      = { "bootrom upgrade package", "updater upgrade package", "fff upgrade package" };

  for (guint i = 0; i < G_N_ELEMENTS (descriptions); i++)
    for (gsize size = 0; size <= 60; size++)
      {
        g_autoptr (GByteArray) dup = g_byte_array_new ();
        g_autoptr (GByteArray) image = g_byte_array_new ();
        g_autoptr (GByteArray) payload = NULL;

        append_filled (dup, "UPGR", "filler", 128);
        g_byte_array_set_size (image, 20);
        memset (image->data, 0, 20);
        payload = sqns_test_dup_image_new (i == 1 ? 8 : 2, image);
        g_byte_array_set_size (payload, (guint)size);
        sqns_test_dup_append_package (dup, "UPGR", descriptions[i], payload);
        sqns_test_dup_refused (dup->data, dup->len, NULL, "package 2");
      }
}

/* Sizes near the maximum do not overflow. */
static void
test_huge_lengths (void)
{
  static const guint8 values[] = { 0x7f, 0x80, 0xfe, 0xff };

  for (guint flags = 0; flags < 4; flags++)
    for (guint i = 0; i < G_N_ELEMENTS (values); i++)
      {
        g_autoptr (GByteArray) dup = new_dup (NB_VERSION, flags);

        memset (dup->data + 8, values[i], 4);
        sqns_test_dup_repair (dup);
        sqns_test_dup_refused (dup->data, dup->len, NULL, "is truncated: ");
      }
}

static void
check_real_changes (GByteArray *dup)
{
  g_autoptr (SqnsCaba) caba = sqns_test_dup_parse (dup, NULL);

  for (guint i = 0; i < caba->packages->len; i++)
    {
      const SqnsPackage *package = package_at (caba, i);
      const gsize end = package->offset + package->size;

      for (gsize at = package->offset; at < package->payload_offset + 60; at++)
        assert_change_refused (dup, at, dup->data[at] ^ 0x01);
      for (gsize at = end - 8; at < end; at++) /* both checksums */
        assert_change_refused (dup, at, dup->data[at] ^ 0x80);
    }
  for (gsize at = 0; at < dup->len; at += 997)
    assert_change_refused (dup, at, (guint8)~dup->data[at]);
}

static void
test_real (void)
{
  g_autoptr (GByteArray) elf = NULL;
  g_autoptr (GByteArray) dup = sqns_test_real_dup (&elf);
  g_autoptr (SqnsCaba) caba = NULL;

  if (dup == NULL)
    {
      g_test_skip ("SQNS_TEST_FIRMWARE names no folder with a .dup or a .zip: no real firmware to read");
      return;
    }
  caba = sqns_test_dup_parse (dup, NULL);
  g_assert_true (caba->complete);
  g_assert_cmpuint (caba->packages->len, ==, 4);
  g_assert_cmpint (caba->family, !=, SQNS_FAMILY_UNKNOWN);
  g_assert_nonnull (caba->version_text);
  g_assert_cmpuint (caba->updater_size, >, 0);
  g_assert_cmpuint (caba->warnings->len, ==, 0);
  if (caba->version.build == 37781)
    {
      g_assert_cmpuint (dup->len, ==, 5258127);
      g_assert_cmpuint (package_at (caba, 0)->payload_size, ==, 54808);
      g_assert_nonnull (elf);
      g_assert_cmpmem (dup->data + caba->updater_offset, caba->updater_size, elf->data, elf->len);
    }
  check_cuts (dup, 30011);
  check_real_changes (dup);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/caba/fletcher", test_fletcher);
  g_test_add_func ("/caba/full", test_full);
  g_test_add_func ("/caba/missing", test_missing);
  g_test_add_func ("/caba/cuts", test_cuts);
  g_test_add_func ("/caba/changes", test_changes);
  g_test_add_func ("/caba/additions", test_additions);
  g_test_add_func ("/caba/image-checksum", test_image_checksum);
  g_test_add_func ("/caba/containers", test_containers);
  g_test_add_func ("/caba/odd-packages", test_odd_packages);
  g_test_add_func ("/caba/short-payloads", test_short_payloads);
  g_test_add_func ("/caba/huge-lengths", test_huge_lengths);
  g_test_add_func ("/caba/real", test_real);
  return g_test_run ();
}
