/* The AT command line of the modem, in each of its states. */
#pragma once

#include "modem.h"

/* Takes bytes up to the end of a command; returns how many. */
gsize at_slave_feed (Modem *modem, const guint8 *data, gsize len);

/* For faults: is @command one that the table has, perhaps with its = or ? part? */
gboolean at_slave_knows (const char *command);
void at_slave_describe (GString *text);
