/* What a Pycom board calls itself. */
#pragma once

#include "options.h"

const char *banner_sysname (const Options *options);
/* "v1.11-..." of the MicroPython inside. */
const char *banner_micropython (const Options *options);
char *banner_text (const Options *options);
/* The first message of the ESP32's ROM, at 115200 baud. */
const char *banner_rom (gboolean power_on);
