/* What the MicroPython child asks of the ESP32: UART settings, the LTE driver's dialogues, resets. */
#include "board.h"
#include "esp32-private.h"
#include "transcript.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A paced UART0 takes as much ahead as a transmit buffer does; then print () waits. */
#define HOST_BACKLOG_MAX 65536
#define HOST_BACKLOG_MAX_PACED 1024
#define RETRY_MS 5

void
esp32_end_capture (Esp32 *esp)
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

void
esp32_captured (Esp32 *esp, const guint8 *data, gsize len)
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
  esp32_end_capture (esp);
  esp->capture = g_string_new (NULL);
  esp->capture_baud = baud;
  esp->capture_timer = g_timeout_add (timeout, capture_over, esp);
  command = g_strconcat (text + at, g_str_equal (text + at, "+++") ? "" : "\r", NULL);
  board_to_modem (esp->board, (const guint8 *)command, strlen (command), baud);
}

static gboolean
wdt_bites (gpointer user_data)
{
  Esp32 *esp = user_data;

  esp->wdt = 0;
  transcript_event (board_index (esp->board), "ESP32 watchdog");
  esp32_reset (esp, FALSE);
  return G_SOURCE_REMOVE;
}

/* The hardware watchdog goes on in mirror mode, where nobody feeds it (row 29). */
void
esp32_arm_wdt (Esp32 *esp, guint ms)
{
  g_clear_handle_id (&esp->wdt, g_source_remove);
  esp->wdt = g_timeout_add (ms, wdt_bites, esp);
}

static void
action (Esp32 *esp, const char *text)
{
  transcript_event (board_index (esp->board), "ESP32: %s", text);
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
    esp32_arm_wdt (esp, (guint)strtoul (text + 4, NULL, 10));
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

  if (board_host_backlog (esp->board) > backlog_max (esp) / 2)
    return G_SOURCE_CONTINUE;
  esp->resume = 0;
  child_pause (esp->child, FALSE);
  return G_SOURCE_REMOVE;
}

static void
uart0_out (Esp32 *esp, const guint8 *data, gsize len)
{
  board_to_host (esp->board, data, len, esp->uart0.baud);
  if (board_host_backlog (esp->board) <= backlog_max (esp) || esp->child == NULL || esp->resume != 0)
    return;
  child_pause (esp->child, TRUE);
  esp->resume = g_timeout_add (RETRY_MS, resume, esp);
}

static gsize
number (const guint8 *data, gsize len)
{
  return len < 4 ? 0 : (gsize)data[0] | (gsize)data[1] << 8 | (gsize)data[2] << 16 | (gsize)data[3] << 24;
}

void
esp32_frame (gpointer user_data, guint8 type, const guint8 *data, gsize len)
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
      esp32_uart1_out (esp, data, len);
      break;
    case CHILD_UART0_SET:
      board_flush_host (esp->board);
      esp->uart0_ring = parse_line (text, &esp->uart0);
      break;
    case CHILD_UART1_SET:
      esp->uart1_open = len > 0;
      if (len > 0)
        esp->uart1_pins = parse_line (text, &esp->uart1) != 0;
      break;
    case CHILD_UART0_FREED:
      esp32_uart0_freed (esp, number (data, len));
      break;
    case CHILD_UART1_FREED:
      esp32_uart1_freed (esp, number (data, len));
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
