/* The ESP32: boot, REPL (played by a child process), mirror mode.
 *
 * The child is started when it is first needed: hundreds of idle boards cost nothing. It is killed by a reset and by
 * mirror mode, in which the real ESP32 suspends MicroPython for ever as well. */
#include "esp32.h"

#include "banner.h"
#include "board.h"
#include "child.h"
#include "esp32-private.h"
#include "json.h"
#include "nursery.h"
#include "transcript.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BACKLOG_MAX 65536

static void
to_host (Esp32 *esp, const char *text)
{
  board_to_host (esp->board, (const guint8 *)text, strlen (text), esp->uart0.baud);
}

static gboolean
has_main (Esp32 *esp)
{
  return !esp->safe && (esp->options->main_file != NULL || !g_str_equal (esp->options->main_program, "none"));
}

static gboolean
kept_true (Esp32 *esp, const char *key)
{
  const char *value = g_hash_table_lookup (esp->keep, key);

  return g_strcmp0 (value, "True") == 0 || g_strcmp0 (value, "1") == 0;
}

static char *
child_config (Esp32 *esp, gboolean run_main)
{
  const Options *o = esp->options;
  g_autoptr (GString) json = g_string_new (NULL);
  g_autoptr (GString) keep = g_string_new (NULL);
  g_autofree char *banner = banner_text (o);
  GHashTableIter iter;
  gpointer key, value;

  json_begin (keep);
  g_hash_table_iter_init (&iter, esp->keep);
  while (g_hash_table_iter_next (&iter, &key, &value))
    json_string (keep, key, value);
  json_end (keep);
  json_begin (json);
  json_string (json, "board", o->board);
  json_string (json, "sysname", banner_sysname (o));
  json_string (json, "release", o->board_firmware);
  json_string (json, "version", banner_micropython (o));
  json_string (json, "banner", banner);
  json_boolean (json, "has_lte", options_firmware_at_least (o, 1, 11, 0, 0));
  json_boolean (json, "has_upgrade_mode", options_firmware_at_least (o, 1, 18, 1, 0));
  json_boolean (json, "tells_modem_state", options_firmware_at_least (o, 1, 20, 2, 0));
  json_boolean (json, "paced", o->pace);
  json_boolean (json, "ctrl_f_any", o->ctrl_f_any);
  json_number (json, "uart_ring", o->uart_ring);
  json_number (json, "repl_ring", o->repl_ring);
  json_number (json, "script_max", o->script_max);
  json_double (json, "time_scale", o->time_scale);
  json_boolean (json, "safe", esp->safe);
  json_string (json, "main_file", run_main ? o->main_file : NULL);
  json_string (json, "main_program", run_main ? o->main_program : "none");
  json_raw (json, "keep", keep->str);
  json_end (json);
  return g_strdup (json->str);
}

static void
child_gone (gpointer user_data)
{
  Esp32 *esp = user_data;

  /* Only a defect gets here; a real board would reset. */
  g_printerr ("sqns-board: the python child of board %u has ended\n", board_index (esp->board));
  esp32_reset (esp, TRUE);
}

void
esp32_need_child (Esp32 *esp, gboolean run_main)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *config = NULL;

  if (esp->child != NULL)
    return;
  config = child_config (esp, run_main);
  esp->child = child_spawn (esp->options->python, config, esp32_frame, child_gone, esp, &error);
  if (esp->child == NULL)
    g_printerr ("sqns-board: no REPL on board %u: %s\n", board_index (esp->board), error->message);
}

/* From the modem, and to it. */

static void
modem_to_child (Esp32 *esp)
{
  gsize room = (gsize)MAX (esp->options->uart_ring - (gint)esp->outstanding1, 0);
  gsize n = MIN (room, (gsize)esp->pending1->len);

  if (esp->child == NULL || n == 0)
    return;
  child_send (esp->child, CHILD_UART1_IN, esp->pending1->data, n);
  esp->outstanding1 += n;
  g_byte_array_remove_range (esp->pending1, 0, (guint)n);
}

/* With four pins UART1 has RTS/CTS: what does not fit waits in the modem. */
static void
uart1_in (Esp32 *esp, const guint8 *data, gsize len)
{
  g_byte_array_append (esp->pending1, data, (guint)len);
  modem_to_child (esp);
}

void
esp32_uart1_freed (Esp32 *esp, gsize n)
{
  esp->outstanding1 -= MIN (n, esp->outstanding1);
  modem_to_child (esp);
}

static void
run_from_modem (Lane *lane, gint64 now)
{
  Esp32 *esp = lane->data;
  gsize n = MIN (lane_allowance (lane, now, esp->uart1.baud), (gsize)esp->line1_in->len);

  lane_carried (lane, esp->uart1.baud, n);
  uart1_in (esp, esp->line1_in->data, n);
  g_byte_array_remove_range (esp->line1_in, 0, (guint)n);
  if (esp->line1_in->len > 0)
    lane_start (lane, esp->uart1.baud, esp->line1_in->len);
}

static void
run_to_modem (Lane *lane, gint64 now)
{
  Esp32 *esp = lane->data;
  gsize n = MIN (lane_allowance (lane, now, esp->uart1.baud), (gsize)esp->line1_out->len);

  lane_carried (lane, esp->uart1.baud, n);
  board_to_modem (esp->board, esp->line1_out->data, n, esp->uart1.baud);
  g_byte_array_remove_range (esp->line1_out, 0, (guint)n);
  if (esp->line1_out->len > 0)
    lane_start (lane, esp->uart1.baud, esp->line1_out->len);
}

void
esp32_uart1_out (Esp32 *esp, const guint8 *data, gsize len)
{
  if (!esp->uart1_open || !esp->uart1_pins || len == 0)
    return;
  if (!esp->options->pace)
    {
      board_to_modem (esp->board, data, len, esp->uart1.baud);
      return;
    }
  g_byte_array_append (esp->line1_out, data, (guint)len);
  lane_start (&esp->to_modem, esp->uart1.baud, esp->line1_out->len);
}

void
esp32_from_modem (Esp32 *esp, const guint8 *data, gsize len, guint baud)
{
  g_autoptr (GByteArray) garbage = NULL;
  Line here = esp->capture != NULL              ? LINE_8N1 (esp->capture_baud)
              : esp->state == ESP32_PASSTHROUGH ? LINE_8N1 (MIRROR_BAUD)
                                                : esp->uart1;
  Line there = LINE_8N1 (baud);

  if (!line_agree (&here, &there))
    {
      garbage = line_garble (data, len, baud, here.baud);
      data = garbage->data;
      len = garbage->len;
    }
  if (esp->capture != NULL)
    esp32_captured (esp, data, len);
  else if (esp->state == ESP32_PASSTHROUGH)
    board_to_host (esp->board, data, len, MIRROR_BAUD);
  else if (esp->state == ESP32_MICROPYTHON && esp->uart1_open && esp->uart1_pins && !esp->lte_owns)
    {
      if (esp->options->pace)
        {
          g_byte_array_append (esp->line1_in, data, (guint)len);
          lane_start (&esp->from_modem, esp->uart1.baud, esp->line1_in->len);
        }
      else
        uart1_in (esp, data, len);
    }
  /* else nobody listens at UART1 */
}

/* From the host. */

static gsize
ring0 (Esp32 *esp)
{
  if (esp->uart0_ring > 0)
    return esp->uart0_ring;
  return (gsize)(esp->options->pace ? esp->options->repl_ring : BACKLOG_MAX);
}

/* A REPL takes each byte as it comes: one that does not is held up by the machine that it is played on. */
static gboolean
takes_each_byte (Esp32 *esp)
{
  return g_str_equal (esp->mode, "repl") || g_str_equal (esp->mode, "raw");
}

static void
host_to_child (Esp32 *esp)
{
  gsize room = ring0 (esp) - MIN (esp->outstanding0, ring0 (esp));
  gsize n = MIN (room, (gsize)esp->pending0->len);

  if (esp->child == NULL)
    return;
  if (n > 0)
    {
      child_send (esp->child, CHILD_UART0_IN, esp->pending0->data, n);
      esp->outstanding0 += n;
      g_byte_array_remove_range (esp->pending0, 0, (guint)n);
    }
  if (esp->pending0->len == 0)
    {
      board_hold_host (esp->board, FALSE);
      return;
    }
  /* The receive interrupt sees a Ctrl-C also when there is no room for it. */
  if (memchr (esp->pending0->data, 3, esp->pending0->len) != NULL)
    child_send (esp->child, CHILD_INTERRUPT, NULL, 0);
  if (esp->options->pace && !takes_each_byte (esp))
    {
      esp->overruns += esp->pending0->len;
      transcript_event (board_index (esp->board), "ESP32 lost %u bytes: UART0 buffer full", esp->pending0->len);
      g_byte_array_set_size (esp->pending0, 0);
    }
  else
    board_hold_host (esp->board, TRUE);
}

void
esp32_uart0_freed (Esp32 *esp, gsize n)
{
  esp->outstanding0 -= MIN (n, esp->outstanding0);
  if (esp->pending0->len > 0)
    host_to_child (esp);
}

static void
mirror (Esp32 *esp, const guint8 *data, gsize len)
{
  gsize used = board_modem_queue (esp->board);
  gsize room = MIRROR_RING - MIN (used, (gsize)MIRROR_RING);

  if (len > room)
    {
      esp->overruns += len - room;
      transcript_event (board_index (esp->board), "ESP32 lost %" G_GSIZE_FORMAT " bytes in passthrough", len - room);
    }
  board_to_modem (esp->board, data, MIN (len, room), MIRROR_BAUD);
}

static const char *
place_of (Esp32 *esp)
{
  if (esp->state == ESP32_PASSTHROUGH)
    return "link.data";
  if (g_str_equal (esp->mode, "raw"))
    return "link.raw";
  return g_str_equal (esp->mode, "repl") ? "link.repl" : "link.relay";
}

void
esp32_from_host (Esp32 *esp, const guint8 *data, gsize len, const Line *line)
{
  g_autoptr (GByteArray) garbage = NULL;
  FaultPlace place = FAULT_PLACE (place_of (esp));
  FaultSet *faults = board_faults (esp->board);
  gint64 arg = 0;

  if (esp->state != ESP32_MICROPYTHON && esp->state != ESP32_PASSTHROUGH)
    return;
  if (board_fault_event (esp->board, &place) || fault_take (faults, FAULT_SILENCE, &place, NULL))
    return;
  if (fault_take (faults, FAULT_DROP_BYTES, &place, &arg))
    {
      data += MIN ((gsize)arg, len);
      len -= MIN ((gsize)arg, len);
    }
  if (len == 0)
    return;
  if (!line_agree (line, &esp->uart0) || fault_take (faults, FAULT_GARBAGE, &place, NULL))
    {
      board_count_garbled (esp->board, len);
      garbage = line_garble (data, len, line->baud, esp->uart0.baud);
      data = garbage->data;
      len = garbage->len;
    }
  if (esp->state == ESP32_PASSTHROUGH)
    {
      mirror (esp, data, len);
      return;
    }
  esp32_need_child (esp, FALSE);
  g_byte_array_append (esp->pending0, data, (guint)len);
  host_to_child (esp);
}

/* States. */

static void
set_state (Esp32 *esp, Esp32State state)
{
  esp->state = state;
  transcript_event (board_index (esp->board), "ESP32 is %s", esp32_mode (esp));
}

static void
stop_python (Esp32 *esp)
{
  g_clear_pointer (&esp->child, child_free);
  g_clear_handle_id (&esp->resume, g_source_remove);
  esp32_end_capture (esp);
  lane_clear (&esp->from_modem);
  lane_clear (&esp->to_modem);
  g_byte_array_set_size (esp->line1_in, 0);
  g_byte_array_set_size (esp->line1_out, 0);
  g_byte_array_set_size (esp->pending0, 0);
  g_byte_array_set_size (esp->pending1, 0);
  esp->outstanding0 = 0;
  esp->outstanding1 = 0;
  esp->uart1_open = FALSE;
  esp->lte_owns = FALSE;
  esp->uart0 = LINE_8N1 (REPL_BAUD);
  esp->uart0_ring = 0;
  g_strlcpy (esp->mode, "repl", sizeof esp->mode);
  board_hold_host (esp->board, FALSE);
}

static gboolean
booted (gpointer user_data)
{
  Esp32 *esp = user_data;
  FaultPlace place = FAULT_PLACE ("link.boot");
  g_autofree char *banner = banner_text (esp->options);
  const char *wdt = g_hash_table_lookup (esp->keep, "wdt_on_boot_timeout");

  esp->timer = 0;
  set_state (esp, ESP32_MICROPYTHON);
  if (kept_true (esp, "wdt_on_boot"))
    esp32_arm_wdt (esp, wdt != NULL ? (guint)strtoul (wdt, NULL, 10) : 5000);
  if (board_fault_event (esp->board, &place))
    return G_SOURCE_REMOVE;
  if (has_main (esp))
    {
      esp32_need_child (esp, TRUE);
      return G_SOURCE_REMOVE;
    }
  to_host (esp, banner);
  to_host (esp, ">>> ");
  return G_SOURCE_REMOVE;
}

static void
boot (Esp32 *esp, gboolean power_on)
{
  const Options *o = esp->options;

  board_flush_host (esp->board);
  stop_python (esp);
  g_clear_handle_id (&esp->timer, g_source_remove);
  g_clear_handle_id (&esp->wdt, g_source_remove);
  /* Row 2b: from 1.20.2.r2 on the task is there only when LTE() or lte_modem_en_on_boot made it. */
  if (!g_str_equal (o->lte_task, "auto"))
    esp->lte_task = g_str_equal (o->lte_task, "yes");
  else
    esp->lte_task = !options_firmware_at_least (o, 1, 20, 2, 2) || kept_true (esp, "lte_modem_en_on_boot");
  set_state (esp, ESP32_BOOTING);
  to_host (esp, banner_rom (power_on));
  esp->timer = g_timeout_add (options_ms (o, o->boot_time), booted, esp);
}

void
esp32_reset (Esp32 *esp, gboolean safe)
{
  if (esp->state == ESP32_OFF)
    return;
  esp->resets++;
  esp->safe = safe;
  boot (esp, FALSE);
}

void
esp32_power_on (Esp32 *esp)
{
  esp->safe = FALSE;
  esp->resets++;
  boot (esp, TRUE);
}

void
esp32_power_off (Esp32 *esp)
{
  stop_python (esp);
  g_clear_handle_id (&esp->timer, g_source_remove);
  g_clear_handle_id (&esp->wdt, g_source_remove);
  set_state (esp, ESP32_OFF);
}

void
esp32_start_passthrough (Esp32 *esp)
{
  FaultPlace place = FAULT_PLACE ("link.passthrough");

  board_flush_host (esp->board);
  stop_python (esp);
  esp->uart0 = LINE_8N1 (MIRROR_BAUD);
  if (board_fault_event (esp->board, &place))
    return;
  if (esp->lte_task && !fault_take (board_faults (esp->board), FAULT_SILENCE, &place, NULL))
    set_state (esp, ESP32_PASSTHROUGH);
  else
    set_state (esp, ESP32_STUCK);
}

void
esp32_hang (Esp32 *esp)
{
  stop_python (esp);
  set_state (esp, ESP32_HUNG);
}

const char *
esp32_mode (Esp32 *esp)
{
  switch (esp->state)
    {
    case ESP32_OFF:
      return "off";
    case ESP32_BOOTING:
      return "booting";
    case ESP32_MICROPYTHON:
      return esp->mode;
    case ESP32_PASSTHROUGH:
      return "passthrough";
    case ESP32_STUCK:
      return "stuck";
    case ESP32_HUNG:
      return "hung";
    }
  return "";
}

Esp32 *
esp32_new (Board *board, const Options *options)
{
  Esp32 *esp = g_new0 (Esp32, 1);

  /* before there is power: how slowly this machine starts it is no time of a board */
  nursery_prepare (options->python);
  esp->board = board;
  esp->options = options;
  esp->keep = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  esp->pending0 = g_byte_array_new ();
  esp->pending1 = g_byte_array_new ();
  esp->line1_in = g_byte_array_new ();
  esp->line1_out = g_byte_array_new ();
  esp->uart0 = LINE_8N1 (REPL_BAUD);
  lane_init (&esp->from_modem, run_from_modem, esp);
  lane_init (&esp->to_modem, run_to_modem, esp);
  return esp;
}

/* The first power-on; a board that --start wants in passthrough is already there, with its LTE task unless --lte-task
 * says no (row 2b). */
void
esp32_start (Esp32 *esp)
{
  if (esp->options->start_mode == START_PASSTHROUGH)
    {
      esp->lte_task = !g_str_equal (esp->options->lte_task, "no");
      esp->uart0 = LINE_8N1 (MIRROR_BAUD);
      g_strlcpy (esp->mode, "repl", sizeof esp->mode);
      set_state (esp, esp->lte_task ? ESP32_PASSTHROUGH : ESP32_STUCK);
      return;
    }
  boot (esp, TRUE);
}

void
esp32_free (Esp32 *esp)
{
  stop_python (esp);
  g_clear_handle_id (&esp->timer, g_source_remove);
  g_clear_handle_id (&esp->wdt, g_source_remove);
  g_hash_table_unref (esp->keep);
  g_byte_array_unref (esp->pending0);
  g_byte_array_unref (esp->pending1);
  g_byte_array_unref (esp->line1_in);
  g_byte_array_unref (esp->line1_out);
  g_free (esp);
}
