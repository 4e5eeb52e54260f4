/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One board with its modem: what is known of it and who uses it now. */
#include "common/clean.h"
#include "device/device.h"

#include "base/deadlines.h"
#include "base/patience.h"
#include "base/messages.h"

#include <string.h>
#include <sys/stat.h>

#define VENDOR_MICROCHIP 0x04d8 /* all of its boards are PIC boards (field-failures.md §3) */

struct _SqnsDevice {
  GObject parent;
  char *id;
  char *devnode;
  char *id_path;
  char *product_name;
  char *told_board; /* as the board itself said */
  char *board_firmware;
  char *ue;
  char *job;
  char *last_error;
  char *option_board;
  SqnsPortOptions options;             /* its board points to option_board */
  gint64 unplugs[SQNS_DEVICE_UNPLUGS]; /* monotonic times of the last ones, newest last; 0 none */
  SqnsContact contact;                 /* of the present use, or the last */
  SqnsModemState found;                /* as last observed: one of the modem's own states, unknown or silent */
  gint64 doubt_until;                  /* µs since the epoch, see sqns_device_set_flashing_since() */
  GCancellable *cancellable;
  SqnsConsole *console; /* not owned */
  SqnsDeviceInfo info;
};

G_DEFINE_FINAL_TYPE (SqnsDevice, sqns_device, G_TYPE_OBJECT)

enum {
  CHANGED,
  RELEASED,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

const char **
sqns_device_board_notes (SqnsDevice *self)
{
  guint own = (self->info.board_answers ? SQNS_BOARD_ANSWERS : 0)
              | (self->info.comes_and_goes ? SQNS_BOARD_COMES_AND_GOES : 0);
  return sqns_board_flags_to_names ((SqnsBoardFlags)(self->info.notes | own));
}

static void
sqns_device_finalize (GObject *object)
{
  SqnsDevice *self = SQNS_DEVICE (object);
  g_free (self->id);
  g_free (self->devnode);
  g_free (self->id_path);
  g_free (self->product_name);
  g_free (self->told_board);
  g_free (self->board_firmware);
  g_free (self->ue);
  g_free (self->job);
  g_free (self->last_error);
  g_free (self->option_board);
  g_clear_object (&self->cancellable);
  G_OBJECT_CLASS (sqns_device_parent_class)->finalize (object);
}

static void
sqns_device_class_init (SqnsDeviceClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = sqns_device_finalize;
  signals[CHANGED] = g_signal_new ("changed", SQNS_TYPE_DEVICE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[RELEASED]
      = g_signal_new ("released", SQNS_TYPE_DEVICE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
sqns_device_init (SqnsDevice *self)
{
  self->info.present = TRUE;
}

static SqnsModemState
effective_state (SqnsDevice *self)
{
  if (!self->info.present)
    return SQNS_MODEM_GONE;
  switch (self->info.use)
    {
    case SQNS_USE_JOB:
      return SQNS_MODEM_UPGRADING;
    case SQNS_USE_PROBE:
      return SQNS_MODEM_PROBING;
    case SQNS_USE_NONE:
    case SQNS_USE_CONSOLE:
    case SQNS_USE_RESET:
      break;
    }
  return self->found;
}

static const char *
or_empty (const char *text)
{
  return text != NULL ? text : "";
}

static void
update_info (SqnsDevice *self)
{
  SqnsDeviceInfo *info = &self->info;
  info->id = self->id;
  info->devnode = self->devnode;
  info->id_path = or_empty (self->id_path);
  info->board = self->told_board != NULL ? self->told_board : or_empty (self->product_name);
  info->board_firmware = or_empty (self->board_firmware);
  info->ue = or_empty (self->ue);
  info->job = or_empty (self->job);
  info->last_error = or_empty (self->last_error);
  info->state = effective_state (self);
}

static void
changed (SqnsDevice *self)
{
  update_info (self);
  g_signal_emit (self, signals[CHANGED], 0);
}

static void
replace (char **field, const char *value)
{
  char *copy = g_strdup (value);
  g_free (*field);
  *field = copy;
}

/* What a board or its USB chip says of itself. */
static void
replace_told (char **field, const char *value)
{
  g_free (*field);
  *field = value != NULL ? sqns_clean_line (value, -1) : NULL;
}

static void
take_facts (SqnsDevice *self, const SqnsBoardFacts *facts)
{
  replace (&self->devnode, facts->devnode);
  replace_told (&self->id_path, facts->id_path);
  replace_told (&self->product_name, facts->product_name);
  self->info.vendor = facts->vendor;
  self->info.product = facts->product;
  self->info.manual = FALSE;
  self->info.present = TRUE;
}

SqnsDevice *
sqns_device_new_board (const SqnsBoardFacts *facts)
{
  SqnsDevice *self = g_object_new (SQNS_TYPE_DEVICE, NULL);
  self->id = g_strdup (facts->id);
  take_facts (self, facts);
  update_info (self);
  return self;
}

SqnsDevice *
sqns_device_new_absent (const SqnsBoardFacts *facts)
{
  SqnsDevice *self = sqns_device_new_board (facts);
  self->info.present = FALSE;
  update_info (self);
  return self;
}

SqnsDevice *
sqns_device_new_port (const char *id, const char *devnode, const SqnsPortOptions *options)
{
  SqnsDevice *self = g_object_new (SQNS_TYPE_DEVICE, NULL);
  self->id = g_strdup (id);
  self->devnode = g_strdup (devnode);
  self->info.manual = TRUE;
  sqns_device_set_port_options (self, options);
  update_info (self);
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
  return (SqnsLogContext){ .modem = self->id, .board = self->info.board, .port = self->devnode };
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
  if (self->unplugs[0] == 0 || self->unplugs[last] - self->unplugs[0] > sqns_patience_us (SQNS_DEVICE_UNPLUGS_S))
    return;
  self->info.comes_and_goes = TRUE;
  replace (&self->last_error, sqns_brown_out_message ());
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
  if (!self->info.manual)
    return self->info.present;

  struct stat st;
  gboolean present = stat (self->devnode, &st) == 0 && S_ISCHR (st.st_mode);
  if (present != self->info.present)
    {
      self->info.present = present;
      self->found = SQNS_MODEM_UNKNOWN;
      self->info.ran = self->info.boot_rom = (SqnsVersion){ 0 }; /* the name says nothing of who comes back */
      changed (self);
    }
  return present;
}

void
sqns_device_set_port_options (SqnsDevice *self, const SqnsPortOptions *options)
{
  replace (&self->option_board, options->board);
  self->options = *options;
  self->options.board = self->option_board;
}

SqnsLinkConfig
sqns_device_link_config (SqnsDevice *self)
{
  return (SqnsLinkConfig){
    .devnode = self->devnode,
    .kind = self->options.link,
    .board = self->options.board,
    .speed = self->options.speed,
    .usb_board = !self->info.manual,
    .pic = !self->info.manual && self->info.vendor == VENDOR_MICROCHIP,
    .unsafe = self->doubt_until > g_get_real_time (),
  };
}

static const char *
use_sentence (SqnsDeviceUse use)
{
  switch (use)
    {
    case SQNS_USE_NONE:
      break;
    case SQNS_USE_PROBE:
      return "the modem is being probed";
    case SQNS_USE_CONSOLE:
      return "a console is open on the modem";
    case SQNS_USE_RESET:
      return "the board is being reset";
    case SQNS_USE_JOB:
      return "a job runs on the modem";
    }
  return "the modem is free";
}

gboolean
sqns_device_claim (SqnsDevice *self, SqnsDeviceUse use, const char *job, GError **error)
{
  if (self->info.use != SQNS_USE_NONE)
    {
      g_set_error_literal (error, SQNS_ERROR, SQNS_ERROR_BUSY, use_sentence (self->info.use));
      return FALSE;
    }
  if (!sqns_device_check_presence (self))
    {
      g_set_error (error, SQNS_ERROR, SQNS_ERROR_DEVICE_LOST, "the board is not plugged in: %s is gone", self->devnode);
      return FALSE;
    }
  self->info.notes = 0; /* they are seen anew */
  self->info.board_answers = FALSE;
  self->contact = SQNS_CONTACT_NONE;
  self->info.use = use;
  self->cancellable = g_cancellable_new ();
  replace (&self->job, job);
  changed (self);
  return TRUE;
}

void
sqns_device_release (SqnsDevice *self)
{
  g_return_if_fail (self->info.use != SQNS_USE_NONE);
  g_object_ref (self);
  self->info.use = SQNS_USE_NONE;
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->job, g_free);
  sqns_device_check_presence (self);
  changed (self);
  g_signal_emit (self, signals[RELEASED], 0);
  g_object_unref (self);
}

GCancellable *
sqns_device_cancellable (SqnsDevice *device)
{
  return device->cancellable;
}

void
sqns_device_interrupt (SqnsDevice *device)
{
  if (device->info.use != SQNS_USE_NONE && device->info.use != SQNS_USE_JOB)
    g_cancellable_cancel (device->cancellable);
}

void
sqns_device_set_console (SqnsDevice *device, SqnsConsole *console)
{
  device->console = console;
}

SqnsConsole *
sqns_device_console (SqnsDevice *device)
{
  return device->console;
}

static void
seen (SqnsDevice *self)
{
  self->info.last_seen = g_get_real_time ();
}

void
sqns_device_update_link (SqnsDevice *self, SqnsLinkKind kind, const SqnsBoardInfo *board)
{
  if (kind != SQNS_LINK_AUTO) /* the board may be known before the way is */
    self->info.link = kind;
  if (board != NULL && board->board != NULL)
    replace_told (&self->told_board, board->board);
  if (board != NULL && board->firmware != NULL)
    {
      replace_told (&self->board_firmware, board->firmware);
      self->info.board_answers = TRUE;
    }
  if (board != NULL)
    self->info.notes |= board->notes; /* the link may be opened more than once in a job */
  seen (self);
  changed (self);
}

void
sqns_device_set_flashing_since (SqnsDevice *self, gint64 since)
{
  self->doubt_until = since > 0 ? since + sqns_patience_us (SQNS_UPDATING_S) : 0;
}

/* What a modem says that it is ends all doubt whether it writes. */
static void
note_mode (SqnsDevice *self, SqnsMode mode)
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
  note_mode (self, status->mode);
  self->contact = status->speed != 0 ? SQNS_CONTACT_ANSWERED : SQNS_CONTACT_SILENT; /* noise is no answer */
  if (status->mode == SQNS_MODE_UNKNOWN && self->contact == SQNS_CONTACT_SILENT)
    self->found = SQNS_MODEM_SILENT;
  sqns_device_update_ran (self, &status->version, &status->showver.bootloader[0]);
  if (sqns_version_known (&status->version))
    self->info.version = status->version;
  if (sqns_version_known (&status->showver.software) || sqns_version_known (&status->showver.bootloader[0]))
    self->info.showver = status->showver;
  if (status->ue != NULL)
    replace_told (&self->ue, status->ue);
  if (self->found != SQNS_MODEM_SILENT)
    seen (self);
  changed (self);
}

void
sqns_device_set_version (SqnsDevice *self, const SqnsVersion *version)
{
  if (!sqns_version_known (version))
    return;
  if (!sqns_version_equal (version, &self->info.version))
    {
      /* the other versions were told by the firmware before */
      self->info.showver = (SqnsShowver){ .active = -1 };
      g_clear_pointer (&self->ue, g_free);
    }
  self->info.version = self->info.ran = *version;
  note_mode (self, SQNS_MODE_FFF);
  seen (self);
  changed (self);
}

void
sqns_device_set_mode (SqnsDevice *self, SqnsMode mode)
{
  note_mode (self, mode);
  changed (self);
}

void
sqns_device_set_contact (SqnsDevice *self, SqnsContact contact)
{
  self->contact = contact;
}

SqnsContact
sqns_device_contact (SqnsDevice *device)
{
  return device->contact;
}

/* What nobody could ask is not known any more; only what was asked and did not answer is silent. */
static void
note_silence (SqnsDevice *self)
{
  switch (self->contact)
    {
    case SQNS_CONTACT_NONE:
      self->found = SQNS_MODEM_UNKNOWN;
      break;
    case SQNS_CONTACT_SILENT:
      self->found = SQNS_MODEM_SILENT;
      break;
    case SQNS_CONTACT_ANSWERED: /* it has said what it is */
      break;
    }
}

void
sqns_device_set_error (SqnsDevice *self, const GError *error)
{
  if (g_error_matches (error, SQNS_ERROR, SQNS_ERROR_CANCELLED))
    return; /* nothing went wrong */
  if (error == NULL)
    self->info.comes_and_goes = FALSE;
  /* a supply that breaks down is the reason why the board was lost */
  if (!self->info.comes_and_goes || !g_error_matches (error, SQNS_ERROR, SQNS_ERROR_DEVICE_LOST))
    replace_told (&self->last_error, error != NULL ? error->message : NULL);
  if (sqns_error_is_timeout (error)
      || (g_error_matches (error, SQNS_ERROR, SQNS_ERROR_PROTOCOL) && self->contact == SQNS_CONTACT_NONE))
    note_silence (self);
  /* whose answers another program took has not been silent */
  if (g_error_matches (error, SQNS_ERROR, SQNS_ERROR_PORT_LOCKED) && self->found == SQNS_MODEM_SILENT)
    self->found = SQNS_MODEM_UNKNOWN;
  changed (self);
}
