/* The settings of a serial line, and what happens to bytes when its two ends disagree. */
#include "line.h"

/* The kernel's termios2, as only that reports speeds outside the B* table. */
#include <asm/ioctls.h>
#include <asm/termbits.h>

int ioctl (int fd, unsigned long request, ...);

gboolean
line_read (int tty, Line *line)
{
  struct termios2 t;
  static const guint bits[] = { 5, 6, 7, 8 };

  if (ioctl (tty, TCGETS2, &t) != 0)
    return FALSE;
  line->baud = t.c_ospeed;
  line->bits = bits[(t.c_cflag & CSIZE) >> 4];
  line->parity = (t.c_cflag & PARENB) ? ((t.c_cflag & PARODD) ? 'O' : 'E') : 'N';
  line->stop = (t.c_cflag & CSTOPB) ? 2 : 1;
  return TRUE;
}

gboolean
line_set_raw (int tty, guint baud)
{
  struct termios2 t;

  if (ioctl (tty, TCGETS2, &t) != 0)
    return FALSE;
  t.c_iflag = 0;
  t.c_oflag = 0;
  t.c_lflag = 0;
  t.c_cflag = CS8 | CREAD | CLOCAL | BOTHER | (BOTHER << IBSHIFT);
  t.c_ispeed = baud;
  t.c_ospeed = baud;
  t.c_cc[VMIN] = 1;
  t.c_cc[VTIME] = 0;
  return ioctl (tty, TCSETS2, &t) == 0;
}

/* UARTs tolerate about 3 %. A second stop bit is only idle time. */
gboolean
line_agree (const Line *a, const Line *b)
{
  guint low = MIN (a->baud, b->baud);
  guint high = MAX (a->baud, b->baud);

  return high - low <= high / 32 && a->bits == b->bits && a->parity == b->parity;
}

/* A receiver that is slower than the sender sees each byte as a glitch and then an idle line: a log (F6752) has fe fd
 * fe fe fe fe fe fe fe for the nine bytes of an ERROR. A faster receiver sees each bit several times. */
GByteArray *
line_garble (const guint8 *data, gsize len, guint from_baud, guint to_baud)
{
  static const guint8 seen[] = { 0xfe, 0xfd, 0xfe, 0xfe, 0xff, 0xfe, 0xfc, 0xfe };
  guint64 count = (guint64)len * MAX (to_baud, from_baud) / MAX (from_baud, 1);
  GByteArray *out = g_byte_array_new ();

  count = MIN (count, (guint64)len * 4);
  for (guint64 i = 0; len > 0 && i < count; i++)
    {
      guint8 byte = count > len ? seen[(data[i % len] + i) % G_N_ELEMENTS (seen)] : i % 16 == 1 ? 0xfd : 0xfe;

      g_byte_array_append (out, &byte, 1);
    }
  return out;
}
