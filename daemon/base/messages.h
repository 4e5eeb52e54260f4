/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* User texts that several files need. Pure. */
#pragma once

#include <glib.h>

/* Asks the user to press the board's reset button, which does not affect the modem. */
const char *sqns_press_reset_message (void);

/* What an upload without progress for @silent_s does. @may_erase: it is at a place where modems erase their flash.
 * Caller frees. */
char *sqns_silence_message (gboolean may_erase, guint silent_s);

/* The board came and went several times within a minute (field-failures.md row 27). */
const char *sqns_brown_out_message (void);
