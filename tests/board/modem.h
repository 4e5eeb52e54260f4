/* The SQN3330: its states, its UART, its flash, how it reboots. */
#pragma once

#include "fault.h"
#include "options.h"
#include "upload.h"

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
  MODEM_REPLAY,  /* plays a recording */
  MODEM_LOOPING, /* crashes and restarts endlessly (row 30 of field-failures.md) */
} ModemState;

/* AT+SMSWBOOT */
typedef enum {
  BOOT_FFH = 0,
  BOOT_FFF = 1,
  BOOT_UPDATER = 2,
  BOOT_RECOVERY = 3,
  BOOT_ECOPAGING = 4,
} BootMode;

#define N_LOADERS 3

/* A boot loader keeps the version that it had when it was written. */
typedef struct {
  char release[16]; /* "5.1.1.0" */
  guint build;
} Loader;

/* What runs on the modem, in the states that accept bytes. */
typedef struct {
  void (*receive) (gpointer user_data, const guint8 *data, gsize len);
  /* A reset, a crash or a power cut ends it. */
  void (*stop) (gpointer user_data);
} ModemProgram;

/* The modem sends bytes at its UART. */
typedef void (*ModemSend) (gpointer user_data, const guint8 *data, gsize len);

typedef struct {
  const Options *options;
  guint index; /* of the board */
  FaultSet *faults;
  const ModemProgram *program; /* NULL before modem_set_program() */
  gpointer program_data;

  ModemState state;
  BootMode boot_mode;
  guint timer; /* shutdown, boot, wake-up */
  guint resets;

  /* UART */
  guint baud;
  ModemSend send;
  gpointer send_data;
  gboolean busy;       /* RTS off */
  GByteArray *waiting; /* bytes that arrived meanwhile */
  guint64 garbled;     /* bytes that arrived at another baud rate */

  /* AT */
  gboolean echo;
  GString *line;
  GString *reply;
  GString *typed; /* echo that is not sent yet */
  guint answers;
  guint cfun;
  gint64 last_byte; /* PPP guard times */
  guint guard;
  GString *plus;
  ModemState behind_data; /* the state after +++ */

  /* Flash */
  char *software; /* "6.0.0.0 [35351] by robot-soft at ..." */
  Loader loaders[N_LOADERS];
  guint active_loader;
  gboolean application_valid;
  gboolean between_steps; /* of 48829 */

  /* Upgrade */
  Upload upload;
  gboolean writing;
  char *report;
  char *dup_verdict;
} Modem;

Modem *modem_new (const Options *options, guint index, FaultSet *faults, ModemSend send, gpointer user_data);
void modem_free (Modem *modem);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Modem, modem_free)
void modem_set_program (Modem *modem, const ModemProgram *program, gpointer user_data);

/* Bytes arrive at @baud. They wait while RTS is off. */
void modem_receive (Modem *modem, const guint8 *data, gsize len, guint baud);
gsize modem_waiting (Modem *modem);
/* Processes the waiting bytes if RTS is on. */
void modem_drain (Modem *modem);
void modem_emit (Modem *modem, const void *data, gssize len);
/* An unsolicited line. */
void modem_urc (Modem *modem, const char *text);

void modem_set_state (Modem *modem, ModemState state);
void modem_break (Modem *modem, ModemState state);
void modem_reboot (Modem *modem, gboolean announced);
void modem_power_off (Modem *modem);
void modem_power_on (Modem *modem);

void modem_set_report (Modem *modem, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* @why: what is wrong with the uploaded file, NULL = nothing. */
void modem_set_verdict (Modem *modem, const char *why);
double modem_upload_percent (Modem *modem);

void modem_set_loader (Modem *modem, guint index, guint build); /* with the release of the current software */
guint modem_build (Modem *modem);
char *modem_lr (Modem *modem);
/* The answer to AT+SMOD?, -1 in a state in which nothing answers it. */
gint modem_smod (Modem *modem);
const char *modem_state_name (ModemState state);
