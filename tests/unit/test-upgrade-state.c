/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The state of an upgrade: which failure of which step leads to a retry, a new link or the end; the checkpoints; the
 * errors. A row is a sequence of events and its result. */
#include "plan-files.h"

#include "base/deadlines.h"
#include "plan/upgrade-state.h"

#include <string.h>

#define S(name) SQNS_STEP_##name
#define MAX_BEFORE 8u

static const SqnsCheckpoint fresh;

/* A number that no step has ends the list; the lists below are shorter. */
#define WAY(...)                                                                                                       \
  {                                                                                                                    \
    __VA_ARGS__, SQNS_N_STEPS                                                                                          \
  }

static void
do_all (SqnsUpgradeState *state, const SqnsStep *steps)
{
  for (guint i = 0; i < MAX_BEFORE && steps[i] != SQNS_N_STEPS; i++)
    {
      sqns_upgrade_state_begin (state, steps[i]);
      sqns_upgrade_state_done (state, steps[i]);
    }
}

static SqnsNext
fail (SqnsUpgradeState *state, SqnsStep step, SqnsError code, gboolean board)
{
  g_autoptr (GError) error = g_error_new (SQNS_ERROR, code, "%s", sqns_step_info (step)->name);

  sqns_upgrade_state_begin (state, step);
  return sqns_upgrade_state_failed (state, step, error, board);
}

/* --- retries --- */

typedef enum {
  DIRECT,
  BOARD,
} Link;

static const struct {
  SqnsStep before[MAX_BEFORE]; /* succeeded */
  SqnsStep step;
  SqnsError error;
  Link link;
  SqnsNext next;
} failures[] = {
#define ROW(before, step, error, link, next)                                                                           \
  {                                                                                                                    \
    before, S (step), SQNS_ERROR_##error, link, SQNS_NEXT_##next                                                       \
  }
#define START WAY (S (PREPARE))
  /* silence of a board may be a reset of the ESP32, which a bare modem lacks */
  ROW (START, PREPARE, TIMEOUT, BOARD, RETRY),
  ROW (START, PREPARE, TIMEOUT, DIRECT, FAIL),
  ROW (START, PREPARE, PROTOCOL, BOARD, FAIL),
  ROW (START, WAIT, TIMEOUT, BOARD, RETRY),
  ROW (START, WAIT, TIMEOUT, DIRECT, FAIL),
  /* the old mode or another speed answers (field row 3) */
  ROW (START, BOOT_RECOVERY, TIMEOUT, DIRECT, RETRY),
  ROW (START, BOOT_RECOVERY, MODEM_REFUSED, BOARD, FAIL),
  ROW (START, BOOT_FFH, TIMEOUT, DIRECT, RETRY),
  ROW (START, BOOT_FFH, PROTOCOL, BOARD, FAIL),
  /* in recovery another try is harmless */
  ROW (START, UPLOAD_ON_THE_FLY, TIMEOUT, DIRECT, RETRY),
  ROW (START, UPLOAD_ON_THE_FLY, PROTOCOL, BOARD, RETRY),
  ROW (START, UPLOAD_ON_THE_FLY, MODEM_REFUSED, DIRECT, RETRY),
  ROW (START, UPLOAD_ON_THE_FLY, CANCELLED, DIRECT, FAIL),
  ROW (START, UPLOAD_ON_THE_FLY, DEVICE_LOST, DIRECT, FAIL),
  ROW (START, UPLOAD_BOOTROM, PROTOCOL, DIRECT, RETRY),
  ROW (START, LOAD_UPDATER, MODEM_REFUSED, DIRECT, RETRY),
  ROW (WAY (S (UPLOAD_ON_THE_FLY)), APPLY, MODEM_REFUSED, DIRECT, RETRY),
  ROW (WAY (S (UPLOAD_ON_THE_FLY)), APPLY, TIMEOUT, DIRECT, RETRY),
  /* some modems cannot store a file: they refuse, or hang (field row 9) */
  ROW (START, STORE, MODEM_REFUSED, BOARD, FAIL),
  ROW (START, STORE, TIMEOUT, DIRECT, FAIL),
  ROW (START, STORE, TIMEOUT, BOARD, RETRY),
  ROW (START, STORE, PROTOCOL, DIRECT, RETRY),
  ROW (START, STORE_FIRST, MODEM_REFUSED, BOARD, FAIL),
  ROW (START, STORE_FIRST, PROTOCOL, DIRECT, RETRY),
  /* a stored file is sent twice, not three times */
  ROW (WAY (S (STORE)), INSTALL, MODEM_REFUSED, DIRECT, RETRY),
  ROW (WAY (S (STORE), S (STORE)), INSTALL, MODEM_REFUSED, DIRECT, FAIL),
  ROW (WAY (S (STORE)), INSTALL, PROTOCOL, DIRECT, RETRY),
  ROW (WAY (S (STORE)), INSTALL, TIMEOUT, DIRECT, FAIL),
  ROW (WAY (S (STORE)), INSTALL, TIMEOUT, BOARD, RETRY),
  /* between two files the only way is forward */
  ROW (WAY (S (STORE_FIRST)), INSTALL, TIMEOUT, DIRECT, RETRY),
  ROW (WAY (S (STORE_FIRST)), INSTALL, FAILED, DIRECT, RETRY),
  ROW (WAY (S (STORE_FIRST), S (INSTALL)), BOOT_APPLICATION, TIMEOUT, DIRECT, RETRY),
  ROW (WAY (S (STORE_FIRST), S (INSTALL)), BOOT_RECOVERY, MODEM_REFUSED, DIRECT, FAIL),
  ROW (WAY (S (STORE_FIRST), S (INSTALL)), UPLOAD_ON_THE_FLY, CANCELLED, DIRECT, FAIL),
  /* a file that was accepted only has to boot */
  ROW (WAY (S (UPLOAD_ON_THE_FLY), S (APPLY)), BOOT_APPLICATION, TIMEOUT, DIRECT, FAIL),
  ROW (WAY (S (UPLOAD_ON_THE_FLY), S (APPLY)), BOOT_APPLICATION, TIMEOUT, BOARD, RETRY),
#undef ROW
};

static void
test_failures (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (failures); i++)
    {
      SqnsUpgradeState state;

      g_test_message ("row %zu: %s, error %d", i, sqns_step_info (failures[i].step)->name, failures[i].error);
      sqns_upgrade_state_init (&state, &fresh, FALSE);
      do_all (&state, failures[i].before);
      g_assert_cmpint (fail (&state, failures[i].step, failures[i].error, failures[i].link == BOARD), ==,
                       failures[i].next);
      g_assert_cmpint (state.step_error != NULL, ==, failures[i].next == SQNS_NEXT_RETRY);
      sqns_upgrade_state_clear (&state);
    }
}

/* After any failure: a cancel and a lost board end it, and no step is tried endlessly. */
static void
test_every_failure (void)
{
  for (guint step = 0; step < SQNS_N_STEPS; step++)
    for (int code = 0; code < SQNS_N_ERRORS; code++)
      for (guint between = 0; between < 2; between++)
        {
          const SqnsCheckpoint checkpoint = { .done = { .first_step_done = between == 1 } };
          SqnsUpgradeState state;
          guint retries = 0;

          sqns_upgrade_state_init (&state, &checkpoint, FALSE);
          while (fail (&state, (SqnsStep)step, (SqnsError)code, TRUE) == SQNS_NEXT_RETRY)
            g_assert_cmpuint (++retries, <=, SQNS_STEP_RETRIES);
          if (code == SQNS_ERROR_CANCELLED || code == SQNS_ERROR_DEVICE_LOST || step == S (CONFIRM))
            g_assert_cmpuint (retries, ==, 0);
          sqns_upgrade_state_clear (&state);
        }
}

/* --- what a checkpoint says --- */

enum {
  MODIFIED = 1 << 0,
  WRITTEN = 1 << 1,
  SENT = 1 << 2,
  TAKEN = 1 << 3,
  BOOTROM_REPLACED = 1 << 4,
  FIRST_DONE = 1 << 5,
  REBOOTED = 1 << 6,
};

static guint
flags_of (const SqnsCheckpoint *checkpoint)
{
  const SqnsPlanDone *done = &checkpoint->done;
  return (done->modified ? MODIFIED : 0) | (checkpoint->written ? WRITTEN : 0) | (done->file_sent ? SENT : 0)
         | (done->file_taken ? TAKEN : 0) | (done->bootrom_replaced ? BOOTROM_REPLACED : 0)
         | (done->first_step_done ? FIRST_DONE : 0) | (done->rebooted ? REBOOTED : 0);
}

static const struct {
  SqnsStep before[MAX_BEFORE];
  SqnsStep step;   /* begun */
  guint begun;     /* saved then */
  guint done;      /* known after its success */
  SqnsPhase phase; /* it is part of */
} checkpoints[] = {
#define P(name) SQNS_PHASE_##name
  { START, S (PREPARE), 0, 0, P (PREPARE) },
  { START, S (WAIT), 0, 0, P (PREPARE) },
  { START, S (BOOT_RECOVERY), MODIFIED, MODIFIED, P (PREPARE) },
  { START, S (LOAD_UPDATER), MODIFIED, MODIFIED, P (UPDATER) },
  { START, S (UPLOAD_ON_THE_FLY), MODIFIED | WRITTEN, MODIFIED | WRITTEN | SENT, P (TRANSFER) },
  { WAY (S (UPLOAD_ON_THE_FLY)), S (APPLY), MODIFIED | WRITTEN | SENT, MODIFIED | WRITTEN | SENT | TAKEN, P (APPLY) },
  /* a resumed run waits for the report on the file of the last run */
  { START, S (APPLY), MODIFIED | WRITTEN, MODIFIED | WRITTEN | TAKEN, P (APPLY) },
  /* a file that is sent again is not in the modem; an updater is loaded after a boot */
  { WAY (S (UPLOAD_ON_THE_FLY)), S (UPLOAD_ON_THE_FLY), MODIFIED | WRITTEN, MODIFIED | WRITTEN | SENT, P (TRANSFER) },
  { WAY (S (UPLOAD_ON_THE_FLY)), S (LOAD_UPDATER), MODIFIED | WRITTEN, MODIFIED | WRITTEN, P (UPDATER) },
  { WAY (S (UPLOAD_BOOTROM)), S (APPLY), MODIFIED | WRITTEN, MODIFIED | WRITTEN | BOOTROM_REPLACED, P (BOOTROM) },
  /* a stored file is not written yet */
  { START, S (STORE), MODIFIED, MODIFIED | SENT, P (TRANSFER) },
  { WAY (S (STORE)), S (INSTALL), MODIFIED | WRITTEN | SENT, MODIFIED | WRITTEN | SENT | TAKEN, P (APPLY) },
  { START, S (STORE_FIRST), MODIFIED, MODIFIED, P (PREPARE) },
  { WAY (S (STORE_FIRST)), S (INSTALL), MODIFIED | WRITTEN | FIRST_DONE, MODIFIED | WRITTEN | FIRST_DONE, P (PREPARE) },
  { WAY (S (UPLOAD_ON_THE_FLY), S (APPLY)), S (BOOT_APPLICATION), MODIFIED | WRITTEN | SENT | TAKEN,
    MODIFIED | WRITTEN | SENT | TAKEN | REBOOTED, P (REBOOT) },
};

static void
test_checkpoints (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (checkpoints); i++)
    {
      SqnsStep step = checkpoints[i].step;
      SqnsUpgradeState state;

      g_test_message ("row %zu: %s", i, sqns_step_info (step)->name);
      sqns_upgrade_state_init (&state, &fresh, FALSE);
      do_all (&state, checkpoints[i].before);
      g_assert_cmpint (sqns_upgrade_state_phase (&state, step), ==, checkpoints[i].phase);
      sqns_upgrade_state_begin (&state, step);
      g_assert_cmphex (flags_of (&state.checkpoint), ==, checkpoints[i].begun);
      sqns_upgrade_state_done (&state, step);
      g_assert_cmphex (flags_of (&state.checkpoint), ==, checkpoints[i].done);
      sqns_upgrade_state_clear (&state);
    }
}

/* The failures after which no report on the file will come, so that it has to be sent again. */
static void
test_sent_again (void)
{
  static const struct {
    SqnsStep upload, step;
    SqnsError error;
    gboolean sent;
  } rows[] = {
    { S (UPLOAD_ON_THE_FLY), S (APPLY), SQNS_ERROR_MODEM_REFUSED, FALSE },
    { S (UPLOAD_ON_THE_FLY), S (APPLY), SQNS_ERROR_TIMEOUT, FALSE },
    { S (UPLOAD_ON_THE_FLY), S (APPLY), SQNS_ERROR_PROTOCOL, TRUE },
    { S (STORE), S (INSTALL), SQNS_ERROR_MODEM_REFUSED, FALSE },
    { S (STORE), S (INSTALL), SQNS_ERROR_PROTOCOL, FALSE },
    { S (STORE), S (INSTALL), SQNS_ERROR_TIMEOUT, TRUE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      const SqnsStep upload[] = { rows[i].upload, SQNS_N_STEPS };
      SqnsUpgradeState state;

      sqns_upgrade_state_init (&state, &fresh, FALSE);
      do_all (&state, upload);
      g_assert_true (state.checkpoint.done.file_sent);
      g_assert_cmpint (fail (&state, rows[i].step, rows[i].error, TRUE), ==, SQNS_NEXT_RETRY);
      g_assert_cmpint (state.checkpoint.done.file_sent, ==, rows[i].sent);
      sqns_upgrade_state_clear (&state);
    }
}

/* --- links --- */

static void
test_unanswered (void)
{
  SqnsUpgradeState state;
  g_autoptr (GError) silent = g_error_new_literal (SQNS_ERROR, SQNS_ERROR_TIMEOUT, "silent");
  g_autoptr (GError) lost = g_error_new_literal (SQNS_ERROR, SQNS_ERROR_DEVICE_LOST, "lost");

  sqns_upgrade_state_init (&state, &fresh, FALSE);
  g_assert_cmpint (sqns_upgrade_state_unanswered (&state, lost, FALSE), ==, SQNS_NEXT_FAIL);
  g_assert_cmpint (sqns_upgrade_state_unanswered (&state, silent, TRUE), ==, SQNS_NEXT_FAIL);
  g_assert_false (state.passthrough_tried);
  for (guint i = 0; i < SQNS_RELINKS; i++)
    g_assert_cmpint (sqns_upgrade_state_unanswered (&state, i % 2 == 0 ? silent : NULL, FALSE), ==, SQNS_NEXT_RELINK);
  g_assert_true (state.passthrough_tried);
  g_assert_cmpint (sqns_upgrade_state_unanswered (&state, silent, FALSE), ==, SQNS_NEXT_FAIL);
  sqns_upgrade_state_clear (&state);
}

static const struct {
  SqnsMode mode;
  SqnsRoute route;
  gboolean boot_rom;
  SqnsLinkFacts facts;
  gboolean tried;
  SqnsLinkChange change;
} links[] = {
#define LINK(wanted, kind, passthrough, fast)                                                                          \
  {                                                                                                                    \
    SQNS_LINK_##wanted, SQNS_LINK_##kind, passthrough, fast                                                            \
  }
#define ROW(mode, route, boot_rom, link, tried, change)                                                                \
  {                                                                                                                    \
    SQNS_MODE_##mode, SQNS_ROUTE_##route, boot_rom, link, tried, SQNS_CHANGE_##change                                  \
  }
  ROW (FFF, ON_THE_FLY, FALSE, LINK (AUTO, RELAY, TRUE, TRUE), FALSE, TO_PASSTHROUGH),
  ROW (RECOVERY, RESUME, FALSE, LINK (AUTO, RELAY, TRUE, TRUE), FALSE, TO_PASSTHROUGH),
  ROW (RECOVERY, RESUME, FALSE, LINK (AUTO, RELAY, TRUE, TRUE), TRUE, NONE),
  ROW (RECOVERY, RESUME, FALSE, LINK (AUTO, RELAY, FALSE, TRUE), FALSE, NONE),
  ROW (RECOVERY, RESUME, FALSE, LINK (AUTO, RELAY, TRUE, FALSE), FALSE, NONE),
  ROW (RECOVERY, RESUME, FALSE, LINK (RELAY, RELAY, TRUE, TRUE), FALSE, NONE),
  ROW (RECOVERY, RESUME, FALSE, LINK (AUTO, DIRECT, FALSE, TRUE), FALSE, NONE),
  /* no upload follows */
  ROW (RECOVERY, REBOOT, FALSE, LINK (AUTO, RELAY, TRUE, TRUE), FALSE, NONE),
  ROW (UPDATER, WAIT, FALSE, LINK (PASSTHROUGH, RELAY, TRUE, TRUE), FALSE, NONE),
  /* a modem in mTools stays there, unless passthrough is required */
  ROW (MTOOLS, RESUME, FALSE, LINK (AUTO, RELAY, TRUE, TRUE), FALSE, NONE),
  ROW (MTOOLS, RESUME, FALSE, LINK (PASSTHROUGH, RELAY, TRUE, TRUE), FALSE, TO_PASSTHROUGH),
  /* passthrough does not reach the boot ROM; if FFH answers, the link works already */
  ROW (FFF, UPDATER, TRUE, LINK (AUTO, RELAY, TRUE, TRUE), FALSE, NONE),
  ROW (FFF, UPDATER, TRUE, LINK (AUTO, PASSTHROUGH, TRUE, TRUE), FALSE, RESET),
  ROW (FFH, UPDATER, TRUE, LINK (AUTO, PASSTHROUGH, TRUE, TRUE), FALSE, NONE),
  ROW (FFF, ON_THE_FLY, FALSE, LINK (AUTO, PASSTHROUGH, TRUE, TRUE), FALSE, NONE),
#undef ROW
};

static void
test_links (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (links); i++)
    {
      const SqnsPlan plan = { .route = links[i].route, .needs_boot_rom = links[i].boot_rom };
      SqnsUpgradeState state;

      g_test_message ("row %zu", i);
      sqns_upgrade_state_init (&state, &fresh, FALSE);
      state.modem.mode = links[i].mode;
      state.passthrough_tried = links[i].tried;
      g_assert_cmpint (sqns_upgrade_state_change_link (&state, &plan, &links[i].facts), ==, links[i].change);
      /* once */
      if (links[i].change == SQNS_CHANGE_TO_PASSTHROUGH)
        g_assert_cmpint (sqns_upgrade_state_change_link (&state, &plan, &links[i].facts), ==, SQNS_CHANGE_NONE);
      sqns_upgrade_state_clear (&state);
    }
}

/* --- plans --- */

static SqnsRules *rules;

static SqnsPlan *
plan_for (SqnsUpgradeState *state, FileKind kind, SqnsMode mode, const SqnsVersion *version, GError **error)
{
  static const SqnsVersion single = NB (41019), pair = TWO_FILES;
  const SqnsPlanOptions options = { .method = SQNS_METHOD_AUTO };
  TestFiles files;

  test_files_init (&files, kind == PAIR ? &pair : &single, kind);
  sqns_upgrade_state_probed (state, &(SqnsPlanState){ .mode = mode, .version = *version });
  SqnsPlan *plan = sqns_upgrade_state_plan (state, rules, &files.files, &options, error);
  test_files_clear (&files);
  return plan;
}

/* A modem in recovery does not report its version; the last known one counts. */
static void
test_remembers (void)
{
  const SqnsVersion runs = NB (37781), none = UNKNOWN;
  SqnsUpgradeState state;

  sqns_upgrade_state_init (&state, &fresh, FALSE);
  g_autoptr (SqnsPlan) first = plan_for (&state, FULL, SQNS_MODE_FFF, &runs, NULL);
  g_autoptr (SqnsPlan) second = plan_for (&state, FULL, SQNS_MODE_RECOVERY, &none, NULL);
  g_assert_cmpint (first->route, ==, SQNS_ROUTE_ON_THE_FLY);
  g_assert_cmpint (second->route, ==, SQNS_ROUTE_RESUME);
  g_assert_true (g_str_has_prefix (second->summary, "6.0.0.0-37781 -> "));
  g_assert_true (sqns_version_equal (&state.checkpoint.before, &runs));
  sqns_upgrade_state_clear (&state);
}

/* The failure of a step outranks the resulting refusal of a plan, but not a cancel or a lost board. */
static void
test_causes (void)
{
  static const SqnsError last[] = { SQNS_ERROR_CANCELLED, SQNS_ERROR_DEVICE_LOST };
  const SqnsVersion none = UNKNOWN;
  SqnsUpgradeState state;
  g_autoptr (GError) error = NULL;

  sqns_upgrade_state_init (&state, &fresh, FALSE);
  g_assert_cmpint (fail (&state, S (BOOT_RECOVERY), SQNS_ERROR_TIMEOUT, FALSE), ==, SQNS_NEXT_RETRY);
  g_assert_null (plan_for (&state, FULL, SQNS_MODE_UNKNOWN, &none, &error));
  g_assert_error (error, SQNS_ERROR, SQNS_ERROR_TIMEOUT);
  g_assert_cmpstr (error->message, ==, "boot-recovery");
  for (gsize i = 0; i < G_N_ELEMENTS (last); i++)
    {
      g_assert_cmpint (fail (&state, S (UPLOAD_ON_THE_FLY), SQNS_ERROR_TIMEOUT, FALSE), ==, SQNS_NEXT_RETRY);
      g_autoptr (GError) cause
          = sqns_upgrade_state_cause (&state, g_error_new_literal (SQNS_ERROR, (int)last[i], "last"));
      g_assert_error (cause, SQNS_ERROR, (int)last[i]);
    }
  sqns_upgrade_state_clear (&state);
}

/* A link that cannot be opened: a lost board, or a modem that hangs because it cannot store a file. */
static void
test_unlinked (void)
{
  static const struct {
    gboolean hangs;
    SqnsError error, cause;
  } rows[] = {
    { FALSE, SQNS_ERROR_NOT_FOUND, SQNS_ERROR_DEVICE_LOST },  { FALSE, SQNS_ERROR_NEEDS_HAND, SQNS_ERROR_NEEDS_HAND },
    { TRUE, SQNS_ERROR_NEEDS_HAND, SQNS_ERROR_PROTOCOL },     { TRUE, SQNS_ERROR_TIMEOUT, SQNS_ERROR_PROTOCOL },
    { TRUE, SQNS_ERROR_PORT_LOCKED, SQNS_ERROR_PORT_LOCKED }, { TRUE, SQNS_ERROR_NOT_FOUND, SQNS_ERROR_DEVICE_LOST },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      SqnsUpgradeState state;

      sqns_upgrade_state_init (&state, &fresh, FALSE);
      if (rows[i].hangs)
        g_assert_cmpint (fail (&state, S (STORE), SQNS_ERROR_PROTOCOL, FALSE), ==, SQNS_NEXT_RETRY);
      g_assert_cmpint (state.no_user, ==, rows[i].hangs);
      g_autoptr (GError) cause
          = sqns_upgrade_state_unlinked (&state, g_error_new_literal (SQNS_ERROR, (int)rows[i].error, "link"));
      g_assert_error (cause, SQNS_ERROR, (int)rows[i].cause);
      sqns_upgrade_state_clear (&state);
    }
}

/* After an interrupted installation of the first of two files, the application is asked before the second file
 * overwrites it. An application that does not boot has no answer. */
static void
test_between (void)
{
  const SqnsVersion runs = CAT (41065), between = CAT (39529), none = UNKNOWN;
  const SqnsStep first[] = { S (STORE_FIRST), S (INSTALL), SQNS_N_STEPS };
  SqnsUpgradeState state;

  sqns_upgrade_state_init (&state, &fresh, FALSE);
  sqns_upgrade_state_probed (&state, &(SqnsPlanState){ .mode = SQNS_MODE_FFF, .version = runs });
  do_all (&state, first);
  g_assert_true (sqns_upgrade_state_is_between (&state));
  g_autoptr (SqnsPlan) in_doubt = plan_for (&state, PAIR, SQNS_MODE_RECOVERY, &none, NULL);
  g_assert_cmpint (g_array_index (in_doubt->steps, SqnsStep, 0), ==, S (BOOT_APPLICATION));
  g_assert_cmpint (fail (&state, S (BOOT_APPLICATION), SQNS_ERROR_TIMEOUT, FALSE), ==, SQNS_NEXT_RETRY);
  g_autoptr (SqnsPlan) unbootable = plan_for (&state, PAIR, SQNS_MODE_RECOVERY, &none, NULL);
  g_assert_cmpint (g_array_index (unbootable->steps, SqnsStep, 0), ==, S (UPLOAD_ON_THE_FLY));
  g_assert_true (sqns_upgrade_state_is_between (&state));

  g_autoptr (SqnsPlan) took = plan_for (&state, PAIR, SQNS_MODE_FFF, &between, NULL);
  g_assert_true (sqns_upgrade_state_is_between (&state));
  g_autoptr (SqnsPlan) did_not_take = plan_for (&state, PAIR, SQNS_MODE_FFF, &runs, NULL);
  g_assert_false (sqns_upgrade_state_is_between (&state));
  sqns_upgrade_state_clear (&state);
}

static void
test_limits (void)
{
  const SqnsVersion runs = NB (37781), none = UNKNOWN;
  SqnsUpgradeState state;
  g_autoptr (GError) error = NULL;
  guint plans = 0, asked = 0;

  sqns_upgrade_state_init (&state, &fresh, FALSE);
  for (SqnsPlan *plan; (plan = plan_for (&state, FULL, SQNS_MODE_FFF, &runs, &error)) != NULL; plans++)
    sqns_plan_free (plan);
  g_assert_cmpuint (plans, ==, SQNS_PLANS);
  g_assert_error (error, SQNS_ERROR, SQNS_ERROR_PROTOCOL);
  sqns_upgrade_state_clear (&state);

  const SqnsCheckpoint taken = { .done = { .modified = TRUE, .file_taken = TRUE } };
  sqns_upgrade_state_init (&state, &taken, FALSE);
  sqns_upgrade_state_probed (&state, &(SqnsPlanState){ .mode = SQNS_MODE_FFF, .version = none });
  while (sqns_upgrade_state_lacks_version (&state))
    asked++;
  g_assert_cmpuint (asked, ==, SQNS_CONFIRM_TRIES - 1);
  sqns_upgrade_state_clear (&state);
}

/* --- the end --- */

static const struct {
  const char *refusals[2]; /* of the file, one after the other; nullable */
  SqnsError error;
  const char *message;
  const char *begins;
} ends[] = {
  { { NULL }, SQNS_ERROR_PROTOCOL, "noise", "noise; the modem" },
  { { "it failed" }, SQNS_ERROR_PROTOCOL, "noise", "it failed; on the second attempt: noise; the modem" },
  { { "it failed" }, SQNS_ERROR_MODEM_REFUSED, "it failed", "it failed; the modem" },
  { { "it failed" }, SQNS_ERROR_MODEM_REFUSED, "bad file", "it failed; on the second attempt: bad file; the modem" },
  { { "it failed", "bad file" }, SQNS_ERROR_MODEM_REFUSED, "bad file", "bad file; the modem" },
  { { "it failed" }, SQNS_ERROR_CANCELLED, "cancelled", "cancelled; the modem" },
};

static void
test_ends (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (ends); i++)
    {
      g_autoptr (GError) error = g_error_new_literal (SQNS_ERROR, (int)ends[i].error, ends[i].message);
      SqnsDiagnosis diagnosis;
      SqnsUpgradeState state;

      sqns_upgrade_state_init (&state, &fresh, FALSE);
      for (guint j = 0; j < G_N_ELEMENTS (ends[i].refusals) && ends[i].refusals[j] != NULL; j++)
        {
          g_autoptr (GError) refusal = g_error_new_literal (SQNS_ERROR, SQNS_ERROR_MODEM_REFUSED, ends[i].refusals[j]);
          sqns_upgrade_state_begin (&state, S (UPLOAD_ON_THE_FLY));
          sqns_upgrade_state_begin (&state, S (APPLY));
          g_assert_cmpint (sqns_upgrade_state_failed (&state, S (APPLY), refusal, FALSE), ==, SQNS_NEXT_RETRY);
        }
      g_autoptr (GError) end = sqns_upgrade_state_diagnose (&state, error, SQNS_PHASE_APPLY, SQNS_MODE_RECOVERY,
                                                            SQNS_CONTACT_ANSWERED, &diagnosis);
      g_test_message ("%s", end->message);
      g_assert_true (g_str_has_prefix (end->message, ends[i].begins));
      g_assert_true (g_str_has_suffix (end->message, diagnosis.message));
      g_assert_cmpint (diagnosis.power, ==, SQNS_POWER_SAFE);
      sqns_upgrade_state_clear (&state);
    }
}

/* Writing that an earlier job started has ended once the modem answers. */
static void
test_busy (void)
{
  static const struct {
    SqnsMode mode;
    gboolean busy;
  } rows[] = {
    { SQNS_MODE_UNKNOWN, TRUE }, { SQNS_MODE_UPDATER, TRUE }, { SQNS_MODE_FFF, FALSE },
    { SQNS_MODE_FFH, FALSE },    { SQNS_MODE_MTOOLS, FALSE }, { SQNS_MODE_RECOVERY, FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = g_error_new_literal (SQNS_ERROR, SQNS_ERROR_FAILED, "failed");
      SqnsDiagnosis diagnosis;
      SqnsUpgradeState state;

      sqns_upgrade_state_init (&state, &fresh, TRUE);
      sqns_upgrade_state_probed (&state, &(SqnsPlanState){ .mode = rows[i].mode });
      g_assert_cmpint (state.busy, ==, rows[i].busy);
      g_autoptr (GError) end = sqns_upgrade_state_diagnose (&state, error, SQNS_PHASE_PREPARE, rows[i].mode,
                                                            SQNS_CONTACT_NONE, &diagnosis);
      g_assert_nonnull (end);
      g_assert_cmpint (diagnosis.power == SQNS_POWER_KEEP, ==, rows[i].busy);
      sqns_upgrade_state_clear (&state);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  rules = test_rules_new ();
  g_test_add_func ("/upgrade-state/failures", test_failures);
  g_test_add_func ("/upgrade-state/every-failure", test_every_failure);
  g_test_add_func ("/upgrade-state/checkpoints", test_checkpoints);
  g_test_add_func ("/upgrade-state/sent-again", test_sent_again);
  g_test_add_func ("/upgrade-state/unanswered", test_unanswered);
  g_test_add_func ("/upgrade-state/links", test_links);
  g_test_add_func ("/upgrade-state/remembers", test_remembers);
  g_test_add_func ("/upgrade-state/causes", test_causes);
  g_test_add_func ("/upgrade-state/unlinked", test_unlinked);
  g_test_add_func ("/upgrade-state/between", test_between);
  g_test_add_func ("/upgrade-state/limits", test_limits);
  g_test_add_func ("/upgrade-state/ends", test_ends);
  g_test_add_func ("/upgrade-state/busy", test_busy);
  int result = g_test_run ();
  sqns_rules_free (rules);
  return result;
}
