/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The progress of one board in one line: a bar, and text as far as there is room. Pure. */
#pragma once

#include <glib.h>

typedef enum {
  SQNS_BAR_WAITING, /* not begun, or held up */
  SQNS_BAR_RUNNING,
  SQNS_BAR_DONE,
  SQNS_BAR_FAILED,
  SQNS_BAR_IDLE, /* nothing is to be done: no bar, only the text */
} SqnsBarLook;

typedef struct {
  const char *name; /* the board */
  const char *text; /* what it does now */
  gboolean headed;  /* the part up to ": " may be dropped to fit */
  SqnsBarLook look;
  double fraction;     /* 0..1; 100 % is shown only with DONE */
  guint64 done, total; /* bytes, total 0: not shown */
  guint64 rate;        /* bytes a second, 0: not shown */
  gint64 expected_end; /* µs since the epoch, 0: not shown */
  gboolean keep_power; /* the board's power must stay on */
} SqnsBar;

#define SQNS_BAR_KEEP_POWER "KEEP POWER ON"

/* Shared by all lines of a screen, so that bars are aligned. */
typedef struct {
  guint name_width;    /* columns for the name */
  gboolean keep_power; /* one of the lines has the power warning */
} SqnsBarLayout;

/* One line of at most @columns. The power warning comes first and is never cut (it has shorter forms for few columns).
 * Of the rest, the rate is dropped first, then the bytes, the remaining time and the bar. Caller frees. */
char *sqns_bar_format (const SqnsBar *bar, const SqnsBarLayout *layout, guint columns, gint64 now);

/* The line below the bars when there are more boards than rows. @keep_power: of a hidden one. Caller frees. */
char *sqns_bar_format_rest (guint hidden, guint finished, guint all, gboolean keep_power, guint columns);
