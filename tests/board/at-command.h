/* What the handlers of AT commands have in hand. */
#pragma once

#include "modem.h"

typedef enum {
  AT_RUN,   /* AT+X */
  AT_SET,   /* AT+X=... */
  AT_QUERY, /* AT+X? */
  AT_TEST,  /* AT+X=? */
} AtForm;

typedef enum {
  AFTER_NOTHING,
  AFTER_REBOOT,
  AFTER_STP,
  AFTER_APPLY,
  AFTER_BAUD,
} AtAfter;

/* @args is what stands behind the =, or "". What is to happen once the answer is out goes to @after. */
typedef struct {
  Modem *modem;
  AtForm form;
  const char *args;
  AtAfter after;
  UploadKind upload;
  guint baud;
} AtCommand;

typedef void (*AtHandler) (AtCommand *command);

void at_ok (AtCommand *command);
void at_error (AtCommand *command);
/* A line and OK; 3GPP commands have an empty line between them, the modem's own have none. */
void at_line (AtCommand *command, const char *text);
void at_line_3gpp (AtCommand *command, const char *text);

void at_info_ati (AtCommand *command);
void at_info_ati1 (AtCommand *command);
void at_info_showver (AtCommand *command);
void at_info_imei (AtCommand *command);
void at_info_ccid (AtCommand *command);
void at_info_imsi (AtCommand *command);
