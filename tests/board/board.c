/* One board: its port, its ESP32, its modem, and the way of the bytes between them. */
#include "board.h"

#include "esp32.h"
#include "json.h"
#include "modem.h"
#include "pic.h"
#include "program.h"
#include "transcript.h"
#include "wire.h"

#define PIC_BAUD 115200

struct Board {
  const Options *options;
  guint index;
  char *link;
  FaultSet *faults;
  Wire *wire;
  Esp32 *esp32; /* NULL: the modem's UART is the port */
  Modem *modem;
  Program *program;
  Pic pic;
  guint timer;     /* until the cable or the power is back */
  guint data_bits; /* set by the control socket; 0 = those of the tty */
};

FaultSet *
board_faults (Board *board)
{
  return board->faults;
}

const char *
board_path (Board *board)
{
  return wire_path (board->wire);
}

static void
from_modem (gpointer user_data, const guint8 *data, gsize len)
{
  Board *board = user_data;

  if (board->modem == NULL || len == 0)
    return;
  transcript_bytes (board->index, "modem >", data, len);
  if (board->esp32 != NULL)
    esp32_from_modem (board->esp32, data, len, board->modem->baud);
  else
    wire_send (board->wire, data, len, board->modem->baud);
}

static void
to_pic (Board *board, const guint8 *data, gsize len)
{
  for (gsize i = 0; i < len; i++)
    {
      guint8 reply[2];
      gsize n = 0;

      switch (pic_feed (&board->pic, data[i], reply, &n))
        {
        case PIC_NOTHING:
          break;
        case PIC_RESET_HELD:
          if (board->esp32 != NULL)
            esp32_power_off (board->esp32);
          break;
        case PIC_RESET_RELEASED:
          if (board->esp32 != NULL)
            esp32_power_on (board->esp32);
          break;
        }
      wire_send_raw (board->wire, reply, n);
    }
}

/* Linux forces 8 data bits on pseudo-terminals, so 5 cannot be seen here. The control socket sets them; otherwise they
 * are guessed: a host at 115200 baud can only mean the PIC while the ESP32 uses another speed. */
static gboolean
pic_listens (Board *board, const Line *line)
{
  guint bits = board->data_bits > 0 ? board->data_bits : line->bits;

  if (board->options->usb_kind != USB_PIC || line->baud != PIC_BAUD)
    return FALSE;
  return bits == 5 || board->pic.low || board->pic.len > 0
         || (board->data_bits == 0 && board->esp32 != NULL && esp32_host_baud (board->esp32) != PIC_BAUD);
}

void
board_set_data_bits (Board *board, guint bits)
{
  board->data_bits = bits;
}

static void
from_host (gpointer user_data, const guint8 *data, gsize len, const Line *line)
{
  Board *board = user_data;
  g_autoptr (GByteArray) garbage = NULL;
  Line eight = LINE_8N1 (line->baud);

  if (line->baud != PIC_BAUD) /* half a request was not one after all */
    board->pic.len = 0;
  if (pic_listens (board, line))
    {
      to_pic (board, data, len);
      return;
    }
  if (board->esp32 != NULL)
    {
      esp32_from_host (board->esp32, data, len, line);
      return;
    }
  if (!line_agree (line, &eight))
    {
      garbage = line_garble (data, len, line->baud, line->baud);
      data = garbage->data;
      len = garbage->len;
    }
  modem_receive (board->modem, data, len, line->baud);
}

/* What a user does. */

static gboolean
plug_again (gpointer user_data)
{
  Board *board = user_data;
  g_autoptr (GError) error = NULL;

  board->timer = 0;
  if (!wire_plug (board->wire, &error))
    g_printerr ("sqns-board: %s\n", error->message);
  return G_SOURCE_REMOVE;
}

/* Pulls the cable. The board keeps its power, as if it had a battery. */
void
board_unplug (Board *board, guint back_ms)
{
  transcript_event (board->index, "unplugged");
  wire_unplug (board->wire);
  g_clear_handle_id (&board->timer, g_source_remove);
  if (back_ms > 0)
    board->timer = g_timeout_add (back_ms, plug_again, board);
}

gboolean
board_plug (Board *board, GError **error)
{
  transcript_event (board->index, "plugged in");
  return wire_plug (board->wire, error);
}

void
board_press_reset (Board *board)
{
  if (board->esp32 != NULL)
    esp32_reset (board->esp32, FALSE);
}

static gboolean
power_returns (gpointer user_data)
{
  Board *board = user_data;

  board->timer = 0;
  modem_power_on (board->modem);
  if (board->esp32 != NULL)
    esp32_power_on (board->esp32);
  return G_SOURCE_REMOVE;
}

void
board_power_cycle (Board *board, guint off_ms)
{
  transcript_event (board->index, "power off");
  modem_power_off (board->modem);
  if (board->esp32 != NULL)
    esp32_power_off (board->esp32);
  g_clear_handle_id (&board->timer, g_source_remove);
  board->timer = g_timeout_add (off_ms, power_returns, board);
}

static void
on_fault (gpointer user_data, FaultKind kind, gint64 arg, const FaultPlace *place)
{
  Board *board = user_data;

  transcript_event (board->index, "fault %s at %s", fault_name (kind), place->name);
  switch (kind)
    {
    case FAULT_UNPLUG:
      board_unplug (board, (guint)arg);
      break;
    case FAULT_ESP32_RESET:
      board_press_reset (board);
      break;
    case FAULT_MODEM_RESET:
      modem_reboot (board->modem, FALSE);
      break;
    case FAULT_POWER_CUT:
      board_power_cycle (board, (guint)arg);
      break;
    case FAULT_HANG:
      if (g_str_has_prefix (place->name, "link.") && board->esp32 != NULL)
        esp32_hang (board->esp32);
      else
        modem_break (board->modem, MODEM_HUNG);
      break;
    case FAULT_ZEROS:
      modem_break (board->modem, MODEM_ZEROS);
      break;
    case FAULT_BRICK:
      modem_break (board->modem, MODEM_DEAD);
      break;
    case FAULT_PPP:
      modem_break (board->modem, MODEM_PPP);
      break;
    case FAULT_ERROR:
    case FAULT_CME:
    case FAULT_SILENCE:
    case FAULT_GARBAGE:
    case FAULT_LATE:
    case FAULT_DUPLICATE:
    case FAULT_DROP_BYTES:
    case FAULT_CORRUPT:
    case FAULT_NOISE:
    case FAULT_RESIDUE:
    case FAULT_REFUSE:
    case FAULT_CONFUSED:
    case FAULT_WRONG_ID:
    case FAULT_CRLF:
    case FAULT_IGNORE:
    case N_FAULTS:
      break;
    }
}

char *
board_status (Board *board)
{
  static const char *const boot_modes[] = { "FFH", "FFF", "UPDATER", "RECOVERY", "ECOPAGING" };
  Modem *modem = board->modem;
  Esp32 *esp32 = board->esp32;
  g_autofree char *lr = modem_lr (modem);
  g_autoptr (GString) json = g_string_new (NULL);

  json_begin (json);
  json_number (json, "index", board->index);
  json_string (json, "path", board_path (board));
  json_boolean (json, "plugged", wire_is_plugged (board->wire));
  json_number (json, "speed", wire_host_baud (board->wire));
  json_string (json, "board", board->options->board);
  json_string (json, "board-firmware", board->options->board_firmware);
  json_string (json, "esp32", esp32 == NULL ? "none" : esp32_mode (esp32));
  json_number (json, "esp32-speed", esp32 == NULL ? 0 : esp32_host_baud (esp32));
  json_boolean (json, "lte-task", esp32 != NULL && esp32_lte_task (esp32));
  json_number (json, "esp32-resets", esp32 == NULL ? 0 : esp32_resets (esp32));
  json_number (json, "overruns", esp32 == NULL ? 0 : (gint64)esp32_overruns (esp32));
  json_number (json, "garbled", (gint64)(modem->garbled + (esp32 == NULL ? 0 : esp32_garbled (esp32))));
  json_string (json, "modem", modem_state_name (modem->state));
  json_number (json, "smod", modem_smod (modem));
  json_string (json, "boot-mode", boot_modes[modem->boot_mode]);
  json_number (json, "modem-speed", modem->baud);
  json_string (json, "version", lr);
  json_string (json, "software", modem->software);
  json_number (json, "bootloader0", modem->loaders[0].build);
  json_boolean (json, "application-valid", modem->application_valid);
  json_boolean (json, "stp", modem->upload.kind != UPLOAD_NONE);
  json_number (json, "stp-bytes", (gint64)modem->upload.taken);
  json_number (json, "stp-blocks", (gint64)modem->upload.blocks);
  json_boolean (json, "writing", modem->writing || modem->state == MODEM_UPDATER);
  json_string (json, "report", modem->report);
  json_string (json, "dup", modem->dup_verdict);
  json_number (json, "modem-resets", modem->resets);
  program_status (board->program, json);
  json_end (json);
  return g_strdup (json->str);
}

/* Replaces %d in @pattern by the number of the board. */
static char *
link_path (const char *pattern, guint index)
{
  g_auto (GStrv) parts = NULL;
  g_autofree char *number = g_strdup_printf ("%u", index);

  if (pattern == NULL)
    return NULL;
  parts = g_strsplit (pattern, "%d", -1);
  return g_strjoinv (number, parts);
}

Board *
board_new (const Options *options, guint index, GError **error)
{
  g_autoptr (Board) board = g_new0 (Board, 1);
  g_autoptr (Recording) recording = NULL;
  WireOptions wire = { .board = index, .paced = options->pace, .usb_latency = (guint)MAX (options->usb_latency, 0) };

  board->options = options;
  board->index = index;
  board->faults = fault_set_new ();
  pic_init (&board->pic);
  wire.link = board->link = link_path (options->link, index);
  for (guint i = 0; options->faults != NULL && options->faults[i] != NULL; i++)
    {
      if (!fault_set_add (board->faults, options->faults[i], error))
        return NULL;
    }
  if (options->replay != NULL && (recording = recording_load (options->replay, error)) == NULL)
    return NULL;
  board->wire = wire_new (&wire, from_host, board);
  if (!wire_plug (board->wire, error))
    return NULL;
  board->modem = modem_new (options, index, board->faults, from_modem, board);
  board->program = program_new (board->modem, g_steal_pointer (&recording));
  fault_set_on_event (board->faults, on_fault, board);
  if (options->start_mode != START_DIRECT)
    {
      board->esp32 = esp32_new (options, index, board->wire, board->modem, board->faults);
      esp32_start (board->esp32);
    }
  return g_steal_pointer (&board);
}

void
board_free (Board *board)
{
  g_clear_handle_id (&board->timer, g_source_remove);
  g_clear_pointer (&board->esp32, esp32_free);
  g_clear_pointer (&board->program, program_free);
  g_clear_pointer (&board->modem, modem_free);
  g_clear_pointer (&board->wire, wire_free);
  g_clear_pointer (&board->faults, fault_set_free);
  g_free (board->link);
  g_free (board);
}
