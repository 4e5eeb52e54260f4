/* Shared by the two halves of the ESP32. */
#pragma once

#include "child.h"
#include "esp32.h"
#include "pacer.h"

#define REPL_BAUD 115200
#define MIRROR_BAUD 921600
#define MIRROR_RING 8192

struct Esp32 {
  Board *board;
  const Options *options;
  Esp32State state;
  gboolean safe;
  guint timer; /* boot */
  guint wdt;
  guint wdt_ms;
  guint resets;
  guint64 overruns;
  GHashTable *keep; /* NVS */

  Child *child;
  char mode[16];
  guint resume; /* polls until the host has read */

  Line uart0;
  gsize uart0_ring; /* 0 = the REPL's */
  gsize outstanding0;
  GByteArray *pending0;

  Line uart1;
  gboolean uart1_open;
  gboolean uart1_pins;
  gsize outstanding1;
  GByteArray *pending1;
  GByteArray *line1_in;
  GByteArray *line1_out;
  Lane from_modem;
  Lane to_modem;

  gboolean lte_task;
  gboolean lte_owns; /* an LTE object reads UART1 */
  GString *capture;  /* an answer that the LTE driver waits for */
  guint capture_baud;
  guint capture_timer;
};

void esp32_frame (gpointer user_data, guint8 type, const guint8 *data, gsize len);
void esp32_need_child (Esp32 *esp, gboolean run_main);
void esp32_uart0_freed (Esp32 *esp, gsize n);
void esp32_uart1_freed (Esp32 *esp, gsize n);
void esp32_uart1_out (Esp32 *esp, const guint8 *data, gsize len);
void esp32_captured (Esp32 *esp, const guint8 *data, gsize len);
void esp32_end_capture (Esp32 *esp);
void esp32_arm_wdt (Esp32 *esp, guint ms);
