/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files that are valid updaters for FFH. */
#include "caba-builder.h"
#include "codec/elf.h"

#include <string.h>

#define SIZE 200u

/* One segment with everything after the headers. */
static void
make_elf (guint8 *elf)
{
  static const guint8 head[84] = {
    0x7f,
    'E',
    'L',
    'F',
    1,
    2,
    1,
    [17] = 2,
    [19] = 167,
    [23] = 1,
    [26] = 0x10,
    [31] = 52,
    [41] = 52,
    [43] = 32,
    [45] = 1,
    [55] = 1,
    [59] = 84,
    [62] = 0x10,
    [66] = 0x10,
    [71] = SIZE - 84,
    [75] = SIZE - 84,
    [79] = 7,
    [83] = 1,
  };

  memset (elf, 0x5a, SIZE);
  memcpy (elf, head, sizeof head);
}

/* Changes one byte of the valid ELF. */
static void
test_fields (void)
{
  static const struct {
    guint at;
    guint8 value;
    const char *words; /* NULL: still valid */
  } rows[] = {
    { 6, 1, NULL },
    { 0, 0, "not an ELF program" },
    { 3, 'f', "not an ELF program" },
    { 4, 2, "ELF64 program, for another machine" },
    { 5, 1, "little-endian" },
    { 5, 0, "little-endian" },
    { 19, 62, "machine 62, and the modem is machine 167" },
    { 18, 1, "machine 423" },
    { 17, 1, "of type 1, not an executable" },
    { 17, 3, "of type 3" },
    { 45, 0, "has no program segments" },
    { 43, 31, "has no program segments" },
    { 43, 40, NULL },
    { 42, 0xff, "program headers lie beyond its end" },
    { 45, 5, "program headers lie beyond its end at byte 200" },
    { 28, 0xff, "program headers lie beyond its end" },
    { 56, 0xff, "segment 0 ends beyond" },
    { 59, 85, "segment 0 ends beyond its end at byte 200" },
    { 59, 83, NULL },
    { 68, 0xff, "segment 0 ends beyond" },
    { 71, 0, "loads nothing" },
    { 55, 2, "loads nothing" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      guint8 elf[SIZE];
      g_autoptr (GError) error = NULL;

      make_elf (elf);
      elf[rows[i].at] = rows[i].value;
      g_assert_cmpint (sqns_elf_check_updater (elf, SIZE, &error), ==, rows[i].words == NULL);
      if (rows[i].words == NULL)
        {
          g_assert_no_error (error);
          continue;
        }
      g_test_message ("%s", error->message);
      g_assert_error (error, SQNS_ERROR, SQNS_ERROR_INVALID_FIRMWARE);
      g_assert_nonnull (strstr (error->message, rows[i].words));
      g_assert_nonnull (strstr (error->message, "updater.elf"));
    }
}

/* Truncated anywhere, it is refused, without reads past the end. */
static void
test_cut (void)
{
  guint8 elf[SIZE];

  make_elf (elf);
  for (gsize size = 0; size < SIZE; size++)
    {
      g_autofree guint8 *cut = g_memdup2 (elf, size);
      g_autoptr (GError) error = NULL;

      g_assert_false (sqns_elf_check_updater (cut, size, &error));
      g_assert_error (error, SQNS_ERROR, SQNS_ERROR_INVALID_FIRMWARE);
    }
  g_assert_true (sqns_elf_check_updater (elf, SIZE, NULL));
}

static void
test_others (void)
{
  static const struct {
    const char *begin;
    const char *words;
  } rows[] = {
    { "UPGR", "a firmware file (.dup)" },
    { "DIFF", "differential" },
    { "PACK", "a firmware file (.dup)" },
    { "PK\003\004", "zip archive" },
    { "IELF", "index" },
    { "FFF!", "bare modem image" },
    { "<!DOCTYPE html>", "web page" },
    { "<html>", "web page" },
    { "hello", "a text file, not updater.elf" },
    { "\037\213", "gzip file, not updater.elf; unpack it first" },
    { "\001\002\003\004", "not an ELF" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (sqns_elf_check_updater ((const guint8 *)rows[i].begin, strlen (rows[i].begin), &error));
      g_assert_error (error, SQNS_ERROR, SQNS_ERROR_INVALID_FIRMWARE);
      g_assert_nonnull (strstr (error->message, rows[i].words));
    }
}

static void
test_size (void)
{
  g_autofree guint8 *elf = g_malloc0 (SQNS_UPDATER_MAX_SIZE + 1);
  g_autoptr (GError) error = NULL;

  make_elf (elf);
  g_assert_true (sqns_elf_check_updater (elf, SQNS_UPDATER_MAX_SIZE, NULL));
  g_assert_false (sqns_elf_check_updater (elf, SQNS_UPDATER_MAX_SIZE + 1, &error));
  g_assert_error (error, SQNS_ERROR, SQNS_ERROR_INVALID_FIRMWARE);
}

static void
test_inside (gconstpointer data)
{
  g_autoptr (GBytes) dup
      = sqns_test_dup_new ("6.0.0.0 [37781] by robot-soft at 2018-08-24 12:00:00", 600, GPOINTER_TO_UINT (data));
  g_autoptr (GBytes) elf = sqns_test_dup_updater_elf_new ();
  gsize size, elf_size;
  const guint8 *bytes = g_bytes_get_data (dup, &size);
  const guint8 *elf_bytes = g_bytes_get_data (elf, &elf_size);
  g_autoptr (GError) error = NULL;
  g_autoptr (SqnsCaba) caba = sqns_caba_parse (bytes, size, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpmem (bytes + caba->updater_offset, caba->updater_size, elf_bytes, elf_size);
}

/* A real release: the updater beside the .dup, and the one inside. */
static void
test_real (void)
{
  g_autoptr (GByteArray) elf = NULL;
  g_autoptr (GByteArray) dup = sqns_test_real_dup (&elf);
  g_autoptr (GError) error = NULL;

  if (dup == NULL)
    {
      g_test_skip ("SQNS_TEST_FIRMWARE names no folder with a release");
      return;
    }
  g_autoptr (SqnsCaba) caba = sqns_test_dup_parse (dup, NULL);
  g_assert_cmpuint (caba->updater_size, >, 0);
  if (elf != NULL)
    {
      g_assert_true (sqns_elf_check_updater (elf->data, elf->len, &error));
      g_assert_no_error (error);
      /* with one byte less, the last segment, a header or the section table is incomplete; no reads past the end */
      g_assert_false (sqns_elf_check_updater (elf->data, 0x41b9c, NULL));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/elf/fields", test_fields);
  g_test_add_func ("/elf/cut", test_cut);
  g_test_add_func ("/elf/others", test_others);
  g_test_add_func ("/elf/size", test_size);
  g_test_add_data_func ("/elf/inside/plain", GUINT_TO_POINTER (0), test_inside);
  g_test_add_data_func ("/elf/inside/packed", GUINT_TO_POINTER (SQNS_TEST_DUP_PACKED), test_inside);
  g_test_add_data_func ("/elf/inside/indexed", GUINT_TO_POINTER (SQNS_TEST_DUP_IELF), test_inside);
  g_test_add_func ("/elf/real", test_real);
  return g_test_run ();
}
