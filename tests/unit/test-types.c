/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The names of each enum: complete, unique, and convertible back. */
#include "common/types.h"

static void
test_names (void)
{
  static const struct {
    const char *const *names;
    guint n;
    const char *first, *last;
  } rows[] = {
    { sqns_job_state_names, SQNS_N_JOB_STATES, "queued", "interrupted" },
    { sqns_phase_names, SQNS_N_PHASES, "inspect", "release" },
    { sqns_modem_state_names, SQNS_N_MODEM_STATES, "unknown", "gone" },
    { sqns_link_kind_names, SQNS_N_LINK_KINDS, "auto", "relay" },
    { sqns_method_names, SQNS_N_METHODS, "auto", "recovery" },
    { sqns_board_flag_names, SQNS_N_BOARD_FLAGS, "passthrough", "comes-and-goes" },
  };
  for (gsize row = 0; row < G_N_ELEMENTS (rows); row++)
    {
      g_assert_cmpuint (g_strv_length ((char **)rows[row].names), ==, rows[row].n);
      g_assert_cmpstr (rows[row].names[0], ==, rows[row].first);
      g_assert_cmpstr (rows[row].names[rows[row].n - 1], ==, rows[row].last);
      for (guint i = 0; i < rows[row].n; i++)
        g_assert_cmpint (sqns_names_find (rows[row].names, rows[row].names[i]), ==, i);
      g_assert_cmpint (sqns_names_find (rows[row].names, "asleep"), ==, -1);
      g_assert_cmpint (sqns_names_find (rows[row].names, NULL), ==, -1);
    }
}

static void
test_from_name (void)
{
  SqnsPhase phase = SQNS_PHASE_APPLY;
  g_assert_false (sqns_phase_from_name ("sleep", &phase));
  g_assert_cmpint (phase, ==, SQNS_PHASE_APPLY);
  g_assert_true (sqns_phase_from_name ("confirm", &phase));
  g_assert_cmpint (phase, ==, SQNS_PHASE_CONFIRM);
  g_assert_cmpstr (sqns_phase_name (phase), ==, "confirm");
}

static void
test_mode (void)
{
  static const struct {
    SqnsMode mode;
    const char *name;
  } rows[] = {
    { SQNS_MODE_UNKNOWN, "unknown" }, { SQNS_MODE_FFH, "ffh" },         { SQNS_MODE_MTOOLS, "mtools" },
    { SQNS_MODE_FFF, "application" }, { SQNS_MODE_UPDATER, "updater" }, { SQNS_MODE_RECOVERY, "recovery" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    g_assert_cmpstr (sqns_mode_name (rows[i].mode), ==, rows[i].name);
}

static void
test_flags (void)
{
  g_autofree const char **names = sqns_board_flags_to_names (SQNS_BOARD_CRASHES | SQNS_BOARD_MAIN);
  g_autofree char *joined = g_strjoinv (",", (char **)names);
  g_assert_cmpstr (joined, ==, "main-program,firmware-crashes");
  g_assert_cmpuint (sqns_board_flags_from_names (names), ==, SQNS_BOARD_CRASHES | SQNS_BOARD_MAIN);
  g_assert_cmpuint (sqns_board_flags_from_names ((const char *[]){ "answers", "sings", NULL }), ==, SQNS_BOARD_ANSWERS);
  g_assert_cmpuint (sqns_board_flags_from_names (NULL), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/types/names", test_names);
  g_test_add_func ("/types/from-name", test_from_name);
  g_test_add_func ("/types/mode", test_mode);
  g_test_add_func ("/types/flags", test_flags);
  return g_test_run ();
}
