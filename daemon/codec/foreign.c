/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Recognizes files that users pass by mistake. */
#include "codec/foreign.h"

#include <string.h>

#define SAMPLE 512u
#define MAX_UTF8 4 /* bytes in a character, which the end of the sample may cut */
#define UNPACK "; unpack it first"
#define DOWNLOAD " (a Git LFS pointer? download the real file)"

/* Whether the file begins with @magic. */
static gboolean
begins (const guint8 *data, guint64 size, const char *magic)
{
  return size >= strlen (magic) && memcmp (data, magic, strlen (magic)) == 0;
}

/* "a text file", "a web page", or NULL. */
static const char *
text_name (const guint8 *data, gsize len, const char **hint)
{
  static const char *const tags[] = { "<!doctype", "<html", "<head", "<?xml", "<!--" };
  gsize start = begins (data, len, "\xef\xbb\xbf") ? 3 : 0;
  const char *end;

  for (gsize i = start; i < len; i++)
    if ((data[i] < 0x20 && !g_ascii_isspace (data[i])) || data[i] == 0x7f)
      return NULL;
  while (start < len && g_ascii_isspace (data[start]))
    start++;
  for (guint i = 0; i < G_N_ELEMENTS (tags); i++)
    if (len - start >= strlen (tags[i])
        && g_ascii_strncasecmp ((const char *)data + start, tags[i], strlen (tags[i])) == 0)
      {
        *hint = " (perhaps a login page)";
        return "a web page";
      }
  g_utf8_validate_len ((const char *)data, len, &end);
  if (data + len - (const guint8 *)end >= MAX_UTF8)
    return NULL;
  *hint = DOWNLOAD;
  return "a text file";
}

const char *
sqns_foreign_name (const guint8 *data, guint64 size, const char **hint)
{
  static const struct {
    const char *magic;
    const char *name;
    const char *hint;
  } others[] = {
    { "UPGR", "a firmware file (.dup)", "" },
    { "PACK", "a firmware file (.dup)", "" },
    { "DIFF", "a differential firmware file (.dup)", "" },
    { "\177ELF", "an ELF program (like updater.elf)", "; pass the .dup" },
    { "PK\003\004", "a zip archive", UNPACK },
    { "PK\005\006", "an empty zip archive", "" },
    { "\037\213", "a gzip file", UNPACK },
    { "BZh", "a bzip2 file", UNPACK },
    { "\3757zXZ", "an xz file", UNPACK },
    { "7z\274\257", "a 7z archive", UNPACK },
    { "Rar!", "a rar archive", UNPACK },
    { "%PDF", "a PDF document", "" },
    { "FFF!", "a bare modem image", "" },
    { "toob", "a bare boot ROM", "" },
  };

  *hint = "";
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    if (begins (data, size, others[i].magic))
      {
        *hint = others[i].hint;
        return others[i].name;
      }
  return text_name (data, (gsize)MIN (size, SAMPLE), hint);
}
