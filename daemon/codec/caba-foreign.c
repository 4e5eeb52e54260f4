/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files that are plainly something else than a .dup, called by their name. */
#include "codec/caba-foreign.h"

static gboolean
all_bytes (const guint8 *data, guint64 size, guint8 byte)
{
  for (guint64 i = 0; i < size; i++)
    if (data[i] != byte)
      return FALSE;
  return TRUE;
}

#define MAX_UTF8 4 /* bytes in a character, which the end of the sample may cut */

/* Text as far as its beginning shows; *@html when it is a web page's. */
static gboolean
is_text (const guint8 *data, guint64 size, gboolean *html)
{
  static const char *const tags[] = { "<!doctype", "<html", "<head", "<?xml", "<!--" };
  gsize len = (gsize)MIN (size, 512);
  const char *end;
  gsize start = size >= 3 && memcmp (data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

  *html = FALSE;
  for (gsize i = start; i < len; i++)
    if ((data[i] < 0x20 && !g_ascii_isspace (data[i])) || data[i] == 0x7f)
      return FALSE;
  while (start < len && g_ascii_isspace (data[start]))
    start++;
  for (guint i = 0; i < G_N_ELEMENTS (tags); i++)
    if (len - start >= strlen (tags[i])
        && g_ascii_strncasecmp ((const char *)data + start, tags[i], strlen (tags[i])) == 0)
      *html = TRUE;
  g_utf8_validate_len ((const char *)data, len, &end);
  return *html || data + len - (const guint8 *)end < MAX_UTF8;
}

/* A file that does not begin as a .dup does: says what it is instead. */
gboolean
sqns_caba_check_beginning (const SqnsCabaFile *file, GError **error)
{
  static const struct {
    const char *bytes;
    const char *words;
  } others[] = {
    { "\177ELF", "this is an ELF program, as updater.elf is, not a .dup" },
    { "PK\003\004", "this is a zip archive, not a .dup: unpack it first" },
    { "PK\005\006", "this is an empty zip archive, not a .dup" },
    { "\037\213", "this is a gzip file, not a .dup: unpack it first" },
    { "BZh", "this is a bzip2 file, not a .dup: unpack it first" },
    { "\3757zXZ", "this is an xz file, not a .dup: unpack it first" },
    { "7z\274\257", "this is a 7z archive, not a .dup: unpack it first" },
    { "Rar!", "this is a rar archive, not a .dup: unpack it first" },
    { "%PDF", "this is a PDF document, not a .dup" },
    { "FFF!", "this is a bare modem image, not a .dup" },
    { "toob", "this is a bare boot ROM, not a .dup" },
  };
  const guint8 *data = file->data;
  gboolean html;

  if (file->size == 0)
    return sqns_caba_bad (error, "the file is empty");
  if (sqns_caba_is_package_magic (data, file->size))
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    if (file->size >= strlen (others[i].bytes) && memcmp (data, others[i].bytes, strlen (others[i].bytes)) == 0)
      return sqns_caba_bad (error, "%s", others[i].words);
  if (all_bytes (data, file->size, 0xff))
    return sqns_caba_bad (error, "every byte of the file is 0xff: this is erased flash, not a .dup");
  if (all_bytes (data, file->size, 0))
    return sqns_caba_bad (error, "every byte of the file is 0, not a .dup");
  if (is_text (data, file->size, &html))
    return html ? sqns_caba_bad (error, "this is a web page, perhaps a login page, not a .dup")
                : sqns_caba_bad (error, "this is a text, not a .dup");
  if (file->size < SQNS_CABA_MAGIC_SIZE)
    return sqns_caba_bad (error, "this is not a .dup: it has only %u bytes", (guint)file->size);
  return sqns_caba_bad (
      error, "this is not a .dup: it begins with the bytes %02x %02x %02x %02x at byte 0, not with UPGR, DIFF or PACK",
      data[0], data[1], data[2], data[3]);
}
