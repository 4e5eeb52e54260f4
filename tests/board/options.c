/* The command line. */
#include "options.h"

#include "fault.h"

#include <stdio.h>

static Options defaults = {
  .count = 1,
  .uart_ring = 4096,
  .repl_ring = 512,
  .script_max = 20480,
  .recovery_baud = 921600,
  .stp_version = 1,
  .time_scale = 1.0,
  .reboot_time = 5.0,
  .erase_time = 8.0,
  .apply_time = 30.0,
  .block_time = 0.01,
  .boot_time = 1.0,
};

static GOptionEntry *
board_entries (Options *o)
{
  const GOptionEntry entries[] = {
    { "board", 0, 0, G_OPTION_ARG_STRING, &o->board, "fipy, gpy or g01 (default fipy)", "KIND" },
    { "board-firmware", 0, 0, G_OPTION_ARG_STRING, &o->board_firmware, "MicroPython release (default 1.20.2.r4)", "R" },
    { "lte-task", 0, 0, G_OPTION_ARG_STRING, &o->lte_task, "the LTE task at boot: yes, no, auto (by release)", "WHAT" },
    { "main", 0, 0, G_OPTION_ARG_FILENAME, &o->main_file, "a main.py that runs at boot", "FILE" },
    { "main-program", 0, 0, G_OPTION_ARG_STRING, &o->main_program,
      "none, prints, ignores-ctrl-c, floods, grabs-modem or wdt", "NAME" },
    { "start", 0, 0, G_OPTION_ARG_STRING, &o->start, "repl, passthrough, or direct: the modem's own UART", "HOW" },
    { "usb", 0, 0, G_OPTION_ARG_STRING, &o->usb, "none, pic (commands at 5 data bits) or ftdi", "KIND" },
    { "ctrl-f-any", 0, 0, G_OPTION_ARG_NONE, &o->ctrl_f_any, "Ctrl-F also resets while a program runs", NULL },
    { "uart-ring", 0, 0, G_OPTION_ARG_INT, &o->uart_ring, "receive buffer of UART objects (default 4096)", "BYTES" },
    { "repl-ring", 0, 0, G_OPTION_ARG_INT, &o->repl_ring, "receive buffer of the REPL, if paced (default 512)",
      "BYTES" },
    { "script-max", 0, 0, G_OPTION_ARG_INT, &o->script_max, "larger scripts raise MemoryError (default 20480)",
      "BYTES" },
    { "python", 0, 0, G_OPTION_ARG_FILENAME, &o->python, "the interpreter behind the REPL (default python3)",
      "PROGRAM" },
    { "boot-time", 0, 0, G_OPTION_ARG_DOUBLE, &o->boot_time, "boot time of the ESP32 (default 1)", "S" },
    { "pace", 0, 0, G_OPTION_ARG_NONE, &o->pace, "lines are as slow as their baud rate", NULL },
    { "usb-latency", 0, 0, G_OPTION_ARG_INT, &o->usb_latency, "latency timer of the USB serial chip", "MS" },
    { NULL },
  };

  return g_memdup2 (entries, sizeof entries);
}

static GOptionEntry *
modem_entries (Options *o)
{
  const GOptionEntry entries[] = {
    { "modem", 0, 0, G_OPTION_ARG_STRING, &o->modem,
      "application, recovery, finished (upgraded, but not told to boot), stp (with an open upload), "
      "mtools, "
      "updater, ffh, dead, hung, zeros, crash-loop, ppp, asleep or off",
      "STATE" },
    { "replay", 0, 0, G_OPTION_ARG_FILENAME, &o->replay,
      "play the modem's side of a job's transcript (sqnsctl job ID --log), as a bare modem", "TRANSCRIPT" },
    { "modem-version", 0, 0, G_OPTION_ARG_STRING, &o->modem_version, "default 6.0.0.0-35351 (finished: -37781)",
      "LR-BUILD" },
    { "bootloader0", 0, 0, G_OPTION_ARG_STRING, &o->bootloader0,
      "build of the boot ROM (default 38638; factory: 33080)", "BUILD" },
    { "report", 0, 0, G_OPTION_ARG_STRING, &o->report, "first answer to AT+SMUPGRADE? (default No report)", "TEXT" },
    { "imei", 0, 0, G_OPTION_ARG_STRING, &o->imei, "default: 35434404, the board's number, a check digit", "DIGITS" },
    { "iccid", 0, 0, G_OPTION_ARG_STRING, &o->iccid, "empty: no SIM", "DIGITS" },
    { "imsi", 0, 0, G_OPTION_ARG_STRING, &o->imsi, "empty: no SIM", "DIGITS" },
    { "recovery-baud", 0, 0, G_OPTION_ARG_INT, &o->recovery_baud, "default 921600; one source says 115200", "BAUD" },
    { "stp-version", 0, 0, G_OPTION_ARG_INT, &o->stp_version, "1 (default) or 2", "N" },
    { "stp-max", 0, 0, G_OPTION_ARG_INT, &o->stp_max, "largest transfer (default 8192, FFH 2048)", "BYTES" },
    { "stp-crc", 0, 0, G_OPTION_ARG_NONE, &o->stp_crc, "real CRCs in STP responses instead of 0", NULL },
    { "no-repeat-detection", 0, 0, G_OPTION_ARG_NONE, &o->no_repeat_detection,
      "repeated requests are carried out again", NULL },
    { "no-close-reply", 0, 0, G_OPTION_ARG_NONE, &o->no_close_reply, "no answer to the RESET at the end", NULL },
    { "old-smswboot", 0, 0, G_OPTION_ARG_NONE, &o->old_smswboot, "AT+SMSWBOOT only accepts ,0", NULL },
    { "read-only-fs", 0, 0, G_OPTION_ARG_NONE, &o->read_only_fs, "the FFF method stalls at 0 %", NULL },
    { "clean-start", 0, 0, G_OPTION_ARG_NONE, &o->clean_start, "no leftover bytes: the answer to the first AT is OK",
      NULL },
    { "noise", 0, 0, G_OPTION_ARG_NONE, &o->noise, "+CPSMS or +CEREG before every third answer in application mode",
      NULL },
    { "dup-size", 0, 0, G_OPTION_ARG_INT64, &o->dup_size, "size of the uploaded file, for =P% in faults", "BYTES" },
    { "time-scale", 0, 0, G_OPTION_ARG_DOUBLE, &o->time_scale, "factor on all times of board and modem", "F" },
    { "reboot-time", 0, 0, G_OPTION_ARG_DOUBLE, &o->reboot_time, "reboot time of the modem (default 5)", "S" },
    { "erase-time", 0, 0, G_OPTION_ARG_DOUBLE, &o->erase_time, "pause for erasing the flash (default 8)", "S" },
    { "apply-time", 0, 0, G_OPTION_ARG_DOUBLE, &o->apply_time, "time to apply an upgrade (default 30)", "S" },
    { "block-time", 0, 0, G_OPTION_ARG_DOUBLE, &o->block_time, "time to write a block (default 0.01)", "S" },
    { NULL },
  };

  return g_memdup2 (entries, sizeof entries);
}

static GOptionEntry *
main_entries (Options *o)
{
  const GOptionEntry entries[] = {
    { "count", 'n', 0, G_OPTION_ARG_INT, &o->count, "boards in this process (default 1)", "N" },
    { "link", 0, 0, G_OPTION_ARG_FILENAME, &o->link, "symbolic link to the port; %d = number of the board", "PATH" },
    { "fault", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o->faults, "add a fault, see below; repeatable", "SPEC" },
    { "control", 0, 0, G_OPTION_ARG_FILENAME, &o->control, "Unix socket for commands", "PATH" },
    { "status-on-exit", 0, 0, G_OPTION_ARG_FILENAME, &o->status_on_exit, "JSON, one line per board", "FILE" },
    { "exit-with-stdin", 0, 0, G_OPTION_ARG_NONE, &o->exit_with_stdin, "exit at the end of stdin", NULL },
    { "log", 0, 0, G_OPTION_ARG_FILENAME, &o->log, "write a transcript of both hops", "FILE" },
    { "verbose", 0, 0, G_OPTION_ARG_NONE, &o->verbose, "write the transcript to stderr", NULL },
    { "version", 0, 0, G_OPTION_ARG_NONE, &o->version, "print the version and exit", NULL },
    { NULL },
  };

  return g_memdup2 (entries, sizeof entries);
}

/* The index of @value in the comma-separated @choices, or -1. */
static gint
choose (const char *value, const char *choices)
{
  g_auto (GStrv) list = g_strsplit (choices, ",", -1);

  for (gint i = 0; list[i] != NULL; i++)
    {
      if (g_strcmp0 (value, list[i]) == 0)
        return i;
    }
  return -1;
}

static void
default_string (char **value, const char *text)
{
  if (*value == NULL)
    *value = g_strdup (text);
}

static gboolean
check (Options *o, GError **error)
{
  const struct {
    const char *option;
    const char *value;
    const char *choices;
  } words[] = {
    { "board", o->board, "fipy,gpy,g01" },
    { "lte-task", o->lte_task, "auto,yes,no" },
    { "main-program", o->main_program, "none,prints,ignores-ctrl-c,floods,grabs-modem,wdt" },
    { "start", o->start, "repl,passthrough,direct" },
    { "usb", o->usb, "none,pic,ftdi" },
    { "modem", o->modem,
      "application,recovery,finished,stp,mtools,updater,ffh,dead,hung,zeros,crash-loop,ppp,asleep,off" },
  };
  g_autoptr (FaultSet) faults = fault_set_new ();

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    {
      if (choose (words[i].value, words[i].choices) < 0)
        {
          g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--%s must be one of %s", words[i].option,
                       words[i].choices);
          return FALSE;
        }
    }
  o->start_mode = (StartMode)choose (o->start, "repl,passthrough,direct");
  o->usb_kind = (UsbKind)choose (o->usb, "none,pic,ftdi");
  for (guint i = 0; o->faults != NULL && o->faults[i] != NULL; i++)
    {
      if (!fault_set_add (faults, o->faults[i], error))
        return FALSE;
    }
  if (o->count < 1 || o->count > 4096 || o->time_scale < 0 || o->uart_ring < 64 || o->repl_ring < 16
      || o->stp_version < 1 || o->stp_version > 2 || (o->count > 1 && o->link != NULL && !strstr (o->link, "%d"))
      || strchr (o->modem_version, '-') == NULL || (o->stp_max != 0 && (o->stp_max < 32 || o->stp_max > G_MAXUINT16))
      || o->recovery_baud < 9600 || o->recovery_baud > 4000000 || !g_ascii_isdigit (o->board_firmware[0]))
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "an option is out of range (see --help)");
      return FALSE;
    }
  return TRUE;
}

gboolean
options_parse (Options *o, int *argc, char ***argv, GError **error)
{
  g_autoptr (GOptionContext) context
      = g_option_context_new ("- a Pycom board with a Sequans modem on a pseudo-terminal");
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree GOptionEntry *general = NULL;
  g_autofree GOptionEntry *board = NULL;
  g_autofree GOptionEntry *modem = NULL;

  *o = defaults;
  general = main_entries (o);
  board = board_entries (o);
  modem = modem_entries (o);
  g_option_context_add_main_entries (context, general, NULL);
  g_option_context_add_main_entries (context, board, NULL);
  g_option_context_add_main_entries (context, modem, NULL);
  fault_describe (text);
  g_string_append (text,
                   "\nControl commands ([N] = board, default 0):\n  status [N], unplug [N], plug [N], press-reset [N], "
                   "power-cycle [N],\n  fault SPEC [N], clear-faults [N], data-bits BITS [N] (5 = for the PIC, 0 = "
                   "those of the tty; a "
                   "pseudo-terminal always has 8), quit");
  g_option_context_set_description (context, text->str);
  if (!g_option_context_parse (context, argc, argv, error))
    return FALSE;
  if (*argc > 1)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "unexpected argument %s", (*argv)[1]);
      return FALSE;
    }
  default_string (&o->board, "fipy");
  default_string (&o->board_firmware, "1.20.2.r4");
  default_string (&o->lte_task, "auto");
  default_string (&o->main_program, "none");
  default_string (&o->start, o->replay != NULL ? "direct" : "repl");
  default_string (&o->usb, "none");
  default_string (&o->python, "python3");
  default_string (&o->modem, "application");
  default_string (&o->modem_version, g_str_equal (o->modem, "finished") ? "6.0.0.0-37781" : "6.0.0.0-35351");
  default_string (&o->bootloader0, "38638");
  default_string (&o->report, g_str_equal (o->modem, "finished") ? "success" : "No report");
  default_string (&o->iccid, "89882390000000000001");
  default_string (&o->imsi, "901288000000001");
  return check (o, error);
}

void
options_clear (Options *o)
{
  char **strings[] = { &o->link,     &o->control,       &o->status_on_exit, &o->log,    &o->board,  &o->board_firmware,
                       &o->lte_task, &o->main_file,     &o->main_program,   &o->start,  &o->usb,    &o->python,
                       &o->modem,    &o->modem_version, &o->bootloader0,    &o->report, &o->replay, &o->imei,
                       &o->iccid,    &o->imsi };

  for (guint i = 0; i < G_N_ELEMENTS (strings); i++)
    g_clear_pointer (strings[i], g_free);
  g_clear_pointer (&o->faults, g_strfreev);
}

guint
options_ms (const Options *o, double seconds)
{
  return (guint)(seconds * 1000 * o->time_scale + 0.5);
}

gboolean
options_firmware_at_least (const Options *o, guint major, guint minor, guint micro, guint revision)
{
  const guint want[] = { major, minor, micro, revision };
  guint have[4] = { 0 };

  /* r is a release; rc and b precede it. */
  sscanf (o->board_firmware, "%u.%u.%u.r%u", &have[0], &have[1], &have[2], &have[3]);
  for (guint i = 0; i < 4; i++)
    {
      if (have[i] != want[i])
        return have[i] > want[i];
    }
  return TRUE;
}
