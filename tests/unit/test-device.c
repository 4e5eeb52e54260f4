/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Devices: the facts about a board, and its uses, one at a time: refresh, identification, reset, console. */
#include "base/timeout.h"
#include "device/console.h"
#include "device/device-operation.h"
#include "scripted.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

typedef struct {
  gboolean done;
  gboolean good;
  int fd;
  SqnsIdentity *identity;
  GError *error;
} Answer;

static void
on_refreshed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Answer *answer = user_data;
  answer->good = sqns_device_probe_finish (SQNS_DEVICE (source), result, &answer->error);
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

static void
on_identified (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Answer *answer = user_data;
  answer->identity = sqns_device_identify_finish (SQNS_DEVICE (source), result, &answer->error);
  answer->good = answer->identity != NULL;
  g_assert_true (answer->good == (answer->error == NULL));
  answer->done = TRUE;
}

static void
on_reset (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Answer *answer = user_data;
  answer->good = sqns_device_reset_finish (SQNS_DEVICE (source), result, &answer->error);
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
  SqnsDevice *device = sqns_device_new_board (&facts, TRUE);
  return device;
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
  g_assert_cmpint (info->state, ==, SQNS_MODEM_UNKNOWN);
  g_assert_true (sqns_device_link_config (device).usb_board);
  g_assert_true (sqns_device_link_config (device).pic);
  sqns_device_unplugged (device);
  g_assert_cmpint (info->state, ==, SQNS_MODEM_GONE);
  sqns_device_plugged (device, &elsewhere);
  g_assert_cmpint (info->state, ==, SQNS_MODEM_UNKNOWN);
  g_assert_cmpstr (info->devnode, ==, "/dev/ttyTest1");
  g_assert_cmpstr (info->board, ==, "");
}

static gboolean
has_note (SqnsDevice *device, const char *name)
{
  g_autofree const char **notes = sqns_board_flags_to_names (sqns_device_info (device)->notes);
  return g_strv_contains (notes, name);
}

static void
come_and_go (SqnsDevice *device, guint times)
{
  char id[] = "Py343434", devnode[] = "/dev/ttyTest0";
  const SqnsBoardFacts facts = { .id = id, .devnode = devnode };
  for (guint i = 0; i < times; i++)
    {
      sqns_device_unplugged (device);
      sqns_device_unplugged (device); /* reported twice, it counts once */
      sqns_device_plugged (device, &facts);
    }
}

/* field-failures.md row 27 */
static void
test_brown_out (void)
{
  g_autoptr (SqnsDevice) device = new_board ();
  const SqnsDeviceInfo *info = sqns_device_info (device);
  g_autoptr (GError) lost = g_error_new_literal (SQNS_ERROR, SQNS_ERROR_DEVICE_LOST, "the board is gone");
  g_autoptr (GError) other = g_error_new_literal (SQNS_ERROR, SQNS_ERROR_PORT_LOCKED, "minicom has it");

  come_and_go (device, SQNS_DEVICE_UNPLUGS - 1);
  g_assert_cmpstr (info->last_error, ==, "");
  g_assert_false (has_note (device, "comes-and-goes"));
  sqns_device_set_error (device, lost);
  g_assert_cmpstr (info->last_error, ==, "the board is gone");
  come_and_go (device, 1);
  g_assert_nonnull (strstr (info->last_error, "power supply"));
  g_assert_true (has_note (device, "comes-and-goes"));
  sqns_device_set_error (device, lost); /* the reason */
  g_assert_nonnull (strstr (info->last_error, "power supply"));
  sqns_device_set_error (device, other);
  g_assert_cmpstr (info->last_error, ==, "minicom has it");
  sqns_device_set_error (device, NULL);
  g_assert_cmpstr (info->last_error, ==, "");
  g_assert_false (has_note (device, "comes-and-goes"));

  /* as often, but over a longer time */
  g_autoptr (SqnsDevice) patient = new_board ();
  sqns_timeout_set_scale (0);
  for (guint i = 0; i < SQNS_DEVICE_UNPLUGS; i++)
    {
      gint64 now = g_get_monotonic_time ();
      come_and_go (patient, 1);
      while (g_get_monotonic_time () == now) /* a microsecond */
        ;
    }
  sqns_timeout_set_scale (1);
  g_assert_cmpstr (sqns_device_info (patient)->last_error, ==, "");
}

static void
test_board_notes (void)
{
  static const char *const names[] = { "passthrough",  "needs-lte-task",      "lte-on-boot", "no-lte",
                                       "main-program", "program-interrupted", "safe-boot",   "owns-modem" };
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (SqnsDevice) device = new_board ();
      const SqnsBoardInfo board = { .notes = (SqnsBoardFlags)(1 << i) };
      sqns_device_update_link (device, SQNS_LINK_AUTO, &board);
      g_autofree const char **notes = sqns_board_flags_to_names (sqns_device_info (device)->notes);
      g_assert_cmpuint (g_strv_length ((char **)notes), ==, 1);
      g_assert_cmpstr (notes[0], ==, names[i]);
    }

  /* they are found one by one, and again with each use */
  g_autoptr (SqnsDevice) device = new_board ();
  char firmware[] = "1.20.2.r4";
  const SqnsBoardInfo first = { .notes = SQNS_BOARD_PROGRAM };
  const SqnsBoardInfo second = { .notes = SQNS_BOARD_MAIN, .firmware = firmware };
  sqns_device_update_link (device, SQNS_LINK_AUTO, &first);
  sqns_device_update_link (device, SQNS_LINK_RELAY, &second);
  g_assert_true (has_note (device, "program-interrupted"));
  g_assert_true (has_note (device, "main-program"));
  g_assert_true (has_note (device, "answers"));
  g_assert_true (sqns_device_claim (device, SQNS_USE_PROBE, NULL, &error));
  g_autofree const char **none = sqns_board_flags_to_names (sqns_device_info (device)->notes);
  g_assert_null (none[0]);
  sqns_device_release (device);
}

static void
test_refresh (void)
{
  g_autoptr (SqnsDevice) device = new_board ();
  const SqnsDeviceInfo *info = sqns_device_info (device);
  Answer answer = { 0 }, second = { 0 };
  guint released = 0;
  g_signal_connect (device, "released", G_CALLBACK (count), &released);

  sqns_device_probe_async (device, on_refreshed, &answer);
  g_assert_cmpint (info->state, ==, SQNS_MODEM_PROBING);
  sqns_device_probe_async (device, on_refreshed, &second);
  scripted_settle ();
  g_assert_error (second.error, SQNS_ERROR, SQNS_ERROR_BUSY);
  g_clear_error (&second.error);

  g_assert_cmpuint (scripted ()->opens->len, ==, 1);
  g_assert_true (((ScriptedRun *)scripted ()->opens->pdata[0])->leave);
  scripted_open_link ();
  scripted_settle ();
  g_assert_true (answer.done && answer.good);
  g_assert_cmpint (info->state, ==, SQNS_MODEM_APPLICATION);
  g_assert_cmpint (info->link, ==, SQNS_LINK_RELAY);
  g_assert_cmpstr (info->board, ==, "FiPy");
  g_assert_cmpstr (info->board_firmware, ==, "1.20.2.r4");
  g_assert_cmpuint (info->version.build, ==, 35351);
  g_assert_cmpint (info->last_seen, >, 0);
  g_assert_cmpuint (scripted ()->closed_links, ==, 1);
  g_assert_cmpuint (released, ==, 1);
}

/* Every mode that the modem can report, and silence. */
static void
test_modes (void)
{
  static const struct {
    SqnsMode mode;
    guint speed; /* at which it answered AT */
    SqnsNoise noise;
    SqnsModemState state;
  } rows[] = {
    { SQNS_MODE_FFF, 921600, SQNS_NOISE_NONE, SQNS_MODEM_APPLICATION },
    { SQNS_MODE_RECOVERY, 921600, SQNS_NOISE_NONE, SQNS_MODEM_RECOVERY },
    { SQNS_MODE_MTOOLS, 921600, SQNS_NOISE_NONE, SQNS_MODEM_MTOOLS },
    { SQNS_MODE_UPDATER, 921600, SQNS_NOISE_NONE, SQNS_MODEM_UPDATER },
    { SQNS_MODE_FFH, 115200, SQNS_NOISE_NONE, SQNS_MODEM_FFH },
    { SQNS_MODE_UNKNOWN, 0, SQNS_NOISE_NONE, SQNS_MODEM_SILENT },
    { SQNS_MODE_UNKNOWN, 0, SQNS_NOISE_GARBAGE, SQNS_MODEM_SILENT },
    { SQNS_MODE_UNKNOWN, 921600, SQNS_NOISE_NONE, SQNS_MODEM_UNKNOWN }, /* answers, but not AT+SMOD? */
  };
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (SqnsDevice) device = new_board ();
      Answer answer = { 0 };
      scripted ()->status.mode = rows[i].mode;
      scripted ()->status.speed = rows[i].speed;
      scripted ()->status.noise = rows[i].noise;
      sqns_device_probe_async (device, on_refreshed, &answer);
      scripted_open_link ();
      scripted_settle ();
      g_assert_true (answer.good);
      g_assert_cmpint (sqns_device_info (device)->state, ==, rows[i].state);
    }
}

/* Only a modem that does not answer over a working link is "silent". */
static void
test_contact (void)
{
  static const struct {
    SqnsContact contact;
    SqnsError code;
    SqnsModemState state;
  } rows[] = {
    { SQNS_CONTACT_NONE, SQNS_ERROR_TIMEOUT, SQNS_MODEM_UNKNOWN },
    { SQNS_CONTACT_SILENT, SQNS_ERROR_TIMEOUT, SQNS_MODEM_SILENT },
    { SQNS_CONTACT_ANSWERED, SQNS_ERROR_TIMEOUT, SQNS_MODEM_RECOVERY },
    { SQNS_CONTACT_NONE, SQNS_ERROR_PROTOCOL, SQNS_MODEM_UNKNOWN },
    { SQNS_CONTACT_ANSWERED, SQNS_ERROR_PROTOCOL, SQNS_MODEM_RECOVERY },
    { SQNS_CONTACT_NONE, SQNS_ERROR_PORT_LOCKED, SQNS_MODEM_RECOVERY }, /* the modem's state stays */
    { SQNS_CONTACT_NONE, SQNS_ERROR_CANCELLED, SQNS_MODEM_RECOVERY },
    { SQNS_CONTACT_NONE, SQNS_ERROR_NEEDS_HAND, SQNS_MODEM_RECOVERY },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (SqnsDevice) device = new_board ();
      g_autoptr (GError) error = g_error_new_literal (SQNS_ERROR, (int)rows[i].code, "so it ended");
      sqns_device_set_mode (device, SQNS_MODE_RECOVERY);
      sqns_device_set_contact (device, rows[i].contact);
      sqns_device_set_error (device, error);
      g_test_message ("row %zu", i);
      g_assert_cmpint (sqns_device_info (device)->state, ==, rows[i].state);
    }
}

/* Bytes that another program took do not count as silence. */
static void
test_stolen_answers (void)
{
  g_autoptr (SqnsDevice) device = new_board ();
  const SqnsModemStatus silent = { .mode = SQNS_MODE_UNKNOWN };
  g_autoptr (GError) locked = g_error_new_literal (SQNS_ERROR, SQNS_ERROR_PORT_LOCKED, "minicom has it");

  sqns_device_update_status (device, &silent);
  g_assert_cmpint (sqns_device_info (device)->state, ==, SQNS_MODEM_SILENT);
  sqns_device_set_error (device, locked);
  g_assert_cmpint (sqns_device_info (device)->state, ==, SQNS_MODEM_UNKNOWN);
}

static void
test_refresh_fails (void)
{
  g_autoptr (SqnsDevice) device = new_board ();
  const SqnsDeviceInfo *info = sqns_device_info (device);
  Answer answer = { 0 };

  /* its earlier state does not count once it stops answering */
  sqns_device_set_mode (device, SQNS_MODE_FFF);
  sqns_device_probe_async (device, on_refreshed, &answer);
  scripted_refuse_link (SQNS_ERROR_TIMEOUT, "nothing answers \xff");
  scripted_settle ();
  g_assert_error (answer.error, SQNS_ERROR, SQNS_ERROR_TIMEOUT);
  g_assert_cmpint (info->state, ==, SQNS_MODEM_UNKNOWN);
  g_assert_cmpstr (info->last_error, ==, "nothing answers \xef\xbf\xbd");
  g_assert_cmpint (info->use, ==, SQNS_USE_NONE);
  g_clear_error (&answer.error);

  answer = (Answer){ 0 };
  scripted ()->probe_error = g_error_new_literal (SQNS_ERROR, SQNS_ERROR_DEVICE_LOST, "lost");
  sqns_device_probe_async (device, on_refreshed, &answer);
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
  sqns_device_probe_async (device, on_refreshed, &answer);
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

  sqns_console_open_async (device, 0, on_console, &answer);
  scripted_open_link ();
  scripted_settle ();
  g_assert_true (answer.good);
  g_assert_cmpint (info->use, ==, SQNS_USE_CONSOLE);
  g_assert_cmpint (info->state, ==, SQNS_MODEM_UNKNOWN);
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
  char words[256] = { 0 };
  sqns_console_open_async (device, 0, on_console, &answer);
  scripted_open_link ();
  scripted_settle ();
  sqns_device_interrupt (device);
  scripted_settle ();
  g_assert_cmpint (sqns_device_info (device)->use, ==, SQNS_USE_NONE);
  /* the user sees the reason, and the stream ends */
  g_assert_cmpint (read (answer.fd, words, sizeof words - 1), >, 0);
  g_assert_nonnull (strstr (words, "[sqnsd: the daemon is stopping;"));
  g_assert_cmpint (read (answer.fd, words, sizeof words), ==, 0);
  g_close (answer.fd, NULL);

  answer = (Answer){ 0 };
  sqns_console_open_async (device, 0, on_console, &answer);
  scripted_refuse_link (SQNS_ERROR_PORT_LOCKED, "minicom has it");
  scripted_settle ();
  g_assert_error (answer.error, SQNS_ERROR, SQNS_ERROR_PORT_LOCKED);
  g_assert_cmpstr (sqns_device_info (device)->last_error, ==, "minicom has it");
  g_assert_cmpint (sqns_device_info (device)->use, ==, SQNS_USE_NONE);
  g_clear_error (&answer.error);
}

/* The stream names who takes the board, and ends. */
static void
test_console_dismissed (void)
{
  g_autoptr (SqnsDevice) device = new_board ();
  Answer answer = { 0 }, second = { 0 };
  char words[256] = { 0 };

  sqns_console_close (device, "nobody is there");
  sqns_console_open_async (device, 0, on_console, &answer);
  scripted_open_link ();
  scripted_settle ();
  sqns_console_close (device, "job 42 takes this modem");
  sqns_console_close (device, "job 43 takes this modem");
  scripted_settle ();
  g_assert_cmpint (sqns_device_info (device)->use, ==, SQNS_USE_NONE);
  g_assert_cmpuint (scripted ()->closed_links, ==, 1);
  g_assert_cmpint (read (answer.fd, words, sizeof words - 1), >, 0);
  g_assert_cmpstr (words, ==, "\r\n[sqnsd: job 42 takes this modem; the console is closed]\r\n");
  g_assert_cmpint (read (answer.fd, words, sizeof words), ==, 0);
  g_close (answer.fd, NULL);

  /* before it is open */
  sqns_console_open_async (device, 0, on_console, &second);
  sqns_console_close (device, "job 44 takes this modem");
  scripted_settle ();
  g_assert_error (second.error, SQNS_ERROR, SQNS_ERROR_BUSY);
  g_assert_nonnull (strstr (second.error->message, "job 44"));
  g_assert_cmpstr (sqns_device_info (device)->last_error, ==, "");
  g_assert_cmpint (sqns_device_info (device)->use, ==, SQNS_USE_NONE);
  g_clear_error (&second.error);
}

static void
test_identify (void)
{
  g_autoptr (SqnsDevice) device = new_board ();
  Answer answer = { 0 }, silent = { 0 }, busy = { 0 };

  scripted ()->imei = "354344040000009";
  sqns_device_identify_async (device, on_identified, &answer);
  sqns_device_identify_async (device, on_identified, &busy);
  g_assert_true (((ScriptedRun *)scripted ()->opens->pdata[0])->leave);
  scripted_open_link ();
  scripted_settle ();
  g_assert_error (busy.error, SQNS_ERROR, SQNS_ERROR_BUSY);
  g_clear_error (&busy.error);
  g_assert_true (answer.good);
  g_assert_cmpstr (answer.identity->imei, ==, "354344040000009");
  g_assert_null (answer.identity->imsi);
  g_assert_cmpuint (scripted ()->closed_links, ==, 1);
  sqns_identity_free (answer.identity);

  scripted ()->probe_error = g_error_new_literal (SQNS_ERROR, SQNS_ERROR_TIMEOUT, "silence");
  sqns_device_identify_async (device, on_identified, &silent);
  scripted_open_link ();
  scripted_settle ();
  g_assert_error (silent.error, SQNS_ERROR, SQNS_ERROR_TIMEOUT);
  g_assert_cmpuint (scripted ()->closed_links, ==, 2);
  g_assert_cmpint (sqns_device_info (device)->use, ==, SQNS_USE_NONE);
  g_clear_error (&silent.error);
}

static void
test_reset (void)
{
  g_autoptr (SqnsDevice) device = new_board ();
  Answer answer = { 0 }, hand = { 0 }, interrupted = { 0 };
  g_autoptr (GError) busy = NULL;

  sqns_device_reset_async (device, FALSE, on_reset, &answer);
  g_assert_cmpuint (scripted ()->opens->len, ==, 0);
  g_assert_cmpint (sqns_device_info (device)->use, ==, SQNS_USE_RESET);
  g_assert_false (sqns_device_claim (device, SQNS_USE_JOB, "uuid", &busy));
  g_assert_error (busy, SQNS_ERROR, SQNS_ERROR_BUSY);
  scripted_reboot (0, NULL);
  scripted_settle ();
  g_assert_true (answer.good);
  g_assert_cmpuint (scripted ()->restarts, ==, 0);

  sqns_device_reset_async (device, FALSE, on_reset, &hand);
  scripted_reboot (SQNS_ERROR_NEEDS_HAND, "press the button");
  scripted_settle ();
  g_assert_error (hand.error, SQNS_ERROR, SQNS_ERROR_NEEDS_HAND);
  g_assert_cmpstr (hand.error->message, ==, "press the button");
  g_clear_error (&hand.error);

  sqns_device_reset_async (device, FALSE, on_reset, &interrupted);
  sqns_device_interrupt (device);
  scripted_settle ();
  g_assert_error (interrupted.error, SQNS_ERROR, SQNS_ERROR_CANCELLED);
  g_assert_cmpint (sqns_device_info (device)->use, ==, SQNS_USE_NONE);
  g_clear_error (&interrupted.error);
}

static void
test_reset_modem (void)
{
  g_autoptr (SqnsDevice) device = new_board ();
  Answer answer = { 0 }, refused = { 0 }, half = { 0 };

  scripted ()->status.mode = SQNS_MODE_RECOVERY;
  sqns_device_reset_async (device, TRUE, on_reset, &answer);
  g_assert_cmpuint (scripted ()->reboots->len, ==, 0);
  scripted_open_link ();
  scripted_settle ();
  g_assert_cmpuint (scripted ()->restarts, ==, 1);
  scripted_reboot (0, NULL);
  scripted_settle ();
  g_assert_true (answer.good);
  g_assert_cmpint (sqns_device_info (device)->state, ==, SQNS_MODEM_RECOVERY);

  sqns_device_reset_async (device, TRUE, on_reset, &half);
  scripted_open_link ();
  scripted_settle ();
  scripted_reboot (SQNS_ERROR_NEEDS_HAND, "press the button");
  scripted_settle ();
  g_assert_error (half.error, SQNS_ERROR, SQNS_ERROR_NEEDS_HAND);
  g_assert_nonnull (strstr (half.error->message, "the modem was restarted"));
  g_clear_error (&half.error);

  scripted ()->restart_error = g_error_new_literal (SQNS_ERROR, SQNS_ERROR_WRONG_STATE, "it applies an upgrade");
  sqns_device_reset_async (device, TRUE, on_reset, &refused);
  scripted_open_link ();
  scripted_settle ();
  g_assert_error (refused.error, SQNS_ERROR, SQNS_ERROR_WRONG_STATE);
  g_assert_cmpuint (scripted ()->reboots->len, ==, 0);
  g_assert_cmpuint (scripted ()->closed_links, ==, 3);
  g_clear_error (&refused.error);
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
  g_assert_false (config.pic);
  g_assert_true (sqns_device_check_presence (device));

  /* a bare modem */
  Answer answer = { 0 };
  scripted_reset ();
  sqns_device_reset_async (device, TRUE, on_reset, &answer);
  scripted_open_link ();
  scripted_settle ();
  g_assert_true (answer.good);
  g_assert_cmpuint (scripted ()->restarts, ==, 1);
  g_assert_cmpuint (scripted ()->reboots->len, ==, 0);
  g_close (master, NULL);
  g_assert_false (sqns_device_claim (device, SQNS_USE_PROBE, NULL, &error));
  g_assert_error (error, SQNS_ERROR, SQNS_ERROR_DEVICE_LOST);
  g_assert_cmpint (sqns_device_info (device)->state, ==, SQNS_MODEM_GONE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/device/board", test_board);
  g_test_add_func ("/device/brown-out", test_brown_out);
  g_test_add_func ("/device/board-notes", test_board_notes);
  g_test_add_func ("/device/port", test_port);
  g_test_add_func ("/device/refresh", test_refresh);
  g_test_add_func ("/device/modes", test_modes);
  g_test_add_func ("/device/refresh-fails", test_refresh_fails);
  g_test_add_func ("/device/contact", test_contact);
  g_test_add_func ("/device/stolen-answers", test_stolen_answers);
  g_test_add_func ("/device/interrupted", test_interrupted);
  g_test_add_func ("/device/console", test_console);
  g_test_add_func ("/device/console-interrupted", test_console_interrupted);
  g_test_add_func ("/device/console-dismissed", test_console_dismissed);
  g_test_add_func ("/device/identify", test_identify);
  g_test_add_func ("/device/reset", test_reset);
  g_test_add_func ("/device/reset-modem", test_reset_modem);
  return g_test_run ();
}
