/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds modem firmware versions in text, formats and compares them. */
#include "common/version.h"

#include <string.h>

const char *const sqns_family_names[] = { "unknown", "CAT-M1", "NB-IoT", NULL };
G_STATIC_ASSERT (G_N_ELEMENTS (sqns_family_names) == SQNS_N_FAMILIES + 1);
const char *const sqns_chip_names[] = { "unknown", "SQN3330", "Monarch 2", "neither SQN3330 nor Monarch 2", NULL };
G_STATIC_ASSERT (G_N_ELEMENTS (sqns_chip_names) == SQNS_N_CHIPS + 1);

#define MAX_PART 9999u
#define MAX_BUILD 999999u
/* A lone number in brackets is a build only when it looks like one: "failure[239]" is not. */
#define MIN_LONE_BUILD 1000u

static gboolean
parts_known (const SqnsVersion *version)
{
  return (version->part[0] | version->part[1] | version->part[2] | version->part[3]) != 0;
}

typedef struct {
  const char *text;
  gsize len;
  gsize pos;
} Cursor;

static gboolean
at_char (const Cursor *cursor, char c)
{
  return cursor->pos < cursor->len && cursor->text[cursor->pos] == c;
}

static gboolean
take_char (Cursor *cursor, char c)
{
  if (!at_char (cursor, c))
    return FALSE;
  cursor->pos++;
  return TRUE;
}

/* Takes the digits that follow; FALSE when there are none, or the number is above @max. */
static gboolean
take_number (Cursor *cursor, guint max, guint *value)
{
  guint number = 0;
  gsize start = cursor->pos;

  for (; cursor->pos < cursor->len && g_ascii_isdigit (cursor->text[cursor->pos]); cursor->pos++)
    {
      number = number * 10 + (guint)g_ascii_digit_value (cursor->text[cursor->pos]);
      if (number > max)
        return FALSE;
    }
  *value = number;
  return cursor->pos > start;
}

static gboolean
take_bracketed (Cursor *cursor, guint *build)
{
  return take_char (cursor, '[') && take_number (cursor, MAX_BUILD, build) && take_char (cursor, ']');
}

/* The mark of an engineering release: letters, then digits, "ER9" (field-failures.md row 33). */
static gboolean
take_mark (Cursor *cursor, char *mark, gsize size)
{
  gsize start = cursor->pos;

  while (cursor->pos < cursor->len && g_ascii_isalpha (cursor->text[cursor->pos]))
    cursor->pos++;
  if (cursor->pos == start)
    return FALSE;
  while (cursor->pos < cursor->len && g_ascii_isdigit (cursor->text[cursor->pos]))
    cursor->pos++;
  if (cursor->pos - start >= size)
    return FALSE;
  memcpy (mark, cursor->text + start, cursor->pos - start);
  return TRUE;
}

static void
skip_blanks (Cursor *cursor)
{
  while (at_char (cursor, ' ') || at_char (cursor, '\t'))
    cursor->pos++;
}

/* "6.0.0.0-37781" or "6.0.0.0 [37781]", both perhaps with a mark after the numbers */
static gboolean
take_full (Cursor *cursor, SqnsVersion *version)
{
  for (guint i = 0; i < G_N_ELEMENTS (version->part); i++)
    {
      if (i > 0 && !take_char (cursor, '.'))
        return FALSE;
      if (!take_number (cursor, MAX_PART, &version->part[i]))
        return FALSE;
    }
  if (!parts_known (version))
    return FALSE;
  if (take_char (cursor, '-'))
    {
      if (!take_mark (cursor, version->mark, sizeof version->mark))
        return take_number (cursor, MAX_BUILD, &version->build) && version->build != 0;
      if (take_char (cursor, '-'))
        return take_number (cursor, MAX_BUILD, &version->build) && version->build != 0;
    }
  skip_blanks (cursor);
  return take_bracketed (cursor, &version->build) && version->build != 0;
}

/* A version starts here, not in the middle of a longer dotted number ("1.0.99-13604", an address). */
static gboolean
starts_number (const char *text, gsize pos)
{
  return g_ascii_isdigit (text[pos]) && (pos == 0 || (!g_ascii_isdigit (text[pos - 1]) && text[pos - 1] != '.'));
}

gboolean
sqns_version_parse (const char *text, gssize len, SqnsVersion *version)
{
  gsize size = len < 0 ? strlen (text) : (gsize)len;

  for (gsize pos = 0; pos < size; pos++)
    {
      Cursor cursor = { text, size, pos };

      *version = (SqnsVersion){ 0 };
      if (starts_number (text, pos) && take_full (&cursor, version))
        return TRUE;
      *version = (SqnsVersion){ 0 };
      if (text[pos] == '[' && take_bracketed (&cursor, &version->build) && version->build >= MIN_LONE_BUILD)
        return TRUE;
    }
  *version = (SqnsVersion){ 0 };
  return FALSE;
}

char *
sqns_version_format (const SqnsVersion *version)
{
  const guint *part = version->part;

  if (!sqns_version_known (version))
    return g_strdup ("");
  if (!parts_known (version))
    return g_strdup_printf ("[%u]", version->build);
  return g_strdup_printf ("%u.%u.%u.%u-%s%s%u", part[0], part[1], part[2], part[3], version->mark,
                          *version->mark != '\0' ? "-" : "", version->build);
}

/* The released builds (protocol.md §3, field-failures.md §2.7). */
static const struct {
  guint build;
  SqnsFamily family;
} released[] = {
  { 33080, SQNS_FAMILY_CAT_M1 }, { 33988, SQNS_FAMILY_CAT_M1 }, { 36417, SQNS_FAMILY_CAT_M1 },
  { 38638, SQNS_FAMILY_CAT_M1 }, { 39529, SQNS_FAMILY_CAT_M1 }, { 41065, SQNS_FAMILY_CAT_M1 },
  { 43818, SQNS_FAMILY_CAT_M1 }, { 46470, SQNS_FAMILY_CAT_M1 }, { 48829, SQNS_FAMILY_CAT_M1 },
  { 50523, SQNS_FAMILY_CAT_M1 }, { 35351, SQNS_FAMILY_NB_IOT }, { 37365, SQNS_FAMILY_NB_IOT },
  { 37781, SQNS_FAMILY_NB_IOT }, { 38729, SQNS_FAMILY_NB_IOT }, { 40343, SQNS_FAMILY_NB_IOT },
  { 41019, SQNS_FAMILY_NB_IOT }, { 46262, SQNS_FAMILY_NB_IOT }, { 48939, SQNS_FAMILY_NB_IOT },
};

SqnsFamily
sqns_version_family (const SqnsVersion *version)
{
  if (parts_known (version))
    return version->part[0] == 5   ? SQNS_FAMILY_CAT_M1
           : version->part[0] == 6 ? SQNS_FAMILY_NB_IOT
                                   : SQNS_FAMILY_UNKNOWN;
  for (guint i = 0; i < G_N_ELEMENTS (released); i++)
    if (released[i].build == version->build)
      return released[i].family;
  return SQNS_FAMILY_UNKNOWN;
}

SqnsChip
sqns_version_chip (const SqnsVersion *version)
{
  if (sqns_version_family (version) != SQNS_FAMILY_UNKNOWN)
    return SQNS_CHIP_SQN3330;
  if (!parts_known (version))
    return SQNS_CHIP_UNKNOWN;
  return version->part[0] == 8 ? SQNS_CHIP_MONARCH2 : SQNS_CHIP_OTHER;
}

gboolean
sqns_version_equal (const SqnsVersion *a, const SqnsVersion *b)
{
  return sqns_version_known (a) && sqns_version_known (b) && sqns_version_compare (a, b) == 0;
}

int
sqns_version_compare (const SqnsVersion *a, const SqnsVersion *b)
{
  if (parts_known (a) && parts_known (b))
    for (guint i = 0; i < G_N_ELEMENTS (a->part); i++)
      if (a->part[i] != b->part[i])
        return a->part[i] < b->part[i] ? -1 : 1;
  return a->build < b->build ? -1 : a->build > b->build;
}
