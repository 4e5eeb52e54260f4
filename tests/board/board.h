/* One board: its port, its ESP32, its modem, and how bytes go between them. */
#pragma once

#include "fault.h"
#include "modem.h"

Board *board_new (const Options *options, guint index, GError **error);
void board_free (Board *board);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Board, board_free)

guint board_index (Board *board);
FaultSet *board_faults (Board *board);
const char *board_path (Board *board);

/* The modem's side. */
void board_from_modem (Board *board, const guint8 *data, gsize len);
void board_modem_ready (Board *board);

/* Does the next event that is asked for at @place; FALSE if there is none. */
gboolean board_fault_event (Board *board, const FaultPlace *place);

/* The ESP32's side. */
void board_to_host (Board *board, const guint8 *data, gsize len, guint baud);
void board_flush_host (Board *board);
gsize board_host_backlog (Board *board);
void board_hold_host (Board *board, gboolean hold);
void board_to_modem (Board *board, const guint8 *data, gsize len, guint baud);
/* Bytes that wait because the modem has RTS off. */
gsize board_modem_queue (Board *board);

/* What hands do. */
void board_unplug (Board *board, guint back_ms);
gboolean board_plug (Board *board, GError **error);
void board_press_reset (Board *board);
void board_power_cycle (Board *board, guint off_ms);

/* 5: the PIC listens; 0: as the tty says. */
void board_set_data_bits (Board *board, guint bits);
void board_count_garbled (Board *board, gsize len);

char *board_status (Board *board);
