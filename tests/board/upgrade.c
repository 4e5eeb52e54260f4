/* What the modem does with an upload: it checks, writes, applies and reports. */
#include "upgrade.h"

#include "elf-check.h"
#include "stp-slave.h"
#include "transcript.h"

#include <string.h>

/* The largest file that can be stored before it is applied (SU's rule for the FFF method). */
#define STORE_MAX 4194304
#define UPDATER_START_TIME 4.0
/* Step 1 of 48829 requires 41065; the modem then reports 39529 (field-failures.md, 2.7). Guess: the modem refuses step
 * 2 without step 1. */
#define STEP_BUILD 48829
#define STEP_BASE 41065
#define STEP_SHOWS "5.1.1.0 [39529] by robot-soft at 2018-11-30 10:14:25"
#define STEP_SHOWN 39529
#define FACTORY_BOOTROM 33080

struct Upgrade {
  Modem *modem;
  StpSlave *stp;
  ModemState began_in;
  gboolean paused_fff;
  gboolean paused_fs;
  guint timer; /* the next phase of applying */
  guint phase;
  gboolean answering;
};

void
upgrade_begin (Upgrade *upgrade, UploadKind kind)
{
  upgrade->began_in = upgrade->modem->state;
  upgrade->paused_fff = FALSE;
  upgrade->paused_fs = FALSE;
  stp_slave_start (upgrade->stp, kind);
}

void
upgrade_left_open (Upgrade *upgrade)
{
  upgrade_begin (upgrade, UPLOAD_ON_THE_FLY);
  stp_slave_open (upgrade->stp);
}

gboolean
upgrade_is_uploading (Upgrade *upgrade)
{
  return stp_slave_is_active (upgrade->stp);
}

gsize
upgrade_feed (Upgrade *upgrade, const guint8 *data, gsize len)
{
  return stp_slave_feed (upgrade->stp, data, len);
}

/* The pauses that users see at 7-10 % and at 99 %, where the fff package and the fs package begin. */
static guint
erase_pause (Upgrade *upgrade)
{
  Modem *modem = upgrade->modem;
  DupPart part = dup_check_current (modem->upload.dup);

  if (part == PART_FFF && !upgrade->paused_fff)
    {
      upgrade->paused_fff = TRUE;
      if (modem->upload.kind == UPLOAD_ON_THE_FLY && !dup_check_is_diff (modem->upload.dup))
        {
          modem->writing = TRUE;
          modem->application_valid = FALSE;
        }
      return options_ms (modem->options, modem->options->erase_time);
    }
  if (part == PART_FS && !upgrade->paused_fs)
    {
      upgrade->paused_fs = TRUE;
      return options_ms (modem->options, modem->options->erase_time);
    }
  return 0;
}

static guint
take (gpointer user_data, const guint8 *data, gsize len)
{
  Upgrade *upgrade = user_data;
  Modem *modem = upgrade->modem;

  if (modem->upload.kind == UPLOAD_STORE && modem->options->read_only_fs)
    return G_MAXUINT;
  upload_take (&modem->upload, data, len);
  if (modem->upload.kind == UPLOAD_ELF)
    return 0;
  modem_set_report (modem, "downloading");
  return erase_pause (upgrade) + options_ms (modem->options, modem->options->block_time);
}

static void
fail (Modem *modem, const char *what, guint code, const char *why)
{
  modem_set_report (modem, "failure[%s,%u] %s", what, code, why);
  transcript_event (modem->index, "modem upgrade failed: %s", modem->report);
}

/* The flash now contains the file. */
static void
take_over (Modem *modem)
{
  DupCheck *dup = modem->upload.dup;

  if (dup_check_is_diff (dup) || (dup_check_parts (dup) & PART_FFF))
    {
      if (dup_check_version (dup) != NULL)
        {
          g_free (modem->software);
          modem->software = g_strdup (dup_check_version (dup));
        }
      modem->application_valid = TRUE;
      modem->between_steps = FALSE;
      modem->active_loader = modem->active_loader == 1 ? 2 : 1;
      modem_set_loader (modem, modem->active_loader, dup_check_build (dup));
    }
  else if (dup_check_parts (dup) == PART_BOOTROM && dup_check_bootrom (dup) != 0)
    {
      modem->loaders[0].build = dup_check_bootrom (dup);
    }
  else if (dup_check_build (dup) == STEP_BUILD)
    {
      /* Row 14: step 1 of 48829 on any other version bricks the modem. */
      if (modem_build (modem) != STEP_BASE)
        {
          modem_set_state (modem, MODEM_DEAD);
          return;
        }
      g_free (modem->software);
      modem->software = g_strdup (STEP_SHOWS);
      modem->between_steps = TRUE;
    }
  modem_set_report (modem, "success");
}

/* Why this modem cannot take the full image, or NULL. The messages are guesses. */
static const char *
unfit (Modem *modem)
{
  DupCheck *dup = modem->upload.dup;
  const char *version = dup_check_version (dup);

  if (dup_check_parts (dup) != PARTS_FULL || dup_check_is_diff (dup))
    return NULL;
  if (modem->loaders[0].build == FACTORY_BOOTROM && version != NULL && version[0] == '6')
    return "Boot ROM too old";
  if (dup_check_build (dup) == STEP_BUILD && modem_build (modem) != STEP_SHOWN && modem_build (modem) != STEP_BUILD)
    return "First step missing";
  return NULL;
}

static void
finish (Modem *modem)
{
  FaultPlace place = FAULT_PLACE ("apply");
  const char *why = dup_check_finish (modem->upload.dup);

  modem->writing = FALSE;
  modem_set_verdict (modem, why);
  place.percent = 100;
  if (fault_take (modem->faults, FAULT_ERROR, &place, NULL))
    fail (modem, "upgrade", 17, "Flash write error");
  else if (why != NULL)
    fail (modem, "dup", 22, why);
  else if (dup_check_is_diff (modem->upload.dup)
           && (!modem->application_valid || dup_check_base (modem->upload.dup) != modem_build (modem)))
    fail (modem, "diffUpgrade", 239, "Patch didn't apply!");
  else if (unfit (modem) != NULL)
    fail (modem, "upgrade", 33, unfit (modem));
  else
    take_over (modem);
  upload_end (&modem->upload);
}

static gboolean apply_next (gpointer user_data);

/* The start of each phase of applying, in percent of the time: silent, answering "on-going", silent, done. */
static const guint phases[] = { 0, 30, 70, 100 };

static void
start_phase (Upgrade *upgrade, guint i)
{
  Modem *modem = upgrade->modem;
  FaultPlace place = FAULT_PLACE ("apply");

  upgrade->phase = i;
  upgrade->answering = i == 1 && upgrade->began_in != MODEM_APPLICATION;
  g_string_truncate (modem->line, 0);
  place.percent = phases[i];
  if (fault_inject (modem->faults, &place) && modem->state != MODEM_UPDATER)
    return;
  if (i + 1 < G_N_ELEMENTS (phases))
    upgrade->timer
        = g_timeout_add (options_ms (modem->options, modem->options->apply_time * (phases[i + 1] - phases[i]) / 100.0),
                         apply_next, upgrade);
}

static void
applied (Upgrade *upgrade)
{
  Modem *modem = upgrade->modem;

  upgrade->answering = FALSE;
  if (modem->upload.dup != NULL)
    finish (modem);
  else
    modem_set_report (modem, "success"); /* started in UPDATER, so the file is not known */
  if (modem->state == MODEM_DEAD)
    return;
  if (upgrade->began_in == MODEM_MTOOLS)
    modem_set_state (modem, MODEM_MTOOLS); /* the updater keeps running, without a reboot */
  else
    modem_reboot (modem, FALSE);
}

static gboolean
apply_next (gpointer user_data)
{
  Upgrade *upgrade = user_data;

  upgrade->timer = 0;
  start_phase (upgrade, upgrade->phase + 1);
  if (upgrade->phase + 1 == G_N_ELEMENTS (phases) && upgrade->modem->state == MODEM_UPDATER)
    applied (upgrade);
  return G_SOURCE_REMOVE;
}

/* The modem writes its flash on its own. */
void
upgrade_apply (Upgrade *upgrade)
{
  modem_set_report (upgrade->modem, "on-going");
  modem_set_state (upgrade->modem, MODEM_UPDATER);
  start_phase (upgrade, 0);
}

gboolean
upgrade_is_available (Upgrade *upgrade)
{
  return upgrade->modem->upload.kind == UPLOAD_STORE && g_str_equal (upgrade->modem->report, "available");
}

gboolean
upgrade_is_answering (Upgrade *upgrade)
{
  return upgrade->answering;
}

static gboolean
updater_runs (gpointer user_data)
{
  Modem *modem = user_data;

  modem->timer = 0;
  modem->baud = 921600;
  if (!modem->options->clean_start)
    g_string_append_c (modem->line, '+');
  modem_set_state (modem, MODEM_MTOOLS);
  return G_SOURCE_REMOVE;
}

static void
start_updater (Modem *modem)
{
  const GByteArray *elf = modem->upload.elf;
  const char *why = elf_check (elf->data, elf->len);

  g_free (modem->dup_verdict);
  modem->dup_verdict = g_strdup_printf ("updater: %s", why == NULL ? "ok" : why);
  transcript_event (modem->index, "modem got an ELF of %u bytes: %s", elf->len, why == NULL ? "ok" : why);
  upload_end (&modem->upload);
  if (why != NULL)
    {
      /* The boot ROM cannot start an invalid program and restarts. */
      modem_reboot (modem, FALSE);
      return;
    }
  modem_set_state (modem, MODEM_BOOTING);
  modem->timer = g_timeout_add (options_ms (modem->options, UPDATER_START_TIME), updater_runs, modem);
}

static void
uploaded (gpointer user_data)
{
  Upgrade *upgrade = user_data;
  Modem *modem = upgrade->modem;
  const char *why;

  if (modem->upload.kind == UPLOAD_ELF)
    {
      if (modem->upload.taken > 0)
        start_updater (modem);
      return;
    }
  if (modem->upload.taken == 0 || modem->upload.dup == NULL)
    return;
  why = dup_check_finish (modem->upload.dup);
  if (modem->upload.kind == UPLOAD_ON_THE_FLY)
    {
      /* The upload was interrupted: there is nothing to apply, and AT works again at once. */
      if (why != NULL && g_str_equal (why, "incomplete"))
        finish (modem);
      else
        upgrade_apply (upgrade);
      return;
    }
  /* AT+SMUPGRADE checks the stored file later, but a truncated file is noticed now. */
  if (modem->upload.taken > STORE_MAX)
    fail (modem, "store", 28, "No space left");
  else if (why != NULL && g_str_equal (why, "incomplete"))
    fail (modem, "store", 22, why);
  else
    modem_set_report (modem, "available");
}

void
upgrade_stop (Upgrade *upgrade)
{
  g_clear_handle_id (&upgrade->timer, g_source_remove);
  upgrade->answering = FALSE;
  stp_slave_stop (upgrade->stp);
}

Upgrade *
upgrade_new (Modem *modem)
{
  static const StpReceiver receiver = { .take = take, .uploaded = uploaded };
  Upgrade *upgrade = g_new0 (Upgrade, 1);

  upgrade->modem = modem;
  upgrade->stp = stp_slave_new (modem, &receiver, upgrade);
  upgrade->began_in = MODEM_RECOVERY;
  return upgrade;
}

void
upgrade_free (Upgrade *upgrade)
{
  upgrade_stop (upgrade);
  stp_slave_free (upgrade->stp);
  g_free (upgrade);
}
