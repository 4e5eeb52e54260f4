/* The AT command line of the modem, in each of its states. */
#pragma once

#include "upgrade.h"

/* Takes bytes up to the end of a command. Returns their number. */
gsize at_slave_feed (Modem *modem, Upgrade *upgrade, const guint8 *data, gsize len);
