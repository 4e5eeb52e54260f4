/* The SQN3330: what state it is in, how it reboots, what it makes of bytes. */
#pragma once

#include "dup-check.h"
#include "options.h"
#include "recording.h"

typedef struct Board Board;
typedef struct StpSlave StpSlave;
typedef struct Replay Replay;

typedef enum {
  MODEM_APPLICATION,
  MODEM_RECOVERY,
  MODEM_MTOOLS,
  MODEM_UPDATER,
  MODEM_FFH,
  MODEM_DEAD,
  MODEM_HUNG,
  MODEM_ZEROS,
  MODEM_PPP,
  MODEM_ASLEEP,
  MODEM_OFF,
  MODEM_BOOTING,
  MODEM_REPLAY,  /* what a recording says */
  MODEM_LOOPING, /* it crashes and starts again, for ever (row 30 of field-failures.md) */
} ModemState;

/* AT+SMSWBOOT */
typedef enum {
  BOOT_FFH = 0,
  BOOT_FFF = 1,
  BOOT_UPDATER = 2,
  BOOT_RECOVERY = 3,
  BOOT_ECOPAGING = 4,
} BootMode;

typedef enum {
  UPLOAD_NONE,
  UPLOAD_ON_THE_FLY,
  UPLOAD_STORE,
  UPLOAD_ELF,
} UploadKind;

#define N_LOADERS 3

/* A boot loader keeps what it said of itself when it was written. */
typedef struct {
  char release[16]; /* "5.1.1.0" */
  guint build;
} Loader;

typedef struct {
  Board *board;
  const Options *options;

  ModemState state;
  BootMode boot_mode;
  guint baud;
  gboolean echo;
  guint timer; /* shutdown, boot, wake-up */
  guint resets;
  guint answers;

  /* AT */
  GString *line;
  GString *reply;
  GString *typed; /* echo that is still to go out */
  guint cfun;
  gint64 last_byte; /* PPP guard times */
  guint guard;
  GString *plus;
  ModemState behind_data; /* what +++ brings back */

  /* What is in the flash. */
  char *software; /* "6.0.0.0 [35351] by robot-soft at ..." */
  Loader loaders[N_LOADERS];
  guint active_loader;
  gboolean application_valid;
  gboolean between_steps; /* of 48829 */

  /* Upgrade */
  StpSlave *stp;
  UploadKind upload;
  ModemState upload_state;
  DupCheck *dup;
  GByteArray *elf;
  guint64 taken;
  guint64 blocks;
  gboolean writing;
  gboolean paused_fff;
  gboolean paused_fs;
  gboolean busy; /* RTS off */
  guint busy_timer;
  guint apply_timer;
  guint apply_phase;
  gboolean answering; /* in UPDATER */
  char *report;
  char *dup_verdict;

  Replay *replay; /* nullable */
} Modem;

Modem *modem_new (Board *board, const Options *options);
/* From now on it does what @recording says, which it takes. */
void modem_play (Modem *modem, Recording *recording);
void modem_free (Modem *modem);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Modem, modem_free)

/* Bytes as they came at the modem's UART. */
void modem_receive (Modem *modem, const guint8 *data, gsize len);
gboolean modem_is_ready (Modem *modem);
void modem_emit (Modem *modem, const void *data, gssize len);
/* A line that the modem sends unasked. */
void modem_urc (Modem *modem, const char *text);

void modem_set_state (Modem *modem, ModemState state);
void modem_break (Modem *modem, ModemState state);
void modem_reboot (Modem *modem, gboolean announced);
void modem_power_off (Modem *modem);
void modem_power_on (Modem *modem);
void modem_set_report (Modem *modem, const char *format, ...) G_GNUC_PRINTF (2, 3);

void modem_set_loader (Modem *modem, guint index, guint build); /* of the software that it has now */
guint modem_build (Modem *modem);
char *modem_lr (Modem *modem);
gint modem_smod (Modem *modem);
const char *modem_state_name (ModemState state);
