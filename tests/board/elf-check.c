/* Can the boot ROM start this updater? It has to be a complete big-endian ELF32 for Andes NDS32. */
#include "elf-check.h"

#include <string.h>

#define HEADER_LEN 52
#define MACHINE_NDS32 167
#define SECTION_NOBITS 8

static guint32
be16 (const guint8 *p)
{
  return (guint32)p[0] << 8 | p[1];
}

static guint32
be32 (const guint8 *p)
{
  return be16 (p) << 16 | be16 (p + 2);
}

static gboolean
inside (guint64 offset, guint64 size, gsize len)
{
  return offset + size <= len;
}

static const char *
check_programs (const guint8 *data, gsize len)
{
  guint64 at = be32 (data + 28);
  guint size = be16 (data + 42);
  guint count = be16 (data + 44);

  if (count == 0 || size < 32 || !inside (at, (guint64)size * count, len))
    return "program headers missing";
  for (guint i = 0; i < count; i++)
    {
      const guint8 *h = data + at + (guint64)size * i;

      if (!inside (be32 (h + 4), be32 (h + 16), len))
        return "a segment is cut off";
    }
  return NULL;
}

static const char *
check_sections (const guint8 *data, gsize len)
{
  guint64 at = be32 (data + 32);
  guint size = be16 (data + 46);
  guint count = be16 (data + 48);

  if (count == 0)
    return NULL;
  if (size < 40 || !inside (at, (guint64)size * count, len))
    return "section headers missing";
  for (guint i = 0; i < count; i++)
    {
      const guint8 *h = data + at + (guint64)size * i;

      if (be32 (h + 4) != SECTION_NOBITS && be32 (h + 4) != 0 && !inside (be32 (h + 16), be32 (h + 20), len))
        return "a section is cut off";
    }
  return NULL;
}

const char *
elf_check (const guint8 *data, gsize len)
{
  const char *why;

  if (len < HEADER_LEN || memcmp (data, "\177ELF", 4) != 0)
    return "not an ELF";
  if (data[4] != 1 || data[5] != 2)
    return "not a big-endian ELF32";
  if (be16 (data + 18) != MACHINE_NDS32)
    return "another machine";
  why = check_programs (data, len);
  return why != NULL ? why : check_sections (data, len);
}
