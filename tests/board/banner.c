/* What a Pycom board calls itself. */
#include "banner.h"

#include <string.h>

const char *
banner_sysname (const Options *options)
{
  if (g_str_equal (options->board, "gpy"))
    return "GPy";
  return g_str_equal (options->board, "g01") ? "G01" : "FiPy";
}

/* The hashes and dates are made up. */
const char *
banner_micropython (const Options *options)
{
  if (options_firmware_at_least (options, 1, 20, 0, 0))
    return "v1.11-0a1b2c3 on 2020-12-01";
  if (options_firmware_at_least (options, 1, 18, 1, 0))
    return "v1.9.4-0a1b2c3 on 2018-12-01";
  return "v1.8.6-849-0a1b2c3 on 2018-06-01";
}

char *
banner_text (const Options *options)
{
  const char *name = banner_sysname (options);

  if (options_firmware_at_least (options, 1, 20, 0, 0))
    return g_strdup_printf ("Pycom MicroPython %s [v1.11-0a1b2c3] on 2020-12-01; %s with ESP32\r\n"
                            "Type \"help()\" for more information.\r\n",
                            options->board_firmware, name);
  return g_strdup_printf ("MicroPython %s; %s with ESP32\r\nType \"help()\" for more information.\r\n",
                          banner_micropython (options), name);
}

const char *
banner_rom (gboolean power_on)
{
  if (power_on)
    return "ets Jun  8 2016 00:22:57\r\n\r\nrst:0x1 (POWERON_RESET),boot:0x17 (SPI_FAST_FLASH_BOOT)\r\n"
           "configsip: 0, SPIWP:0xee\r\nmode:DIO, clock div:1\r\nentry 0x400a05ac\r\n";
  return "ets Jun  8 2016 00:22:57\r\n\r\nrst:0x7 (TG0WDT_SYS_RESET),boot:0x17 (SPI_FAST_FLASH_BOOT)\r\n"
         "configsip: 0, SPIWP:0xee\r\nmode:DIO, clock div:1\r\nentry 0x400a05ac\r\n";
}
