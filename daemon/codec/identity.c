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

/* The next word, if it is one number: digits, and the F's that fill up an ICCID. */
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

static gboolean
is_between (char c)
{
  return c == ' ' || c == '-' || c == '/';
}

/* An IMEI in groups, separated by single blanks, dashes or slashes. Only its check digit shows that no digit is
 * damaged. */
static char *
find_groups (const char *line)
{
  for (const char *p = line; *p != '\0';)
    {
      g_autoptr (GString) digits = g_string_new (NULL);
      const char *end = p;

      while (g_ascii_isdigit (*end) || (end > p && is_between (*end) && g_ascii_isdigit (end[1])))
        {
          if (g_ascii_isdigit (*end))
            g_string_append_c (digits, *end);
          end++;
        }
      while (g_ascii_isalnum (*end)) /* it is part of a word */
        {
          g_string_truncate (digits, 0);
          end++;
        }
      if (sqns_identity_is_sound_imei (digits->str))
        return g_strdup (digits->str);
      p = end + (end == p);
    }
  return NULL;
}

char *
sqns_identity_imei (const SqnsAtReply *reply)
{
  char *number = find_number (reply, IMEI_MIN, IMEI_MAX);
  for (guint i = 0; number == NULL && reply->final == SQNS_AT_OK && i < reply->lines->len; i++)
    number = find_groups (reply->lines->pdata[i]);
  return number;
}

char *
sqns_identity_iccid (const SqnsAtReply *reply)
{
  char *number = find_number (reply, ICCID_MIN, ICCID_MAX);
  /* the answer to AT+CCID may have the other command's name */
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

gboolean
sqns_identity_is_sound_imei (const char *text)
{
  guint sum = 0;

  if (!sqns_identity_is_imei (text) || strlen (text) != IMEI_FULL)
    return FALSE;
  for (guint i = 0; i < IMEI_FULL; i++) /* Luhn: every second digit, from the check digit's left neighbour, doubled */
    {
      guint digit = (guint)g_ascii_digit_value (text[i]) * (i % 2 + 1);
      sum += digit > 9 ? digit - 9 : digit;
    }
  return sum % 10 == 0;
}

#define TIMES_SOUND 2u
#define TIMES_UNSOUND 3u /* no line is known to damage three answers alike */
#define MISSES 2u

SqnsImeiResult
sqns_imei_poll (SqnsImeiPoll *poll, const char *imei, const char **agreed)
{
  gboolean told = imei != NULL && sqns_identity_is_imei (imei);

  poll->asked++;
  poll->missed += !told;
  for (guint i = 0; told && i < poll->n; i++)
    if (g_str_equal (poll->said[i].digits, imei))
      {
        poll->said[i].times++;
        *agreed = poll->said[i].digits;
        if (poll->said[i].times >= (sqns_identity_is_sound_imei (imei) ? TIMES_SOUND : TIMES_UNSOUND))
          return SQNS_IMEI_AGREED;
        told = FALSE; /* already counted */
      }
  if (told)
    {
      g_strlcpy (poll->said[poll->n].digits, imei, sizeof poll->said[poll->n].digits);
      poll->said[poll->n++].times = 1;
    }
  *agreed = NULL;
  return poll->asked == SQNS_IMEI_ASKS || poll->missed == MISSES ? SQNS_IMEI_NOT_TOLD : SQNS_IMEI_ASK_AGAIN;
}
