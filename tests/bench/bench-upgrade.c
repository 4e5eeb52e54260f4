/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One upgrade of a virtual board, in this process, with a clock: prints when each phase began.
 *
 *   bench-upgrade DUP BOARD-OPTIONS [TRANSCRIPT]
 *
 * stdout: "image BYTES", "begin SECONDS" (on the clock that sqns-board --log uses), "phase NAME SECONDS" (since the
 * begin), "retries N", "board overruns N" and "end SECONDS". TRANSCRIPT gets every line and every state, with its time
 * on that clock. SQNS_BOARD names the board's program, SQNS_RULES the rules. */
#include "base/ssm.h"
#include "upgrade/upgrade.h"
#include "virtual-board.h"

#include <stdio.h>
#include <stdlib.h>

#define HANG_S 900 /* not a limit on time: whatever takes longer stands still */

typedef struct {
  FILE *transcript; /* nullable */
  gint64 begin_us;
  SqnsPhase phase;
  gboolean begun;
  guint retries;
  gboolean done;
  SqnsUpgradeResult *result;
  GError *error;
} Run;

static double
elapsed (const Run *run)
{
  return (g_get_monotonic_time () - run->begin_us) / (double)G_USEC_PER_SEC;
}

static void
note (Run *run, char mark, const char *first, const char *second)
{
  if (run->transcript != NULL)
    fprintf (run->transcript, "%.6f %c %s%s%s\n", g_get_monotonic_time () / (double)G_USEC_PER_SEC, mark, first,
             *second ? ": " : "", second);
}

static void
on_phase (gpointer data, SqnsPhase phase, gboolean safe, gboolean committed, const char *message)
{
  Run *run = data;
  note (run, '=', sqns_phase_name (phase), message);
  if (run->begun && phase == run->phase)
    return;
  run->begun = TRUE;
  run->phase = phase;
  printf ("phase %s %.6f\n", sqns_phase_name (phase), elapsed (run));
}

static void
on_retries (gpointer data, guint retries)
{
  Run *run = data;
  run->retries = retries;
}

static void
on_trace (gpointer data, char direction, const char *line)
{
  note (data, direction, line, "");
}

static void
on_state (const SqnsSsmClass *klass, guint state, gpointer data)
{
  note (data, ' ', klass->name, klass->state_names[state]);
}

static void
on_done (GObject *source, GAsyncResult *result, gpointer data)
{
  Run *run = data;
  run->result = sqns_upgrade_finish (result, &run->error);
  run->done = TRUE;
}

static gboolean
on_hang (gpointer data)
{
  fprintf (stderr, "bench-upgrade: no end within %d s\n", HANG_S);
  exit (EXIT_FAILURE);
}

static void
upgrade (Run *run, const char *port, GBytes *image, const SqnsCaba *caba, const SqnsRules *rules)
{
  static const SqnsMonitorFuncs funcs = { .phase = on_phase, .retries = on_retries, .trace = on_trace };
  const SqnsMonitor monitor = { &funcs, run };
  const SqnsUpgradeConfig config
      = { .link = { .devnode = port, .kind = SQNS_LINK_AUTO }, .image = image, .caba = caba, .rules = rules };

  if (run->transcript != NULL)
    sqns_ssm_set_hook (on_state, run);
  g_timeout_add_seconds (HANG_S, on_hang, NULL);
  run->begin_us = g_get_monotonic_time ();
  printf ("begin %.6f\n", run->begin_us / (double)G_USEC_PER_SEC);
  sqns_upgrade_async (&config, &monitor, NULL, on_done, run);
  while (!run->done)
    g_main_context_iteration (NULL, TRUE);
  printf ("end %.6f\n", elapsed (run));
  sqns_ssm_set_hook (NULL, NULL);
}

/* TRUE when the board itself runs what the file promised. */
static gboolean
check (const Run *run, VirtualBoard *board, const SqnsCaba *caba)
{
  g_autofree char *promised = sqns_version_format (&caba->version);
  g_autofree char *truth = virtual_board_status (board, "version");

  if (run->error != NULL)
    fprintf (stderr, "bench-upgrade: %s\n", run->error->message);
  else if (g_strcmp0 (promised, truth) != 0)
    fprintf (stderr, "bench-upgrade: the board runs %s, not %s\n", truth, promised);
  else
    return TRUE;
  return FALSE;
}

static int
fail (const GError *error)
{
  fprintf (stderr, "bench-upgrade: %s\n", error->message);
  return EXIT_FAILURE;
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *data = NULL;
  g_autofree char *text = NULL;
  gsize size;
  Run run = { 0 };

  if (argc < 3 || argc > 4 || g_getenv ("SQNS_RULES") == NULL || g_getenv ("SQNS_BOARD") == NULL)
    {
      fputs ("usage: SQNS_BOARD=PROGRAM SQNS_RULES=FILE bench-upgrade DUP BOARD-OPTIONS [TRANSCRIPT]\n", stderr);
      return 2;
    }
  if (!g_file_get_contents (argv[1], &data, &size, &error)
      || !g_file_get_contents (g_getenv ("SQNS_RULES"), &text, NULL, &error))
    return fail (error);
  g_autoptr (GBytes) image = g_bytes_new_take (g_steal_pointer (&data), size);
  g_autoptr (SqnsRules) rules = sqns_rules_parse (text, -1, &error);
  if (rules == NULL)
    return fail (error);
  g_autoptr (SqnsCaba) caba = sqns_caba_parse (g_bytes_get_data (image, NULL), size, argv[1], &error);
  if (caba == NULL)
    return fail (error);
  if (argc == 4 && (run.transcript = fopen (argv[3], "we")) == NULL)
    {
      perror (argv[3]);
      return EXIT_FAILURE;
    }

  g_autoptr (VirtualBoard) board = virtual_board_new (argv[2]);
  upgrade (&run, virtual_board_port (board), image, caba, rules);
  gboolean good = check (&run, board, caba);
  g_autofree char *overruns = virtual_board_status (board, "overruns");
  printf ("image %" G_GSIZE_FORMAT "\nretries %u\nboard overruns %s\n", size, run.retries, overruns);
  if (run.transcript != NULL)
    fclose (run.transcript);
  sqns_upgrade_result_free (run.result);
  g_clear_error (&run.error);
  return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
