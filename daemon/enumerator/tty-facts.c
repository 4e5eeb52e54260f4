/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Facts about a tty from its udev properties, or from sysfs where they are missing. */
#include "enumerator/tty-facts.h"

#define VENDOR_MICROCHIP 0x04d8
#define VENDOR_FTDI 0x0403

/* field-failures.md §3; the same ids stand in data/udev/60-sqnsd.rules */
static const struct {
  guint16 vendor;
  guint16 product;
} board_ids[] = {
  { VENDOR_MICROCHIP, 0xf013 }, /* Pytrack */
  { VENDOR_MICROCHIP, 0xf012 }, /* Pysense */
  { VENDOR_MICROCHIP, 0xef38 }, /* Pyscan */
  { VENDOR_MICROCHIP, 0xef98 }, /* Expansion Board 3.x */
  { VENDOR_MICROCHIP, 0xed14 }, /* Pygate */
  { VENDOR_FTDI, 0x6015 },      /* Expansion Board 1 and 2 */
};

static GUdevDevice *
usb_device_of (GUdevDevice *tty)
{
  return g_udev_device_get_parent_with_subsystem (tty, "usb", "usb_device");
}

/* @property of the tty, else @attribute of its USB device; NULL when both are missing or empty */
static char *
fact (GUdevDevice *tty, const char *property, const char *attribute)
{
  const char *value = g_udev_device_get_property (tty, property);
  if (value != NULL && *value != '\0')
    return g_strdup (value);
  g_autoptr (GUdevDevice) usb = usb_device_of (tty);
  value = usb ? g_udev_device_get_sysfs_attr (usb, attribute) : NULL;
  return value != NULL && *value != '\0' ? g_strstrip (g_strdup (value)) : NULL;
}

static guint16
hex_fact (GUdevDevice *tty, const char *property, const char *attribute)
{
  g_autofree char *text = fact (tty, property, attribute);
  guint64 value = text ? g_ascii_strtoull (text, NULL, 16) : 0;
  return value <= G_MAXUINT16 ? value : 0;
}

static gboolean
is_board (GUdevDevice *tty)
{
  const char *tag = g_udev_device_get_property (tty, "ID_SQNSD_CANDIDATE");
  if (tag != NULL)
    return g_str_equal (tag, "1");

  guint16 vendor = hex_fact (tty, "ID_VENDOR_ID", "idVendor");
  guint16 product = hex_fact (tty, "ID_MODEL_ID", "idProduct");
  for (gsize i = 0; i < G_N_ELEMENTS (board_ids); i++)
    if (board_ids[i].vendor == vendor && board_ids[i].product == product)
      return TRUE;
  return FALSE;
}

char *
sqns_tty_place (GUdevDevice *tty)
{
  const char *path = g_udev_device_get_property (tty, "ID_PATH");
  if (path != NULL && *path != '\0')
    return g_strdup (path);
  g_autoptr (GUdevDevice) usb = usb_device_of (tty);
  return g_strdup_printf ("usb-%s-%s", usb ? g_udev_device_get_name (usb) : "none", g_udev_device_get_name (tty));
}

/* As udev writes serial numbers, whether udev has cleaned this one or it is raw from the device. */
static char *
clean (char *serial)
{
  return serial ? g_strcanon (serial, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "#+-.:=@_", '_') : NULL;
}

SqnsBoardFacts *
sqns_tty_facts (GUdevDevice *tty)
{
  const char *devnode = g_udev_device_get_device_file (tty);
  if (devnode == NULL || !is_board (tty))
    return NULL;

  SqnsBoardFacts *facts = g_new0 (SqnsBoardFacts, 1);
  facts->devnode = g_strdup (devnode);
  facts->id_path = g_strdup (g_udev_device_get_property (tty, "ID_PATH"));
  facts->vendor = hex_fact (tty, "ID_VENDOR_ID", "idVendor");
  facts->product = hex_fact (tty, "ID_MODEL_ID", "idProduct");
  facts->serial = clean (fact (tty, "ID_SERIAL_SHORT", "serial"));
  facts->product_name = fact (tty, "ID_MODEL", "product");
  if (facts->product_name != NULL)
    g_strdelimit (facts->product_name, "_", ' '); /* udev put it there for each space */
  facts->id = facts->serial ? g_strdup_printf ("%04x:%04x-%s", facts->vendor, facts->product, facts->serial)
                            : sqns_tty_place (tty);
  return facts;
}
