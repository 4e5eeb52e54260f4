/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The judgement of sqnsctl doctor: facts in, findings out. Pure. */
#pragma once

#include "client/core/exit-code.h"
#include "client/doctor/texts.h"

/* --- facts; their strings live as long as the program (g_intern_string()) --- */

const char *sqns_intern_take (char *text); /* takes @text, which may be NULL */

/* A serial port of this machine. */
typedef struct {
  const char *devnode; /* never NULL */
  gboolean exists;
  const char *driver;  /* "ftdi_sio", NULL: no driver is behind it, as at a pseudo-terminal */
  int latency_ms;      /* of an FTDI chip, else -1 */
  gboolean mm_ignores; /* udev tells ModemManager to leave it alone */
  gboolean may_open;   /* the user may */
  const char *group;   /* of the port; NULL when it has none that could be joined */
  gboolean joined;     /* the user is listed in that group, though perhaps not in this login */
  const char *owner;   /* "minicom (pid 12)", nullable */
  gboolean of_daemon;  /* the owner is the daemon */
  gboolean sees_all;   /* other users' programs would have been seen, too */
} SqnsPortFacts;

/* A board on USB, or one whose USB controller is in its boot loader. */
typedef struct {
  const char *place; /* "1-2" */
  guint16 vendor;
  guint16 product;
  const char *port;    /* "/dev/ttyACM0", NULL: it has none */
  gint64 connected_ms; /* -1: unknown */
  gboolean came_back;  /* it was unplugged meanwhile */
} SqnsUsbFacts;

typedef enum {
  SQNS_DAEMON_RUNS,
  SQNS_DAEMON_MISSING,
  SQNS_DAEMON_DENIED,
} SqnsDaemonFact;

typedef enum {
  SQNS_MM_UNKNOWN,
  SQNS_MM_ABSENT,
  SQNS_MM_RUNS,
} SqnsMmFact;

typedef struct {
  SqnsDaemonFact daemon;
  const char *daemon_version; /* when it runs */
  const char *daemon_error;   /* when it does not */
  gboolean own_daemon;        /* it runs as the user does (--session, --bus), with the same access */
  const char *other_host;     /* nullable; --host: ports, USB and ModemManager cannot be seen */
  SqnsMmFact mm;
  const char *only_port; /* the one that was named, nullable */
  GPtrArray *ports;      /* SqnsPortFacts */
  GPtrArray *usb;        /* SqnsUsbFacts */
} SqnsHostFacts;

typedef enum {
  SQNS_ASKED_NOT,
  SQNS_ASKED_WELL,
  SQNS_ASKED_IN_VAIN,
} SqnsAsked;

typedef struct {
  const char *port; /* devnode; never NULL */
  SqnsModemState state;
  SqnsAsked asked;
  gboolean by_daemon;   /* in vain: the error is the daemon's, not the bus's */
  SqnsError code;       /* of @by_daemon */
  SqnsExit exit;        /* in vain */
  const char *error;    /* in vain: a sentence */
  gboolean brief;       /* one of many: problems only */
  const char *board;    /* "FiPy", or "" */
  const char *firmware; /* of the board, or "" */
  SqnsBoardFlags flags;
  const char *link;       /* "relay", or "" */
  const char *version;    /* "6.0.0.0-37781", or "" */
  const char *family;     /* "NB-IoT" */
  guint boot_rom;         /* build of Bootloader0, 0: unknown */
  const char *newer;      /* version of a boot loader newer than the firmware of the same family, nullable */
  const char *last_error; /* or "" */
  const char *blockers;   /* in one sentence, or "" */
  const char *job;        /* the running job: the beginning of its uuid, nullable */
  const char *job_message;
  gboolean job_needs_user; /* it waits for the action in job_message */
  SqnsPower job_power;
  const char *interrupted; /* the interrupted job, nullable; no job runs then */
  const char *interrupted_message;
  gboolean interrupted_safe;
  gboolean interrupted_needs_resume; /* it does not continue by itself */
} SqnsModemFacts;

/* --- findings --- */

typedef struct {
  SqnsSubject subject;
  SqnsLevel level;
  const char *code; /* static */
  char *text;
  char *advice;  /* "" when there is no step to take */
  char *port;    /* "" when it is about none */
  SqnsExit exit; /* DONE unless it is a problem */
} SqnsFinding;
void sqns_finding_free (SqnsFinding *finding);

/* Append SqnsFinding to @findings, in reading order. */
void sqns_doctor_judge_host (const SqnsHostFacts *facts, GPtrArray *findings);
void sqns_doctor_judge_modem (const SqnsModemFacts *facts, GPtrArray *findings);
/* The daemon runs, but does not know the modem. @name: as it was given. */
void sqns_doctor_judge_missing (const char *name, const char *error, GPtrArray *findings);

/* The most severe code; @asked_for: a modem was named. Without a daemon it is NO_DAEMON when a modem was named or no
 * other problem was found. */
SqnsExit sqns_doctor_exit (GPtrArray *findings, gboolean asked_for);
