/* The timing of all lines of the process, with a single timer. */
#pragma once

#include <glib.h>

typedef struct Lane Lane;
typedef void (*LaneFunc) (Lane *lane, gint64 now);

/* One direction of one line. The line has carried bytes up to `clock`. */
struct Lane {
  gint64 clock;
  gint64 due;
  LaneFunc run;
  gpointer data;
  gboolean waiting;
  gboolean running; /* continues without idle time */
  gint64 late;      /* time for which the other end waited; given back at the next start */
};

void lane_init (Lane *lane, LaneFunc run, gpointer data);
void lane_clear (Lane *lane);
void lane_start (Lane *lane, guint baud, gsize waiting_bytes);
void lane_start_in (Lane *lane, gint64 us);
gsize lane_allowance (Lane *lane, gint64 now, guint baud);
void lane_carried (Lane *lane, guint baud, gsize bytes);
void lane_owes (Lane *lane);
