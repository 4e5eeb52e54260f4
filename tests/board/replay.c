/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plays the modem's side of a recorded job, instead of the modem's own AT commands, states and times.
 *
 * It looks up commands in the order of the recording. Commands that change the modem's state (a reboot, an upload)
 * divide the recording into sections: the host may omit or repeat a command within a section, but cannot skip a
 * section's end. AT alone is a poll; any number of polls is fine. Where the modem is silent in the recording, polls get
 * no answer for as long as in the recording, scaled by --time-scale. */
#include "replay.h"

#include "json.h"
#include "stp-slave.h"

#include <stdlib.h>
#include <string.h>

#define FFH_BAUD 115200
#define OTHER_BAUD 921600
#define STP_HEADER 16
/* Drops an incomplete STP message after this time, as the STP slave does. */
#define GAP_US (G_USEC_PER_SEC / 2)
#define RX_MAX 65536

typedef struct {
  gint64 due;
  char *text; /* NULL: change the speed instead */
  guint baud;
  gboolean ffh;
} Output;

struct Replay {
  Modem *modem;
  StpSlave *stp;
  Recording *recording;
  guint next; /* exchange */
  GByteArray *rx;
  gint64 last_rx;

  gint64 anchor;    /* the time of the last exchange in the replay */
  gint64 anchor_ms; /* and in the recording */

  GQueue out; /* Output */
  guint timer;
  gboolean ffh; /* answers have no leading CRLF */
  char boot;    /* AT+SMSWBOOT */

  RecordedExchange *uploading;
  gint64 upload_start;
  guint range;
  guint trouble;
  gboolean cut; /* the upload ended where that of the recording ended */
  guint idle;

  GPtrArray *notes;
};

static void G_GNUC_PRINTF (2, 3) note (Replay *replay, const char *format, ...)
{
  va_list args;
  char *text;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_printerr ("sqns-board: replay: %s\n", text);
  g_ptr_array_add (replay->notes, text);
}

static gint64
scaled_us (Replay *replay, gint64 ms)
{
  return (gint64)((double)ms * 1000 * replay->modem->options->time_scale);
}

static RecordedExchange *
exchange_at (Replay *replay, guint i)
{
  return g_ptr_array_index (replay->recording->exchanges, i);
}

/* Output, in order, each part at its time. */

static void
output_free (gpointer data)
{
  Output *output = data;

  g_free (output->text);
  g_free (output);
}

static gboolean
send_due (gpointer user_data)
{
  Replay *replay = user_data;
  Output *output;

  replay->timer = 0;
  while ((output = g_queue_peek_head (&replay->out)) != NULL)
    {
      gint64 left = output->due - g_get_monotonic_time ();

      if (left > 0)
        {
          replay->timer = g_timeout_add ((guint)(left / 1000 + 1), send_due, replay);
          break;
        }
      g_queue_pop_head (&replay->out);
      if (output->text != NULL)
        modem_emit (replay->modem, output->text, -1);
      else
        {
          replay->modem->baud = output->baud;
          replay->ffh = output->ffh;
        }
      output_free (output);
    }
  return G_SOURCE_REMOVE;
}

static void
put (Replay *replay, Output what)
{
  const Output *last = g_queue_peek_tail (&replay->out);

  if (last != NULL)
    what.due = MAX (what.due, last->due);
  g_queue_push_tail (&replay->out, g_memdup2 (&what, sizeof what));
}

static void
put_answers (Replay *replay, const RecordedExchange *exchange)
{
  gint64 now = g_get_monotonic_time ();
  gint64 before = -1;

  for (guint i = 0; i < exchange->answers->len; i++)
    {
      const RecordedAnswer *answer = g_ptr_array_index (exchange->answers, i);
      /* the lines of one answer have the same time */
      const char *lead = replay->ffh || answer->ms == before ? "" : "\r\n";
      Output output = { .due = now + scaled_us (replay, answer->ms) };

      output.text = answer->raw ? g_strdup (answer->text) : g_strconcat (lead, answer->text, "\r\n", NULL);
      before = answer->raw ? -1 : answer->ms;
      put (replay, output);
    }
}

static void
put_line (Replay *replay, const char *text)
{
  Output output = { .due = g_get_monotonic_time () };

  output.text = g_strconcat (replay->ffh ? "" : "\r\n", text, "\r\n", NULL);
  put (replay, output);
}

static void
put_baud (Replay *replay, guint baud, gboolean ffh)
{
  put (replay, (Output){ .due = 0, .baud = baud, .ffh = ffh });
}

static void
send_now (Replay *replay)
{
  g_clear_handle_id (&replay->timer, g_source_remove);
  send_due (replay);
}

/* Exchanges. */

static gboolean
said_ok (const RecordedExchange *exchange)
{
  for (guint i = 0; i < exchange->answers->len; i++)
    {
      const RecordedAnswer *answer = g_ptr_array_index (exchange->answers, i);

      if (g_str_equal (answer->text, "OK") || (answer->raw && strstr (answer->text, "OK\r\n") != NULL))
        return TRUE;
    }
  return FALSE;
}

static gboolean
is_poll (const RecordedExchange *exchange)
{
  return g_strcmp0 (exchange->command, "AT") == 0;
}

static gboolean
may_be_left_out (const RecordedExchange *exchange)
{
  return exchange->command == NULL || is_poll (exchange) || g_str_equal (exchange->command, "+++");
}

/* Changes the state of the modem. */
static gboolean
ends_section (const RecordedExchange *exchange)
{
  const char *c = exchange->command;

  return c != NULL
         && (g_str_has_prefix (c, "AT+SMSWBOOT=") || g_str_has_prefix (c, "AT+SMSTPU") || g_str_equal (c, "AT^RESET")
             || g_str_equal (c, "AT+STP") || g_str_equal (c, "AT+SMUPGRADE"));
}

static void
change_line (Replay *replay, const RecordedExchange *exchange)
{
  const char *c = exchange->command;
  gboolean boots = FALSE;

  if (!said_ok (exchange))
    return;
  if (g_str_has_prefix (c, "AT+IPR="))
    put_baud (replay, (guint)strtoul (c + strlen ("AT+IPR="), NULL, 10), replay->ffh);
  if (g_str_has_prefix (c, "AT+SMSWBOOT="))
    {
      replay->boot = c[strlen ("AT+SMSWBOOT=")];
      boots = g_str_has_suffix (c, ",1");
    }
  if ((boots || g_str_equal (c, "AT^RESET")) && replay->boot != '\0')
    put_baud (replay, replay->boot == '0' ? FFH_BAUD : OTHER_BAUD, replay->boot == '0');
}

static void
begin_upload (Replay *replay, RecordedExchange *exchange)
{
  UploadKind kind = g_str_equal (exchange->command, "AT+STP")      ? UPLOAD_ELF
                    : g_str_equal (exchange->command, "AT+SMSTPU") ? UPLOAD_STORE
                                                                   : UPLOAD_ON_THE_FLY;

  if (exchange->upload == NULL)
    return; /* the modem answered OK but accepted no data */
  replay->uploading = exchange;
  replay->upload_start = g_get_monotonic_time ();
  replay->range = 0;
  replay->trouble = 0;
  replay->cut = FALSE;
  stp_slave_start (replay->stp, kind);
}

static void
play (Replay *replay, guint i)
{
  RecordedExchange *exchange = exchange_at (replay, i);

  replay->next = MAX (replay->next, i + 1);
  replay->anchor = g_get_monotonic_time ();
  replay->anchor_ms = exchange->ms;
  put_answers (replay, exchange);
  change_line (replay, exchange);
  send_now (replay);
  if ((g_str_has_prefix (exchange->command, "AT+SMSTPU") || g_str_equal (exchange->command, "AT+STP"))
      && said_ok (exchange))
    begin_upload (replay, exchange);
}

/* Searches forward to the end of the section, then back to its beginning; 0 if not found. @command NULL: STP RESET. */
static guint
find (Replay *replay, const char *command)
{
  guint n = replay->recording->exchanges->len;
  guint left_out = 0;

  for (guint i = replay->next; i < n; i++)
    {
      const RecordedExchange *exchange = exchange_at (replay, i);

      if (g_strcmp0 (exchange->command, command) == 0)
        {
          if (left_out > 0)
            note (replay, "line %u: %s comes %u commands early", exchange->line, command, left_out);
          return i;
        }
      if (ends_section (exchange))
        break;
      left_out += may_be_left_out (exchange) ? 0 : 1;
    }
  for (guint i = replay->next - 1; i > 0; i--)
    {
      const RecordedExchange *exchange = exchange_at (replay, i);

      if (g_strcmp0 (exchange->command, command) == 0)
        return i;
      if (ends_section (exchange) && replay->next < n)
        break;
    }
  return 0;
}

static void
poll (Replay *replay)
{
  guint n = replay->recording->exchanges->len;
  gboolean silent = FALSE;
  gint64 elapsed = g_get_monotonic_time () - replay->anchor;
  guint i;

  for (i = replay->next; i < n && is_poll (exchange_at (replay, i)); i++)
    {
      const RecordedExchange *exchange = exchange_at (replay, i);

      if (exchange->answers->len > 0)
        {
          if (!silent || elapsed >= scaled_us (replay, exchange->ms - replay->anchor_ms))
            play (replay, i);
          return;
        }
      silent = silent || exchange->silent;
    }
  replay->next = silent ? replay->next : i;
  if (silent)
    return;
  /* after its end, the recording repeats its last exchange */
  if (i == n && is_poll (exchange_at (replay, n - 1)))
    {
      const RecordedExchange *last = exchange_at (replay, n - 1);

      if (last->answers->len > 0)
        play (replay, n - 1);
      if (last->answers->len > 0 || last->silent)
        return;
    }
  put_line (replay, "OK");
  send_now (replay);
}

static void
command_line (Replay *replay, const char *line)
{
  guint i;

  if (g_str_equal (line, "AT"))
    {
      poll (replay);
      return;
    }
  i = find (replay, line);
  if (i > 0)
    {
      play (replay, i);
      return;
    }
  if (g_str_equal (line, "ATE0")) /* has no effect and never fails; hosts send it at any time */
    {
      put_line (replay, "OK");
      send_now (replay);
      return;
    }
  note (replay, "%s is not in the recording%s: ERROR", line,
        replay->next < replay->recording->exchanges->len ? " here" : ", which is over");
  put_line (replay, "ERROR");
  send_now (replay);
}

/* An STP RESET with which a host closes an upload that may be open. */
static void
stp_reset (Replay *replay, const guint8 *request)
{
  guint8 answer[STP_HEADER] = "tsaf";
  guint i = find (replay, NULL);
  gboolean left = replay->cut && replay->uploading->upload->left;

  if (!left && i == 0)
    return;
  answer[4] = 0x80;
  answer[5] = request[5];
  memcpy (answer + 8, request + 8, 4);
  if (left || !exchange_at (replay, i)->silent)
    modem_emit (replay->modem, answer, sizeof answer);
  if (left)
    replay->cut = FALSE;
  else
    replay->next = MAX (replay->next, i + 1);
}

/* Takes a message or a line from the received bytes; FALSE if none is complete. */
static gboolean
take_message (Replay *replay)
{
  GByteArray *rx = replay->rx;
  const guint8 *stp = memmem (rx->data, rx->len, "fast", 4);
  gsize start = stp == NULL ? rx->len : (gsize)(stp - rx->data);
  g_autoptr (GString) line = g_string_new (NULL);
  const char *at;
  gsize end = 0;

  while (end < start && rx->data[end] != '\r' && rx->data[end] != '\n')
    end++;
  if (end == start && stp != NULL)
    {
      gsize len = rx->len - start < STP_HEADER ? STP_HEADER : STP_HEADER + ((gsize)stp[6] << 8 | stp[7]);

      if (rx->len - start < len)
        return FALSE;
      if (stp[4] == 0)
        stp_reset (replay, stp);
      g_byte_array_remove_range (rx, 0, (guint)(start + len));
      return TRUE;
    }
  for (gsize i = 0; i < end; i++)
    {
      if (g_ascii_isprint (rx->data[i]))
        g_string_append_c (line, (char)rx->data[i]);
    }
  if (end == rx->len && !g_str_has_suffix (line->str, "+++"))
    return FALSE;
  g_byte_array_remove_range (rx, 0, (guint)MIN (end + 1, rx->len));
  if (g_str_has_suffix (line->str, "+++"))
    {
      guint i = find (replay, "+++");

      if (i > 0)
        play (replay, i);
      return TRUE;
    }
  at = strstr (line->str, "AT");
  if (at != NULL)
    command_line (replay, at);
  return TRUE;
}

void
replay_receive (Replay *replay, const guint8 *data, gsize len)
{
  gint64 now = g_get_monotonic_time ();

  if (now - replay->last_rx > GAP_US || replay->rx->len > RX_MAX)
    g_byte_array_set_size (replay->rx, 0);
  replay->last_rx = now;
  while (len > 0)
    {
      gsize n = len;

      if (stp_slave_is_active (replay->stp))
        n = stp_slave_feed (replay->stp, data, len);
      else
        {
          /* byte by byte, as a command may start STP */
          g_byte_array_append (replay->rx, data, n = 1);
          take_message (replay);
        }
      data += n;
      len -= n;
    }
}

/* STP. */

static gboolean
cut_off (gpointer user_data)
{
  Replay *replay = user_data;
  Modem *modem = replay->modem;

  replay->idle = 0;
  stp_slave_stop (replay->stp);
  upload_end (&modem->upload);
  modem->busy = FALSE;
  modem_drain (modem);
  return G_SOURCE_REMOVE;
}

/* The modem stays busy with the block as long as in the recording. */
static guint
take (gpointer user_data, const guint8 *data, gsize len)
{
  Replay *replay = user_data;
  RecordedUpload *upload = replay->uploading->upload;
  gint64 due = 0;

  upload_take (&replay->modem->upload, data, len);
  if (replay->modem->upload.kind != UPLOAD_ELF)
    modem_set_report (replay->modem, "downloading");
  if (!upload->whole && replay->modem->upload.taken > upload->taken)
    {
      replay->cut = TRUE;
      if (replay->idle == 0)
        replay->idle = g_idle_add (cut_off, replay);
      return G_MAXUINT;
    }
  while (replay->range < upload->ranges->len)
    {
      const RecordedRange *range = &g_array_index (upload->ranges, RecordedRange, replay->range);

      if (range->bytes > replay->modem->upload.taken)
        break;
      due = replay->upload_start + scaled_us (replay, range->ms);
      replay->range++;
    }
  return (guint)(MAX (due - g_get_monotonic_time (), 0) / 1000);
}

/* Did the modem refuse a block here? TRUE once for each time. */
static gboolean
refuses (gpointer user_data)
{
  Replay *replay = user_data;
  RecordedUpload *upload = replay->uploading->upload;

  for (guint i = replay->trouble; i < upload->ranges->len; i++)
    {
      const RecordedRange *range = &g_array_index (upload->ranges, RecordedRange, i);

      if (range->bytes > replay->modem->upload.taken)
        return FALSE;
      replay->trouble = i + 1;
      if (range->in_trouble)
        return TRUE;
    }
  return FALSE;
}

static void
uploaded (gpointer user_data)
{
  Replay *replay = user_data;
  Modem *modem = replay->modem;
  const RecordedUpload *upload = replay->uploading->upload;

  if (upload->whole && modem->upload.taken != upload->taken)
    note (replay, "line %u: %" G_GUINT64_FORMAT " bytes were uploaded, the recording has %" G_GUINT64_FORMAT,
          replay->uploading->line, modem->upload.taken, upload->taken);
  if (modem->upload.dup != NULL)
    modem_set_verdict (modem, dup_check_finish (modem->upload.dup));
  if (modem->upload.kind == UPLOAD_ELF && upload->whole)
    {
      put_baud (replay, OTHER_BAUD, FALSE);
      send_now (replay);
    }
  upload_end (&modem->upload);
}

void
replay_stop (Replay *replay)
{
  stp_slave_stop (replay->stp);
}

/* The object. */

Replay *
replay_new (Modem *modem, Recording *recording)
{
  static const StpReceiver receiver = { .refuses = refuses, .take = take, .uploaded = uploaded };
  Replay *replay = g_new0 (Replay, 1);

  replay->modem = modem;
  replay->stp = stp_slave_new (modem, &receiver, replay);
  replay->recording = recording;
  replay->next = 1;
  replay->rx = g_byte_array_new ();
  replay->notes = g_ptr_array_new_with_free_func (g_free);
  replay->anchor = g_get_monotonic_time ();
  g_queue_init (&replay->out);
  modem->baud = recording->baud;
  replay->ffh = recording->baud == FFH_BAUD;
  for (guint i = 0; i < recording->notes->len; i++)
    note (replay, "%s", (const char *)g_ptr_array_index (recording->notes, i));
  put_answers (replay, exchange_at (replay, 0));
  send_now (replay);
  return replay;
}

void
replay_free (Replay *replay)
{
  g_clear_handle_id (&replay->timer, g_source_remove);
  g_clear_handle_id (&replay->idle, g_source_remove);
  stp_slave_free (replay->stp);
  g_queue_clear_full (&replay->out, output_free);
  g_byte_array_unref (replay->rx);
  g_ptr_array_unref (replay->notes);
  recording_free (replay->recording);
  g_free (replay);
}

void
replay_status (Replay *replay, GString *json)
{
  g_autoptr (GString) notes = g_string_new (NULL);

  for (guint i = 0; i < replay->notes->len; i++)
    g_string_append_printf (notes, "%s%s", i > 0 ? "; " : "", (const char *)g_ptr_array_index (replay->notes, i));
  json_number (json, "replay-played", replay->next - 1);
  json_number (json, "replay-exchanges", replay->recording->exchanges->len - 1);
  json_string (json, "replay-notes", notes->str);
}
