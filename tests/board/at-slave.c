/* The AT command line of the modem, in each of its states. */
#include "at-slave.h"

#include "at-command.h"
#include "board.h"
#include "stp-slave.h"
#include "transcript.h"
#include "upgrade.h"

#include <stdlib.h>
#include <string.h>

#define LINE_MAX_LEN 512

/* Where a command is known. Elsewhere the answer is ERROR. */
#define IN_APP (1u << MODEM_APPLICATION)
#define IN_REC (1u << MODEM_RECOVERY)
#define IN_MTOOLS (1u << MODEM_MTOOLS)
#define IN_UPD (1u << MODEM_UPDATER)
#define IN_FFH (1u << MODEM_FFH)
#define IN_LOADER (IN_REC | IN_MTOOLS)
#define IN_ALL (IN_APP | IN_LOADER | IN_UPD | IN_FFH)

typedef struct {
  const char *name;
  guint where;
  AtHandler handler;
} AtRow;

/* Answers. FFH has no leading CRLF (S#461 in field-failures.md, 2.3). */

static const char *
lead (AtCommand *command)
{
  return command->modem->state == MODEM_FFH ? "" : "\r\n";
}

void
at_ok (AtCommand *command)
{
  g_string_append_printf (command->modem->reply, "%sOK\r\n", lead (command));
}

void
at_error (AtCommand *command)
{
  g_string_append_printf (command->modem->reply, "%sERROR\r\n", lead (command));
}

void
at_line (AtCommand *command, const char *text)
{
  g_string_append_printf (command->modem->reply, "%s%s\r\nOK\r\n", lead (command), text);
}

void
at_line_3gpp (AtCommand *command, const char *text)
{
  g_string_append_printf (command->modem->reply, "%s%s\r\n\r\nOK\r\n", lead (command), text);
}

static void
echo_off (AtCommand *command)
{
  command->modem->echo = FALSE;
  at_ok (command);
}

static void
echo_on (AtCommand *command)
{
  command->modem->echo = command->modem->state == MODEM_APPLICATION;
  at_ok (command);
}

static void
smod (AtCommand *command)
{
  char number[] = { (char)('0' + modem_smod (command->modem)), '\0' };

  if (command->form == AT_QUERY)
    at_line (command, number);
  else
    at_error (command);
}

static void
bmod (AtCommand *command)
{
  static const char *const words[] = { "FFH", "MTOOLS", "FFF", "UPDATER", "RECOVERY" };

  if (command->form == AT_QUERY)
    at_line (command, words[modem_smod (command->modem)]);
  else
    at_error (command);
}

static void
smswboot (AtCommand *command)
{
  static const char *const words[] = { "FFH", "FFF", "UPDATER", "RECOVERY", "ECOPAGING" };
  Modem *modem = command->modem;
  const char *a = command->args;
  gboolean now = g_str_has_suffix (a, ",1");

  if (command->form == AT_QUERY)
    {
      g_autofree char *text = g_strdup_printf ("+SMSWBOOT: %s", words[modem->boot_mode]);

      at_line (command, text);
      return;
    }
  if (command->form == AT_TEST)
    {
      at_line (command, "+SMSWBOOT: mode[,reboot]\r\nmode: 0=FFH, 1=FFF, 2=UPDATER, 3=RECOVERY\r\n"
                        "reboot: 0=Do not reboot, 1=reboot");
      return;
    }
  if (command->form != AT_SET || a[0] < '0' || a[0] > '4' || (a[1] != '\0' && !now && !g_str_equal (a + 1, ",0"))
      || (now && (strlen (a) != 3 || modem->options->old_smswboot)))
    {
      at_error (command);
      return;
    }
  modem->boot_mode = (BootMode)(a[0] - '0');
  at_ok (command);
  command->after = now ? AFTER_REBOOT : AFTER_NOTHING;
}

static void
reset (AtCommand *command)
{
  at_ok (command);
  command->after = AFTER_REBOOT;
}

static void
smstpu (AtCommand *command)
{
  Modem *modem = command->modem;

  if (command->form == AT_SET && g_str_equal (command->args, "\"ON_THE_FLY\""))
    command->upload = UPLOAD_ON_THE_FLY;
  else if (command->form == AT_RUN && modem->state == MODEM_APPLICATION)
    command->upload = UPLOAD_STORE;
  else
    {
      at_error (command);
      return;
    }
  at_ok (command);
  command->after = AFTER_STP;
}

static void
stp (AtCommand *command)
{
  if (command->form != AT_RUN)
    {
      at_error (command);
      return;
    }
  command->upload = UPLOAD_ELF;
  at_ok (command);
  command->after = AFTER_STP;
}

static void
smupgrade (AtCommand *command)
{
  Modem *modem = command->modem;

  if (command->form == AT_QUERY)
    {
      g_autofree char *text = g_strdup_printf ("+SMUPGRADE: %s", modem->report);

      at_line (command, text);
      return;
    }
  if (command->form != AT_RUN || modem->state != MODEM_APPLICATION || !upgrade_is_available (modem))
    {
      at_error (command);
      return;
    }
  at_ok (command);
  command->after = AFTER_APPLY;
}

/* Answered at the old rate (SU: the port is then reopened). */
static void
ipr (AtCommand *command)
{
  static const guint rates[] = { 9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600 };
  guint baud = (guint)strtoul (command->args, NULL, 10);

  for (guint i = 0; command->form == AT_SET && i < G_N_ELEMENTS (rates); i++)
    {
      if (baud == rates[i])
        {
          at_ok (command);
          command->baud = baud;
          command->after = AFTER_BAUD;
          return;
        }
    }
  at_error (command);
}

static void
cfun (AtCommand *command)
{
  Modem *modem = command->modem;

  if (command->form == AT_QUERY)
    {
      g_autofree char *text = g_strdup_printf ("+CFUN: %u", modem->cfun);

      at_line_3gpp (command, text);
      return;
    }
  if (command->form != AT_SET || !g_ascii_isdigit (command->args[0]) || command->args[1] != '\0')
    {
      at_error (command); /* AT+CFUN=5,1 fails (MCHP) */
      return;
    }
  modem->cfun = (guint)(command->args[0] - '0');
  at_ok (command);
}

static void
cereg (AtCommand *command)
{
  if (command->form == AT_QUERY)
    at_line_3gpp (command, "+CEREG: 1,0");
  else
    at_ok (command);
}

static void
cpsms (AtCommand *command)
{
  if (command->form == AT_QUERY)
    at_line_3gpp (command, "+CPSMS: 1,,,\"10000110\",\"00011110\"");
  else
    at_ok (command);
}

static void
smlog (AtCommand *command)
{
  if (command->form == AT_QUERY)
    at_line (command, "+SMLOG: LOG_INHERIT");
  else
    at_ok (command);
}

/* Harmless, and ERROR on 33080 (F5039). */
static void
sqnwl (AtCommand *command)
{
  if (modem_build (command->modem) == 33080)
    at_error (command);
  else
    at_ok (command);
}

static void
fsrdfile (AtCommand *command)
{
  g_string_append (command->modem->reply, "\r\n\r\nERROR\r\n");
}

/* Dials: data mode until +++ or a power cycle. */
static void
dial (AtCommand *command)
{
  g_string_append (command->modem->reply, "\r\nCONNECT\r\n");
  command->modem->state = MODEM_PPP;
}

static const AtRow at_rows[] = {
  { "AT", IN_ALL, at_ok },
  { "ATE0", IN_ALL, echo_off },
  { "ATE1", IN_ALL, echo_on },
  { "ATZ", IN_APP, at_ok },
  { "AT&F", IN_APP, at_ok },
  { "ATI", IN_APP, at_info_ati },
  { "ATI1", IN_APP | IN_LOADER, at_info_ati1 },
  { "AT!", IN_APP, at_info_showver },
  { "AT^RESET", IN_ALL, reset },
  { "AT+SMOD", IN_ALL, smod },
  { "AT+BMOD", IN_APP | IN_LOADER, bmod },
  { "AT+SMSWBOOT", IN_ALL, smswboot },
  { "AT+SMSTPU", IN_APP | IN_LOADER, smstpu },
  { "AT+STP", IN_FFH, stp },
  { "AT+SMUPGRADE", IN_APP | IN_LOADER | IN_UPD, smupgrade },
  { "AT+IPR", IN_FFH, ipr },
  { "AT+BIND", IN_APP, at_ok },
  { "AT+SMLOG", IN_APP | IN_LOADER, smlog },
  { "AT+SQNSUPGRADENTF", IN_APP, at_ok },
  { "AT+SQNWL", IN_APP, sqnwl },
  { "AT+CFUN", IN_APP, cfun },
  { "AT+CPSMS", IN_APP, cpsms },
  { "AT+CEREG", IN_APP, cereg },
  { "AT+CGSN", IN_APP, at_info_imei },
  { "AT+CCID", IN_APP, at_info_ccid },
  { "AT+SQNCCID", IN_APP, at_info_ccid },
  { "AT+CIMI", IN_APP, at_info_imsi },
  { "AT+CGDATA", IN_APP, dial },
  { "ATD*99***1#", IN_APP, dial },
  { "AT+CMEE", IN_APP, at_ok },
  { "AT+CGATT", IN_APP, at_ok },
  { "AT+FSRDFILE", IN_APP, fsrdfile },
};

static const AtRow *
find_row (const char *line, AtForm *form, const char **args)
{
  gsize len = strlen (line);
  /* The first three are never the end of a name: AT!, AT?. */
  gsize name = len < 3 ? len : strcspn (line + 3, "=?") + 3;
  const char *rest = line + name;

  *args = *rest == '=' ? rest + 1 : "";
  *form = *rest == '\0' ? AT_RUN : *rest == '?' ? AT_QUERY : g_str_equal (rest, "=?") ? AT_TEST : AT_SET;
  for (guint i = 0; i < G_N_ELEMENTS (at_rows); i++)
    {
      if (strlen (at_rows[i].name) == name && g_ascii_strncasecmp (at_rows[i].name, line, name) == 0)
        return &at_rows[i];
    }
  return NULL;
}

gboolean
at_slave_knows (const char *command)
{
  AtForm form;
  const char *args;

  return g_ascii_strncasecmp (command, "AT", 2) == 0 && find_row (command, &form, &args) != NULL;
}

void
at_slave_describe (GString *text)
{
  for (guint i = 0; i < G_N_ELEMENTS (at_rows); i++)
    g_string_append_printf (text, " %s%s", at_rows[i].name, i % 8 == 7 ? "\n   " : "");
}

typedef struct {
  Modem *modem;
  char *text;
} LateReply;

static gboolean
send_late (gpointer user_data)
{
  LateReply *late = user_data;

  if (modem_smod (late->modem) >= 0)
    modem_emit (late->modem, late->text, -1);
  g_free (late->text);
  g_free (late);
  return G_SOURCE_REMOVE;
}

static const char *
noise (Modem *modem)
{
  return modem->answers % 2 == 0 ? "\r\n+CEREG: 2\r\n" : "\r\n+CPSMS: 1,,,\"10000110\",\"00011110\"\r\n";
}

/* The answer in modem->reply goes out, as the faults want it. */
static void
answer (Modem *modem, const FaultPlace *place)
{
  FaultSet *faults = board_faults (modem->board);
  GString *reply = modem->reply;
  gint64 arg = 0;

  modem->answers++;
  if (modem->options->noise && modem->state == MODEM_APPLICATION && modem->answers % 3 == 0)
    g_string_prepend (reply, noise (modem));
  if (fault_take (faults, FAULT_NOISE, place, NULL))
    g_string_prepend (reply, noise (modem));
  if (fault_take (faults, FAULT_CRLF, place, NULL))
    {
      g_string_prepend (reply, "\r\n");
      g_string_append (reply, "\r\n");
    }
  if (fault_take (faults, FAULT_CORRUPT, place, NULL) && reply->len > 2)
    reply->str[reply->len / 2] ^= 0x10;
  if (fault_take (faults, FAULT_DUPLICATE, place, NULL))
    {
      g_autofree char *copy = g_strdup (reply->str);

      g_string_append (reply, copy);
    }
  if (fault_take (faults, FAULT_DROP_BYTES, place, &arg))
    g_string_erase (reply, 0, (gssize)MIN ((gsize)arg, reply->len));
  if (fault_take (faults, FAULT_GARBAGE, place, &arg))
    {
      g_string_truncate (reply, 0);
      for (gint64 i = 0; i < arg; i++)
        g_string_append_c (reply, i % 3 == 1 ? '\xfd' : '\xfe');
    }
  if (fault_take (faults, FAULT_SILENCE, place, NULL))
    return;
  if (fault_take (faults, FAULT_LATE, place, &arg))
    {
      LateReply *late = g_new0 (LateReply, 1);

      late->modem = modem;
      late->text = g_strdup (reply->str);
      g_timeout_add ((guint)arg, send_late, late);
      return;
    }
  modem_emit (modem, reply->str, (gssize)reply->len);
}

static void
follow (AtCommand *command)
{
  Modem *modem = command->modem;

  switch (command->after)
    {
    case AFTER_NOTHING:
      break;
    case AFTER_REBOOT:
      modem_reboot (modem, TRUE);
      break;
    case AFTER_STP:
      upgrade_begin (modem, command->upload);
      break;
    case AFTER_APPLY:
      upgrade_apply (modem);
      break;
    case AFTER_BAUD:
      modem->baud = command->baud;
      break;
    }
}

static void
run_line (Modem *modem, const char *line)
{
  FaultPlace place = FAULT_PLACE (line);
  FaultSet *faults = board_faults (modem->board);
  AtCommand command = { .modem = modem };
  const AtRow *row = find_row (line, &command.form, &command.args);

  transcript_event (board_index (modem->board), "modem %s: %s", modem_state_name (modem->state), line);
  g_string_truncate (modem->reply, 0);
  if (board_fault_event (modem->board, &place) && modem_smod (modem) < 0)
    return;
  if (fault_take (faults, FAULT_ERROR, &place, NULL))
    at_error (&command);
  else if (fault_take (faults, FAULT_IGNORE, &place, NULL))
    at_ok (&command);
  else if (fault_take (faults, FAULT_CME, &place, NULL))
    g_string_append (modem->reply, "\r\n+CME ERROR: operation not allowed\r\n");
  else if (row == NULL || !(row->where & (1u << modem->state)))
    at_error (&command);
  else
    row->handler (&command);
  answer (modem, &place);
  follow (&command);
}

gsize
at_slave_feed (Modem *modem, const guint8 *data, gsize len)
{
  gsize n = 0;
  gboolean ended = FALSE;
  g_autofree char *line = NULL;

  while (n < len && !ended)
    {
      guint8 c = data[n++];

      if (modem->echo)
        g_string_append_c (modem->typed, (char)c);
      /* SU ends AT+IPR in FFH with \n alone. */
      if (c == '\r' || c == '\n')
        ended = modem->line->len > 0;
      else if (modem->line->len < LINE_MAX_LEN)
        g_string_append_c (modem->line, c == '\0' ? '?' : (char)c);
    }
  if (modem->typed->len > 0)
    modem_emit (modem, modem->typed->str, (gssize)modem->typed->len);
  g_string_truncate (modem->typed, 0);
  if (!ended)
    return n;
  line = g_strdup (modem->line->str);
  g_string_truncate (modem->line, 0);
  run_line (modem, line);
  return n;
}
