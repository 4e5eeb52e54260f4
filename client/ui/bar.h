/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The progress of one board in one line: a bar, and words as far as there is room. Pure. */
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
  gboolean headed;  /* its part up to ": " may go when it does not fit */
  SqnsBarLook look;
  double fraction;     /* 0..1; 100 % is shown only with DONE */
  guint64 done, total; /* bytes, total 0: not shown */
  guint64 rate;        /* bytes a second, 0: not shown */
  gint64 expected_end; /* µs since the epoch, 0: not shown */
  gboolean keep_power; /* the board's power must stay on */
} SqnsBar;

#define SQNS_BAR_KEEP_POWER "KEEP POWER ON"

/* What all lines of a screen share, so that bars stand below each other. */
typedef struct {
  guint name_width;    /* columns for the name */
  gboolean keep_power; /* one of the lines begins with that */
} SqnsBarLayout;

/* One line of at most @columns. That the power must stay on comes first and is never cut (with fewer columns than the
 * words have, there are shorter ones); of the rest, first the speed, then the bytes, the time that is left and the bar
 * give way. Pure. */
char *sqns_bar_format (const SqnsBar *bar, const SqnsBarLayout *layout, guint columns, gint64 now);

/* The line below the bars when there are more boards than rows. @keep_power: one of those that are hidden has to. */
char *sqns_bar_format_rest (guint hidden, guint finished, guint all, gboolean keep_power, guint columns);
