/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Describes a firmware file for people. */
#pragma once

#include "client/firmware/file.h"

/* On stdout. */
void sqns_firmware_report_print (const SqnsFirmwareFile *file);
