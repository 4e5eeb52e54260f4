/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Firmware files: valid descriptors, and what is kept of them. */
#include "caba-builder.h"
#include "common/memfile.h"
#include "firmware/firmware.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define VERSION_TEXT "6.0.0.0 [37781] by robot-soft at 2018-08-24 12:00:00"

/* Closes @fd. */
static SqnsFirmware *
load_fd (int fd, GError **error)
{
  SqnsFirmware *firmware = sqns_firmware_load (fd, NULL, SQNS_FIRMWARE_DUP, NULL, NULL, error);
  if (fd >= 0)
    close (fd);
  return firmware;
}

static int
temporary_file (char **path, const void *data, gsize len)
{
  g_autofree char *name = NULL;
  int fd = g_file_open_tmp ("sqns-test-XXXXXX.dup", &name, NULL);
  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (write (fd, data, len), ==, (gssize)len);
  if (path != NULL)
    *path = g_steal_pointer (&name);
  else
    g_unlink (name);
  return fd;
}

static void
refused (int fd, const char *words)
{
  g_autoptr (GError) error = NULL;
  g_assert_null (load_fd (fd, &error));
  g_assert_error (error, SQNS_ERROR, SQNS_ERROR_INVALID_FIRMWARE);
  if (strstr (error->message, words) == NULL)
    g_error ("\"%s\" does not say \"%s\"", error->message, words);
}

/* The number of the file in memory that is mapped at @address. */
static guint64
mapped_inode (const void *address)
{
  g_autofree char *maps = NULL;
  g_assert_true (g_file_get_contents ("/proc/self/maps", &maps, NULL, NULL));
  g_auto (GStrv) lines = g_strsplit (maps, "\n", -1);
  for (char **line = lines; *line != NULL; line++)
    {
      g_auto (GStrv) fields = g_strsplit_set (*line, " ", 6);
      if (g_strv_length (fields) >= 5 && g_ascii_strtoull (fields[0], NULL, 16) == (guintptr)address)
        return g_ascii_strtoull (fields[4], NULL, 10);
    }
  return 0;
}

/* A sealed file is used as it is, any other is copied. */
static void
test_in_memory (void)
{
  static const int seals[]
      = { 0, F_SEAL_WRITE, F_SEAL_SHRINK | F_SEAL_GROW, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE };
  g_autoptr (GBytes) dup = sqns_test_dup_new (VERSION_TEXT, 100000, SQNS_TEST_DUP_IELF);
  for (gsize i = 0; i < G_N_ELEMENTS (seals); i++)
    {
      g_autoptr (GError) error = NULL;
      struct stat st;
      int fd = sqns_memfile_new ("NB1-37781.dup", &error);
      g_assert_true (sqns_memfile_write (fd, g_bytes_get_data (dup, NULL), g_bytes_get_size (dup), &error));
      g_assert_cmpint (fcntl (fd, F_ADD_SEALS, seals[i]), ==, 0);
      g_assert_cmpint (fstat (fd, &st), ==, 0);
      g_autoptr (SqnsFirmware) firmware = load_fd (fd, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (sqns_firmware_name (firmware), ==, "NB1-37781.dup");
      g_assert_true (g_bytes_equal (sqns_firmware_image (firmware), dup));
      guint64 inode = mapped_inode (g_bytes_get_data (sqns_firmware_image (firmware), NULL));
      g_assert_cmpint (inode == st.st_ino, ==, i == G_N_ELEMENTS (seals) - 1);
    }
}

static void
test_good (void)
{
  g_autoptr (GBytes) dup = sqns_test_dup_new (VERSION_TEXT, 100000, SQNS_TEST_DUP_IELF);
  g_autofree char *sha256 = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, dup);
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;
  int fd = temporary_file (&path, g_bytes_get_data (dup, NULL), g_bytes_get_size (dup));
  g_autofree char *name = g_path_get_basename (path);

  /* the position of the descriptor, at its end now, does not matter */
  g_autoptr (SqnsFirmware) firmware = load_fd (fd, &error);
  g_assert_no_error (error);
  g_unlink (path);
  g_assert_cmpstr (sqns_firmware_name (firmware), ==, name);
  g_assert_cmpstr (sqns_firmware_sha256 (firmware), ==, sha256);
  g_assert_true (g_bytes_equal (sqns_firmware_image (firmware), dup));
  g_assert_true (sqns_firmware_caba (firmware)->complete);
  g_assert_cmpuint (sqns_firmware_caba (firmware)->version.build, ==, 37781);
}

/* Later writes to the file do not change the copy. */
static void
test_copy (void)
{
  g_autoptr (GBytes) dup = sqns_test_dup_new (VERSION_TEXT, 1000, 0);
  g_autofree char *path = NULL;
  int fd = temporary_file (&path, g_bytes_get_data (dup, NULL), g_bytes_get_size (dup));
  int writer = open (path, O_WRONLY | O_CLOEXEC);
  g_autoptr (SqnsFirmware) firmware = load_fd (fd, NULL);
  g_assert_nonnull (firmware);
  g_assert_cmpint (pwrite (writer, "changed", 7, 0), ==, 7);
  g_close (writer, NULL);
  g_unlink (path);
  g_assert_true (g_bytes_equal (sqns_firmware_image (firmware), dup));
}

static void
test_kinds (void)
{
  int pipe_fds[2];
  refused (open ("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC), "a directory");
  refused (open ("/dev/null", O_RDWR | O_CLOEXEC), "a device");
  g_assert_true (g_unix_open_pipe (pipe_fds, FD_CLOEXEC, NULL));
  refused (pipe_fds[0], "a pipe");
  g_close (pipe_fds[1], NULL);

  g_autoptr (GBytes) dup = sqns_test_dup_new (VERSION_TEXT, 1000, 0);
  g_autofree char *path = NULL;
  g_close (temporary_file (&path, g_bytes_get_data (dup, NULL), g_bytes_get_size (dup)), NULL);
  refused (open (path, O_WRONLY | O_CLOEXEC), "not open for reading");
  refused (open (path, O_PATH | O_CLOEXEC), "not open for reading");
  g_unlink (path);
}

static void
test_sizes (void)
{
  g_autofree char *noise = g_strnfill (127, 'x');
  refused (temporary_file (NULL, "", 0), "empty");
  refused (temporary_file (NULL, noise, 127), "127 bytes");

  int large = temporary_file (NULL, "", 0);
  g_assert_cmpint (ftruncate (large, (64 << 20) + 1), ==, 0);
  refused (large, "67108865 bytes");
  /* the largest file is read, and refused for its contents */
  large = temporary_file (NULL, "", 0);
  g_assert_cmpint (ftruncate (large, 64 << 20), ==, 0);
  g_autoptr (GError) error = NULL;
  g_assert_null (load_fd (large, &error));
  g_assert_error (error, SQNS_ERROR, SQNS_ERROR_INVALID_FIRMWARE);
  g_assert_null (strstr (error->message, "64 MiB"));
}

static void
test_cancel (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  int fd = temporary_file (NULL, "", 0);
  g_assert_cmpint (ftruncate (fd, 64 << 20), ==, 0);
  g_cancellable_cancel (cancellable);
  g_assert_null (sqns_firmware_load (fd, NULL, SQNS_FIRMWARE_DUP, NULL, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  close (fd);
}

static SqnsFirmware *
load_bytes (GBytes *bytes)
{
  g_autoptr (GError) error = NULL;
  int fd = sqns_memfile_from_data ("given.dup", g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &error);
  g_assert_no_error (error);
  SqnsFirmware *firmware = load_fd (fd, &error);
  g_assert_no_error (error);
  return firmware;
}

static void
test_expect (void)
{
  g_autoptr (GBytes) dup = sqns_test_dup_new (VERSION_TEXT, 1000, 0);
  g_autoptr (SqnsFirmware) firmware = load_bytes (dup);
  g_autofree char *upper = g_ascii_strup (sqns_firmware_sha256 (firmware), -1);
  g_autofree char *other = g_strnfill (64, 'a');
  SqnsVersion version;
  g_autoptr (GError) error = NULL;

  g_assert_cmpstr (sqns_firmware_name (firmware), ==, "given.dup");
  g_assert_true (sqns_firmware_expect (firmware, NULL, NULL, NULL));
  g_assert_true (sqns_firmware_expect (firmware, upper, NULL, NULL));
  g_assert_false (sqns_firmware_expect (firmware, other, NULL, &error));
  g_assert_error (error, SQNS_ERROR, SQNS_ERROR_INVALID_FIRMWARE);
  g_clear_error (&error);

  version = (SqnsVersion){ .build = 37781 };
  g_assert_true (sqns_firmware_expect (firmware, NULL, &version, NULL));
  g_assert_true (sqns_version_parse ("6.0.0.0-37781", -1, &version));
  g_assert_true (sqns_firmware_expect (firmware, NULL, &version, NULL));
  version.build = 41019;
  g_assert_false (sqns_firmware_expect (firmware, NULL, &version, &error));
  g_assert_error (error, SQNS_ERROR, SQNS_ERROR_INCOMPATIBLE);
  g_assert_nonnull (strstr (error->message, "6.0.0.0-37781"));
  g_assert_nonnull (strstr (error->message, "6.0.0.0-41019"));
}

static void
test_share (void)
{
  g_autoptr (GBytes) dup = sqns_test_dup_new (VERSION_TEXT, 1000, 0);
  g_autoptr (SqnsFirmware) one = load_bytes (dup);
  g_autoptr (SqnsFirmware) two = load_bytes (dup);
  g_assert_true (sqns_firmware_image (one) != sqns_firmware_image (two));
  sqns_firmware_share_image (two, one);
  g_assert_true (sqns_firmware_image (one) == sqns_firmware_image (two));
  g_clear_object (&one);
  g_assert_true (g_bytes_equal (sqns_firmware_image (two), dup));
}

static void
test_names (void)
{
  static const char *const rows[][2] = {
    { "/home/a/NB1.dup", "NB1.dup" },
    { "NB1.dup", "NB1.dup" },
    { "/tmp/gone.dup (deleted)", "gone.dup" },
    { "/tmp/bad\xff name", "bad\xef\xbf\xbd name" },
    { "/tmp/two\nlines\x1b[0m", "two lines?[0m" },
    { "/tmp/c1\xc2\x85x", "c1?x" },
    { "", "" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *name = sqns_firmware_clean_name (rows[i][0]);
      g_assert_cmpstr (name, ==, rows[i][1]);
      g_assert_true (g_utf8_validate (name, -1, NULL));
    }
}

static void
test_sealed (void)
{
  int fd = sqns_memfile_from_data ("test", "some bytes", 10, NULL);
  char buffer[16];
  g_assert_cmpint (read (fd, buffer, sizeof buffer), ==, 10);
  g_assert_cmpmem (buffer, 10, "some bytes", 10);
  g_assert_cmpint (write (fd, "x", 1), ==, -1);
  g_assert_cmpint (ftruncate (fd, 1), ==, -1);
  g_assert_cmpint (fcntl (fd, F_GET_SEALS), ==, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
  g_close (fd, NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/firmware/in-memory", test_in_memory);
  g_test_add_func ("/firmware/good", test_good);
  g_test_add_func ("/firmware/copy", test_copy);
  g_test_add_func ("/firmware/kinds", test_kinds);
  g_test_add_func ("/firmware/sizes", test_sizes);
  g_test_add_func ("/firmware/cancel", test_cancel);
  g_test_add_func ("/firmware/expect", test_expect);
  g_test_add_func ("/firmware/share", test_share);
  g_test_add_func ("/firmware/names", test_names);
  g_test_add_func ("/firmware/sealed", test_sealed);
  return g_test_run ();
}
