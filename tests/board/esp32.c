/* The ESP32: its boot, its MicroPython (a child process), mirror mode.
 *
 * The child starts when it is first needed, so that idle boards cost nothing. A reset kills it. So does mirror mode, in
 * which a real ESP32 suspends MicroPython until the next reset. */
#include "esp32.h"

#include "banner.h"
#include "child.h"
#include "json.h"
#include "fork-server.h"
#include "pacer.h"
#include "transcript.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPL_BAUD 115200
#define MIRROR_BAUD 921600
#define MIRROR_RING 8192
#define BACKLOG_MAX 65536
/* A paced UART0 buffers as much as a transmit buffer; then print () waits. */
#define HOST_BACKLOG_MAX 65536
#define HOST_BACKLOG_MAX_PACED 1024
#define RETRY_MS 5

typedef enum {
  ESP32_OFF,
  ESP32_BOOTING,
  ESP32_MICROPYTHON,
  ESP32_PASSTHROUGH,
  ESP32_STUCK, /* passthrough without the LTE task (row 2b) */
  ESP32_HUNG,
} Esp32State;

struct Esp32 {
  const Options *options;
  guint index; /* of the board */
  Wire *wire;  /* UART0 */
  Modem *modem;
  FaultSet *faults;

  Esp32State state;
  gboolean safe;
  guint timer; /* boot */
  guint wdt;
  guint resets;
  guint64 overruns;
  guint64 garbled;
  GHashTable *keep; /* NVS */

  Child *child;
  char mode[16];
  guint resume; /* polls until the host has read enough */

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
  gboolean lte_owns; /* an LTE object owns UART1 */
  GString *capture;  /* the answer to the LTE driver, so far */
  guint capture_baud;
  guint capture_timer;
};

static void frame (gpointer user_data, guint8 type, const guint8 *data, gsize len);

static void
to_host (Esp32 *esp, const char *text)
{
  wire_send (esp->wire, (const guint8 *)text, strlen (text), esp->uart0.baud);
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

  /* This is a bug in the stand-in. A real board would reset. */
  g_printerr ("sqns-board: the Python process of board %u has ended\n", esp->index);
  esp32_reset (esp, TRUE);
}

static void
need_child (Esp32 *esp, gboolean run_main)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *config = NULL;

  if (esp->child != NULL)
    return;
  config = child_config (esp, run_main);
  esp->child = child_spawn (esp->options->python, config, frame, child_gone, esp, &error);
  if (esp->child == NULL)
    g_printerr ("sqns-board: no REPL on board %u: %s\n", esp->index, error->message);
}

/* Dialogues of the board's LTE driver with the modem. */

static void
end_capture (Esp32 *esp)
{
  g_clear_handle_id (&esp->capture_timer, g_source_remove);
  if (esp->capture != NULL)
    g_string_free (esp->capture, TRUE);
  esp->capture = NULL;
}

static void
finish_capture (Esp32 *esp)
{
  g_autofree char *text = g_string_free (g_steal_pointer (&esp->capture), FALSE);

  g_clear_handle_id (&esp->capture_timer, g_source_remove);
  if (esp->child != NULL)
    child_send (esp->child, CHILD_REPLY, text, strlen (text));
}

static gboolean
capture_over (gpointer user_data)
{
  Esp32 *esp = user_data;

  esp->capture_timer = 0;
  finish_capture (esp);
  return G_SOURCE_REMOVE;
}

static void
captured (Esp32 *esp, const guint8 *data, gsize len)
{
  GString *text = esp->capture;

  for (gsize i = 0; i < len; i++)
    g_string_append_c (text, data[i] == '\0' || data[i] > 126 ? '?' : (char)data[i]);
  if (g_str_has_suffix (text->str, "OK\r\n") || g_str_has_suffix (text->str, "ERROR\r\n"))
    finish_capture (esp);
}

/* "at BAUD TIMEOUT-MS COMMAND" */
static void
query (Esp32 *esp, const char *text)
{
  guint baud = 0;
  guint timeout = 0;
  int at = 0;
  g_autofree char *command = NULL;

  if (sscanf (text, "at %u %u %n", &baud, &timeout, &at) < 2 || at == 0)
    return;
  end_capture (esp);
  esp->capture = g_string_new (NULL);
  esp->capture_baud = baud;
  esp->capture_timer = g_timeout_add (timeout, capture_over, esp);
  command = g_strconcat (text + at, g_str_equal (text + at, "+++") ? "" : "\r", NULL);
  modem_receive (esp->modem, (const guint8 *)command, strlen (command), baud);
}

/* UART1, to the modem. */

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

/* With four pins UART1 has RTS/CTS: bytes that do not fit wait in the modem. */
static void
uart1_in (Esp32 *esp, const guint8 *data, gsize len)
{
  g_byte_array_append (esp->pending1, data, (guint)len);
  modem_to_child (esp);
}

static void
uart1_freed (Esp32 *esp, gsize n)
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
  modem_receive (esp->modem, esp->line1_out->data, n, esp->uart1.baud);
  g_byte_array_remove_range (esp->line1_out, 0, (guint)n);
  if (esp->line1_out->len > 0)
    lane_start (lane, esp->uart1.baud, esp->line1_out->len);
}

static void
uart1_out (Esp32 *esp, const guint8 *data, gsize len)
{
  if (!esp->uart1_open || !esp->uart1_pins || len == 0)
    return;
  if (!esp->options->pace)
    {
      modem_receive (esp->modem, data, len, esp->uart1.baud);
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
    captured (esp, data, len);
  else if (esp->state == ESP32_PASSTHROUGH)
    wire_send (esp->wire, data, len, MIRROR_BAUD);
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
  /* otherwise nothing reads UART1 */
}

/* UART0, to the host. */

static gsize
ring0 (Esp32 *esp)
{
  if (esp->uart0_ring > 0)
    return esp->uart0_ring;
  return (gsize)(esp->options->pace ? esp->options->repl_ring : BACKLOG_MAX);
}

/* A real REPL reads each byte as it arrives. If this one is late, the computer that runs it is slow. */
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
      wire_hold (esp->wire, FALSE);
      return;
    }
  /* The receive interrupt notices a Ctrl-C even if the buffer is full. */
  if (memchr (esp->pending0->data, 3, esp->pending0->len) != NULL)
    child_send (esp->child, CHILD_INTERRUPT, NULL, 0);
  if (esp->options->pace && !takes_each_byte (esp))
    {
      esp->overruns += esp->pending0->len;
      transcript_event (esp->index, "ESP32 lost %u bytes: UART0 buffer full", esp->pending0->len);
      g_byte_array_set_size (esp->pending0, 0);
    }
  else
    wire_hold (esp->wire, TRUE);
}

static void
uart0_freed (Esp32 *esp, gsize n)
{
  esp->outstanding0 -= MIN (n, esp->outstanding0);
  if (esp->pending0->len > 0)
    host_to_child (esp);
}

static void
mirror (Esp32 *esp, const guint8 *data, gsize len)
{
  gsize used = modem_waiting (esp->modem);
  gsize room = MIRROR_RING - MIN (used, (gsize)MIRROR_RING);

  if (len > room)
    {
      esp->overruns += len - room;
      transcript_event (esp->index, "ESP32 lost %" G_GSIZE_FORMAT " bytes in passthrough", len - room);
    }
  modem_receive (esp->modem, data, MIN (len, room), MIRROR_BAUD);
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
  gint64 arg = 0;

  if (esp->state != ESP32_MICROPYTHON && esp->state != ESP32_PASSTHROUGH)
    return;
  if (fault_inject (esp->faults, &place) || fault_take (esp->faults, FAULT_SILENCE, &place, NULL))
    return;
  if (fault_take (esp->faults, FAULT_DROP_BYTES, &place, &arg))
    {
      data += MIN ((gsize)arg, len);
      len -= MIN ((gsize)arg, len);
    }
  if (len == 0)
    return;
  if (!line_agree (line, &esp->uart0) || fault_take (esp->faults, FAULT_GARBAGE, &place, NULL))
    {
      esp->garbled += len;
      garbage = line_garble (data, len, line->baud, esp->uart0.baud);
      data = garbage->data;
      len = garbage->len;
    }
  if (esp->state == ESP32_PASSTHROUGH)
    {
      mirror (esp, data, len);
      return;
    }
  need_child (esp, FALSE);
  g_byte_array_append (esp->pending0, data, (guint)len);
  host_to_child (esp);
}

/* States. */

static void
set_state (Esp32 *esp, Esp32State state)
{
  esp->state = state;
  transcript_event (esp->index, "ESP32 is %s", esp32_mode (esp));
}

static void
stop_python (Esp32 *esp)
{
  g_clear_pointer (&esp->child, child_free);
  g_clear_handle_id (&esp->resume, g_source_remove);
  end_capture (esp);
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
  wire_hold (esp->wire, FALSE);
}

static gboolean
wdt_bites (gpointer user_data)
{
  Esp32 *esp = user_data;

  esp->wdt = 0;
  transcript_event (esp->index, "ESP32 watchdog");
  esp32_reset (esp, FALSE);
  return G_SOURCE_REMOVE;
}

/* The hardware watchdog keeps running in mirror mode, where nothing feeds it (row 29). */
static void
arm_wdt (Esp32 *esp, guint ms)
{
  g_clear_handle_id (&esp->wdt, g_source_remove);
  esp->wdt = g_timeout_add (ms, wdt_bites, esp);
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
    arm_wdt (esp, wdt != NULL ? (guint)strtoul (wdt, NULL, 10) : 5000);
  if (fault_inject (esp->faults, &place))
    return G_SOURCE_REMOVE;
  if (has_main (esp))
    {
      need_child (esp, TRUE);
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

  wire_flush (esp->wire);
  stop_python (esp);
  g_clear_handle_id (&esp->timer, g_source_remove);
  g_clear_handle_id (&esp->wdt, g_source_remove);
  /* Row 2b: since 1.20.2.r2 the task exists only if LTE() or lte_modem_en_on_boot started it. */
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

  wire_flush (esp->wire);
  stop_python (esp);
  esp->uart0 = LINE_8N1 (MIRROR_BAUD);
  if (fault_inject (esp->faults, &place))
    return;
  if (esp->lte_task && !fault_take (esp->faults, FAULT_SILENCE, &place, NULL))
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

/* Frames from the MicroPython child: UART data and settings, dialogues of the LTE driver, resets. */

static void
action (Esp32 *esp, const char *text)
{
  transcript_event (esp->index, "ESP32: %s", text);
  if (g_str_equal (text, "reset"))
    esp32_reset (esp, FALSE);
  else if (g_str_equal (text, "reset-safe"))
    esp32_reset (esp, TRUE);
  else if (g_str_equal (text, "passthrough"))
    esp32_start_passthrough (esp);
  else if (g_str_equal (text, "hang"))
    esp32_hang (esp);
  else if (g_str_equal (text, "lte-task"))
    esp->lte_task = TRUE;
  else if (g_str_equal (text, "lte-own"))
    esp->lte_owns = TRUE;
  else if (g_str_equal (text, "lte-free"))
    esp->lte_owns = FALSE;
  else if (g_str_has_prefix (text, "wdt "))
    arm_wdt (esp, (guint)strtoul (text + 4, NULL, 10));
}

/* "baud bits parity stop number" */
static guint
parse_line (const char *text, Line *line)
{
  guint number = 0;

  sscanf (text, "%u %u %c %u %u", &line->baud, &line->bits, &line->parity, &line->stop, &number);
  return number;
}

static gsize
backlog_max (Esp32 *esp)
{
  return esp->options->pace ? HOST_BACKLOG_MAX_PACED : HOST_BACKLOG_MAX;
}

static gboolean
resume (gpointer user_data)
{
  Esp32 *esp = user_data;

  if (wire_backlog (esp->wire) > backlog_max (esp) / 2)
    return G_SOURCE_CONTINUE;
  esp->resume = 0;
  child_pause (esp->child, FALSE);
  return G_SOURCE_REMOVE;
}

static void
uart0_out (Esp32 *esp, const guint8 *data, gsize len)
{
  wire_send (esp->wire, data, len, esp->uart0.baud);
  if (wire_backlog (esp->wire) <= backlog_max (esp) || esp->child == NULL || esp->resume != 0)
    return;
  child_pause (esp->child, TRUE);
  esp->resume = g_timeout_add (RETRY_MS, resume, esp);
}

static gsize
number (const guint8 *data, gsize len)
{
  return len < 4 ? 0 : (gsize)data[0] | (gsize)data[1] << 8 | (gsize)data[2] << 16 | (gsize)data[3] << 24;
}

static void
frame (gpointer user_data, guint8 type, const guint8 *data, gsize len)
{
  Esp32 *esp = user_data;
  g_autofree char *text = g_strndup ((const char *)data, len);
  g_auto (GStrv) pair = NULL;

  switch ((ChildFrame)type)
    {
    case CHILD_UART0_OUT:
      uart0_out (esp, data, len);
      break;
    case CHILD_UART1_OUT:
      uart1_out (esp, data, len);
      break;
    case CHILD_UART0_SET:
      wire_flush (esp->wire);
      esp->uart0_ring = parse_line (text, &esp->uart0);
      break;
    case CHILD_UART1_SET:
      esp->uart1_open = len > 0;
      if (len > 0)
        esp->uart1_pins = parse_line (text, &esp->uart1) != 0;
      break;
    case CHILD_UART0_FREED:
      uart0_freed (esp, number (data, len));
      break;
    case CHILD_UART1_FREED:
      uart1_freed (esp, number (data, len));
      break;
    case CHILD_ACTION:
      action (esp, text);
      break;
    case CHILD_QUERY:
      query (esp, text);
      break;
    case CHILD_KEEP:
      pair = g_strsplit (text, "=", 2);
      if (pair[0] != NULL && pair[1] != NULL)
        g_hash_table_replace (esp->keep, g_strdup (pair[0]), g_strdup (pair[1]));
      break;
    case CHILD_MODE:
      g_strlcpy (esp->mode, text, sizeof esp->mode);
      break;
    case CHILD_UART0_IN:
    case CHILD_UART1_IN:
    case CHILD_INTERRUPT:
    case CHILD_REPLY:
      break;
    }
}

/* The object. */

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

gboolean
esp32_lte_task (Esp32 *esp)
{
  return esp->lte_task;
}

guint
esp32_resets (Esp32 *esp)
{
  return esp->resets;
}

guint64
esp32_overruns (Esp32 *esp)
{
  return esp->overruns;
}

guint
esp32_host_baud (Esp32 *esp)
{
  return esp->uart0.baud;
}

guint64
esp32_garbled (Esp32 *esp)
{
  return esp->garbled;
}

Esp32 *
esp32_new (const Options *options, guint index, Wire *wire, Modem *modem, FaultSet *faults)
{
  Esp32 *esp = g_new0 (Esp32, 1);

  /* Before the power comes on: the time that this computer takes is not part of the boot time. */
  fork_server_prepare (options->python);
  esp->options = options;
  esp->index = index;
  esp->wire = wire;
  esp->modem = modem;
  esp->faults = faults;
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

/* The first power-on. With --start=passthrough the board is in passthrough at once, with an LTE task unless --lte-task
 * is no (row 2b). */
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
