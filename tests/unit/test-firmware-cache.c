/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Firmware files in use: each is in memory once. */
#include "common/memfile.h"
#include "firmware-builder.h"
#include "firmware/firmware-cache.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>

#define MANY 40u
#define LARGE (64 << 20)

typedef struct {
  guint done;
  SqnsFirmware *firmware; /* the last one */
  gboolean differ;        /* not all were the same object */
  GError *error;          /* the last one */
} Loads;

static void
on_loaded (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Loads *loads = user_data;
  g_clear_error (&loads->error);
  SqnsFirmware *firmware = sqns_firmware_cache_load_finish (result, &loads->error);
  g_assert_true ((firmware == NULL) == (loads->error != NULL));
  loads->differ |= loads->firmware != NULL && loads->firmware != firmware;
  g_set_object (&loads->firmware, firmware);
  g_clear_object (&firmware);
  loads->done++;
}

static void
loads_clear (Loads *loads)
{
  g_clear_object (&loads->firmware);
  g_clear_error (&loads->error);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Loads, loads_clear)

static void
wait_for (const Loads *loads, guint count)
{
  while (loads->done < count)
    g_main_context_iteration (NULL, TRUE);
}

static SqnsFirmware *
load_one (SqnsFirmwareCache *cache, int fd)
{
  g_auto (Loads) loads = { 0 };
  sqns_firmware_cache_load_async (cache, fd, NULL, SQNS_FIRMWARE_DUP, NULL, on_loaded, &loads);
  wait_for (&loads, 1);
  g_assert_no_error (loads.error);
  g_assert_cmpint (fcntl (fd, F_GETFD), ==, -1); /* the cache owns it */
  return g_steal_pointer (&loads.firmware);
}

static int
large_file (void)
{
  int fd = sqns_memfile_new ("large", NULL);
  g_assert_cmpint (ftruncate (fd, LARGE), ==, 0);
  return fd;
}

/* A file that can be written to. */
static int
writable_file (void)
{
  g_autofree char *path = NULL;
  g_autoptr (SqnsFirmware) content = sqns_test_firmware_new ("a.dup", 37781, 0);
  gsize size;
  const void *data = g_bytes_get_data (sqns_firmware_image (content), &size);
  int fd = g_file_open_tmp ("sqns-test-XXXXXX.dup", &path, NULL);

  g_assert_cmpint (write (fd, data, size), ==, (gssize)size);
  g_unlink (path);
  return fd;
}

/* The same file, loaded many times at once, is one object with one image. */
static void
test_many (void)
{
  SqnsFirmwareCache *cache = sqns_firmware_cache_new ();
  g_auto (Loads) loads = { 0 };
  int fd = sqns_test_firmware_open ("a.dup", 37781, 0);

  for (guint i = 0; i < MANY; i++)
    sqns_firmware_cache_load_async (cache, dup (fd), NULL, SQNS_FIRMWARE_DUP, NULL, on_loaded, &loads);
  wait_for (&loads, MANY);
  g_assert_no_error (loads.error);
  g_assert_false (loads.differ);
  g_assert_cmpstr (sqns_firmware_name (loads.firmware), ==, "a.dup");
  /* like the same bytes in another file */
  g_autoptr (SqnsFirmware) again = load_one (cache, sqns_test_firmware_open ("a.dup", 37781, 0));
  g_assert_true (again == loads.firmware);
  g_close (fd, NULL);
  sqns_firmware_cache_unref (cache);
}

/* The bytes count, not the metadata: with one different byte it is another file, here a damaged one. */
static void
test_changed (void)
{
  SqnsFirmwareCache *cache = sqns_firmware_cache_new ();
  g_auto (Loads) loads = { 0 };
  int fd = writable_file ();
  g_autoptr (SqnsFirmware) first = load_one (cache, dup (fd));
  gsize size = g_bytes_get_size (sqns_firmware_image (first));
  guint8 last;

  g_assert_cmpint (pread (fd, &last, 1, size - 1), ==, 1);
  last ^= 1;
  g_assert_cmpint (pwrite (fd, &last, 1, size - 1), ==, 1);
  sqns_firmware_cache_load_async (cache, dup (fd), NULL, SQNS_FIRMWARE_DUP, NULL, on_loaded, &loads);
  wait_for (&loads, 1);
  g_assert_error (loads.error, SQNS_ERROR, SQNS_ERROR_INVALID_FIRMWARE);

  last ^= 1;
  g_assert_cmpint (pwrite (fd, &last, 1, size - 1), ==, 1);
  g_assert_cmpint (pwrite (fd, &last, 1, size), ==, 1); /* one more */
  sqns_firmware_cache_load_async (cache, fd, NULL, SQNS_FIRMWARE_DUP, NULL, on_loaded, &loads);
  wait_for (&loads, 2);
  g_assert_error (loads.error, SQNS_ERROR, SQNS_ERROR_INVALID_FIRMWARE);
  sqns_firmware_cache_unref (cache);
}

/* A known file is refused as another kind, as if it were unknown. */
static void
test_kinds (void)
{
  SqnsFirmwareCache *cache = sqns_firmware_cache_new ();
  g_auto (Loads) loads = { 0 };
  int fd = sqns_test_firmware_open ("a.dup", 37781, 0);
  g_autoptr (SqnsFirmware) first = load_one (cache, dup (fd));

  sqns_firmware_cache_load_async (cache, fd, NULL, SQNS_FIRMWARE_UPDATER, NULL, on_loaded, &loads);
  wait_for (&loads, 1);
  g_assert_error (loads.error, SQNS_ERROR, SQNS_ERROR_INVALID_FIRMWARE);
  sqns_firmware_cache_unref (cache);
}

static void
check_shared (SqnsFirmware *first, SqnsFirmware *same, SqnsFirmware *renamed, SqnsFirmware *other)
{
  g_assert_true (same == first);
  g_assert_true (renamed != first && other != first);
  g_assert_true (sqns_firmware_image (renamed) == sqns_firmware_image (first));
  g_assert_true (sqns_firmware_image (other) != sqns_firmware_image (first));
  g_assert_cmpstr (sqns_firmware_name (renamed), ==, "b.dup");
  g_assert_cmpuint (sqns_firmware_caba (renamed)->version.build, ==, 37781);
  g_object_unref (same);
  g_object_unref (first);
  g_object_unref (other);
}

static void
test_names (void)
{
  SqnsFirmwareCache *cache = sqns_firmware_cache_new ();

  SqnsFirmware *first = load_one (cache, sqns_test_firmware_open ("a.dup", 37781, 0));
  SqnsFirmware *same = load_one (cache, sqns_test_firmware_open ("a.dup", 37781, 0));
  SqnsFirmware *renamed = load_one (cache, sqns_test_firmware_open ("b.dup", 37781, 0));
  check_shared (first, same, renamed, load_one (cache, sqns_test_firmware_open ("a.dup", 41019, 0)));
  /* the image lives on with the other name */
  g_autoptr (SqnsFirmware) again = load_one (cache, sqns_test_firmware_open ("a.dup", 37781, 0));
  g_assert_true (sqns_firmware_image (again) == sqns_firmware_image (renamed));
  g_object_unref (renamed);
  sqns_firmware_cache_unref (cache);
}

/* A file that was loaded elsewhere, for example by the job store. */
static void
test_share (void)
{
  SqnsFirmwareCache *cache = sqns_firmware_cache_new ();

  SqnsFirmware *first = sqns_firmware_cache_share (cache, sqns_test_firmware_new ("a.dup", 37781, 0));
  SqnsFirmware *same = sqns_firmware_cache_share (cache, sqns_test_firmware_new ("a.dup", 37781, 0));
  SqnsFirmware *renamed = sqns_firmware_cache_share (cache, sqns_test_firmware_new ("b.dup", 37781, 0));
  SqnsFirmware *other = sqns_firmware_cache_share (cache, sqns_test_firmware_new ("a.dup", 41019, 0));
  g_assert_true (sqns_firmware_cache_share (cache, g_object_ref (renamed)) == renamed);
  g_object_unref (renamed);
  check_shared (first, same, renamed, other);
  g_object_unref (renamed);
  sqns_firmware_cache_unref (cache);
}

static gboolean
count (gpointer counter)
{
  ++*(guint *)counter;
  return G_SOURCE_CONTINUE;
}

/* The main loop runs while the largest file is read and hashed. */
static void
test_loop_runs (void)
{
  SqnsFirmwareCache *cache = sqns_firmware_cache_new ();
  g_auto (Loads) loads = { 0 };
  guint turns = 0;
  guint source = g_timeout_add (1, count, &turns);

  sqns_firmware_cache_load_async (cache, large_file (), NULL, SQNS_FIRMWARE_DUP, NULL, on_loaded, &loads);
  sqns_firmware_cache_unref (cache);
  wait_for (&loads, 1);
  g_source_remove (source);
  g_assert_cmpuint (turns, >, 5);
}

static void
test_cancel (void)
{
  SqnsFirmwareCache *cache = sqns_firmware_cache_new ();
  g_auto (Loads) loads = { 0 };
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  g_cancellable_cancel (cancellable);
  sqns_firmware_cache_load_async (cache, large_file (), NULL, SQNS_FIRMWARE_DUP, cancellable, on_loaded, &loads);
  wait_for (&loads, 1);
  g_assert_error (loads.error, SQNS_ERROR, SQNS_ERROR_CANCELLED);
  sqns_firmware_cache_unref (cache);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/firmware-cache/many", test_many);
  g_test_add_func ("/firmware-cache/changed", test_changed);
  g_test_add_func ("/firmware-cache/kinds", test_kinds);
  g_test_add_func ("/firmware-cache/names", test_names);
  g_test_add_func ("/firmware-cache/share", test_share);
  g_test_add_func ("/firmware-cache/loop-runs", test_loop_runs);
  g_test_add_func ("/firmware-cache/cancel", test_cancel);
  return g_test_run ();
}
