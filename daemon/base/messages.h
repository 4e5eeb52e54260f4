/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Texts for people that more than one machine needs. Pure. */
#pragma once

#include <glib.h>

/* What a person has to do at a board that is in the way; it does not touch the modem. */
const char *sqns_press_reset_message (void);

/* What an upload does that has not got on for @silent_s. @may_erase: it is at a place where modems erase their flash.
 * Caller frees. */
char *sqns_silence_message (gboolean may_erase, guint silent_s);

/* A board came and went several times within a minute (field-failures.md row 27). */
const char *sqns_brown_out_message (void);
