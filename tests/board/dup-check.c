/* Checks a .dup while it arrives, as the modem does: structure, both levels of checksums, version texts.
 *
 * It does not store the file. A package is a header (18 bytes), description, payload and checksum (4 bytes). The
 * payload of a PACK consists of packages (protocol.md, section 5). */
#include "dup-check.h"

#include "checksum.h"

#include <string.h>

#define HEADER_LEN 18
#define SUM_LEN 4
#define PREFIX_LEN 60 /* kind, slim header, IELF index */
#define SLIM_AT 4
#define IMAGE_AT 44
#define SLIM_OVERHEAD 48
#define CARRY_LEN 64
#define DESCRIPTION_MAX 256
/* The size of the fs package, the last one, in all known files. */
#define FS_GUESS 69659

typedef enum {
  STEP_HEADER,
  STEP_DESCRIPTION,
  STEP_PAYLOAD,
  STEP_SUM,
  STEP_PACK_SUM,
  STEP_END,
} Step;

struct DupCheck {
  Step step;
  GByteArray *held; /* an incomplete header, description or checksum */
  gsize want;
  char *wrong;
  guint64 offset;

  gboolean in_pack;
  guint64 pack_left;
  Fletcher pack_sum;
  guint64 pack_size;

  char magic[5];
  DupPart part;
  guint64 length;
  guint64 done;
  Fletcher sum;
  Fletcher image_sum;
  guint8 prefix[PREFIX_LEN];
  guint8 image_tail[SUM_LEN];
  guint64 package_start;

  guint parts;
  gboolean diff;
  gboolean found_in_package;
  guint8 carry[CARRY_LEN];
  gsize carry_len;
  char *version;
  guint build;
  guint base;
  guint bootrom;
};

static guint32
le32 (const guint8 *p)
{
  return (guint32)p[0] | (guint32)p[1] << 8 | (guint32)p[2] << 16 | (guint32)p[3] << 24;
}

static guint16
le16 (const guint8 *p)
{
  return (guint16)(p[0] | p[1] << 8);
}

static void G_GNUC_PRINTF (2, 3) wrong (DupCheck *dup, const char *format, ...)
{
  va_list args;

  if (dup->wrong != NULL)
    return;
  va_start (args, format);
  dup->wrong = g_strdup_vprintf (format, args);
  va_end (args);
}

static void
expect (DupCheck *dup, Step step, gsize want)
{
  dup->step = step;
  dup->want = want;
  g_byte_array_set_size (dup->held, 0);
}

DupCheck *
dup_check_new (void)
{
  DupCheck *dup = g_new0 (DupCheck, 1);

  dup->held = g_byte_array_new ();
  expect (dup, STEP_HEADER, HEADER_LEN);
  return dup;
}

void
dup_check_free (DupCheck *dup)
{
  g_byte_array_unref (dup->held);
  g_free (dup->version);
  g_free (dup->wrong);
  g_free (dup);
}

/* "6.0.0.0 [37781]"; @at is the index of the bracket. */
static guint
build_at (const guint8 *text, gsize len, gsize at)
{
  guint build = 0;

  if (at < 8 || at + 7 > len || text[at - 1] != ' ' || text[at + 6] != ']')
    return 0;
  for (gsize i = 0; i < 4; i++)
    {
      if (!g_ascii_isdigit (text[at - 8 + 2 * i]) || text[at - 7 + 2 * i] != (i < 3 ? '.' : ' '))
        return 0;
    }
  for (gsize i = 1; i <= 5; i++)
    {
      if (!g_ascii_isdigit (text[at + i]))
        return 0;
      build = build * 10 + (text[at + i] - '0');
    }
  return build;
}

static void
found_version (DupCheck *dup, const guint8 *text, gsize len, guint build)
{
  gsize n = 0;

  if (dup->diff && dup->base == 0)
    {
      dup->base = build;
      return;
    }
  if (dup->diff && build == dup->base)
    return;
  dup->found_in_package = TRUE;
  if (dup->part == PART_BOOTROM)
    {
      dup->bootrom = build;
      return;
    }
  if (dup->build != 0 && dup->part != PART_FFF)
    return;
  while (n < MIN (len, 60) && g_ascii_isprint (text[n]))
    n++;
  g_free (dup->version);
  dup->version = g_strndup ((const char *)text, n);
  dup->build = build;
}

static void
search (DupCheck *dup, const guint8 *data, gsize len)
{
  const guint8 *p = data;

  while (!dup->found_in_package && (p = memchr (p, '[', len - (gsize)(p - data))) != NULL)
    {
      gsize at = (gsize)(p - data);
      guint build = build_at (data, len, at);

      if (build != 0)
        found_version (dup, data + at - 8, len - at + 8, build);
      p++;
    }
}

/* A version text may cross the border of two blocks. */
static void
search_versions (DupCheck *dup, const guint8 *data, gsize len)
{
  if (!dup->found_in_package && dup->carry_len > 0)
    {
      guint8 joint[2 * CARRY_LEN];
      gsize n = MIN (len, CARRY_LEN);

      memcpy (joint, dup->carry, dup->carry_len);
      memcpy (joint + dup->carry_len, data, n);
      search (dup, joint, dup->carry_len + n);
    }
  if (!dup->found_in_package)
    search (dup, data, len);
  dup->carry_len = MIN (len, CARRY_LEN);
  memcpy (dup->carry, data + len - dup->carry_len, dup->carry_len);
}

static DupPart
part_of (const char *description)
{
  if (g_str_has_prefix (description, "bootrom"))
    return PART_BOOTROM;
  if (g_str_has_prefix (description, "updater"))
    return PART_UPDATER;
  if (g_str_has_prefix (description, "fff"))
    return PART_FFF;
  return g_str_has_prefix (description, "fs") ? PART_FS : 0;
}

static void
header_done (DupCheck *dup)
{
  const guint8 *h = dup->held->data;
  gsize description = le16 (h + 16);

  memcpy (dup->magic, h, 4);
  dup->length = le32 (h + 8);
  if (memcmp (h, "PACK", 4) != 0 && memcmp (h, "UPGR", 4) != 0 && memcmp (h, "DIFF", 4) != 0)
    wrong (dup, "bad magic");
  else if (le32 (h + 4) != 3 || le16 (h + 12) != 1 || le16 (h + 14) != SUM_LEN)
    wrong (dup, "unknown format");
  else if (description == 0 || description > DESCRIPTION_MAX)
    wrong (dup, "bad description");
  else if (dup->in_pack && dup->length + description + HEADER_LEN + SUM_LEN > dup->pack_left + HEADER_LEN)
    wrong (dup, "package leaves its container");
  dup->diff = dup->diff || memcmp (h, "DIFF", 4) == 0;
  fletcher_init (&dup->sum);
  fletcher_update (&dup->sum, h, HEADER_LEN);
  dup->package_start = dup->offset - HEADER_LEN;
  expect (dup, STEP_DESCRIPTION, description);
}

static void
description_done (DupCheck *dup)
{
  const char *text = (const char *)dup->held->data;

  if (dup->held->data[dup->held->len - 1] != '\0')
    {
      wrong (dup, "bad description");
      return;
    }
  fletcher_update (&dup->sum, dup->held->data, dup->held->len);
  if (g_str_equal (dup->magic, "PACK"))
    {
      if (dup->package_start != 0)
        wrong (dup, "a container that does not stand alone");
      dup->in_pack = TRUE;
      dup->pack_left = dup->length;
      dup->pack_sum = dup->sum;
      dup->pack_size = dup->offset + dup->length + SUM_LEN;
      if (dup->pack_left == 0)
        wrong (dup, "empty container");
      expect (dup, STEP_HEADER, HEADER_LEN);
      return;
    }
  dup->part = part_of (text);
  dup->done = 0;
  dup->found_in_package = FALSE;
  dup->carry_len = 0;
  fletcher_init (&dup->image_sum);
  expect (dup, dup->length > 0 ? STEP_PAYLOAD : STEP_SUM, dup->length > 0 ? 0 : SUM_LEN);
}

/* The beginning of each kind of payload. */
static void
check_payload (DupCheck *dup)
{
  const guint8 *p = dup->prefix;
  const guint8 *image = p + IMAGE_AT;
  guint32 n = le32 (p + 28 + SLIM_AT);

  if (g_str_equal (dup->magic, "DIFF") || dup->part == 0)
    return;
  if (dup->length < PREFIX_LEN)
    wrong (dup, "payload too short");
  else if (dup->part == PART_BOOTROM && memcmp (p, "toob", 4) != 0)
    wrong (dup, "not a boot ROM");
  else if (dup->part == PART_FS && le32 (p) != 3)
    wrong (dup, "not a file system");
  if (dup->part != PART_UPDATER && dup->part != PART_FFF)
    return;
  if (le32 (p) != (dup->part == PART_UPDATER ? 8u : 2u) || memcmp (p + SLIM_AT, "FFF!", 4) != 0)
    wrong (dup, "bad image header");
  else if ((guint64)n + SLIM_OVERHEAD != dup->length)
    wrong (dup, "bad image length");
  else if (memcmp (image, "\177ELF", 4) != 0 && memcmp (image, "IELF", 4) != 0)
    wrong (dup, "no ELF in the image");
  else if (fletcher_value (&dup->image_sum) != le32 (dup->image_tail))
    wrong (dup, "bad image checksum");
}

static void
sum_done (DupCheck *dup)
{
  if (fletcher_value (&dup->sum) != le32 (dup->held->data))
    wrong (dup, "bad package checksum");
  check_payload (dup);
  if (g_str_equal (dup->magic, "UPGR"))
    dup->parts |= dup->part;
  dup->part = 0;
  if (dup->in_pack && dup->pack_left == 0)
    expect (dup, STEP_PACK_SUM, SUM_LEN);
  else
    expect (dup, STEP_HEADER, HEADER_LEN);
}

static void
step_done (DupCheck *dup)
{
  switch (dup->step)
    {
    case STEP_HEADER:
      header_done (dup);
      break;
    case STEP_DESCRIPTION:
      description_done (dup);
      break;
    case STEP_SUM:
      sum_done (dup);
      break;
    case STEP_PACK_SUM:
      if (fletcher_value (&dup->pack_sum) != le32 (dup->held->data))
        wrong (dup, "bad container checksum");
      expect (dup, STEP_END, 1);
      break;
    case STEP_PAYLOAD:
    case STEP_END:
      break;
    }
}

static void
payload (DupCheck *dup, const guint8 *data, gsize len)
{
  guint64 image_end = dup->length >= SUM_LEN ? dup->length - SUM_LEN : 0;
  guint64 from = MAX (dup->done, SLIM_AT);
  guint64 to = MIN (dup->done + len, image_end);

  for (gsize i = 0; i < len && dup->done + i < PREFIX_LEN; i++)
    dup->prefix[dup->done + i] = data[i];
  for (guint64 i = MAX (dup->done, image_end); i < dup->done + len; i++)
    dup->image_tail[i - image_end] = data[i - dup->done];
  if ((dup->part & (PART_UPDATER | PART_FFF)) && to > from)
    fletcher_update (&dup->image_sum, data + (from - dup->done), to - from);
  fletcher_update (&dup->sum, data, len);
  search_versions (dup, data, len);
  dup->done += len;
  if (dup->done == dup->length)
    expect (dup, STEP_SUM, SUM_LEN);
}

void
dup_check_feed (DupCheck *dup, const guint8 *data, gsize len)
{
  while (len > 0 && dup->wrong == NULL)
    {
      gsize n = len;
      gboolean in_pack = dup->in_pack && dup->step < STEP_PACK_SUM;

      if (dup->step == STEP_END)
        {
          wrong (dup, "data after the container");
          return;
        }
      n = dup->step == STEP_PAYLOAD ? (gsize)MIN (len, dup->length - dup->done) : MIN (len, dup->want - dup->held->len);
      dup->offset += n;
      if (in_pack)
        {
          if (n > dup->pack_left)
            {
              wrong (dup, "package leaves its container");
              return;
            }
          dup->pack_left -= n;
          fletcher_update (&dup->pack_sum, data, n);
        }
      if (dup->step == STEP_PAYLOAD)
        {
          payload (dup, data, n);
        }
      else
        {
          g_byte_array_append (dup->held, data, (guint)n);
          if (dup->held->len == dup->want)
            step_done (dup);
        }
      data += n;
      len -= n;
    }
}

const char *
dup_check_finish (DupCheck *dup)
{
  if (dup->offset == 0)
    wrong (dup, "nothing came");
  else if (dup->in_pack ? dup->step != STEP_END : dup->step != STEP_HEADER || dup->held->len > 0)
    wrong (dup, "incomplete");
  else if ((dup->parts & PART_FFF) && dup->parts != PARTS_FULL)
    wrong (dup, "package missing");
  return dup->wrong;
}

guint
dup_check_parts (DupCheck *dup)
{
  return dup->parts;
}

DupPart
dup_check_current (DupCheck *dup)
{
  return dup->step == STEP_PAYLOAD || dup->step == STEP_SUM ? dup->part : 0;
}

gboolean
dup_check_is_diff (DupCheck *dup)
{
  return dup->diff;
}

const char *
dup_check_version (DupCheck *dup)
{
  return dup->version;
}

guint
dup_check_build (DupCheck *dup)
{
  return dup->build;
}

guint
dup_check_base (DupCheck *dup)
{
  return dup->base;
}

guint
dup_check_bootrom (DupCheck *dup)
{
  return dup->bootrom;
}

/* A container states its size. Without one, everything but the small last package is known once the big one begins. */
guint64
dup_check_size (DupCheck *dup)
{
  if (dup->pack_size > 0)
    return dup->pack_size;
  if (dup->part == PART_FFF)
    return dup->offset - dup->done + dup->length + SUM_LEN + FS_GUESS;
  if (dup->part == PART_FS)
    return dup->offset - dup->done + dup->length + SUM_LEN;
  return 0;
}
