/* The AT commands of the modem: their names, and a parser for a command line. */
#include "at-command.h"

#include <string.h>

static const char *const names[N_AT_NAMES] = {
  [AT_AT] = "AT",
  [AT_ECHO_OFF] = "ATE0",
  [AT_ECHO_ON] = "ATE1",
  [AT_ATZ] = "ATZ",
  [AT_FACTORY] = "AT&F",
  [AT_ATI] = "ATI",
  [AT_ATI1] = "ATI1",
  [AT_SHOWVER] = "AT!",
  [AT_RESET] = "AT^RESET",
  [AT_SMOD] = "AT+SMOD",
  [AT_BMOD] = "AT+BMOD",
  [AT_SMSWBOOT] = "AT+SMSWBOOT",
  [AT_SMSTPU] = "AT+SMSTPU",
  [AT_STP] = "AT+STP",
  [AT_SMUPGRADE] = "AT+SMUPGRADE",
  [AT_IPR] = "AT+IPR",
  [AT_BIND] = "AT+BIND",
  [AT_SMLOG] = "AT+SMLOG",
  [AT_SQNSUPGRADENTF] = "AT+SQNSUPGRADENTF",
  [AT_SQNWL] = "AT+SQNWL",
  [AT_CFUN] = "AT+CFUN",
  [AT_CPSMS] = "AT+CPSMS",
  [AT_CEREG] = "AT+CEREG",
  [AT_CGSN] = "AT+CGSN",
  [AT_CCID] = "AT+CCID",
  [AT_SQNCCID] = "AT+SQNCCID",
  [AT_CIMI] = "AT+CIMI",
  [AT_CGDATA] = "AT+CGDATA",
  [AT_DIAL] = "ATD*99***1#",
  [AT_CMEE] = "AT+CMEE",
  [AT_CGATT] = "AT+CGATT",
  [AT_FSRDFILE] = "AT+FSRDFILE",
};

gboolean
at_command_parse (const char *line, AtName *name, AtForm *form, const char **args)
{
  gsize len = strlen (line);
  /* The first three characters never end a name: AT!, AT?. */
  gsize end = len < 3 ? len : strcspn (line + 3, "=?") + 3;
  const char *rest = line + end;

  *args = *rest == '=' ? rest + 1 : "";
  *form = *rest == '\0' ? AT_RUN : *rest == '?' ? AT_QUERY : g_str_equal (rest, "=?") ? AT_TEST : AT_SET;
  for (guint i = 0; i < N_AT_NAMES; i++)
    {
      if (strlen (names[i]) == end && g_ascii_strncasecmp (names[i], line, end) == 0)
        {
          *name = (AtName)i;
          return TRUE;
        }
    }
  return FALSE;
}

void
at_command_describe (GString *text)
{
  for (guint i = 0; i < N_AT_NAMES; i++)
    g_string_append_printf (text, " %s%s", names[i], i % 8 == 7 ? "\n   " : "");
}
