/* The SQN3330: its states, its UART, its flash, how it reboots. */
#include "modem.h"

#include "line.h"
#include "transcript.h"

#include <stdlib.h>
#include <string.h>

#define APPLICATION_BAUD 921600
#define FFH_BAUD 115200
#define SHUTDOWN_TIME 0.3
#define WAKE_TIME 2.0
#define CRASH_TIME 32.0
/* Not scaled, as the guard times of the host are not. */
#define PPP_GUARD_US G_USEC_PER_SEC
#define PPP_GUARD_MS 1000

static const char *const state_names[] = {
  [MODEM_APPLICATION] = "application",
  [MODEM_RECOVERY] = "recovery",
  [MODEM_MTOOLS] = "mtools",
  [MODEM_UPDATER] = "updater",
  [MODEM_FFH] = "ffh",
  [MODEM_DEAD] = "dead",
  [MODEM_HUNG] = "hung",
  [MODEM_ZEROS] = "zeros",
  [MODEM_PPP] = "ppp",
  [MODEM_ASLEEP] = "asleep",
  [MODEM_OFF] = "off",
  [MODEM_BOOTING] = "booting",
  [MODEM_REPLAY] = "replay",
  [MODEM_LOOPING] = "crash-loop",
};

const char *
modem_state_name (ModemState state)
{
  return state_names[state];
}

gint
modem_smod (Modem *modem)
{
  switch (modem->state)
    {
    case MODEM_FFH:
      return 0;
    case MODEM_MTOOLS:
      return 1;
    case MODEM_APPLICATION:
      return 2;
    case MODEM_UPDATER:
      return 3;
    case MODEM_RECOVERY:
      return 4;
    case MODEM_DEAD:
    case MODEM_HUNG:
    case MODEM_ZEROS:
    case MODEM_PPP:
    case MODEM_ASLEEP:
    case MODEM_OFF:
    case MODEM_BOOTING:
    case MODEM_REPLAY:
    case MODEM_LOOPING:
      break;
    }
  return -1;
}

guint
modem_build (Modem *modem)
{
  const char *bracket = strchr (modem->software, '[');

  return bracket == NULL ? 0 : (guint)strtoul (bracket + 1, NULL, 10);
}

void
modem_set_loader (Modem *modem, guint index, guint build)
{
  Loader *loader = &modem->loaders[index];

  loader->build = build;
  g_snprintf (loader->release, sizeof loader->release, "%.*s", (int)strcspn (modem->software, " "), modem->software);
}

/* "6.0.0.0-35351" */
char *
modem_lr (Modem *modem)
{
  g_autofree char *release = g_strndup (modem->software, strcspn (modem->software, " "));

  return g_strdup_printf ("%s-%u", release, modem_build (modem));
}

void
modem_set_report (Modem *modem, const char *format, ...)
{
  va_list args;

  g_free (modem->report);
  va_start (args, format);
  modem->report = g_strdup_vprintf (format, args);
  va_end (args);
}

void
modem_set_verdict (Modem *modem, const char *why)
{
  g_free (modem->dup_verdict);
  modem->dup_verdict = g_strdup (why != NULL ? why : "ok");
}

double
modem_upload_percent (Modem *modem)
{
  return upload_percent (&modem->upload, (guint64)MAX (modem->options->dup_size, 0));
}

void
modem_emit (Modem *modem, const void *data, gssize len)
{
  modem->send (modem->send_data, data, len < 0 ? strlen (data) : (gsize)len);
}

void
modem_urc (Modem *modem, const char *text)
{
  g_autofree char *line = g_strdup_printf ("\r\n%s\r\n", text);

  modem_emit (modem, line, -1);
}

static void
leave_upload (Modem *modem)
{
  g_clear_handle_id (&modem->guard, g_source_remove);
  modem->writing = FALSE;
  upload_end (&modem->upload);
  if (modem->program != NULL)
    modem->program->stop (modem->program_data);
  if (modem->busy)
    {
      modem->busy = FALSE;
      modem_drain (modem);
    }
}

void
modem_set_state (Modem *modem, ModemState state)
{
  if (modem->state != state)
    transcript_event (modem->index, "modem is %s", state_names[state]);
  modem->state = state;
}

static gboolean
listens (ModemState state)
{
  return state == MODEM_APPLICATION || state == MODEM_RECOVERY || state == MODEM_MTOOLS || state == MODEM_FFH;
}

/* Whatever it was doing stops. */
void
modem_break (Modem *modem, ModemState state)
{
  g_clear_handle_id (&modem->timer, g_source_remove);
  if (state == MODEM_PPP && listens (modem->state))
    modem->behind_data = modem->state;
  modem_set_state (modem, state);
  leave_upload (modem);
}

/* Bytes from the time in which the modem did not listen are still on the line and spoil the first command. */
static void
fresh_line (Modem *modem)
{
  g_string_truncate (modem->line, 0);
  g_string_truncate (modem->typed, 0);
  if (!modem->options->clean_start)
    g_string_append_c (modem->line, '+');
}

static ModemState
state_to_boot (Modem *modem)
{
  switch (modem->boot_mode)
    {
    case BOOT_FFH:
      return MODEM_FFH;
    case BOOT_FFF:
    case BOOT_ECOPAGING:
      /* An incomplete application cannot run. */
      return modem->application_valid ? MODEM_APPLICATION : MODEM_RECOVERY;
    case BOOT_UPDATER:
      return MODEM_RECOVERY;
    case BOOT_RECOVERY:
      return MODEM_RECOVERY;
    }
  return MODEM_RECOVERY;
}

static void
enter (Modem *modem, ModemState state)
{
  modem->echo = state == MODEM_APPLICATION || state == MODEM_PPP;
  modem->cfun = 1;
  modem->baud = state == MODEM_FFH        ? FFH_BAUD
                : state == MODEM_RECOVERY ? (guint)modem->options->recovery_baud
                                          : APPLICATION_BAUD;
  fresh_line (modem);
  modem_set_state (modem, state);
}

/* The bytes are from row 30. Guess: no command is accepted between two crashes. */
static gboolean
crash (gpointer user_data)
{
  Modem *modem = user_data;

  modem_urc (modem, "^EXIT: Fatal error");
  modem_urc (modem, "^EXIT: Thu Jan 01 00:00:14  1970 File: evtLog.cc@198");
  modem_urc (modem, "+SYSSTART");
  return G_SOURCE_CONTINUE;
}

static void
start_crash_loop (Modem *modem)
{
  g_clear_handle_id (&modem->timer, g_source_remove);
  modem_set_state (modem, MODEM_LOOPING);
  modem->timer = g_timeout_add (MAX (options_ms (modem->options, CRASH_TIME), 1), crash, modem);
}

static gboolean
booted (gpointer user_data)
{
  Modem *modem = user_data;
  FaultPlace place = FAULT_PLACE ("reboot");

  modem->timer = 0;
  if (g_str_equal (modem->options->modem, "zeros"))
    {
      modem_set_state (modem, MODEM_ZEROS); /* row 16: a power cycle does not help */
      return G_SOURCE_REMOVE;
    }
  if (g_str_equal (modem->options->modem, "crash-loop"))
    {
      start_crash_loop (modem);
      return G_SOURCE_REMOVE;
    }
  enter (modem, state_to_boot (modem));
  if (fault_inject (modem->faults, &place))
    return G_SOURCE_REMOVE;
  if (modem->state == MODEM_APPLICATION && !fault_take (modem->faults, FAULT_SILENCE, &place, NULL))
    modem_urc (modem, "+SYSSTART");
  return G_SOURCE_REMOVE;
}

/* An upgrade that is applied only in part fails. */
static void
interrupt_apply (Modem *modem)
{
  if (modem->state != MODEM_UPDATER || !g_str_equal (modem->report, "on-going"))
    return;
  modem_set_report (modem, "failure[upgrade,5] Interrupted");
  modem->boot_mode = modem->boot_mode == BOOT_FFF ? BOOT_RECOVERY : modem->boot_mode;
}

static void
start_boot (Modem *modem)
{
  modem->resets++;
  interrupt_apply (modem);
  leave_upload (modem);
  g_clear_handle_id (&modem->timer, g_source_remove);
  modem_set_state (modem, MODEM_BOOTING);
  modem->timer = g_timeout_add (options_ms (modem->options, modem->options->reboot_time), booted, modem);
}

static gboolean
shut_down (gpointer user_data)
{
  Modem *modem = user_data;

  modem->timer = 0;
  if (modem->state != MODEM_FFH)
    modem_urc (modem, "+SHUTDOWN");
  start_boot (modem);
  return G_SOURCE_REMOVE;
}

/* @announced: a command asked for it, so +SHUTDOWN comes first. */
void
modem_reboot (Modem *modem, gboolean announced)
{
  if (modem->state == MODEM_DEAD || modem->state == MODEM_OFF || modem->state == MODEM_REPLAY)
    return;
  g_clear_handle_id (&modem->timer, g_source_remove);
  if (announced)
    modem->timer = g_timeout_add (options_ms (modem->options, SHUTDOWN_TIME), shut_down, modem);
  else
    start_boot (modem);
}

void
modem_power_off (Modem *modem)
{
  FaultPlace place = FAULT_PLACE ("power-cut");
  FaultKind kind;
  gboolean applying = modem->state == MODEM_UPDATER;
  gboolean bricked = (modem->writing || applying || modem->between_steps)
                     && fault_take_event (modem->faults, &place, &kind, NULL) && kind == FAULT_BRICK;

  g_byte_array_set_size (modem->waiting, 0);
  if (modem->state == MODEM_REPLAY)
    return; /* a recording contains no power cuts */
  interrupt_apply (modem);
  g_clear_handle_id (&modem->timer, g_source_remove);
  leave_upload (modem);
  if (modem->state != MODEM_DEAD)
    modem_set_state (modem, bricked ? MODEM_DEAD : MODEM_OFF);
}

void
modem_power_on (Modem *modem)
{
  if (modem->state == MODEM_OFF)
    start_boot (modem);
}

/* Data mode: only a +++ between two silences ends it (PPP rows 1 and 17 of field-failures.md). */
static gboolean
guard_over (gpointer user_data)
{
  Modem *modem = user_data;

  modem->guard = 0;
  if (!g_str_equal (modem->plus->str, "+++"))
    return G_SOURCE_REMOVE;
  modem_set_state (modem, modem->behind_data); /* without a boot: echo, speed and radio stay as they are */
  g_string_truncate (modem->line, 0);
  modem_emit (modem, "\r\nOK\r\n", -1);
  return G_SOURCE_REMOVE;
}

static void
receive_ppp (Modem *modem, const guint8 *data, gsize len)
{
  gint64 now = g_get_monotonic_time ();

  g_clear_handle_id (&modem->guard, g_source_remove);
  if (now - modem->last_byte >= PPP_GUARD_US)
    g_string_truncate (modem->plus, 0);
  else if (modem->plus->len == 0)
    g_string_assign (modem->plus, "x");
  modem->last_byte = now;
  if (modem->plus->len + len <= 8)
    g_string_append_len (modem->plus, (const char *)data, (gssize)len);
  else
    g_string_assign (modem->plus, "x");
  if (g_str_equal (modem->plus->str, "+++"))
    modem->guard = g_timeout_add (PPP_GUARD_MS, guard_over, modem);
}

static gboolean
woken (gpointer user_data)
{
  Modem *modem = user_data;

  modem->timer = 0;
  enter (modem, MODEM_APPLICATION);
  return G_SOURCE_REMOVE;
}

static void
take (Modem *modem, const guint8 *data, gsize len)
{
  transcript_bytes (modem->index, "modem <", data, len);
  switch (modem->state)
    {
    case MODEM_OFF:
    case MODEM_DEAD:
    case MODEM_HUNG:
    case MODEM_BOOTING:
    case MODEM_LOOPING:
      break;
    case MODEM_ZEROS:
      modem_emit (modem, "\0", 1);
      break;
    case MODEM_PPP:
      receive_ppp (modem, data, len);
      break;
    case MODEM_ASLEEP:
      /* Bytes wake it up and are lost. */
      if (modem->timer == 0)
        modem->timer = g_timeout_add (options_ms (modem->options, WAKE_TIME), woken, modem);
      break;
    case MODEM_APPLICATION:
    case MODEM_RECOVERY:
    case MODEM_MTOOLS:
    case MODEM_UPDATER:
    case MODEM_FFH:
    case MODEM_REPLAY:
      modem->program->receive (modem->program_data, data, len);
      break;
    }
}

void
modem_receive (Modem *modem, const guint8 *data, gsize len, guint baud)
{
  g_autoptr (GByteArray) garbage = NULL;
  Line from = LINE_8N1 (baud);
  Line to = LINE_8N1 (modem->baud);

  if (len == 0)
    return;
  if (!line_agree (&from, &to))
    {
      modem->garbled += len;
      garbage = line_garble (data, len, baud, to.baud);
      data = garbage->data;
      len = garbage->len;
    }
  if (modem->busy)
    g_byte_array_append (modem->waiting, data, (guint)len);
  else
    take (modem, data, len);
}

gsize
modem_waiting (Modem *modem)
{
  return modem->waiting->len;
}

void
modem_drain (Modem *modem)
{
  g_autoptr (GByteArray) waiting = NULL;

  if (modem->waiting->len == 0 || modem->busy)
    return;
  waiting = g_steal_pointer (&modem->waiting);
  modem->waiting = g_byte_array_new ();
  take (modem, waiting->data, waiting->len);
}

static void
set_versions (Modem *modem, const Options *options)
{
  const char *version = options->modem_version, *last = strrchr (version, '-'); /* "6.0.0.0-ER9-36571" (row 33) */
  guint build = (guint)strtoul (last + 1, NULL, 10);

  modem->software
      = g_strdup_printf ("%.*s [%u] by robot-soft at 2018-03-02 11:22:33", (int)(last - version), version, build);
  modem->loaders[0] = (Loader){ "5.1.1.0", (guint)strtoul (options->bootloader0, NULL, 10) };
  modem_set_loader (modem, 1, build);
  modem_set_loader (modem, 2, build);
  modem->active_loader = 1;
}

/* The state that --modem asks for. */
static void
start_state (Modem *modem)
{
  for (guint i = 0; i < G_N_ELEMENTS (state_names); i++)
    {
      if (g_str_equal (state_names[i], modem->options->modem))
        modem->state = (ModemState)i;
    }
  if (g_str_equal (modem->options->modem, "stp") || g_str_equal (modem->options->modem, "finished"))
    modem->state = MODEM_RECOVERY;
  switch (modem->state)
    {
    case MODEM_RECOVERY:
      modem->boot_mode = BOOT_RECOVERY;
      modem->application_valid = g_str_equal (modem->options->report, "success");
      break;
    case MODEM_MTOOLS:
    case MODEM_FFH:
      modem->boot_mode = BOOT_FFH;
      modem->application_valid = FALSE;
      break;
    case MODEM_UPDATER:
      modem->boot_mode = BOOT_RECOVERY;
      break;
    case MODEM_LOOPING:
      start_crash_loop (modem);
      break;
    case MODEM_APPLICATION:
    case MODEM_DEAD:
    case MODEM_HUNG:
    case MODEM_ZEROS:
    case MODEM_PPP:
    case MODEM_ASLEEP:
    case MODEM_OFF:
    case MODEM_BOOTING:
    case MODEM_REPLAY:
      break;
    }
  enter (modem, modem->state);
}

Modem *
modem_new (const Options *options, guint index, FaultSet *faults, ModemSend send, gpointer user_data)
{
  Modem *modem = g_new0 (Modem, 1);

  modem->options = options;
  modem->index = index;
  modem->faults = faults;
  modem->send = send;
  modem->send_data = user_data;
  modem->waiting = g_byte_array_new ();
  modem->line = g_string_new (NULL);
  modem->reply = g_string_new (NULL);
  modem->typed = g_string_new (NULL);
  modem->plus = g_string_new (NULL);
  upload_init (&modem->upload);
  modem->report = g_strdup (options->report);
  modem->application_valid = TRUE;
  modem->boot_mode = BOOT_FFF;
  modem->behind_data = MODEM_APPLICATION;
  set_versions (modem, options);
  start_state (modem);
  return modem;
}

void
modem_set_program (Modem *modem, const ModemProgram *program, gpointer user_data)
{
  modem->program = program;
  modem->program_data = user_data;
}

void
modem_free (Modem *modem)
{
  modem->busy = FALSE;
  g_clear_handle_id (&modem->timer, g_source_remove);
  leave_upload (modem);
  upload_clear (&modem->upload);
  g_byte_array_unref (modem->waiting);
  g_string_free (modem->line, TRUE);
  g_string_free (modem->reply, TRUE);
  g_string_free (modem->typed, TRUE);
  g_string_free (modem->plus, TRUE);
  g_free (modem->software);
  g_free (modem->report);
  g_free (modem->dup_verdict);
  g_free (modem);
}
