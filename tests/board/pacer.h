/* Time for all lines of the process: one timer, no timer for single bytes. */
#pragma once

#include <glib.h>

typedef struct Lane Lane;
typedef void (*LaneFunc) (Lane *lane, gint64 now);

/* One direction of one line. `clock` is the moment up to which the line has carried bytes. */
struct Lane {
  gint64 clock;
  gint64 due;
  LaneFunc run;
  gpointer data;
  gboolean waiting;
  gboolean running; /* it goes on where it was: no idle time */
  gint64 late;      /* given back when it starts again: what kept the other end waiting */
};

void lane_init (Lane *lane, LaneFunc run, gpointer data);
void lane_clear (Lane *lane);
void lane_start (Lane *lane, guint baud, gsize waiting_bytes);
void lane_start_in (Lane *lane, gint64 us);
gsize lane_allowance (Lane *lane, gint64 now, guint baud);
void lane_carried (Lane *lane, guint baud, gsize bytes);
void lane_owes (Lane *lane);
