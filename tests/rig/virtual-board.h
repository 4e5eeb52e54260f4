/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A sqns-board process for a test. */
#pragma once

#include <gio/gio.h>

typedef struct _VirtualBoard VirtualBoard;

/* Starts $SQNS_BOARD with @options (one string, as a shell splits it) and waits until its port is there. */
VirtualBoard *virtual_board_new (const char *options);
/* The same with its own symbolic link, which comes and goes with the cable. Another board may soon get the name of an
 * unplugged pseudo-terminal. */
VirtualBoard *virtual_board_new_named (const char *options);
void virtual_board_free (VirtualBoard *board);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VirtualBoard, virtual_board_free)

/* A board that another process has started, by its port and control socket. Freeing it does not stop the board. */
VirtualBoard *virtual_board_join (const char *port, const char *control);
const char *virtual_board_port (VirtualBoard *board);
const char *virtual_board_control (VirtualBoard *board);

/* Sends a control command and blocks until it is done. Returns the reply without "ok ", which the caller frees. An
 * error of the board ends the test. */
char *virtual_board_tell (VirtualBoard *board, const char *command);

/* A member of the JSON status as text, or "". The caller frees it. */
char *virtual_board_status (VirtualBoard *board, const char *member);

/* Is @member @value now? */
gboolean virtual_board_is (VirtualBoard *board, const char *member, const char *value);
/* Waits until @member is @value, with a deadline. */
void virtual_board_wait (VirtualBoard *board, const char *member, const char *value);
