/* The two checksums of the modem: CRC-16/XMODEM on the wire, Fletcher-32 in the file. */
#include "checksum.h"

/* The number of words after which the sums have to be folded to stay within 32 bits. */
#define FLETCHER_RUN 359

guint16
crc16 (guint16 crc, const guint8 *data, gsize len)
{
  static guint16 table[256];

  if (table[1] == 0)
    {
      for (guint i = 0; i < 256; i++)
        {
          guint16 c = (guint16)(i << 8);

          for (guint bit = 0; bit < 8; bit++)
            c = (guint16)((c & 0x8000) ? (c << 1) ^ 0x1021 : c << 1);
          table[i] = c;
        }
    }
  for (gsize i = 0; i < len; i++)
    crc = (guint16)((crc << 8) ^ table[(crc >> 8) ^ data[i]]);
  return crc;
}

void
fletcher_init (Fletcher *f)
{
  *f = (Fletcher){ .s1 = 0xffff, .s2 = 0xffff };
}

static guint32
fold (guint32 sum)
{
  return (sum & 0xffff) + (sum >> 16);
}

static void
add_word (Fletcher *f, guint8 high, guint8 low)
{
  f->s1 = fold (f->s1 + (((guint32)high << 8) | low));
  f->s2 = fold (f->s2 + f->s1);
}

void
fletcher_update (Fletcher *f, const guint8 *data, gsize len)
{
  if (f->odd && len > 0)
    {
      add_word (f, f->half, data[0]);
      f->odd = FALSE;
      data++;
      len--;
    }
  while (len >= 2)
    {
      gsize words = MIN (len / 2, (gsize)FLETCHER_RUN);
      guint32 s1 = f->s1;
      guint32 s2 = f->s2;

      for (gsize i = 0; i < words; i++)
        {
          s1 += ((guint32)data[2 * i] << 8) | data[2 * i + 1];
          s2 += s1;
        }
      f->s1 = fold (s1);
      f->s2 = fold (s2);
      data += 2 * words;
      len -= 2 * words;
    }
  if (len > 0)
    {
      f->half = data[0];
      f->odd = TRUE;
    }
}

guint32
fletcher_value (const Fletcher *f)
{
  Fletcher end = *f;

  if (end.odd)
    add_word (&end, end.half, 0);
  return (fold (fold (end.s2)) << 16) | fold (fold (end.s1));
}
