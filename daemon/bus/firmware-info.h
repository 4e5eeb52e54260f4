/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What Inspect answers about a firmware file. */
#pragma once

#include "firmware/firmware.h"

/* a{sv} with the keys of org.sqnsd1.Manager.Inspect. Floating. */
GVariant *sqns_firmware_info (SqnsFirmware *firmware);
