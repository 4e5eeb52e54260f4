/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A sqns-board process for a test: started, told things, asked things, ended. */
#pragma once

#include <gio/gio.h>

typedef struct _VirtualBoard VirtualBoard;

/* Starts $SQNS_BOARD with @options (one string, as a shell splits it) and waits until its port is there. */
VirtualBoard *virtual_board_new (const char *options);
/* The same behind a name of its own, which goes with the cable and comes with it: that of a pseudo-terminal that was
 * unplugged may soon be another board's. */
VirtualBoard *virtual_board_new_named (const char *options);
void virtual_board_free (VirtualBoard *board);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VirtualBoard, virtual_board_free)

/* A board that somebody else has started, by what the next two tell of it; freeing it does not end it. */
VirtualBoard *virtual_board_join (const char *port, const char *control);
const char *virtual_board_port (VirtualBoard *board);
const char *virtual_board_control (VirtualBoard *board);

/* A control command; blocks until it was obeyed. The reply without "ok ", caller frees; an error of the board ends the
 * test. */
char *virtual_board_tell (VirtualBoard *board, const char *command);

/* A member of the JSON status as text, "" when it is not there; caller frees. */
char *virtual_board_status (VirtualBoard *board, const char *member);

/* Whether @member is @value now. */
gboolean virtual_board_is (VirtualBoard *board, const char *member, const char *value);
/* Until @member is @value, with a deadline. */
void virtual_board_wait (VirtualBoard *board, const char *member, const char *value);
