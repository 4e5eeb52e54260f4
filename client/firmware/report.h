/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a firmware file is: for people, and as Manager.Inspect gives it. */
#pragma once

#include "client/firmware/file.h"

/* The a{sv} of Manager.Inspect and "name". Transfer full. */
GVariant *sqns_firmware_report_dict (const SqnsFirmwareFile *file);

/* On stdout. */
void sqns_firmware_report_print (const SqnsFirmwareFile *file);
