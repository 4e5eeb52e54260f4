/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The numbers that identify a modem and its SIM: IMEI, ICCID, IMSI. They are personal data. Pure. */
#pragma once

#include "codec/at.h"

typedef struct {
  char *imei; /* digits, like the others; NULL: not reported */
  char *iccid;
  char *imsi;
} SqnsIdentity;
void sqns_identity_free (SqnsIdentity *identity);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqnsIdentity, sqns_identity_free)

/* The number in a reply that sqns_at_parse() filled in: bare digits, or after "+NAME: ", quoted or not. NULL without
 * an OK, or without a separate number of the right length. Caller frees. */
char *sqns_identity_imei (const SqnsAtReply *reply);  /* AT+CGSN: 14 to 16 digits (with check digit, or the IMEISV),
                                                         also in groups: "35-434404-000000-9" */
char *sqns_identity_iccid (const SqnsAtReply *reply); /* AT+SQNCCID?, AT+CCID: 18 to 20, without filling F's */
char *sqns_identity_imsi (const SqnsAtReply *reply);  /* AT+CIMI: 6 to 15 */

/* Whether two IMEIs identify the same modem. An IMEISV and an IMEI without its check digit share only the first 14
 * digits. FALSE if one has not the length of an IMEI. */
gboolean sqns_identity_same_imei (const char *a, const char *b);
gboolean sqns_identity_is_imei (const char *text); /* 14 to 16 digits and nothing else */
/* 15 digits with the right check digit (3GPP TS 23.003 annex B): no single digit is damaged. */
gboolean sqns_identity_is_sound_imei (const char *text);

/* Collects answers until two are equal, or three where no check digit confirms the number, because lines damage
 * answers. Zeroed at start. */
#define SQNS_IMEI_ASKS 6u
typedef struct {
  guint asked;
  guint missed; /* answers without a number */
  guint n;
  struct {
    char digits[17];
    guint times;
  } said[SQNS_IMEI_ASKS];
} SqnsImeiPoll;

typedef enum {
  SQNS_IMEI_ASK_AGAIN,
  SQNS_IMEI_AGREED,
  SQNS_IMEI_NOT_TOLD, /* no number, or never the same one */
} SqnsImeiResult;
/* Adds the next answer. @imei: NULL when it has no number. *@agreed: borrowed from @poll, set for AGREED. */
SqnsImeiResult sqns_imei_poll (SqnsImeiPoll *poll, const char *imei, const char **agreed);
