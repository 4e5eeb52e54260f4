/* The modem's end of STP (protocol.md, section 4). */
#pragma once

#include "modem.h"

StpSlave *stp_slave_new (Modem *modem);
void stp_slave_free (StpSlave *stp);

void stp_slave_start (StpSlave *stp, guint max_transfer);
/* As if a host had opened a session. */
void stp_slave_open (StpSlave *stp);
void stp_slave_stop (StpSlave *stp);
gboolean stp_slave_is_active (StpSlave *stp);
gsize stp_slave_feed (StpSlave *stp, const guint8 *data, gsize len);
