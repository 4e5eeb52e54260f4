/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a running procedure tells about itself: phase, progress, safety, findings, transcript. */
#pragma once

#include "codec/at.h"

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
const char *sqns_phase_name (SqnsPhase phase); /* "inspect", ... */

/* How the modem is reached. */
typedef enum {
  SQNS_LINK_AUTO,
  SQNS_LINK_DIRECT,      /* the modem's UART is the port */
  SQNS_LINK_PASSTHROUGH, /* the board firmware's mirror mode */
  SQNS_LINK_RELAY,       /* a Python loop in the raw REPL */
} SqnsLinkKind;
const char *sqns_link_kind_name (SqnsLinkKind kind); /* "auto", "direct", "passthrough", "relay" */
gboolean sqns_link_kind_from_name (const char *name, SqnsLinkKind *kind);

/* What was seen of the MicroPython side. */
typedef enum {
  SQNS_BOARD_PASSTHROUGH = 1 << 0,    /* the firmware offers LTE.modem_upgrade_mode() */
  SQNS_BOARD_NEEDS_LTE_TASK = 1 << 1, /* and it stays silent unless the LTE task exists (field-failures.md row 2b) */
  SQNS_BOARD_LTE_ON_BOOT = 1 << 2,    /* pycom.lte_modem_en_on_boot () says yes: the LTE task owns the modem at boot */
  SQNS_BOARD_NO_LTE = 1 << 3,         /* no LTE class: firmware before 1.11.0 (row 20), or another board */
  SQNS_BOARD_MAIN = 1 << 4,           /* there is a main.py that is not empty */
  SQNS_BOARD_PROGRAM = 1 << 5,        /* a program ran and was interrupted */
  SQNS_BOARD_SAFE_BOOT = 1 << 6,      /* it had to be rebooted into safe boot */
  SQNS_BOARD_OWNS_MODEM = 1 << 7,     /* only after the safe boot did the modem answer: that program used it */
  SQNS_BOARD_MODEM_HEARD = 1 << 8,    /* zeros or a crash came from the modem's line, and no answer (rows 16, 30) */
  SQNS_BOARD_CRASHES = 1 << 9,        /* its firmware crashed over what it was asked (row 37) */
} SqnsBoardNotes;
typedef struct {
  char *board;    /* "FiPy", "GPy", "G01"; nullable */
  char *firmware; /* "1.20.2.r4"; nullable: it did not say anything */
  SqnsBoardNotes notes;
} SqnsBoardInfo;

/* What was observed of the modem. */
typedef struct {
  SqnsMode mode;       /* UNKNOWN: see noise */
  SqnsNoise noise;     /* what came instead of answers */
  guint speed;         /* baud at which it answered, 0 none */
  gboolean ppp;        /* it was in data mode and was called back by +++ */
  gboolean stp;        /* it was in STP mode and was brought out by RESET */
  SqnsVersion version; /* software; unknown outside application mode */
  SqnsShowver showver; /* zeroed when it was not to be had */
  char *ue;            /* "6.0.0.0", nullable */
  SqnsReport report;   /* AT+SMUPGRADE? */
} SqnsModemStatus;
SqnsModemStatus *sqns_modem_status_copy (const SqnsModemStatus *status);
void sqns_modem_status_free (SqnsModemStatus *status);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqnsModemStatus, sqns_modem_status_free)

/* What is known of the modem's silence: without a way to it that was seen to work there is no telling. */
typedef enum {
  SQNS_CONTACT_NONE,     /* it was not asked, or over a way that was not proven */
  SQNS_CONTACT_SILENT,   /* it was asked over a proven way, and does not answer */
  SQNS_CONTACT_ANSWERED, /* it answered last */
} SqnsContact;
#define SQNS_N_CONTACTS (SQNS_CONTACT_ANSWERED + 1)

/* Callbacks, each nullable; called from the main loop, never after the procedure's task has returned. */
typedef struct {
  /* A phase begins, or its words or its safety change. @safe: power may be cut now. @committed: point of no return. */
  void (*phase) (gpointer data, SqnsPhase phase, gboolean safe, gboolean committed, const char *message);
  void (*bytes) (gpointer data, guint64 done, guint64 total); /* of the transfer phase */
  void (*retries) (gpointer data, guint more);                /* requests were sent again */
  void (*link) (gpointer data, SqnsLinkKind kind, const SqnsBoardInfo *board);
  void (*modem) (gpointer data, const SqnsModemStatus *status);
  void (*contact) (gpointer data, SqnsContact contact); /* whenever that was observed anew */
  /* A person must do something at the board, in words; the procedure waits for it. NULL: it was done, or is not waited
   * for any more. */
  void (*hand) (gpointer data, const char *what);
  /* One line of the transcript: '>' to the board, '<' from it, '#' a remark. Printable text, personal numbers taken
   * out unless they were allowed. */
  void (*trace) (gpointer data, char direction, const char *line);
} SqnsMonitorFuncs;

typedef struct {
  const SqnsMonitorFuncs *funcs; /* nullable */
  gpointer data;
} SqnsMonitor;

/* Calls that tolerate a monitor without functions. @data of trace may be any bytes. */
void sqns_monitor_phase (
    const SqnsMonitor *monitor, SqnsPhase phase, gboolean safe, gboolean committed, const char *message);
void sqns_monitor_bytes (const SqnsMonitor *monitor, guint64 done, guint64 total);
void sqns_monitor_retries (const SqnsMonitor *monitor, guint more);
void sqns_monitor_link (const SqnsMonitor *monitor, SqnsLinkKind kind, const SqnsBoardInfo *board);
void sqns_monitor_modem (const SqnsMonitor *monitor, const SqnsModemStatus *status);
void sqns_monitor_contact (const SqnsMonitor *monitor, SqnsContact contact);
void sqns_monitor_hand (const SqnsMonitor *monitor, const char *what);
void sqns_monitor_trace (const SqnsMonitor *monitor, char direction, const guint8 *data, gsize len);
/* For main: IMEI and SIM numbers stay in traces (LogPersonal); FALSE at start. */
void sqns_monitor_allow_personal (gboolean allow);
void sqns_monitor_remark (const SqnsMonitor *monitor, const char *format, ...) G_GNUC_PRINTF (2, 3);
