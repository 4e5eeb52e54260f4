/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Progress lines at every width. */
#include "client/ui/bar.h"
#include "client/ui/text.h"

#include <string.h>

#define WIDEST 200u
#define NOW G_GINT64_CONSTANT (1800000000000000)

static const char *const names[] = { "ttyUSB0", "/dev/serial/by-id/usb-Pycom_Expansion3_Py343434-if00", "測試板", "" };
static const char *const texts[] = {
  "transfer: writing the firmware",
  "transfer: erasing flash; this pause is normal, up to 5 min",
  ("waiting: press the reset button on the board (on the module itself, not its power: the modem may be writing its "
   "flash)"),
  "failed: x\033[2J\xff",
  "",
};
static const double fractions[] = { 0, 0.005, 0.43, 0.999, 1 };

static SqnsBar
make_bar (SqnsBarLook look, gboolean keep_power, guint variant)
{
  return (SqnsBar){
    .name = names[variant % G_N_ELEMENTS (names)],
    .text = texts[variant % G_N_ELEMENTS (texts)],
    .headed = variant % 2 == 0,
    .look = look,
    .fraction = fractions[variant % G_N_ELEMENTS (fractions)],
    .done = variant * 1000000,
    .total = variant % 3 == 0 ? 0 : 20000000,
    .rate = variant % 4 == 0 ? 0 : 85000,
    .expected_end = variant % 5 == 0 ? 0 : NOW + 80 * G_USEC_PER_SEC,
    .keep_power = keep_power,
  };
}

static gboolean
is_clean (const char *line)
{
  for (const char *p = line; *p != '\0'; p++)
    if (g_ascii_iscntrl (*p))
      return FALSE;
  return g_utf8_validate (line, -1, NULL);
}

/* As much of the text as fits, before everything else. */
static void
assert_power (const char *line, guint columns)
{
  if (columns >= strlen (SQNS_BAR_KEEP_POWER))
    g_assert_true (g_str_has_prefix (line, SQNS_BAR_KEEP_POWER));
  else if (columns >= strlen ("KEEP"))
    g_assert_true (g_str_has_prefix (line, "KEEP"));
}

static void
test_every_width (void)
{
  for (guint columns = 1; columns <= WIDEST; columns++)
    for (guint look = SQNS_BAR_WAITING; look <= SQNS_BAR_IDLE; look++)
      for (guint keep_power = 0; keep_power < 2; keep_power++)
        for (guint variant = 0; variant < 20; variant++)
          for (guint name_width = 0; name_width <= 60; name_width += 20)
            {
              SqnsBar bar = make_bar ((SqnsBarLook)look, keep_power != 0, variant);
              SqnsBarLayout layout = { .name_width = name_width, .keep_power = variant % 2 == 0 };
              g_autofree char *line = sqns_bar_format (&bar, &layout, columns, NOW);
              g_assert_cmpuint (sqns_text_width (line), <=, columns);
              g_assert_true (is_clean (line));
              if (keep_power && look != SQNS_BAR_IDLE)
                assert_power (line, columns);
              else
                g_assert_null (strstr (line, "KEEP"));
              if (look != SQNS_BAR_DONE && look != SQNS_BAR_IDLE)
                g_assert_null (strstr (line, "100"));
            }
}

static void
test_rest_at_every_width (void)
{
  for (guint columns = 1; columns <= WIDEST; columns++)
    for (guint keep_power = 0; keep_power < 2; keep_power++)
      {
        g_autofree char *line = sqns_bar_format_rest (200, 56, 256, keep_power != 0, columns);
        g_assert_cmpuint (sqns_text_width (line), <=, columns);
        if (keep_power)
          assert_power (line, columns);
      }
}

static void
test_rows (void)
{
  static const struct {
    guint columns;
    gboolean keep_power;
    gboolean layout_power;
    const char *text;
    const char *line;
  } rows[] = {
    { 19, TRUE, TRUE, "transfer: sending", "KEEP POWER ON  43 %" },
    { 18, TRUE, TRUE, "transfer: sending", "KEEP POWER ON  43%" },
    { 16, TRUE, TRUE, "transfer: sending", "KEEP POWER ON" },
    { 12, TRUE, TRUE, "transfer: sending", "KEEP POWER" },
    { 39, TRUE, TRUE, "transfer: sending", "KEEP POWER ON  ttyUSB0   43 %  sending" },
    { 79, TRUE, TRUE, "transfer: sending",
      "KEEP POWER ON  ttyUSB0  [#######..........]  43 %  1:20 left  transfer: sending" },
    { 79, FALSE, TRUE, "queued", "               ttyUSB0  [############................]  43 %  1:20 left  queued" },
    { 59, FALSE, TRUE, "queued", "ttyUSB0  [#########..............]  43 %  1:20 left  queued" },
    { 79, FALSE, FALSE, "queued", "ttyUSB0  [##########..............]  43 %  8.6 MB of 20.0 MB  1:20 left  queued" },
    { 79, TRUE, TRUE, "transfer: erasing flash; this pause is normal, up to 5 min",
      "KEEP POWER ON  ttyUSB0   43 %  erasing flash; this pause is normal, up to 5 min" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      SqnsBar bar = { .name = "ttyUSB0",
                      .text = rows[i].text,
                      .headed = TRUE,
                      .look = SQNS_BAR_RUNNING,
                      .fraction = 0.43,
                      .done = 8600000,
                      .total = 20000000,
                      .expected_end = NOW + 80 * G_USEC_PER_SEC,
                      .keep_power = rows[i].keep_power };
      SqnsBarLayout layout = { .name_width = 7, .keep_power = rows[i].layout_power };
      g_autofree char *line = sqns_bar_format (&bar, &layout, rows[i].columns, NOW);
      g_test_message ("%u: %s", rows[i].columns, line);
      g_assert_cmpstr (line, ==, rows[i].line);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/bar/every-width", test_every_width);
  g_test_add_func ("/bar/rest-at-every-width", test_rest_at_every_width);
  g_test_add_func ("/bar/rows", test_rows);
  return g_test_run ();
}
