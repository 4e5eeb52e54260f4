/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The enumerator on a mocked sysfs and udev. The tty of each board is a pseudo-terminal of the test. */
#include "enumerator/enumerator.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <umockdev.h>
#include <unistd.h>

#define DEADLINE_MS 5000

/* A USB board: its identity, USB port and tty. NULL strings are left out. */
typedef struct {
  const char *vendor;
  const char *product;
  const char *serial; /* sysfs attribute */
  const char *name;   /* sysfs attribute "product" */
  const char *tty;    /* "ttyACM0" */
  const char *extra;  /* more lines for the tty, "E: ID_PATH=...\n" */
  int port;           /* USB port */
  int master;         /* the pty behind it, set by plug() */
} Board;

typedef struct {
  UMockdevTestbed *testbed;
  SqnsEnumerator *enumerator;
  GMainLoop *loop;
  GPtrArray *seen; /* "+id devnode" and "-id", in order */
  SqnsBoardFacts *last;
  guint wanted;
  guint deadline;
} Fixture;

static char *
usb_path (const Board *board)
{
  return g_strdup_printf ("/sys/devices/pci0000:00/0000:00:14.0/usb1/1-%d", board->port);
}

static char *
tty_path (const Board *board)
{
  return g_strdup_printf ("/sys/devices/pci0000:00/0000:00:14.0/usb1/1-%d/1-%d:1.0/tty/%s", board->port, board->port,
                          board->tty);
}

static char *
node_path (Fixture *f, const Board *board)
{
  g_autofree char *root = umockdev_testbed_get_root_dir (f->testbed);
  return g_build_filename (root, "dev", board->tty, NULL);
}

static char *
attribute (const char *key, const char *value)
{
  return value ? g_strdup_printf ("A: %s=%s\n", key, value) : g_strdup ("");
}

/* The node has to exist before the description of the device, which must not make another (no N:, no MAJOR). */
static void
plug (Fixture *f, Board *board)
{
  g_autofree char *node = node_path (f, board);
  g_autofree char *folder = g_path_get_dirname (node);
  g_autofree char *serial = attribute ("serial", board->serial);
  g_autofree char *name = attribute ("product", board->name);
  g_autofree char *tty = tty_path (board);
  g_autofree char *usb = usb_path (board);
  g_autofree char *description
      = g_strdup_printf ("P: %s\nE: SUBSYSTEM=usb\nE: DEVTYPE=usb_device\nA: idVendor=%s\nA: idProduct=%s\n%s%s\n"
                         "P: %s/1-%d:1.0\nE: SUBSYSTEM=usb\nE: DEVTYPE=usb_interface\nE: DRIVER=cdc_acm\n\n"
                         "P: %s\nE: SUBSYSTEM=tty\nE: DEVNAME=/dev/%s\n%s\n",
                         usb + strlen ("/sys"), board->vendor, board->product, serial, name, usb + strlen ("/sys"),
                         board->port, tty + strlen ("/sys"), board->tty, board->extra ? board->extra : "");
  g_autoptr (GError) error = NULL;

  board->master = posix_openpt (O_RDWR | O_NOCTTY | O_CLOEXEC);
  g_assert_cmpint (board->master, >=, 0);
  g_assert_cmpint (grantpt (board->master), ==, 0);
  g_assert_cmpint (unlockpt (board->master), ==, 0);
  g_assert_cmpint (g_mkdir_with_parents (folder, 0755), ==, 0);
  g_assert_cmpint (symlink (ptsname (board->master), node), ==, 0);
  umockdev_testbed_add_from_string (f->testbed, description, &error);
  g_assert_no_error (error);
}

/* Removes the devices, children first, as they do not go with their parent. */
static void
vanish (Fixture *f, Board *board)
{
  g_autofree char *tty = tty_path (board);
  g_autofree char *usb = usb_path (board);
  g_autofree char *interface = g_strdup_printf ("%s/1-%d:1.0", usb, board->port);
  g_autofree char *node = node_path (f, board);

  close (board->master);
  umockdev_testbed_remove_device (f->testbed, tty);
  umockdev_testbed_remove_device (f->testbed, interface);
  umockdev_testbed_remove_device (f->testbed, usb);
  g_unlink (node);
}

static void
event (Fixture *f, const Board *board, const char *action)
{
  g_autofree char *tty = tty_path (board);
  umockdev_testbed_uevent (f->testbed, tty, action);
}

static void
unplug (Fixture *f, Board *board)
{
  event (f, board, "remove");
  vanish (f, board);
}

static void
note (Fixture *f, char *line)
{
  g_ptr_array_add (f->seen, line);
  if (f->seen->len >= f->wanted)
    g_main_loop_quit (f->loop);
}

static void
on_added (gpointer data, const SqnsBoardFacts *facts)
{
  Fixture *f = data;
  g_clear_pointer (&f->last, sqns_board_facts_free);
  f->last = g_memdup2 (facts, sizeof *facts);
  f->last->id = g_strdup (facts->id);
  f->last->devnode = g_strdup (facts->devnode);
  f->last->id_path = g_strdup (facts->id_path);
  f->last->product_name = g_strdup (facts->product_name);
  f->last->serial = g_strdup (facts->serial);
  note (f, g_strdup_printf ("+%s %s", facts->id, facts->devnode));
}

static void
on_removed (gpointer data, const char *id)
{
  note (data, g_strdup_printf ("-%s", id));
}

static gboolean
on_deadline (gpointer data)
{
  Fixture *f = data;
  f->deadline = 0;
  g_main_loop_quit (f->loop);
  return G_SOURCE_REMOVE;
}

/* Waits for @n events since the start, with a deadline. */
static void
wait_for (Fixture *f, guint n)
{
  f->wanted = n;
  if (f->seen->len < n)
    {
      f->deadline = g_timeout_add (DEADLINE_MS, on_deadline, f);
      g_main_loop_run (f->loop);
      g_clear_handle_id (&f->deadline, g_source_remove);
    }
  g_assert_cmpuint (f->seen->len, ==, n);
}

static void
assert_seen (Fixture *f, guint index, const char *line)
{
  g_assert_cmpuint (index, <, f->seen->len);
  g_assert_cmpstr (g_ptr_array_index (f->seen, index), ==, line);
}

static void
start (Fixture *f)
{
  static const SqnsEnumeratorFuncs funcs = { on_added, on_removed };
  g_autoptr (GError) error = NULL;
  f->enumerator = sqns_enumerator_new (&funcs, f, &error);
  g_assert_no_error (error);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  f->testbed = umockdev_testbed_new ();
  f->loop = g_main_loop_new (NULL, FALSE);
  f->seen = g_ptr_array_new_with_free_func (g_free);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  sqns_enumerator_free (f->enumerator);
  g_clear_pointer (&f->last, sqns_board_facts_free);
  g_ptr_array_unref (f->seen);
  g_main_loop_unref (f->loop);
  g_object_unref (f->testbed);
}

#define EXPANSION(port_, tty_, serial_)                                                                                \
  {                                                                                                                    \
    .vendor = "04d8", .product = "ef98", .serial = (serial_), .name = "Expansion3", .tty = (tty_), .port = (port_)     \
  }

/* A board that marks the end of events, to prove that an earlier device is not reported. */
static void
plug_last (Fixture *f, Board *board)
{
  *board = (Board)EXPANSION (9, "ttyACM9", "PyLast");
  plug (f, board);
}
#define LAST "+04d8:ef98-PyLast /dev/ttyACM9"

static void
test_cold (Fixture *f, gconstpointer data)
{
  Board board = EXPANSION (1, "ttyACM0", "Py343434");
  plug (f, &board);
  start (f);
  wait_for (f, 1);
  assert_seen (f, 0, "+04d8:ef98-Py343434 /dev/ttyACM0");
  g_assert_cmpstr (f->last->serial, ==, "Py343434");
  g_assert_cmpstr (f->last->product_name, ==, "Expansion3");
  g_assert_null (f->last->id_path);
  g_assert_cmphex (f->last->vendor, ==, 0x04d8);
  g_assert_cmphex (f->last->product, ==, 0xef98);
  unplug (f, &board);
  wait_for (f, 2);
}

static void
test_hot (Fixture *f, gconstpointer data)
{
  Board board = EXPANSION (1, "ttyACM0", "Py343434");
  start (f);
  g_assert_cmpuint (f->seen->len, ==, 0);
  plug (f, &board);
  wait_for (f, 1);
  assert_seen (f, 0, "+04d8:ef98-Py343434 /dev/ttyACM0");
  unplug (f, &board);
  wait_for (f, 2);
  assert_seen (f, 1, "-04d8:ef98-Py343434");
}

static void
test_known_ids (Fixture *f, gconstpointer data)
{
  static const char *const ids[][2] = { { "04d8", "f013" }, { "04d8", "f012" }, { "04d8", "ef38" },
                                        { "04d8", "ef98" }, { "04d8", "ed14" }, { "0403", "6015" } };
  Board boards[G_N_ELEMENTS (ids)];
  start (f);
  for (guint i = 0; i < G_N_ELEMENTS (ids); i++)
    {
      g_autofree char *tty = g_strdup_printf ("ttyUSB%u", i);
      g_autofree char *line = g_strdup_printf ("+%s:%s-S /dev/%s", ids[i][0], ids[i][1], tty);
      boards[i] = (Board){ .vendor = ids[i][0], .product = ids[i][1], .serial = "S", .tty = tty, .port = 1 };
      plug (f, &boards[i]);
      wait_for (f, 2 * i + 1);
      assert_seen (f, 2 * i, line);
      unplug (f, &boards[i]);
      wait_for (f, 2 * i + 2);
    }
}

static void
test_replug (Fixture *f, gconstpointer data)
{
  Board before = EXPANSION (1, "ttyACM0", "Py343434");
  Board after = EXPANSION (2, "ttyACM3", "Py343434");
  start (f);
  plug (f, &before);
  wait_for (f, 1);
  unplug (f, &before);
  plug (f, &after);
  wait_for (f, 3);
  assert_seen (f, 1, "-04d8:ef98-Py343434");
  assert_seen (f, 2, "+04d8:ef98-Py343434 /dev/ttyACM3");
  unplug (f, &after);
  wait_for (f, 4);
}

/* the "remove" is lost, as after an overflow of the netlink queue */
static void
test_missing_remove (Fixture *f, gconstpointer data)
{
  Board before = EXPANSION (1, "ttyACM0", "Py343434");
  Board after = EXPANSION (1, "ttyACM1", "Py343434");
  start (f);
  plug (f, &before);
  wait_for (f, 1);
  vanish (f, &before);
  plug (f, &after);
  wait_for (f, 3);
  assert_seen (f, 1, "-04d8:ef98-Py343434");
  assert_seen (f, 2, "+04d8:ef98-Py343434 /dev/ttyACM1");
  unplug (f, &after);
  wait_for (f, 4);
  assert_seen (f, 3, "-04d8:ef98-Py343434");
}

static void
test_foreign (Fixture *f, gconstpointer data)
{
  Board foreign = { .vendor = "2e8a", .product = "0005", .serial = "Pico", .tty = "ttyACM0", .port = 1 };
  Board dfu = { .vendor = "04d8", .product = "ef99", .serial = "Py343434", .tty = "ttyACM1", .port = 2 };
  Board excluded = EXPANSION (3, "ttyACM2", "PyOther");
  Board last;
  excluded.extra = "E: ID_SQNSD_CANDIDATE=0\n";
  plug (f, &foreign);
  start (f);
  plug (f, &dfu);
  plug (f, &excluded);
  unplug (f, &foreign);
  plug_last (f, &last);
  wait_for (f, 1);
  assert_seen (f, 0, LAST);
  unplug (f, &last);
  unplug (f, &excluded);
  unplug (f, &dfu);
  wait_for (f, 2);
}

static void
test_tagged (Fixture *f, gconstpointer data)
{
  Board board = { .vendor = "1209", .product = "0001", .serial = "raw", .name = "raw", .tty = "ttyACM0", .port = 1 };
  board.extra = "E: ID_SQNSD_CANDIDATE=1\nE: ID_VENDOR_ID=04d8\nE: ID_MODEL_ID=f012\nE: ID_SERIAL_SHORT=Py1\n"
                "E: ID_MODEL=Pysense_X\nE: ID_PATH=pci-0000:00:14.0-usb-0:1:1.0\n";
  plug (f, &board);
  start (f);
  wait_for (f, 1);
  assert_seen (f, 0, "+04d8:f012-Py1 /dev/ttyACM0");
  g_assert_cmpstr (f->last->product_name, ==, "Pysense X");
  g_assert_cmpstr (f->last->id_path, ==, "pci-0000:00:14.0-usb-0:1:1.0");
  unplug (f, &board);
  wait_for (f, 2);
}

static void
test_odd_serial (Fixture *f, gconstpointer data)
{
  Board board = EXPANSION (1, "ttyACM0", "Py 34/34 ");
  plug (f, &board);
  start (f);
  wait_for (f, 1);
  assert_seen (f, 0, "+04d8:ef98-Py_34_34 /dev/ttyACM0");
  unplug (f, &board);
  wait_for (f, 2);
}

static void
test_no_serial (Fixture *f, gconstpointer data)
{
  Board with_path = { .vendor = "0403", .product = "6015", .tty = "ttyUSB0", .port = 1 };
  Board without = { .vendor = "0403", .product = "6015", .tty = "ttyUSB1", .port = 2 };
  with_path.extra = "E: ID_PATH=pci-0000:00:14.0-usb-0:1:1.0\n";
  start (f);
  plug (f, &with_path);
  plug (f, &without);
  wait_for (f, 2);
  assert_seen (f, 0, "+pci-0000:00:14.0-usb-0:1:1.0 /dev/ttyUSB0");
  assert_seen (f, 1, "+usb-1-2-ttyUSB1 /dev/ttyUSB1");
  g_assert_null (f->last->serial);
  g_assert_null (f->last->product_name);
  unplug (f, &with_path);
  unplug (f, &without);
  wait_for (f, 4);
}

static void
test_twins (Fixture *f, gconstpointer data)
{
  Board first = EXPANSION (1, "ttyACM0", "Py343434");
  Board second = EXPANSION (2, "ttyACM1", "Py343434");
  start (f);
  plug (f, &first);
  wait_for (f, 1);
  plug (f, &second);
  wait_for (f, 2);
  assert_seen (f, 1, "+04d8:ef98-Py343434@usb-1-2-ttyACM1 /dev/ttyACM1");

  /* the removal of the first board does not affect the second, which keeps its name */
  Board last;
  unplug (f, &first);
  event (f, &second, "change");
  plug_last (f, &last);
  wait_for (f, 4);
  assert_seen (f, 2, "-04d8:ef98-Py343434");
  assert_seen (f, 3, LAST);

  plug (f, &first);
  wait_for (f, 5);
  assert_seen (f, 4, "+04d8:ef98-Py343434 /dev/ttyACM0");
  unplug (f, &second);
  wait_for (f, 6);
  assert_seen (f, 5, "-04d8:ef98-Py343434@usb-1-2-ttyACM1");
  unplug (f, &first);
  unplug (f, &last);
  wait_for (f, 8);
}

static void
test_change (Fixture *f, gconstpointer data)
{
  Board board = EXPANSION (1, "ttyACM0", "Py343434");
  Board last;
  g_autofree char *tty = tty_path (&board);
  plug (f, &board);
  start (f);
  wait_for (f, 1);

  /* seen again, but unchanged */
  event (f, &board, "change");
  event (f, &board, "add");
  plug_last (f, &last);
  wait_for (f, 2);
  assert_seen (f, 1, LAST);

  umockdev_testbed_set_property (f->testbed, tty, "ID_PATH", "pci-0000:00:14.0-usb-0:1:1.0");
  event (f, &board, "change");
  wait_for (f, 3);
  assert_seen (f, 2, "+04d8:ef98-Py343434 /dev/ttyACM0");
  g_assert_cmpstr (f->last->id_path, ==, "pci-0000:00:14.0-usb-0:1:1.0");

  /* an administrator excludes it by a rule */
  umockdev_testbed_set_property (f->testbed, tty, "ID_SQNSD_CANDIDATE", "0");
  event (f, &board, "change");
  wait_for (f, 4);
  assert_seen (f, 3, "-04d8:ef98-Py343434");
  unplug (f, &board);
  unplug (f, &last);
  wait_for (f, 5);
}

static void
test_strange_remove (Fixture *f, gconstpointer data)
{
  Board board = EXPANSION (1, "ttyACM0", "Py343434");
  Board last;
  start (f);
  plug (f, &board);
  wait_for (f, 1);
  event (f, &board, "remove");
  event (f, &board, "remove");
  plug_last (f, &last);
  wait_for (f, 3);
  assert_seen (f, 1, "-04d8:ef98-Py343434");
  assert_seen (f, 2, LAST);
  vanish (f, &board);
  unplug (f, &last);
  wait_for (f, 4);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add ("/enumerator/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("cold", test_cold);
  ADD ("hot", test_hot);
  ADD ("known-ids", test_known_ids);
  ADD ("replug-under-another-name", test_replug);
  ADD ("missing-remove", test_missing_remove);
  ADD ("foreign-tty", test_foreign);
  ADD ("tagged-by-rule", test_tagged);
  ADD ("odd-serial", test_odd_serial);
  ADD ("no-serial", test_no_serial);
  ADD ("same-serial-twice", test_twins);
  ADD ("change", test_change);
  ADD ("strange-remove", test_strange_remove);
#undef ADD
  return g_test_run ();
}
