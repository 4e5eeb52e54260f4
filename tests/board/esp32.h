/* The ESP32: its boot, its MicroPython (a child process), mirror mode. */
#pragma once

#include "fault.h"
#include "line.h"
#include "modem.h"
#include "wire.h"

typedef struct Esp32 Esp32;

Esp32 *esp32_new (const Options *options, guint index, Wire *wire, Modem *modem, FaultSet *faults);
void esp32_free (Esp32 *esp32);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Esp32, esp32_free)

void esp32_start (Esp32 *esp32);
void esp32_power_on (Esp32 *esp32);
void esp32_reset (Esp32 *esp32, gboolean safe);
void esp32_power_off (Esp32 *esp32);
void esp32_start_passthrough (Esp32 *esp32);
void esp32_hang (Esp32 *esp32);

void esp32_from_host (Esp32 *esp32, const guint8 *data, gsize len, const Line *line);
void esp32_from_modem (Esp32 *esp32, const guint8 *data, gsize len, guint baud);

/* "repl", "raw", "running", "deaf" (the same, with Ctrl-C off), "passthrough" ... */
const char *esp32_mode (Esp32 *esp32);
gboolean esp32_lte_task (Esp32 *esp32);
guint esp32_resets (Esp32 *esp32);
guint64 esp32_overruns (Esp32 *esp32);
guint64 esp32_garbled (Esp32 *esp32);
guint esp32_host_baud (Esp32 *esp32);
