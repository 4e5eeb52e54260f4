/* The PIC on Expansion Board 3, Pysense, Pytrack and the like: its commands at 5 data bits. */
#pragma once

#include "line.h"

typedef struct {
  guint8 request[8];
  gsize len;
  guint8 port;  /* PORTC */
  guint8 tris;  /* TRISC, 1 = input */
  gboolean low; /* RC5 holds the module in reset */
} Pic;

typedef enum {
  PIC_NOTHING,
  PIC_RESET_HELD,
  PIC_RESET_RELEASED,
} PicEffect;

void pic_init (Pic *pic);
/* Takes one byte. Writes the answer to the host, *@reply_len bytes, to @reply, which has room for 2. */
PicEffect pic_feed (Pic *pic, guint8 byte, guint8 *reply, gsize *reply_len);
