/* The command line. */
#pragma once

#include <glib.h>

typedef enum {
  START_REPL,
  START_PASSTHROUGH,
  START_DIRECT,
} StartMode;

typedef enum {
  USB_NONE,
  USB_PIC,
  USB_FTDI,
} UsbKind;

typedef struct {
  gint count;
  char *link;
  gboolean exit_with_stdin;
  char *control;
  char *status_on_exit;
  char *log;
  gboolean verbose;
  gboolean version;

  char *board;
  char *board_firmware;
  char *lte_task;
  char *main_file;
  char *main_program;
  char *start;
  char *usb;
  gboolean ctrl_f_any;
  gint uart_ring;
  gint repl_ring;
  gint script_max;
  char *python;

  gboolean pace;
  gint usb_latency;

  char *modem;
  char *modem_version;
  char *bootloader0;
  char *replay;
  char *report;
  char *imei;
  char *iccid;
  char *imsi;
  gint recovery_baud;
  gint stp_version;
  gint stp_max;
  gboolean stp_crc;
  gboolean no_repeat_detection;
  gboolean old_smswboot;
  gboolean read_only_fs;
  gboolean clean_start;
  gboolean noise;
  gboolean no_close_reply;
  gint64 dup_size;

  double time_scale;
  double reboot_time;
  double erase_time;
  double apply_time;
  double block_time;
  double boot_time;

  char **faults;

  /* Derived from the above. */
  StartMode start_mode;
  UsbKind usb_kind;
} Options;

/* The program exits with 2 if this returns FALSE. */
gboolean options_parse (Options *options, int *argc, char ***argv, GError **error);
void options_clear (Options *options);

/* @seconds of a real board in milliseconds, scaled by --time-scale. */
guint options_ms (const Options *options, double seconds);
/* Is the board's MicroPython release at least @major.@minor.@micro? */
gboolean options_firmware_at_least (const Options *options, guint major, guint minor, guint micro, guint revision);
