/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What sqnsctl doctor makes of the facts: facts in, findings out. Pure. */
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
  int latency_ms;      /* of an FTDI chip, -1 else */
  gboolean mm_ignores; /* udev tells ModemManager to leave it alone */
  gboolean may_open;   /* we */
  const char *group;   /* of the port; NULL when it has none that could be joined */
  gboolean joined;     /* we are listed in that group, whether this login knows it or not */
  const char *owner;   /* "minicom (pid 12)", nullable */
  gboolean of_daemon;  /* that is the daemon */
  gboolean sees_all;   /* other users' programs would have been seen, too */
} SqnsPortFacts;

/* A board on USB, or one whose USB controller is in its boot loader. */
typedef struct {
  const char *place; /* "1-2" */
  guint16 vendor;
  guint16 product;
  const char *port;    /* "/dev/ttyACM0", NULL: it has none */
  gint64 connected_ms; /* how long it has been there, -1 not known */
  gboolean came_back;  /* it was away meanwhile */
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
  const char *daemon_version; /* of one that runs */
  const char *daemon_error;   /* of one that does not */
  gboolean own_daemon;        /* it runs as we do (--session, --bus): it may open what we may open */
  const char *other_host;     /* --host: ports, USB and ModemManager are not ours to see; nullable */
  SqnsMmFact mm;
  const char *only_port; /* the one that was asked for, nullable */
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
  gboolean told;        /* in vain: the daemon gave @code; else it was the bus */
  SqnsError code;       /* in vain, and told */
  SqnsExit exit;        /* in vain */
  const char *error;    /* in vain: a sentence */
  gboolean brief;       /* one of many: only what stands out */
  const char *board;    /* "FiPy", or "" */
  const char *firmware; /* of the board, or "" */
  SqnsBoardFlags flags;
  const char *link;       /* "relay", or "" */
  const char *version;    /* "6.0.0.0-37781", or "" */
  const char *family;     /* "NB-IoT" */
  guint boot_rom;         /* build of Bootloader0, 0 unknown */
  const char *newer;      /* a boot loader that is newer than the firmware of the same family, nullable */
  const char *last_error; /* or "" */
  const char *blockers;   /* in one sentence, or "" */
  const char *job;        /* the beginning of the uuid of the job that runs on it, nullable */
  const char *job_message;
  gboolean job_needs_user; /* it waits for a person: job_message says what for */
  SqnsPower job_power;
  const char *interrupted; /* likewise of a job that is interrupted, nullable; no job runs then */
  const char *interrupted_message;
  gboolean interrupted_safe;
  gboolean interrupted_needs_resume; /* it does not go on by itself */
} SqnsModemFacts;

/* --- findings --- */

typedef struct {
  SqnsSubject subject;
  SqnsLevel level;
  const char *code; /* static */
  char *text;
  char *advice;  /* "" when there is no step to take */
  char *port;    /* which it is about, "" none */
  SqnsExit exit; /* what it makes of the command; DONE unless it is a problem */
} SqnsFinding;
void sqns_finding_free (SqnsFinding *finding);

/* They add SqnsFinding to @findings, in the order in which they are to be read. */
void sqns_doctor_judge_host (const SqnsHostFacts *facts, GPtrArray *findings);
void sqns_doctor_judge_modem (const SqnsModemFacts *facts, GPtrArray *findings);
/* The daemon is there, but not the modem that was asked for. @name: as it was asked for. */
void sqns_doctor_judge_missing (const char *name, const char *error, GPtrArray *findings);

/* The worst of them; @asked_for: somebody named a modem. Without a daemon the code is NO_DAEMON when a modem was named,
 * or when no other problem was found. */
SqnsExit sqns_doctor_exit (GPtrArray *findings, gboolean asked_for);
