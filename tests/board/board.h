/* One board: its port, its ESP32, its modem, and the way of the bytes between them. */
#pragma once

#include "fault.h"
#include "options.h"

typedef struct Board Board;

Board *board_new (const Options *options, guint index, GError **error);
void board_free (Board *board);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Board, board_free)

FaultSet *board_faults (Board *board);
const char *board_path (Board *board);

/* What a user does. */
void board_unplug (Board *board, guint back_ms);
gboolean board_plug (Board *board, GError **error);
void board_press_reset (Board *board);
void board_power_cycle (Board *board, guint off_ms);

/* 5: the PIC listens. 0: use those of the tty. */
void board_set_data_bits (Board *board, guint bits);

char *board_status (Board *board);
