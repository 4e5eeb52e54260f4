/* The AT command line of the modem, in each of its states. */
#include "at-slave.h"

#include "at-command.h"
#include "at-info.h"
#include "transcript.h"

#include <stdlib.h>
#include <string.h>

#define LINE_MAX_LEN 512

/* The states that know a command. The others answer ERROR. */
#define IN_APP (1u << MODEM_APPLICATION)
#define IN_REC (1u << MODEM_RECOVERY)
#define IN_MTOOLS (1u << MODEM_MTOOLS)
#define IN_UPD (1u << MODEM_UPDATER)
#define IN_FFH (1u << MODEM_FFH)
#define IN_LOADER (IN_REC | IN_MTOOLS)
#define IN_ALL (IN_APP | IN_LOADER | IN_UPD | IN_FFH)

typedef enum {
  AFTER_NOTHING,
  AFTER_REBOOT,
  AFTER_STP,
  AFTER_APPLY,
  AFTER_BAUD,
} AtAfter;

/* The current command. @after happens once the answer is sent. */
typedef struct {
  Modem *modem;
  Upgrade *upgrade;
  AtForm form;
  const char *args; /* what follows the =, or "" */
  AtAfter after;
  UploadKind upload;
  guint baud;
} AtCommand;

typedef struct {
  guint where;
  void (*handler) (AtCommand *command);
} AtRow;

/* An answer is a line and OK. 3GPP commands put an empty line between the two, Sequans commands do not. FFH sends no
 * leading CRLF (S#461 in field-failures.md, 2.3). */

static const char *
lead (AtCommand *command)
{
  return command->modem->state == MODEM_FFH ? "" : "\r\n";
}

static void
at_ok (AtCommand *command)
{
  g_string_append_printf (command->modem->reply, "%sOK\r\n", lead (command));
}

static void
at_error (AtCommand *command)
{
  g_string_append_printf (command->modem->reply, "%sERROR\r\n", lead (command));
}

static void
at_line (AtCommand *command, const char *text)
{
  g_string_append_printf (command->modem->reply, "%s%s\r\nOK\r\n", lead (command), text);
}

static void
at_line_3gpp (AtCommand *command, const char *text)
{
  g_string_append_printf (command->modem->reply, "%s%s\r\n\r\nOK\r\n", lead (command), text);
}

static void
ati (AtCommand *command)
{
  g_autofree char *text = at_info_ati (command->modem);

  at_line_3gpp (command, text);
}

static void
ati1 (AtCommand *command)
{
  g_autofree char *text = at_info_ati1 (command->modem);

  at_line_3gpp (command, text);
}

/* Accepts any quotes, and with or without =, as people type it. */
static void
showver (AtCommand *command)
{
  g_autofree char *text = at_info_showver (command->modem);

  if (strstr (command->args, "showver") != NULL)
    at_line_3gpp (command, text);
  else
    at_error (command);
}

static void
cgsn (AtCommand *command)
{
  g_autofree char *imei = at_info_imei (command->modem);

  if (command->form == AT_TEST)
    at_ok (command);
  else
    at_line_3gpp (command, imei);
}

static void
sim (AtCommand *command, const char *head, const char *digits)
{
  g_autofree char *text = g_strconcat (head, digits, NULL);

  if (*digits == '\0')
    g_string_append (command->modem->reply, "\r\n+CME ERROR: 10\r\n");
  else
    at_line_3gpp (command, text);
}

static void
ccid (AtCommand *command)
{
  sim (command, "+SQNCCID: ", command->modem->options->iccid);
}

static void
cimi (AtCommand *command)
{
  sim (command, "", command->modem->options->imsi);
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
  if (command->form != AT_RUN || modem->state != MODEM_APPLICATION || !upgrade_is_available (command->upgrade))
    {
      at_error (command);
      return;
    }
  at_ok (command);
  command->after = AFTER_APPLY;
}

/* The answer is sent at the old rate (SU reopens the port after it). */
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
      at_error (command); /* AT+CFUN=5,1 fails, too (MCHP) */
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

/* Has no effect; 33080 answers ERROR (F5039). */
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

/* Starts data mode, which lasts until +++ or a power cycle. */
static void
dial (AtCommand *command)
{
  g_string_append (command->modem->reply, "\r\nCONNECT\r\n");
  command->modem->state = MODEM_PPP;
}

static const AtRow rows[N_AT_NAMES] = {
  [AT_AT] = { IN_ALL, at_ok },
  [AT_ECHO_OFF] = { IN_ALL, echo_off },
  [AT_ECHO_ON] = { IN_ALL, echo_on },
  [AT_ATZ] = { IN_APP, at_ok },
  [AT_FACTORY] = { IN_APP, at_ok },
  [AT_ATI] = { IN_APP, ati },
  [AT_ATI1] = { IN_APP | IN_LOADER, ati1 },
  [AT_SHOWVER] = { IN_APP, showver },
  [AT_RESET] = { IN_ALL, reset },
  [AT_SMOD] = { IN_ALL, smod },
  [AT_BMOD] = { IN_APP | IN_LOADER, bmod },
  [AT_SMSWBOOT] = { IN_ALL, smswboot },
  [AT_SMSTPU] = { IN_APP | IN_LOADER, smstpu },
  [AT_STP] = { IN_FFH, stp },
  [AT_SMUPGRADE] = { IN_APP | IN_LOADER | IN_UPD, smupgrade },
  [AT_IPR] = { IN_FFH, ipr },
  [AT_BIND] = { IN_APP, at_ok },
  [AT_SMLOG] = { IN_APP | IN_LOADER, smlog },
  [AT_SQNSUPGRADENTF] = { IN_APP, at_ok },
  [AT_SQNWL] = { IN_APP, sqnwl },
  [AT_CFUN] = { IN_APP, cfun },
  [AT_CPSMS] = { IN_APP, cpsms },
  [AT_CEREG] = { IN_APP, cereg },
  [AT_CGSN] = { IN_APP, cgsn },
  [AT_CCID] = { IN_APP, ccid },
  [AT_SQNCCID] = { IN_APP, ccid },
  [AT_CIMI] = { IN_APP, cimi },
  [AT_CGDATA] = { IN_APP, dial },
  [AT_DIAL] = { IN_APP, dial },
  [AT_CMEE] = { IN_APP, at_ok },
  [AT_CGATT] = { IN_APP, at_ok },
  [AT_FSRDFILE] = { IN_APP, fsrdfile },
};

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

/* Sends the answer in modem->reply, changed by the faults. */
static void
answer (Modem *modem, const FaultPlace *place)
{
  FaultSet *faults = modem->faults;
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
      upgrade_begin (command->upgrade, command->upload);
      break;
    case AFTER_APPLY:
      upgrade_apply (command->upgrade);
      break;
    case AFTER_BAUD:
      modem->baud = command->baud;
      break;
    }
}

static void
run_line (Modem *modem, Upgrade *upgrade, const char *line)
{
  FaultPlace place = FAULT_PLACE (line);
  AtCommand command = { .modem = modem, .upgrade = upgrade };
  AtName name;
  gboolean known = at_command_parse (line, &name, &command.form, &command.args);

  transcript_event (modem->index, "modem %s: %s", modem_state_name (modem->state), line);
  g_string_truncate (modem->reply, 0);
  if (fault_inject (modem->faults, &place) && modem_smod (modem) < 0)
    return;
  if (fault_take (modem->faults, FAULT_ERROR, &place, NULL))
    at_error (&command);
  else if (fault_take (modem->faults, FAULT_IGNORE, &place, NULL))
    at_ok (&command);
  else if (fault_take (modem->faults, FAULT_CME, &place, NULL))
    g_string_append (modem->reply, "\r\n+CME ERROR: operation not allowed\r\n");
  else if (!known || !(rows[name].where & (1u << modem->state)))
    at_error (&command);
  else
    rows[name].handler (&command);
  answer (modem, &place);
  follow (&command);
}

gsize
at_slave_feed (Modem *modem, Upgrade *upgrade, const guint8 *data, gsize len)
{
  gsize n = 0;
  gboolean ended = FALSE;
  g_autofree char *line = NULL;

  while (n < len && !ended)
    {
      guint8 c = data[n++];

      if (modem->echo)
        g_string_append_c (modem->typed, (char)c);
      /* In FFH, SU ends AT+IPR with \n alone. */
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
  run_line (modem, upgrade, line);
  return n;
}
