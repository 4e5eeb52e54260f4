/* What the modem does with an upload: checks, writes, applies, reports. */
#include "upgrade.h"

#include "board.h"
#include "elf-check.h"
#include "replay.h"
#include "stp-slave.h"
#include "transcript.h"

#include <string.h>

#define MAX_TRANSFER 8192
#define MAX_TRANSFER_FFH 2048
/* Stored before it is applied (SU's rule for the FFF method). */
#define STORE_MAX 4194304
#define ELF_MAX (2 * 1024 * 1024)
#define UPDATER_START_TIME 4.0
/* Step 1 of 48829 may only meet 41065, and the modem then says 39529 (field-failures.md, 2.7). Guess: step 2 without
 * step 1 is refused. */
#define STEP_BUILD 48829
#define STEP_BASE 41065
#define STEP_SHOWS "5.1.1.0 [39529] by robot-soft at 2018-11-30 10:14:25"
#define STEP_SHOWN 39529
#define FACTORY_BOOTROM 33080

void
upgrade_begin (Modem *modem, UploadKind kind)
{
  guint max = kind == UPLOAD_ELF ? MAX_TRANSFER_FFH : MAX_TRANSFER;

  if (modem->options->stp_max > 0)
    max = (guint)modem->options->stp_max;
  modem->upload = kind;
  modem->upload_state = modem->state;
  modem->taken = 0;
  modem->blocks = 0;
  modem->paused_fff = FALSE;
  modem->paused_fs = FALSE;
  g_clear_pointer (&modem->dup, dup_check_free);
  g_byte_array_set_size (modem->elf, 0);
  if (kind != UPLOAD_ELF)
    modem->dup = dup_check_new ();
  stp_slave_start (modem->stp, max);
}

void
upgrade_left_open (Modem *modem)
{
  upgrade_begin (modem, UPLOAD_ON_THE_FLY);
  stp_slave_open (modem->stp);
}

double
upgrade_percent (Modem *modem)
{
  guint64 size = modem->options->dup_size > 0 ? (guint64)modem->options->dup_size : 0;

  if (size == 0 && modem->dup != NULL)
    size = dup_check_size (modem->dup);
  return size == 0 ? 0 : 100.0 * (double)modem->taken / (double)size;
}

/* The pauses that people see at 7-10 % and at 99 %: there the fff package begins, and the fs package. */
static guint
erase_pause (Modem *modem)
{
  DupPart part = dup_check_current (modem->dup);

  if (part == PART_FFF && !modem->paused_fff)
    {
      modem->paused_fff = TRUE;
      if (modem->upload == UPLOAD_ON_THE_FLY && !dup_check_is_diff (modem->dup))
        {
          modem->writing = TRUE;
          modem->application_valid = FALSE;
        }
      return options_ms (modem->options, modem->options->erase_time);
    }
  if (part == PART_FS && !modem->paused_fs)
    {
      modem->paused_fs = TRUE;
      return options_ms (modem->options, modem->options->erase_time);
    }
  return 0;
}

guint
upgrade_take (Modem *modem, const guint8 *data, gsize len)
{
  modem->blocks++;
  if (modem->upload == UPLOAD_STORE && modem->options->read_only_fs)
    return G_MAXUINT;
  modem->taken += len;
  if (modem->upload == UPLOAD_ELF)
    {
      if (modem->elf->len + len <= ELF_MAX)
        g_byte_array_append (modem->elf, data, (guint)len);
      return modem->replay != NULL ? replay_take (modem->replay) : 0;
    }
  modem_set_report (modem, "downloading");
  if (len > 0)
    dup_check_feed (modem->dup, data, len);
  if (modem->replay != NULL)
    return replay_take (modem->replay);
  return erase_pause (modem) + options_ms (modem->options, modem->options->block_time);
}

static void
fail (Modem *modem, const char *what, guint code, const char *why)
{
  modem_set_report (modem, "failure[%s,%u] %s", what, code, why);
  transcript_event (board_index (modem->board), "modem upgrade failed: %s", modem->report);
}

/* The flash now holds what the file has. */
static void
take_over (Modem *modem)
{
  DupCheck *dup = modem->dup;

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
      /* Row 14: step 1 of 48829 from any other version ends the modem. */
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

/* A full image that this modem must not be given. What a real one says to it is a guess. */
static const char *
unfit (Modem *modem)
{
  DupCheck *dup = modem->dup;
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
  const char *why = dup_check_finish (modem->dup);

  modem->writing = FALSE;
  g_free (modem->dup_verdict);
  modem->dup_verdict = g_strdup (why != NULL ? why : "ok");
  place.percent = 100;
  if (fault_take (board_faults (modem->board), FAULT_ERROR, &place, NULL))
    fail (modem, "upgrade", 17, "Flash write error");
  else if (why != NULL)
    fail (modem, "dup", 22, why);
  else if (dup_check_is_diff (modem->dup)
           && (!modem->application_valid || dup_check_base (modem->dup) != modem_build (modem)))
    fail (modem, "diffUpgrade", 239, "Patch didn't apply!");
  else if (unfit (modem) != NULL)
    fail (modem, "upgrade", 33, unfit (modem));
  else
    take_over (modem);
  g_clear_pointer (&modem->dup, dup_check_free);
  modem->upload = UPLOAD_NONE;
}

static gboolean apply_next (gpointer user_data);

/* Where in the application time each phase starts, in percent: silent, answering "on-going", silent, done. */
static const guint phases[] = { 0, 30, 70, 100 };

static void
phase (Modem *modem, guint i)
{
  FaultPlace place = FAULT_PLACE ("apply");

  modem->apply_phase = i;
  modem->answering = i == 1 && modem->upload_state != MODEM_APPLICATION;
  g_string_truncate (modem->line, 0);
  place.percent = phases[i];
  if (board_fault_event (modem->board, &place) && modem->state != MODEM_UPDATER)
    return;
  if (i + 1 < G_N_ELEMENTS (phases))
    modem->apply_timer
        = g_timeout_add (options_ms (modem->options, modem->options->apply_time * (phases[i + 1] - phases[i]) / 100.0),
                         apply_next, modem);
}

static void
applied (Modem *modem)
{
  modem->answering = FALSE;
  if (modem->dup != NULL)
    finish (modem);
  else
    modem_set_report (modem, "success"); /* started in UPDATER: what it applied is not known */
  if (modem->state == MODEM_DEAD)
    return;
  if (modem->upload_state == MODEM_MTOOLS)
    modem_set_state (modem, MODEM_MTOOLS); /* the updater goes on, nothing reboots */
  else
    modem_reboot (modem, FALSE);
}

static gboolean
apply_next (gpointer user_data)
{
  Modem *modem = user_data;

  modem->apply_timer = 0;
  phase (modem, modem->apply_phase + 1);
  if (modem->apply_phase + 1 == G_N_ELEMENTS (phases) && modem->state == MODEM_UPDATER)
    applied (modem);
  return G_SOURCE_REMOVE;
}

/* The modem is busy with the flash, by itself. */
void
upgrade_apply (Modem *modem)
{
  modem_set_report (modem, "on-going");
  modem_set_state (modem, MODEM_UPDATER);
  phase (modem, 0);
}

gboolean
upgrade_is_available (Modem *modem)
{
  return modem->upload == UPLOAD_STORE && g_str_equal (modem->report, "available");
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
  const char *why = elf_check (modem->elf->data, modem->elf->len);

  g_free (modem->dup_verdict);
  modem->dup_verdict = g_strdup_printf ("updater: %s", why == NULL ? "ok" : why);
  transcript_event (board_index (modem->board), "modem got an ELF of %u bytes: %s", modem->elf->len,
                    why == NULL ? "ok" : why);
  g_byte_array_set_size (modem->elf, 0);
  modem->upload = UPLOAD_NONE;
  if (why != NULL)
    {
      /* What is not a program cannot be started: the boot ROM starts again. */
      modem_reboot (modem, FALSE);
      return;
    }
  modem_set_state (modem, MODEM_BOOTING);
  modem->timer = g_timeout_add (options_ms (modem->options, UPDATER_START_TIME), updater_runs, modem);
}

void
upgrade_uploaded (Modem *modem)
{
  const char *why;

  if (modem->replay != NULL)
    {
      replay_uploaded (modem->replay);
      return;
    }
  if (modem->upload == UPLOAD_ELF)
    {
      if (modem->taken > 0)
        start_updater (modem);
      return;
    }
  if (modem->taken == 0 || modem->dup == NULL)
    return;
  why = dup_check_finish (modem->dup);
  if (modem->upload == UPLOAD_ON_THE_FLY)
    {
      /* An upload that broke off: there is nothing to apply, AT works again at once. */
      if (why != NULL && g_str_equal (why, "incomplete"))
        finish (modem);
      else
        upgrade_apply (modem);
      return;
    }
  /* Stored: looked at when AT+SMUPGRADE comes, but a cut-off file is noticed now. */
  if (modem->taken > STORE_MAX)
    fail (modem, "store", 28, "No space left");
  else if (why != NULL && g_str_equal (why, "incomplete"))
    fail (modem, "store", 22, why);
  else
    modem_set_report (modem, "available");
}
