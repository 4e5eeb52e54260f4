/* The AT commands of the modem: their names, and a parser for a command line. */
#pragma once

#include <glib.h>

typedef enum {
  AT_AT,
  AT_ECHO_OFF,
  AT_ECHO_ON,
  AT_ATZ,
  AT_FACTORY,
  AT_ATI,
  AT_ATI1,
  AT_SHOWVER,
  AT_RESET,
  AT_SMOD,
  AT_BMOD,
  AT_SMSWBOOT,
  AT_SMSTPU,
  AT_STP,
  AT_SMUPGRADE,
  AT_IPR,
  AT_BIND,
  AT_SMLOG,
  AT_SQNSUPGRADENTF,
  AT_SQNWL,
  AT_CFUN,
  AT_CPSMS,
  AT_CEREG,
  AT_CGSN,
  AT_CCID,
  AT_SQNCCID,
  AT_CIMI,
  AT_CGDATA,
  AT_DIAL,
  AT_CMEE,
  AT_CGATT,
  AT_FSRDFILE,
  N_AT_NAMES,
} AtName;

typedef enum {
  AT_RUN,   /* AT+X */
  AT_SET,   /* AT+X=... */
  AT_QUERY, /* AT+X? */
  AT_TEST,  /* AT+X=? */
} AtForm;

/* FALSE if @line is no command of the modem. @args, in @line, is what follows the =, or "". */
gboolean at_command_parse (const char *line, AtName *name, AtForm *form, const char **args);
/* Appends the names. */
void at_command_describe (GString *text);
