/* What the modem reports about itself, as the answers to AT commands. */
#include "at-info.h"

/* UE5.0.0.0d or UE6.0.0.0. 50523, 48829 and 33988 have their own (field-failures.md, 2.7). */
static const char *
ue_version (Modem *modem)
{
  if (modem_build (modem) == 50523)
    return "5.4.0.2";
  if (modem_build (modem) == 48829)
    return "5.2.0.3";
  if (modem_build (modem) == 33988)
    return "5.0.0.0c";
  return modem->software[0] == '5' ? "5.0.0.0d" : "6.0.0.0";
}

char *
at_info_ati (Modem *modem)
{
  return g_strdup_printf ("SEQUANS Communications\r\nVZM20Q\r\nUE%s", ue_version (modem));
}

char *
at_info_ati1 (Modem *modem)
{
  g_autofree char *lr = modem_lr (modem);

  return g_strdup_printf ("UE%s\r\nLR%s", ue_version (modem), lr);
}

char *
at_info_showver (Modem *modem)
{
  g_autoptr (GString) text = g_string_new ("SYSTEM VERSION\r\n==============\r\n  FIRMWARE VERSION\r\n");

  for (guint i = 0; i < N_LOADERS; i++)
    {
      const char *star = i == modem->active_loader ? "*" : " ";

      if (modem->loaders[i].build == 33988) /* without brackets (S#228) */
        g_string_append_printf (text,
                                "    Bootloader%u%s : BUILD5.1.1.0-33988 by robot-soft at 2017-12-11 15:06:33\r\n", i,
                                star);
      else
        g_string_append_printf (text, "    Bootloader%u%s : %s [%u]\r\n", i, star, modem->loaders[i].release,
                                modem->loaders[i].build);
    }
  g_string_append_printf (text, "    NV Info      : 1.1,0,0\r\n    Software     : %s\r\n    UE           : %s\r\n",
                          modem->software, ue_version (modem));
  g_string_append (text, "  COMPONENTS\r\n    ZSP0         : 1.0.99-13604\r\n    ZSP1         : 1.0.99-12341");
  return g_strdup (text->str);
}

/* 3GPP TS 23.003 annex B: the sum of the digits, every second one doubled, is a multiple of ten. The
 * caller frees the result. */
static char *
imei_of (guint serial)
{
  char digits[15];
  guint sum = 0;

  g_snprintf (digits, sizeof digits, "35434404%06u", serial % 1000000);
  for (guint i = 0; digits[i] != '\0'; i++)
    {
      guint value = (guint)g_ascii_digit_value (digits[i]) * (i % 2 + 1);
      sum += value / 10 + value % 10;
    }
  return g_strdup_printf ("%s%u", digits, (10 - sum % 10) % 10);
}

char *
at_info_imei (Modem *modem)
{
  return modem->options->imei != NULL ? g_strdup (modem->options->imei) : imei_of (modem->index + 1);
}
