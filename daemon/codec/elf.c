/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks that the boot ROM can start an updater. */
#include "codec/elf.h"

#include "codec/foreign.h"

#include <string.h>

/* ELF32, from the System V ABI; all fields big-endian here. */
#define HEADER_SIZE 52u
#define PROGRAM_HEADER_SIZE 32u
#define CLASS_AT 4u
#define DATA_AT 5u
#define TYPE_AT 16u
#define MACHINE_AT 18u
#define PROGRAMS_AT 28u
#define PROGRAM_SIZE_AT 42u
#define PROGRAM_COUNT_AT 44u
#define CLASS_32 1u
#define DATA_BIG_ENDIAN 2u
#define TYPE_EXECUTABLE 2u
#define MACHINE_NDS32 167u
#define SEGMENT_LOAD 1u

#define BAD(error, format, ...)                                                                                        \
  sqns_refuse (error, SQNS_ERROR_INVALID_FIRMWARE,                                                                     \
               format "; use the modem maker's updater.elf (a big-endian ELF program for NDS32)", ##__VA_ARGS__)

static guint
be16 (const guint8 *p)
{
  return (guint)p[0] << 8 | p[1];
}

static guint32
be32 (const guint8 *p)
{
  return (guint32)be16 (p) << 16 | be16 (p + 2);
}

static gboolean
check_magic (const guint8 *data, guint64 size, GError **error)
{
  const char *hint, *name;

  if (size == 0)
    return BAD (error, "the file is empty");
  if (size < 4 || memcmp (data, "ELF", 4) != 0)
    {
      if (size >= 4 && memcmp (data, "IELF", 4) == 0)
        return BAD (error, "the file begins with the index that precedes the updater in a firmware file");
      name = sqns_foreign_name (data, size, &hint);
      return name != NULL
                 ? sqns_refuse (error, SQNS_ERROR_INVALID_FIRMWARE, "this is %s, not updater.elf%s", name, hint)
                 : BAD (error, "this is not an ELF program");
    }
  if (size < HEADER_SIZE)
    return BAD (error, "the file is truncated in its ELF header, after %" G_GUINT64_FORMAT " bytes", size);
  if (size > SQNS_UPDATER_MAX_SIZE)
    return BAD (error, "the file is too large (%" G_GUINT64_FORMAT " bytes, the limit is %" G_GUINT64_FORMAT ")", size,
                SQNS_UPDATER_MAX_SIZE);
  return TRUE;
}

static gboolean
check_header (const guint8 *data, GError **error)
{
  if (data[CLASS_AT] != CLASS_32 || data[DATA_AT] != DATA_BIG_ENDIAN)
    return BAD (error, "this is a %s-endian ELF%s program, for another machine than the modem",
                data[DATA_AT] == DATA_BIG_ENDIAN ? "big" : "little", data[CLASS_AT] == CLASS_32 ? "32" : "64");
  if (be16 (data + MACHINE_AT) != MACHINE_NDS32)
    return BAD (error, "this is an ELF program for machine %u, and the modem is machine %u", be16 (data + MACHINE_AT),
                MACHINE_NDS32);
  if (be16 (data + TYPE_AT) != TYPE_EXECUTABLE)
    return BAD (error, "this is an ELF file of type %u, not an executable", be16 (data + TYPE_AT));
  return TRUE;
}

static gboolean
check_segments (const guint8 *data, guint64 size, GError **error)
{
  const guint64 at = be32 (data + PROGRAMS_AT);
  const guint each = be16 (data + PROGRAM_SIZE_AT);
  const guint count = be16 (data + PROGRAM_COUNT_AT);
  gboolean loads = FALSE;

  if (count == 0 || each < PROGRAM_HEADER_SIZE)
    return BAD (error, "the ELF program has no program segments");
  if (at + (guint64)each * count > size)
    return BAD (error, "the file is truncated: its program headers lie beyond its end at byte %" G_GUINT64_FORMAT,
                size);
  for (guint i = 0; i < count; i++)
    {
      const guint8 *header = data + at + (guint64)each * i;

      if ((guint64)be32 (header + 4) + be32 (header + 16) > size)
        return BAD (error, "the file is truncated: segment %u ends beyond its end at byte %" G_GUINT64_FORMAT, i, size);
      loads |= be32 (header) == SEGMENT_LOAD && be32 (header + 16) > 0;
    }
  return loads || BAD (error, "the ELF program loads nothing");
}

gboolean
sqns_elf_check_updater (const guint8 *data, guint64 size, GError **error)
{
  return check_magic (data, size, error) && check_header (data, error) && check_segments (data, size, error);
}
