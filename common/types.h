/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The vocabulary of both programs, as org.sqnsd1 has it: each enum with its names. Pure. */
#pragma once

#include "common/names.h"

typedef enum {
  SQNS_JOB_UNKNOWN = -1, /* only in a client: a state of a newer daemon */
  SQNS_JOB_QUEUED,
  SQNS_JOB_WAITING,
  SQNS_JOB_RUNNING,
  SQNS_JOB_VERIFYING,
  SQNS_JOB_SUCCEEDED,
  SQNS_JOB_FAILED,
  SQNS_JOB_CANCELLED,
  SQNS_JOB_INTERRUPTED,
} SqnsJobState;
#define SQNS_N_JOB_STATES (SQNS_JOB_INTERRUPTED + 1)
SQNS_DECLARE_NAMES (SqnsJobState, job_state)        /* "queued", ... */
gboolean sqns_job_state_ended (SqnsJobState state); /* succeeded, failed or cancelled */

/* A job's step, in order (design.md §3). */
typedef enum {
  SQNS_PHASE_INSPECT,
  SQNS_PHASE_ACQUIRE,
  SQNS_PHASE_LINK,
  SQNS_PHASE_PROBE,
  SQNS_PHASE_PREPARE,
  SQNS_PHASE_BOOTROM,
  SQNS_PHASE_UPDATER,
  SQNS_PHASE_TRANSFER,
  SQNS_PHASE_APPLY,
  SQNS_PHASE_REBOOT,
  SQNS_PHASE_CONFIRM,
  SQNS_PHASE_RELEASE,
} SqnsPhase;
#define SQNS_N_PHASES (SQNS_PHASE_RELEASE + 1)
SQNS_DECLARE_NAMES (SqnsPhase, phase) /* "inspect", ... */

/* What a job waits for. */
typedef enum {
  SQNS_WAITING_FOR_NOTHING,
  SQNS_WAITING_FOR_TIME,  /* when it may begin */
  SQNS_WAITING_FOR_QUEUE, /* its modem is in use, or another job of it comes first */
  SQNS_WAITING_FOR_LIMIT, /* as many jobs run as are allowed */
  SQNS_WAITING_FOR_INHIBITOR,
  SQNS_WAITING_FOR_DRAINING,
  SQNS_WAITING_FOR_BOARD,  /* it is unplugged, or was plugged in just now */
  SQNS_WAITING_FOR_PORT,   /* another program has it */
  SQNS_WAITING_FOR_USER,   /* to do something at the board */
  SQNS_WAITING_FOR_RESUME, /* a user's command */
} SqnsWaitingFor;
#define SQNS_N_WAITING_FOR (SQNS_WAITING_FOR_RESUME + 1)
SQNS_DECLARE_NAMES (SqnsWaitingFor, waiting_for) /* "", "time", ... */

/* The state of a modem: one of its own modes, or what else the daemon knows about it. */
typedef enum {
  SQNS_MODEM_UNKNOWN,
  SQNS_MODEM_PROBING,
  SQNS_MODEM_APPLICATION,
  SQNS_MODEM_MTOOLS,
  SQNS_MODEM_RECOVERY,
  SQNS_MODEM_UPDATER,
  SQNS_MODEM_FFH,
  SQNS_MODEM_SILENT,
  SQNS_MODEM_UPGRADING,
  SQNS_MODEM_GONE,
} SqnsModemState;
#define SQNS_N_MODEM_STATES (SQNS_MODEM_GONE + 1)
SQNS_DECLARE_NAMES (SqnsModemState, modem_state) /* "unknown", ... */

/* The mode that AT+SMOD? reports. */
typedef enum {
  SQNS_MODE_UNKNOWN = -1,
  SQNS_MODE_FFH = 0,
  SQNS_MODE_MTOOLS = 1,
  SQNS_MODE_FFF = 2, /* application */
  SQNS_MODE_UPDATER = 3,
  SQNS_MODE_RECOVERY = 4,
} SqnsMode;
SqnsModemState sqns_mode_state (SqnsMode mode);
const char *sqns_mode_name (SqnsMode mode); /* that of its state */

/* Whether the modem answered. Silence counts only on a link that is known to work. */
typedef enum {
  SQNS_CONTACT_NONE,     /* not asked, or not over a proven link */
  SQNS_CONTACT_SILENT,   /* asked over a proven link, and did not answer */
  SQNS_CONTACT_ANSWERED, /* answered last */
} SqnsContact;
#define SQNS_N_CONTACTS (SQNS_CONTACT_ANSWERED + 1)

/* Whether the board's power may be cut. */
typedef enum {
  SQNS_POWER_SAFE, /* it may */
  SQNS_POWER_KEEP,
  SQNS_POWER_UNSURE,
} SqnsPower;

/* How the modem is reached. */
typedef enum {
  SQNS_LINK_AUTO,
  SQNS_LINK_DIRECT,      /* the modem's UART is the port */
  SQNS_LINK_PASSTHROUGH, /* the board firmware's mirror mode */
  SQNS_LINK_RELAY,       /* a Python loop in the raw REPL */
} SqnsLinkKind;
#define SQNS_N_LINK_KINDS (SQNS_LINK_RELAY + 1)
SQNS_DECLARE_NAMES (SqnsLinkKind, link_kind) /* "auto", ... */

/* How a file is installed. */
typedef enum {
  SQNS_METHOD_AUTO,
  SQNS_METHOD_ON_THE_FLY,
  SQNS_METHOD_FFF,
  SQNS_METHOD_RECOVERY,
} SqnsMethod;
#define SQNS_N_METHODS (SQNS_METHOD_RECOVERY + 1)
SQNS_DECLARE_NAMES (SqnsMethod, method) /* "auto", "on-the-fly", ... */

/* What was observed of a board (org.sqnsd1.Modem.BoardNotes). */
typedef enum {
  SQNS_BOARD_PASSTHROUGH = 1 << 0,     /* its firmware offers LTE.modem_upgrade_mode() */
  SQNS_BOARD_NEEDS_LTE_TASK = 1 << 1,  /* and it stays silent unless the LTE task exists (field-failures.md row 2b) */
  SQNS_BOARD_LTE_ON_BOOT = 1 << 2,     /* pycom.lte_modem_en_on_boot () says yes: the LTE task owns the modem at boot */
  SQNS_BOARD_NO_LTE = 1 << 3,          /* no LTE class: firmware before 1.11.0 (row 20), or another board */
  SQNS_BOARD_MAIN = 1 << 4,            /* there is a main.py that is not empty */
  SQNS_BOARD_PROGRAM = 1 << 5,         /* a program ran and was interrupted */
  SQNS_BOARD_SAFE_BOOT = 1 << 6,       /* it had to be rebooted into safe boot */
  SQNS_BOARD_OWNS_MODEM = 1 << 7,      /* only after the safe boot did the modem answer: that program used it */
  SQNS_BOARD_MODEM_HEARD = 1 << 8,     /* zeros or a crash came from the modem's line, and no answer (rows 16, 30) */
  SQNS_BOARD_CRASHES = 1 << 9,         /* its firmware crashed over what it was asked (row 37) */
  SQNS_BOARD_ANSWERS = 1 << 10,        /* its MicroPython prompt answered */
  SQNS_BOARD_COMES_AND_GOES = 1 << 11, /* it was unplugged several times within a minute */
} SqnsBoardFlags;
#define SQNS_N_BOARD_FLAGS 12
extern const char *const sqns_board_flag_names[]; /* by bit; NULL at the end */
/* The names of the flags that are set. The array is the caller's, the strings are static. */
const char **sqns_board_flags_to_names (SqnsBoardFlags flags);
/* @names: nullable; unknown names are ignored. */
SqnsBoardFlags sqns_board_flags_from_names (const char *const *names);
