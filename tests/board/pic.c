/* The PIC on Expansion Board 3, Pysense, Pytrack and the like: its commands at 5 data bits.
 *
 * field-failures.md, section 3 names the commands, not their bytes. Guess: the answer to 0x10, 0x11 and 0x12 is a
 * little-endian u16. A memory request is 0x02, address (little-endian u16), and, or, xor; its answer is the old value,
 * one byte. The addresses are those of the chip: PORTC 0x00e, LATC 0x10e, TRISC 0x08e. RC5 is bit 5. */
#include "pic.h"

#define MEMORY_LEN 6
#define PORTC 0x00e
#define LATC 0x10e
#define TRISC 0x08e
#define RC5 0x20

#define HARDWARE_VERSION 3
#define FIRMWARE_VERSION 8
#define PRODUCT_ID 0xef98

typedef enum {
  PIC_MEMORY = 0x02,
  PIC_HARDWARE = 0x10,
  PIC_FIRMWARE = 0x11,
  PIC_PRODUCT = 0x12,
} PicCommand;

void
pic_init (Pic *pic)
{
  *pic = (Pic){ .port = 0xff, .tris = 0xff & ~RC5 };
}

static gsize
answer16 (guint8 *reply, guint value)
{
  reply[0] = (guint8)value;
  reply[1] = (guint8)(value >> 8);
  return 2;
}

static PicEffect
memory (Pic *pic, guint8 *reply)
{
  guint address = pic->request[1] | (guint)pic->request[2] << 8;
  guint8 dummy = 0;
  guint8 *cell = address == PORTC || address == LATC ? &pic->port : address == TRISC ? &pic->tris : &dummy;
  gboolean low;

  reply[0] = *cell;
  *cell = (guint8)(((*cell & pic->request[3]) | pic->request[4]) ^ pic->request[5]);
  low = !(pic->port & RC5) && !(pic->tris & RC5);
  if (low == pic->low)
    return PIC_NOTHING;
  pic->low = low;
  return low ? PIC_RESET_HELD : PIC_RESET_RELEASED;
}

PicEffect
pic_feed (Pic *pic, guint8 byte, guint8 *reply, gsize *reply_len)
{
  PicEffect effect = PIC_NOTHING;

  *reply_len = 0;
  pic->request[pic->len++] = byte;
  switch (pic->request[0])
    {
    case PIC_HARDWARE:
      *reply_len = answer16 (reply, HARDWARE_VERSION);
      break;
    case PIC_FIRMWARE:
      *reply_len = answer16 (reply, FIRMWARE_VERSION);
      break;
    case PIC_PRODUCT:
      *reply_len = answer16 (reply, PRODUCT_ID);
      break;
    case PIC_MEMORY:
      if (pic->len < MEMORY_LEN)
        return PIC_NOTHING;
      effect = memory (pic, reply);
      *reply_len = 1;
      break;
    default:
      break;
    }
  pic->len = 0;
  return effect;
}
