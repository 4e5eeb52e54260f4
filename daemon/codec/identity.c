/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds IMEI, ICCID and IMSI in replies. */
#include "codec/identity.h"

#include <string.h>

#define DIGITS "0123456789"
#define IMEI_MIN 14
#define IMEI_FULL 15 /* with its check digit */
#define IMEI_MAX 16
#define ICCID_MIN 18
#define ICCID_MAX 20

void
sqns_identity_free (SqnsIdentity *identity)
{
  if (identity == NULL)
    return;
  g_free (identity->imei);
  g_free (identity->iccid);
  g_free (identity->imsi);
  g_free (identity);
}

/* The next run of letters and digits is one number: digits, and the F's that fill an ICCID up. */
static char *
number_at (const char *word, gsize len, gsize min, gsize max)
{
  gsize digits = MIN (strspn (word, DIGITS), len);
  gsize fill = MIN (strspn (word + digits, "Ff"), len - digits);
  return digits >= min && digits <= max && digits + fill == len ? g_strndup (word, digits) : NULL;
}

static char *
find_in_line (const char *line, gsize min, gsize max)
{
  for (const char *p = line; *p != '\0';)
    {
      gsize len = 0;
      while (g_ascii_isalnum (p[len]))
        len++;
      char *number = number_at (p, len, min, max);
      if (number != NULL)
        return number;
      p += MAX (len, 1);
    }
  return NULL;
}

static char *
find_number (const SqnsAtReply *reply, gsize min, gsize max)
{
  char *number = NULL;
  if (reply->final == SQNS_AT_OK)
    for (guint i = 0; i < reply->lines->len && number == NULL; i++)
      number = find_in_line (reply->lines->pdata[i], min, max);
  return number;
}

char *
sqns_identity_imei (const SqnsAtReply *reply)
{
  return find_number (reply, IMEI_MIN, IMEI_MAX);
}

char *
sqns_identity_iccid (const SqnsAtReply *reply)
{
  char *number = find_number (reply, ICCID_MIN, ICCID_MAX);
  /* AT+CCID may be answered by the other command's name */
  for (guint i = 0; number == NULL && reply->final == SQNS_AT_OK && i < reply->unsolicited->len; i++)
    if (g_str_has_prefix (reply->unsolicited->pdata[i], "+SQNCCID: "))
      number = find_in_line (reply->unsolicited->pdata[i], ICCID_MIN, ICCID_MAX);
  return number;
}

char *
sqns_identity_imsi (const SqnsAtReply *reply)
{
  return find_number (reply, 6, 15);
}

gboolean
sqns_identity_is_imei (const char *text)
{
  gsize len = strlen (text);
  return len >= IMEI_MIN && len <= IMEI_MAX && strspn (text, DIGITS) == len;
}

gboolean
sqns_identity_same_imei (const char *a, const char *b)
{
  if (!sqns_identity_is_imei (a) || !sqns_identity_is_imei (b))
    return FALSE;
  if (strlen (a) == IMEI_FULL && strlen (b) == IMEI_FULL)
    return g_str_equal (a, b);
  return strncmp (a, b, IMEI_MIN) == 0;
}
