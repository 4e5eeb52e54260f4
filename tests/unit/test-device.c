/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Devices: what is known of a board, and its uses one at a time: refresh, console. */
#include "model/console.h"
#include "model/refresh.h"
#include "scripted.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

typedef struct {
  gboolean done;
  gboolean good;
  int fd;
  GError *error;
} Answer;

static void
on_refreshed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Answer *answer = user_data;
  answer->good = sqns_refresh_finish (SQNS_DEVICE (source), result, &answer->error);
  g_assert_true (answer->good == (answer->error == NULL));
  answer->done = TRUE;
}

static void
on_console (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Answer *answer = user_data;
  answer->fd = sqns_console_open_finish (SQNS_DEVICE (source), result, &answer->error);
  answer->good = answer->fd >= 0;
  g_assert_true (answer->good == (answer->error == NULL));
  answer->done = TRUE;
}

static SqnsDevice *
new_board (void)
{
  char id[] = "Py343434", devnode[] = "/dev/ttyTest0", path[] = "pci-0:1", name[] = "Pysense";
  const SqnsBoardFacts facts
      = { .id = id, .devnode = devnode, .id_path = path, .product_name = name, .vendor = 0x04d8, .product = 0xf012 };
  scripted_reset ();
  return sqns_device_new_board (&facts);
}

static void
count (SqnsDevice *device, guint *counter)
{
  ++*counter;
}

static void
test_board (void)
{
  g_autoptr (SqnsDevice) device = new_board ();
  const SqnsDeviceInfo *info = sqns_device_info (device);
  char id[] = "Py343434", devnode[] = "/dev/ttyTest1";
  const SqnsBoardFacts elsewhere = { .id = id, .devnode = devnode };

  g_assert_cmpstr (info->board, ==, "Pysense");
  g_assert_cmpuint (info->vendor, ==, 0x04d8);
  g_assert_cmpint (info->state, ==, SQNS_DEVICE_UNKNOWN);
  g_assert_true (sqns_device_link_config (device).usb_board);
  sqns_device_unplugged (device);
  g_assert_cmpint (info->state, ==, SQNS_DEVICE_GONE);
  sqns_device_plugged (device, &elsewhere);
  g_assert_cmpint (info->state, ==, SQNS_DEVICE_UNKNOWN);
  g_assert_cmpstr (info->devnode, ==, "/dev/ttyTest1");
  g_assert_cmpstr (info->board, ==, "");
}

static void
test_refresh (void)
{
  g_autoptr (SqnsDevice) device = new_board ();
  const SqnsDeviceInfo *info = sqns_device_info (device);
  Answer answer = { 0 }, second = { 0 };
  guint released = 0;
  g_signal_connect (device, "released", G_CALLBACK (count), &released);

  sqns_refresh_async (device, scripted_operations (), on_refreshed, &answer);
  g_assert_cmpint (info->state, ==, SQNS_DEVICE_PROBING);
  sqns_refresh_async (device, scripted_operations (), on_refreshed, &second);
  scripted_settle ();
  g_assert_error (second.error, SQNS_ERROR, SQNS_ERROR_BUSY);
  g_clear_error (&second.error);

  g_assert_cmpuint (scripted ()->opens->len, ==, 1);
  g_assert_true (((ScriptedRun *)scripted ()->opens->pdata[0])->leave);
  scripted_open_link ();
  scripted_settle ();
  g_assert_true (answer.done && answer.good);
  g_assert_cmpint (info->state, ==, SQNS_DEVICE_APPLICATION);
  g_assert_cmpint (info->link, ==, SQNS_LINK_RELAY);
  g_assert_cmpstr (info->board, ==, "FiPy");
  g_assert_cmpstr (info->board_firmware, ==, "1.20.2.r4");
  g_assert_cmpuint (info->version.build, ==, 35351);
  g_assert_cmpint (info->last_seen, >, 0);
  g_assert_cmpuint (scripted ()->closed_links, ==, 1);
  g_assert_cmpuint (released, ==, 1);
}

/* Every mode that the modem can tell, and silence. */
static void
test_modes (void)
{
  static const struct {
    SqnsMode mode;
    guint speed; /* at which it answered an AT */
    SqnsNoise noise;
    SqnsDeviceState state;
  } rows[] = {
    { SQNS_MODE_FFF, 921600, SQNS_NOISE_NONE, SQNS_DEVICE_APPLICATION },
    { SQNS_MODE_RECOVERY, 921600, SQNS_NOISE_NONE, SQNS_DEVICE_RECOVERY },
    { SQNS_MODE_MTOOLS, 921600, SQNS_NOISE_NONE, SQNS_DEVICE_MTOOLS },
    { SQNS_MODE_UPDATER, 921600, SQNS_NOISE_NONE, SQNS_DEVICE_UPDATER },
    { SQNS_MODE_FFH, 115200, SQNS_NOISE_NONE, SQNS_DEVICE_FFH },
    { SQNS_MODE_UNKNOWN, 0, SQNS_NOISE_NONE, SQNS_DEVICE_SILENT },
    { SQNS_MODE_UNKNOWN, 0, SQNS_NOISE_GARBAGE, SQNS_DEVICE_SILENT },
    { SQNS_MODE_UNKNOWN, 921600, SQNS_NOISE_NONE, SQNS_DEVICE_UNKNOWN }, /* answers, but not AT+SMOD? */
  };
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (SqnsDevice) device = new_board ();
      Answer answer = { 0 };
      scripted ()->status.mode = rows[i].mode;
      scripted ()->status.speed = rows[i].speed;
      scripted ()->status.noise = rows[i].noise;
      sqns_refresh_async (device, scripted_operations (), on_refreshed, &answer);
      scripted_open_link ();
      scripted_settle ();
      g_assert_true (answer.good);
      g_assert_cmpint (sqns_device_info (device)->state, ==, rows[i].state);
    }
}

static void
test_refresh_fails (void)
{
  g_autoptr (SqnsDevice) device = new_board ();
  const SqnsDeviceInfo *info = sqns_device_info (device);
  Answer answer = { 0 };

  /* what it was before does not count when it no longer answers */
  sqns_device_note_mode (device, SQNS_MODE_FFF);
  sqns_refresh_async (device, scripted_operations (), on_refreshed, &answer);
  scripted_refuse_link (SQNS_ERROR_TIMEOUT, "nothing answers \xff");
  scripted_settle ();
  g_assert_error (answer.error, SQNS_ERROR, SQNS_ERROR_TIMEOUT);
  g_assert_cmpint (info->state, ==, SQNS_DEVICE_SILENT);
  g_assert_cmpstr (info->last_error, ==, "nothing answers \xef\xbf\xbd");
  g_assert_cmpint (info->use, ==, SQNS_USE_NONE);
  g_clear_error (&answer.error);

  answer = (Answer){ 0 };
  scripted ()->probe_error = g_error_new_literal (SQNS_ERROR, SQNS_ERROR_DEVICE_LOST, "lost");
  sqns_refresh_async (device, scripted_operations (), on_refreshed, &answer);
  scripted_open_link ();
  scripted_settle ();
  g_assert_error (answer.error, SQNS_ERROR, SQNS_ERROR_DEVICE_LOST);
  g_assert_cmpuint (scripted ()->closed_links, ==, 1);
  g_clear_error (&answer.error);
}

static void
test_interrupted (void)
{
  g_autoptr (SqnsDevice) device = new_board ();
  Answer answer = { 0 };
  sqns_refresh_async (device, scripted_operations (), on_refreshed, &answer);
  sqns_device_interrupt (device);
  scripted_settle ();
  g_assert_error (answer.error, SQNS_ERROR, SQNS_ERROR_CANCELLED);
  g_assert_cmpint (sqns_device_info (device)->use, ==, SQNS_USE_NONE);
  g_assert_cmpstr (sqns_device_info (device)->last_error, ==, "");
  g_clear_error (&answer.error);
}

static void
test_console (void)
{
  g_autoptr (SqnsDevice) device = new_board ();
  const SqnsDeviceInfo *info = sqns_device_info (device);
  Answer answer = { 0 };
  g_autoptr (GError) busy = NULL;
  guint released = 0;
  char buffer[8];
  g_signal_connect (device, "released", G_CALLBACK (count), &released);

  sqns_console_open_async (device, scripted_operations (), on_console, &answer);
  scripted_open_link ();
  scripted_settle ();
  g_assert_true (answer.good);
  g_assert_cmpint (info->use, ==, SQNS_USE_CONSOLE);
  g_assert_cmpint (info->state, ==, SQNS_DEVICE_UNKNOWN);
  g_assert_cmpint (write (answer.fd, "AT\r", 3), ==, 3);
  g_assert_cmpint (read (scripted ()->console_fd, buffer, sizeof buffer), ==, 3);
  g_assert_false (sqns_device_claim (device, SQNS_USE_JOB, "uuid", &busy));
  g_assert_error (busy, SQNS_ERROR, SQNS_ERROR_BUSY);
  g_assert_nonnull (strstr (busy->message, "console"));

  g_close (answer.fd, NULL);
  scripted_close_far_end ();
  scripted_settle ();
  g_assert_cmpint (info->use, ==, SQNS_USE_NONE);
  g_assert_cmpuint (released, ==, 1);
  g_assert_cmpuint (scripted ()->closed_links, ==, 1);
}

static void
test_console_interrupted (void)
{
  g_autoptr (SqnsDevice) device = new_board ();
  Answer answer = { 0 };
  char byte;
  sqns_console_open_async (device, scripted_operations (), on_console, &answer);
  scripted_open_link ();
  scripted_settle ();
  sqns_device_interrupt (device);
  scripted_settle ();
  g_assert_cmpint (sqns_device_info (device)->use, ==, SQNS_USE_NONE);
  /* the person sees the end of it */
  g_assert_cmpint (read (answer.fd, &byte, 1), ==, 0);
  g_close (answer.fd, NULL);

  answer = (Answer){ 0 };
  sqns_console_open_async (device, scripted_operations (), on_console, &answer);
  scripted_refuse_link (SQNS_ERROR_PORT_LOCKED, "minicom has it");
  scripted_settle ();
  g_assert_error (answer.error, SQNS_ERROR, SQNS_ERROR_PORT_LOCKED);
  g_assert_cmpstr (sqns_device_info (device)->last_error, ==, "minicom has it");
  g_assert_cmpint (sqns_device_info (device)->use, ==, SQNS_USE_NONE);
  g_clear_error (&answer.error);
}

static void
test_port (void)
{
  int master;
  g_autofree char *tty = scripted_pty (&master);
  const SqnsPortOptions options = { .link = SQNS_LINK_DIRECT, .board = "gpy", .speed = 115200 };
  g_autoptr (SqnsDevice) device = sqns_device_new_port ("pts", tty, &options);
  g_autoptr (GError) error = NULL;
  SqnsLinkConfig config = sqns_device_link_config (device);

  g_assert_cmpint (config.kind, ==, SQNS_LINK_DIRECT);
  g_assert_cmpstr (config.board, ==, "gpy");
  g_assert_cmpuint (config.speed, ==, 115200);
  g_assert_false (config.usb_board);
  g_assert_true (sqns_device_check_presence (device));
  g_close (master, NULL);
  g_assert_false (sqns_device_claim (device, SQNS_USE_PROBE, NULL, &error));
  g_assert_error (error, SQNS_ERROR, SQNS_ERROR_DEVICE_LOST);
  g_assert_cmpint (sqns_device_info (device)->state, ==, SQNS_DEVICE_GONE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/device/board", test_board);
  g_test_add_func ("/device/port", test_port);
  g_test_add_func ("/device/refresh", test_refresh);
  g_test_add_func ("/device/modes", test_modes);
  g_test_add_func ("/device/refresh-fails", test_refresh_fails);
  g_test_add_func ("/device/interrupted", test_interrupted);
  g_test_add_func ("/device/console", test_console);
  g_test_add_func ("/device/console-interrupted", test_console_interrupted);
  return g_test_run ();
}
