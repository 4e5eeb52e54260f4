/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The numbers that name a modem and its SIM: IMEI, ICCID, IMSI. They are private. Pure. */
#pragma once

#include "codec/at.h"

typedef struct {
  char *imei; /* all three: digits, NULL when the modem did not tell */
  char *iccid;
  char *imsi;
} SqnsIdentity;
void sqns_identity_free (SqnsIdentity *identity);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqnsIdentity, sqns_identity_free)

/* The number in a reply that sqns_at_parse() filled: bare digits, or behind "+NAME: ", with or without quotes. NULL
 * without an OK, or when no digits of the right length stand alone in it. Caller frees. */
char *sqns_identity_imei (const SqnsAtReply *reply);  /* AT+CGSN: 14 to 16 digits (with check digit, or the IMEISV),
                                                         also in groups: "35-434404-000000-9" */
char *sqns_identity_iccid (const SqnsAtReply *reply); /* AT+SQNCCID?, AT+CCID: 18 to 20, without filling F's */
char *sqns_identity_imsi (const SqnsAtReply *reply);  /* AT+CIMI: 6 to 15 */

/* Whether two IMEIs name the same modem: an IMEISV and one without its check digit have the first 14 digits alone in
 * common. FALSE for what has no length of an IMEI. */
gboolean sqns_identity_same_imei (const char *a, const char *b);
gboolean sqns_identity_is_imei (const char *text); /* 14 to 16 digits and nothing else */
/* 15 digits, of which the last is the right check digit (3GPP TS 23.003 annex B): no one digit of it was damaged. */
gboolean sqns_identity_is_sound_imei (const char *text);

/* Who a modem is, is asked until it has said the same twice, or three times where no check digit tells that it is
 * whole: lines damage answers. Zeroed at the beginning. */
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
  SQNS_IMEI_NOT_TOLD, /* it does not tell, or never the same */
} SqnsImeiResult;
/* @imei: of the next answer, NULL when there was none in it. *@agreed: borrowed from @poll, set for AGREED. */
SqnsImeiResult sqns_imei_poll (SqnsImeiPoll *poll, const char *imei, const char **agreed);
