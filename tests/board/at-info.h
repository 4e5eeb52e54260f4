/* What the modem reports about itself, as the answers to AT commands. The caller frees them. */
#pragma once

#include "modem.h"

char *at_info_ati (Modem *modem);
char *at_info_ati1 (Modem *modem);
/* AT!="showver" */
char *at_info_showver (Modem *modem);
char *at_info_imei (Modem *modem);
