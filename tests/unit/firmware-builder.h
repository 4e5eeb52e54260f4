/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Small synthetic firmware files, as loaded by the daemon. */
#pragma once

#include "firmware/firmware.h"

/* NB-IoT release 6.0.0.0-@build; @flags: SqnsTestDupFlags. The same arguments give the same bytes. Caller unrefs. */
SqnsFirmware *sqns_test_firmware_new (const char *name, guint build, guint flags);
/* The same file as a descriptor, which the caller closes. */
int sqns_test_firmware_open (const char *name, guint build, guint flags);
