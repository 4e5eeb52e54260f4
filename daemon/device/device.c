/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One board with its modem: what is known of it and what uses it now. */
#include "common/clean.h"
#include "device/device.h"

#include "base/deadlines.h"
#include "base/timeout.h"
#include "base/messages.h"

#include <string.h>
#include <sys/stat.h>

#define VENDOR_MICROCHIP 0x04d8 /* all of its boards are PIC boards (field-failures.md §3) */

struct _SqnsDevice {
  GObject parent;
  SqnsDeviceInfo info;
  gboolean was_present;  /* when that was reported last */
  gboolean board_told;   /* info.board is what the board said, not its USB product */
  SqnsModemState found;  /* as last observed: one of the modem's own states, unknown or silent */
  GFileMonitor *monitor; /* of a port, nullable */
  SqnsPortOptions options;
  gint64 unplugs[SQNS_DEVICE_UNPLUGS]; /* monotonic times, newest last; 0 none */
  gint64 may_be_flashing_until;        /* µs since the epoch */
};

G_DEFINE_FINAL_TYPE (SqnsDevice, sqns_device, G_TYPE_OBJECT)

enum {
  CHANGED,
  PRESENCE_CHANGED,
  RELEASED,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

#define TEXT(name) G_STRUCT_OFFSET (SqnsDeviceInfo, name)
static const gsize texts[] = { TEXT (id), TEXT (devnode), TEXT (id_path),   TEXT (board), TEXT (board_firmware),
                               TEXT (ue), TEXT (job),     TEXT (last_error) };

static void
sqns_device_finalize (GObject *object)
{
  SqnsDevice *self = SQNS_DEVICE (object);
  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    g_free (G_STRUCT_MEMBER (char *, &self->info, texts[i]));
  g_free (self->info.board_id);
  g_clear_object (&self->monitor);
  g_clear_object (&self->info.cancellable);
  G_OBJECT_CLASS (sqns_device_parent_class)->finalize (object);
}

static void
sqns_device_class_init (SqnsDeviceClass *klass)
{
  static const char *const names[N_SIGNALS] = { "changed", "presence-changed", "released" };
  G_OBJECT_CLASS (klass)->finalize = sqns_device_finalize;
  for (guint i = 0; i < N_SIGNALS; i++)
    signals[i] = g_signal_new (names[i], SQNS_TYPE_DEVICE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

/* Boards and modems may send anything. */
static void
set_text (char **field, const char *value)
{
  char *text = sqns_clean_line (value != NULL ? value : "", -1);
  g_free (*field);
  *field = text;
}

static void
sqns_device_init (SqnsDevice *self)
{
  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    set_text (G_STRUCT_MEMBER_P (&self->info, texts[i]), NULL);
  self->info.present = self->was_present = TRUE;
}

static SqnsModemState
effective_state (SqnsDevice *self)
{
  if (!self->info.present)
    return SQNS_MODEM_GONE;
  if (self->info.use == SQNS_USE_JOB)
    return SQNS_MODEM_UPGRADING;
  return self->info.use == SQNS_USE_PROBE ? SQNS_MODEM_PROBING : self->found;
}

static void
changed (SqnsDevice *self)
{
  gboolean presence = self->info.present != self->was_present;
  self->info.state = effective_state (self);
  self->was_present = self->info.present;
  g_signal_emit (self, signals[CHANGED], 0);
  if (presence)
    g_signal_emit (self, signals[PRESENCE_CHANGED], 0);
}

static void
take_facts (SqnsDevice *self, const SqnsBoardFacts *facts)
{
  sqns_device_unwatch_port (self);
  g_free (self->info.board_id);
  self->info.board_id = g_strdup (facts->id);
  set_text (&self->info.devnode, facts->devnode);
  set_text (&self->info.id_path, facts->id_path);
  if (!self->board_told)
    set_text (&self->info.board, facts->product_name);
  self->info.vendor = facts->vendor;
  self->info.product = facts->product;
  self->info.manual = FALSE;
  self->info.present = TRUE;
}

SqnsDevice *
sqns_device_new_board (const SqnsBoardFacts *facts, gboolean present)
{
  SqnsDevice *self = g_object_new (SQNS_TYPE_DEVICE, NULL);
  set_text (&self->info.id, facts->id);
  take_facts (self, facts);
  self->info.present = self->was_present = present;
  self->info.state = effective_state (self);
  return self;
}

SqnsDevice *
sqns_device_new_port (const char *id, const char *devnode, const SqnsPortOptions *options)
{
  SqnsDevice *self = g_object_new (SQNS_TYPE_DEVICE, NULL);
  g_autoptr (GFile) file = g_file_new_for_path (devnode);
  set_text (&self->info.id, id);
  set_text (&self->info.devnode, devnode);
  self->info.manual = TRUE;
  sqns_device_set_port_options (self, options);
  self->monitor = g_file_monitor_file (file, G_FILE_MONITOR_NONE, NULL, NULL);
  if (self->monitor != NULL)
    g_signal_connect_object (self->monitor, "changed", G_CALLBACK (sqns_device_check_presence), self,
                             G_CONNECT_SWAPPED);
  return self;
}

const SqnsDeviceInfo *
sqns_device_info (SqnsDevice *device)
{
  return &device->info;
}

SqnsLogContext
sqns_device_log_context (SqnsDevice *self)
{
  return (SqnsLogContext){ .modem = self->info.id, .board = self->info.board, .port = self->info.devnode };
}

void
sqns_device_plugged (SqnsDevice *self, const SqnsBoardFacts *facts)
{
  if (!self->info.present)
    self->found = SQNS_MODEM_UNKNOWN; /* anything may have been done to it meanwhile */
  take_facts (self, facts);
  changed (self);
}

static void
count_unplug (SqnsDevice *self)
{
  const guint last = SQNS_DEVICE_UNPLUGS - 1;
  memmove (self->unplugs, self->unplugs + 1, last * sizeof *self->unplugs);
  self->unplugs[last] = g_get_monotonic_time ();
  if (self->unplugs[0] == 0 || self->unplugs[last] - self->unplugs[0] > sqns_timeout_us (SQNS_DEVICE_UNPLUGS_S))
    return;
  self->info.notes |= SQNS_BOARD_COMES_AND_GOES;
  set_text (&self->info.last_error, sqns_brown_out_message ());
}

void
sqns_device_unplugged (SqnsDevice *self)
{
  if (!self->info.present)
    return;
  self->info.present = FALSE;
  self->found = SQNS_MODEM_UNKNOWN;
  count_unplug (self);
  changed (self);
}

gboolean
sqns_device_check_presence (SqnsDevice *self)
{
  struct stat st;
  if (!self->info.manual)
    return self->info.present;
  gboolean present = stat (self->info.devnode, &st) == 0 && S_ISCHR (st.st_mode);
  if (present != self->info.present)
    {
      self->info.present = present;
      self->found = SQNS_MODEM_UNKNOWN;
      self->info.ran = self->info.boot_rom = (SqnsVersion){ 0 }; /* another modem may come back under this name */
      changed (self);
    }
  return present;
}

void
sqns_device_unwatch_port (SqnsDevice *device)
{
  g_clear_object (&device->monitor);
}

void
sqns_device_set_port_options (SqnsDevice *self, const SqnsPortOptions *options)
{
  self->options = *options;
  self->options.board = g_intern_string (options->board); /* one of three names */
}

SqnsLinkConfig
sqns_device_link_config (SqnsDevice *self)
{
  return (SqnsLinkConfig){
    .devnode = self->info.devnode,
    .kind = self->options.link,
    .board = self->options.board,
    .speed = self->options.speed,
    .usb_board = !self->info.manual,
    .pic = !self->info.manual && self->info.vendor == VENDOR_MICROCHIP,
    .unsafe = self->may_be_flashing_until > g_get_real_time (),
  };
}

const char *
sqns_device_use_message (SqnsDeviceUse use)
{
  static const char *const messages[] = {
    [SQNS_USE_NONE] = "the modem is free",
    [SQNS_USE_PROBE] = "the modem is being probed",
    [SQNS_USE_CONSOLE] = "a console is open on the modem",
    [SQNS_USE_RESET] = "the board is being reset",
    [SQNS_USE_JOB] = "a job is running on the modem",
  };
  return messages[use];
}

gboolean
sqns_device_claim (SqnsDevice *self, SqnsDeviceUse use, const char *job, GError **error)
{
  if (self->info.use != SQNS_USE_NONE)
    {
      g_set_error_literal (error, SQNS_ERROR, SQNS_ERROR_BUSY, sqns_device_use_message (self->info.use));
      return FALSE;
    }
  if (!sqns_device_check_presence (self))
    {
      g_set_error (error, SQNS_ERROR, SQNS_ERROR_DEVICE_LOST, "the board is not plugged in: %s is gone",
                   self->info.devnode);
      return FALSE;
    }
  self->info.notes &= SQNS_BOARD_COMES_AND_GOES;
  self->info.contact = SQNS_CONTACT_NONE;
  self->info.use = use;
  self->info.cancellable = g_cancellable_new ();
  set_text (&self->info.job, job);
  changed (self);
  return TRUE;
}

void
sqns_device_release (SqnsDevice *self)
{
  g_return_if_fail (self->info.use != SQNS_USE_NONE);
  g_object_ref (self);
  self->info.use = SQNS_USE_NONE;
  g_clear_object (&self->info.cancellable);
  set_text (&self->info.job, NULL);
  sqns_device_check_presence (self);
  changed (self);
  g_signal_emit (self, signals[RELEASED], 0);
  g_object_unref (self);
}

void
sqns_device_interrupt (SqnsDevice *device)
{
  if (device->info.use != SQNS_USE_NONE && device->info.use != SQNS_USE_JOB)
    g_cancellable_cancel (device->info.cancellable);
}

void
sqns_device_set_console (SqnsDevice *device, SqnsConsole *console)
{
  device->info.console = console;
}

void
sqns_device_update_link (SqnsDevice *self, SqnsLinkKind kind, const SqnsBoardInfo *board)
{
  if (kind != SQNS_LINK_AUTO) /* the board may be known before the link is */
    self->info.link = kind;
  if (board != NULL && board->board != NULL)
    {
      set_text (&self->info.board, board->board);
      self->board_told = TRUE;
    }
  if (board != NULL && board->firmware != NULL)
    {
      set_text (&self->info.board_firmware, board->firmware);
      self->info.notes |= SQNS_BOARD_ANSWERS;
    }
  if (board != NULL)
    self->info.notes |= board->notes; /* the link may be opened more than once in a job */
  self->info.last_seen = g_get_real_time ();
  changed (self);
}

void
sqns_device_set_flashing_since (SqnsDevice *self, gint64 since)
{
  self->may_be_flashing_until = since > 0 ? since + sqns_timeout_us (SQNS_UPDATING_S) : 0;
}

/* A modem that reports its mode writes nothing, but for the updater. */
static void
update_mode (SqnsDevice *self, SqnsMode mode)
{
  self->found = sqns_mode_state (mode);
  if (mode != SQNS_MODE_UNKNOWN)
    sqns_device_set_flashing_since (self, mode == SQNS_MODE_UPDATER ? g_get_real_time () : 0);
}

void
sqns_device_update_ran (SqnsDevice *self, const SqnsVersion *software, const SqnsVersion *boot_rom)
{
  if (sqns_version_known (software))
    self->info.ran = *software;
  if (sqns_version_known (boot_rom))
    self->info.boot_rom = *boot_rom;
}

void
sqns_device_update_status (SqnsDevice *self, const SqnsModemStatus *status)
{
  update_mode (self, status->mode);
  self->info.contact = status->speed != 0 ? SQNS_CONTACT_ANSWERED : SQNS_CONTACT_SILENT; /* noise is no answer */
  if (status->mode == SQNS_MODE_UNKNOWN && self->info.contact == SQNS_CONTACT_SILENT)
    self->found = SQNS_MODEM_SILENT;
  sqns_device_update_ran (self, &status->version, &status->showver.bootloader[0]);
  if (sqns_version_known (&status->version))
    self->info.version = status->version;
  if (sqns_version_known (&status->showver.software) || sqns_version_known (&status->showver.bootloader[0]))
    self->info.showver = status->showver;
  if (status->ue != NULL)
    set_text (&self->info.ue, status->ue);
  if (self->found != SQNS_MODEM_SILENT)
    self->info.last_seen = g_get_real_time ();
  changed (self);
}

void
sqns_device_set_version (SqnsDevice *self, const SqnsVersion *version)
{
  if (!sqns_version_known (version))
    return;
  if (!sqns_version_equal (version, &self->info.version))
    {
      /* the earlier firmware reported the other versions */
      self->info.showver = (SqnsShowver){ .active = -1 };
      set_text (&self->info.ue, NULL);
    }
  self->info.version = self->info.ran = *version;
  update_mode (self, SQNS_MODE_FFF);
  self->info.last_seen = g_get_real_time ();
  changed (self);
}

void
sqns_device_set_mode (SqnsDevice *self, SqnsMode mode)
{
  update_mode (self, mode);
  changed (self);
}

void
sqns_device_set_contact (SqnsDevice *self, SqnsContact contact)
{
  self->info.contact = contact;
}

void
sqns_device_set_error (SqnsDevice *self, const GError *error)
{
  const SqnsContact contact = self->info.contact;
  if (g_error_matches (error, SQNS_ERROR, SQNS_ERROR_CANCELLED))
    return;
  if (error == NULL)
    self->info.notes &= ~SQNS_BOARD_COMES_AND_GOES;
  /* a supply that breaks down explains why the board was lost */
  if (!(self->info.notes & SQNS_BOARD_COMES_AND_GOES) || !g_error_matches (error, SQNS_ERROR, SQNS_ERROR_DEVICE_LOST))
    set_text (&self->info.last_error, error != NULL ? error->message : NULL);
  /* only a modem that was asked is silent */
  if ((sqns_error_is_timeout (error) && contact != SQNS_CONTACT_ANSWERED)
      || (g_error_matches (error, SQNS_ERROR, SQNS_ERROR_PROTOCOL) && contact == SQNS_CONTACT_NONE))
    self->found = contact == SQNS_CONTACT_SILENT ? SQNS_MODEM_SILENT : SQNS_MODEM_UNKNOWN;
  /* another program may have taken its answers */
  if (g_error_matches (error, SQNS_ERROR, SQNS_ERROR_PORT_LOCKED) && self->found == SQNS_MODEM_SILENT)
    self->found = SQNS_MODEM_UNKNOWN;
  changed (self);
}
