/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a running procedure reports: phase, progress, safety, observations, transcript. */
#pragma once

#include "base/observation.h"

/* Callbacks, each nullable; called from the main loop, never after the procedure's task has returned. */
typedef struct {
  /* A phase begins, or its message or safety changes. @safe: power may be cut now. @committed: past the point of no
   * return. */
  void (*phase) (gpointer data, SqnsPhase phase, gboolean safe, gboolean committed, const char *message);
  void (*bytes) (gpointer data, guint64 done, guint64 total); /* of the transfer phase */
  void (*retries) (gpointer data, guint more);                /* @more requests were repeated */
  void (*link) (gpointer data, SqnsLinkKind kind, const SqnsBoardInfo *board);
  void (*modem) (gpointer data, const SqnsModemStatus *status);
  void (*contact) (gpointer data, SqnsContact contact); /* at each new observation */
  /* The procedure waits for the user to do @what at the board. NULL: it no longer waits. */
  void (*user_action) (gpointer data, const char *what);
  /* One line of the transcript: '>' to the board, '<' from it, '#' a remark. Printable; personal numbers are masked
   * unless allowed. */
  void (*trace) (gpointer data, char direction, const char *line);
} SqnsMonitorFuncs;

typedef struct {
  const SqnsMonitorFuncs *funcs; /* nullable */
  gpointer data;
} SqnsMonitor;

/* These accept a monitor without functions. @data of trace may be any bytes. */
void sqns_monitor_phase (
    const SqnsMonitor *monitor, SqnsPhase phase, gboolean safe, gboolean committed, const char *message);
void sqns_monitor_bytes (const SqnsMonitor *monitor, guint64 done, guint64 total);
void sqns_monitor_retries (const SqnsMonitor *monitor, guint more);
void sqns_monitor_link (const SqnsMonitor *monitor, SqnsLinkKind kind, const SqnsBoardInfo *board);
void sqns_monitor_modem (const SqnsMonitor *monitor, const SqnsModemStatus *status);
void sqns_monitor_contact (const SqnsMonitor *monitor, SqnsContact contact);
void sqns_monitor_user_action (const SqnsMonitor *monitor, const char *what);
void sqns_monitor_trace (const SqnsMonitor *monitor, char direction, const guint8 *data, gsize len);
/* For main: whether traces keep IMEI and SIM numbers (LogPersonal); FALSE at start. */
void sqns_monitor_allow_personal (gboolean allow);
void sqns_monitor_remark (const SqnsMonitor *monitor, const char *format, ...) G_GNUC_PRINTF (2, 3);
