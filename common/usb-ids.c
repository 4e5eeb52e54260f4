/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* USB ids of boards, and of the same boards while their USB controller is in its boot loader. */
#include "common/usb-ids.h"

#define MICROCHIP 0x04d8
#define FTDI 0x0403

static const SqnsUsbId ids[] = {
  { MICROCHIP, 0xf013, FALSE, "Pytrack" },
  { MICROCHIP, 0xf014, TRUE, "Pytrack" },
  { MICROCHIP, 0xf012, FALSE, "Pysense" },
  { MICROCHIP, 0xf011, TRUE, "Pysense" },
  { MICROCHIP, 0xef38, FALSE, "Pyscan" },
  { MICROCHIP, 0xef37, TRUE, "Pyscan" },
  { MICROCHIP, 0xef98, FALSE, "Expansion Board 3" },
  { MICROCHIP, 0xef99, TRUE, "Expansion Board 3" },
  { MICROCHIP, 0xed14, FALSE, "Pygate" },
  { MICROCHIP, 0xed15, TRUE, "Pygate" },
  { FTDI, 0x6015, FALSE, "Expansion Board 1 or 2" },
};

const SqnsUsbId *
sqns_usb_id_find (guint16 vendor, guint16 product)
{
  for (gsize i = 0; i < G_N_ELEMENTS (ids); i++)
    if (ids[i].vendor == vendor && ids[i].product == product)
      return &ids[i];
  return NULL;
}
