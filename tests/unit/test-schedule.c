/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which jobs start, and what the others wait for: one row per case. */
#include "manager/schedule.h"

#define NOW 1000000
#define MAX_JOBS 4
#define POLLED (NOW + 2 * G_USEC_PER_SEC)
#define A GUINT_TO_POINTER (1) /* devices */
#define B GUINT_TO_POINTER (2)

/* A job that can start, but for the fields that follow. */
#define JOB(name, of, ...)                                                                                             \
  {                                                                                                                    \
    .job = (gpointer)(name), .device = (of), __VA_ARGS__                                                               \
  }

typedef struct {
  const char *name;
  SqnsScheduleEntry jobs[MAX_JOBS]; /* by age */
  const char *expected;             /* by turn: "job:what" with the position of one that waits */
  gint64 next;
  guint running;
  guint max_running;
  gboolean draining;
} Row;

static const Row rows[] = {
  { "none", .expected = "" },
  { "one", { JOB ("a", A) }, "a:start" },
  /* the queue of a device */
  { "by-age", { JOB ("a", A), JOB ("b", A), JOB ("c", A) }, "a:start b:queue/1 c:queue/2" },
  { "by-priority", { JOB ("a", A), JOB ("b", A, .priority = 1) }, "b:start a:queue/1" },
  { "low-priority", { JOB ("a", A, .priority = -1), JOB ("b", A) }, "b:start a:queue/1" },
  { "two-devices", { JOB ("a", A), JOB ("b", B), JOB ("c", A) }, "a:start b:start c:queue/1" },
  { "job-runs", { JOB ("a", A, .use = SQNS_USE_JOB), JOB ("b", A, .use = SQNS_USE_JOB) }, "a:queue/1 b:queue/2" },
  { "probed", { JOB ("a", A, .use = SQNS_USE_PROBE) }, "a:queue/1" },
  { "being-reset", { JOB ("a", A, .use = SQNS_USE_RESET) }, "a:queue/1" },
  /* a job pre-empts a console, and keeps its place meanwhile */
  { "console",
    { JOB ("a", A, .use = SQNS_USE_CONSOLE), JOB ("b", A, .use = SQNS_USE_CONSOLE) },
    "a:console/1 b:queue/2" },
  { "console-limit",
    { JOB ("a", A, .use = SQNS_USE_CONSOLE), JOB ("b", B) },
    "a:console/1 b:limit/1",
    .max_running = 1 },
  { "console-stays", { JOB ("a", A, .use = SQNS_USE_CONSOLE) }, "a:draining/1", .draining = TRUE },
  /* times */
  { "early", { JOB ("a", A, .not_before = NOW + 5) }, "a:time/1", NOW + 5 },
  { "now", { JOB ("a", A, .not_before = NOW) }, "a:start" },
  { "early-lets-others-go",
    { JOB ("a", A, .not_before = NOW + 5, .priority = 9), JOB ("b", A) },
    "b:start a:time/1",
    NOW + 5 },
  { "by-time",
    { JOB ("a", A, .not_before = NOW + 9), JOB ("b", A, .not_before = NOW + 5) },
    "b:time/1 a:time/2",
    NOW + 5 },
  { "in-time-already",
    { JOB ("a", A, .not_before = NOW + 5), JOB ("b", A, .not_before = NOW + 9) },
    "a:time/1 b:time/2",
    NOW + 5 },
  { "too-late", { JOB ("a", A, .not_after = NOW) }, "a:expire" },
  { "too-late-holds-up-none", { JOB ("a", A, .not_after = NOW - 1), JOB ("b", A) }, "a:expire b:start" },
  { "too-late-soon", { JOB ("a", A, .use = SQNS_USE_JOB, .not_after = NOW + 7) }, "a:queue/1", NOW + 7 },
  { "first-of-both-times", { JOB ("a", A, .not_before = NOW + 3, .not_after = NOW + 7) }, "a:time/1", NOW + 3 },
  /* the board */
  { "absent", { JOB ("a", A, .absent = TRUE) }, "a:board/1" },
  { "absent-port", { JOB ("a", A, .absent = TRUE, .polled = TRUE) }, "a:board/1", POLLED },
  { "absent-and-early", { JOB ("a", A, .absent = TRUE, .not_before = NOW + 5) }, "a:time/1", NOW + 5 },
  { "inhibited", { JOB ("a", A, .inhibited = TRUE) }, "a:inhibitor/1" },
  { "absent-and-inhibited", { JOB ("a", A, .absent = TRUE, .inhibited = TRUE) }, "a:board/1" },
  { "other-inhibited", { JOB ("a", A, .inhibited = TRUE), JOB ("b", B) }, "a:inhibitor/1 b:start" },
  /* interrupted jobs */
  { "interrupted-first", { JOB ("a", A, .priority = 9), JOB ("b", A, .interrupted = TRUE) }, "b:start a:queue/1" },
  { "back-in-a-moment",
    { JOB ("a", A, .interrupted = TRUE, .board_lost = TRUE, .retry_at = NOW + 5) },
    "a:board/1",
    NOW + 5 },
  { "port-taken", { JOB ("a", A, .interrupted = TRUE, .retry_at = NOW + 5) }, "a:port/1", NOW + 5 },
  { "port-taken-holds-up",
    { JOB ("a", A), JOB ("b", A, .interrupted = TRUE, .retry_at = NOW + 5) },
    "b:port/1 a:queue/2",
    NOW + 5 },
  { "needs-resume", { JOB ("a", A, .interrupted = TRUE, .needs_resume = TRUE), JOB ("b", A) }, "a:resume b:start" },
  { "needs-resume-in-the-midst",
    { JOB ("a", A, .interrupted = TRUE, .retry_at = NOW + 5), JOB ("b", A, .interrupted = TRUE, .needs_resume = TRUE),
      JOB ("c", A) },
    "a:port/1 b:resume c:queue/2",
    NOW + 5 },
  { "needs-resume-and-absent",
    { JOB ("a", A, .interrupted = TRUE, .needs_resume = TRUE, .absent = TRUE) },
    "a:resume" },
  /* the daemon */
  { "draining", { JOB ("a", A), JOB ("b", A, .inhibited = TRUE) }, "a:draining/1 b:inhibitor/2", .draining = TRUE },
  { "limit", { JOB ("a", A), JOB ("b", B) }, "a:start b:limit/1", .running = 1, .max_running = 2 },
  { "over-the-limit", { JOB ("a", A) }, "a:limit/1", .running = 3, .max_running = 2 },
  { "no-limit", { JOB ("a", A) }, "a:start", .running = 1000 },
  { "limit-is-last",
    { JOB ("a", A, .interrupted = TRUE, .retry_at = NOW + 5) },
    "a:port/1",
    NOW + 5,
    .running = 1,
    .max_running = 1 },
};

static void
append (GString *text, const SqnsScheduleEntry *entry)
{
  g_string_append_printf (text, "%s%s:", text->len > 0 ? " " : "", (const char *)entry->job);
  switch (entry->action)
    {
    case SQNS_SCHEDULE_START:
      g_assert_cmpint (entry->waiting_for, ==, SQNS_WAITING_FOR_NOTHING);
      g_string_append (text, "start");
      return;
    case SQNS_SCHEDULE_EXPIRE:
      g_string_append (text, "expire");
      return;
    case SQNS_SCHEDULE_CLOSE_CONSOLE:
      g_assert_cmpint (entry->waiting_for, ==, SQNS_WAITING_FOR_QUEUE);
      g_string_append (text, "console");
      break;
    case SQNS_SCHEDULE_WAIT:
      g_string_append (text, sqns_waiting_for_name (entry->waiting_for));
      break;
    }
  if (entry->position > 0)
    g_string_append_printf (text, "/%u", entry->position);
}

static void
test_row (gconstpointer data)
{
  const Row *row = data;
  const SqnsScheduleState state
      = { .now = NOW, .running = row->running, .max_running = row->max_running, .draining = row->draining };
  g_autoptr (GArray) entries = g_array_new (FALSE, FALSE, sizeof (SqnsScheduleEntry));
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < MAX_JOBS && row->jobs[i].job != NULL; i++)
    g_array_append_val (entries, row->jobs[i]);
  g_assert_cmpint (sqns_schedule_choose (entries, &state), ==, row->next);
  for (guint i = 0; i < entries->len; i++)
    append (text, &g_array_index (entries, SqnsScheduleEntry, i));
  g_assert_cmpstr (text->str, ==, row->expected);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *path = g_strconcat ("/schedule/", rows[i].name, NULL);
      g_test_add_data_func (path, &rows[i], test_row);
    }
  return g_test_run ();
}
