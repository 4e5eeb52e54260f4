/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The texts of the findings of 'sqnsctl doctor': what is wrong, and what to do next. Pure. */
#pragma once

#include "common/types.h"

typedef enum {
  SQNS_LEVEL_OK,
  SQNS_LEVEL_NOTE,    /* worth knowing; nothing is broken */
  SQNS_LEVEL_PROBLEM, /* something does not work, or will not */
} SqnsLevel;
#define SQNS_N_LEVELS (SQNS_LEVEL_PROBLEM + 1)
SQNS_DECLARE_NAMES (SqnsLevel, level)

typedef enum {
  SQNS_SUBJECT_HOST,
  SQNS_SUBJECT_USB,
  SQNS_SUBJECT_BOARD,
  SQNS_SUBJECT_MODEM,
} SqnsSubject;
#define SQNS_N_SUBJECTS (SQNS_SUBJECT_MODEM + 1)
SQNS_DECLARE_NAMES (SqnsSubject, subject)

/* Texts have holes like "{port}" for sqns_text_fill(). */
typedef struct {
  SqnsSubject subject;
  SqnsLevel level;
  const char *code;   /* for programs: "port-owned"; for a state or a flag its D-Bus name */
  const char *text;   /* one or two sentences; for a state with the modem's and the forums' terms */
  const char *advice; /* the next step; "": none, never for a problem */
} SqnsFindingText;

/* Holes: {port} is a tty's path or "MODEM"; the others are listed beside each finding. */
typedef enum {
  SQNS_FINDING_DAEMON_RUNS, /* {version} */
  SQNS_FINDING_NO_DAEMON,   /* {error} */
  SQNS_FINDING_BUS_DENIED,  /* {error} */
  SQNS_FINDING_OTHER_HOST,  /* {host} */
  SQNS_FINDING_MM_ABSENT,
  SQNS_FINDING_MM_IGNORES_PORT,
  SQNS_FINDING_MM_MAY_PROBE,
  SQNS_FINDING_PORT_MISSING,
  SQNS_FINDING_PORT_FREE,
  SQNS_FINDING_PORT_NOT_SEEN,
  SQNS_FINDING_PORT_OF_DAEMON,
  SQNS_FINDING_PORT_OWNED, /* {owner} */
  SQNS_FINDING_ACCESS,
  SQNS_FINDING_ACCESS_NOT_NEEDED, /* {group} */
  SQNS_FINDING_ACCESS_DENIED,     /* {group} */
  SQNS_FINDING_ACCESS_NEXT_LOGIN, /* {group} */
  SQNS_FINDING_DRIVER,            /* {driver} */
  SQNS_FINDING_DRIVER_OTHER,      /* {driver} */
  SQNS_FINDING_LATENCY,           /* {ms} */
  SQNS_FINDING_LATENCY_SLOW,      /* {ms}, {tty} */

  SQNS_FINDING_USB_NONE,
  SQNS_FINDING_USB_BOARD,      /* {name}, {ids}, {place} */
  SQNS_FINDING_USB_BOOTLOADER, /* {name}, {ids}, {place} */
  SQNS_FINDING_USB_NO_TTY,     /* {name}, {ids}, {place} */
  SQNS_FINDING_USB_FRESH,      /* {name}, {place}, {seconds} */
  SQNS_FINDING_USB_CAME_BACK,  /* {name}, {place} */

  SQNS_FINDING_BOARD_ANSWERS, /* {board}, {firmware} */
  SQNS_FINDING_BOARD_KNOWN,   /* {board}, {firmware} */
  SQNS_FINDING_BOARD_NOT_ASKED,
  SQNS_FINDING_BOARD_SILENT,
  SQNS_FINDING_BOARD_UNSEEN, /* {link} */
  SQNS_FINDING_BOARD_NEEDS_HAND,

  SQNS_FINDING_MODEM_NOT_FOUND,   /* {error} */
  SQNS_FINDING_MODEM_NOT_ASKED,   /* {error} */
  SQNS_FINDING_MODEM_FAILED,      /* {error} */
  SQNS_FINDING_MODEM_PORT_LOCKED, /* {error} */
  SQNS_FINDING_MODEM_DENIED,      /* {error} */
  SQNS_FINDING_MODEM_LOST,        /* {error} */
  SQNS_FINDING_MODEM_DEAD,        /* {error} */
  SQNS_FINDING_MODEM_NOT_REACHED, /* {error} */
  SQNS_FINDING_MODEM_STRANGE,
  SQNS_FINDING_POWER_SAFE,
  SQNS_FINDING_POWER_KEEP,
  SQNS_FINDING_POWER_UNSURE,
  SQNS_FINDING_VERSION, /* {version}, {family} */
  SQNS_FINDING_VERSION_MISSING,
  SQNS_FINDING_HALF_UPGRADED, /* {version}, {loader} */
  SQNS_FINDING_FACTORY_BOOT_ROM,
  SQNS_FINDING_LAST_ERROR,      /* {error} */
  SQNS_FINDING_JOB,             /* {job}, {message} */
  SQNS_FINDING_BLOCKED,         /* {error} */
  SQNS_FINDING_JOB_NEEDS_HAND,  /* {job}, {message} */
  SQNS_FINDING_JOB_INTERRUPTED, /* {job}, {message} */
  SQNS_FINDING_JOB_STRANDED,    /* {job}, {message} */
} SqnsFindingId;
#define SQNS_N_FINDINGS (SQNS_FINDING_JOB_STRANDED + 1)

SqnsFindingText sqns_finding_text (SqnsFindingId id);
SqnsFindingText sqns_modem_state_text (SqnsModemState state);
SqnsFindingText sqns_board_flag_text (SqnsBoardFlags flag); /* one flag */

/* Replaces "{name}" in @text by the value after the name in a NULL-terminated list: sqns_text_fill (text, "port",
 * "/dev/ttyUSB0", NULL). A hole without a value stays; values are not searched for holes. Caller frees. */
char *sqns_text_fill (const char *text, ...) G_GNUC_NULL_TERMINATED;
char *sqns_text_fill_valist (const char *text, va_list values);
