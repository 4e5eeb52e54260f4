/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which jobs start now. */
#include "manager/schedule.h"

#define POLL_DEVICE_US (2 * G_USEC_PER_SEC)

typedef struct {
  const SqnsScheduleState *state;
  guint running;
  GHashTable *queues;  /* device -> jobs that wait for it */
  GHashTable *started; /* devices */
} Round;

gint64
sqns_schedule_earlier (gint64 one, gint64 two)
{
  return one == 0 || (two != 0 && two < one) ? two : one;
}

static int
compare (gconstpointer a, gconstpointer b, gpointer state)
{
  const SqnsScheduleEntry *one = a, *two = b;
  const gint64 now = ((const SqnsScheduleState *)state)->now;
  gboolean early_one = one->not_before > now, early_two = two->not_before > now;

  if (one->interrupted || two->interrupted)
    return two->interrupted - one->interrupted;
  if (early_one != early_two)
    return early_one - early_two;
  if (early_one && one->not_before != two->not_before)
    return one->not_before < two->not_before ? -1 : 1;
  return two->priority < one->priority ? -1 : two->priority > one->priority; /* the sort is stable */
}

static SqnsWaitingFor
find_blocker (const Round *round, SqnsScheduleEntry *entry)
{
  const SqnsScheduleState *state = round->state;

  if (entry->needs_resume)
    return SQNS_WAITING_FOR_RESUME;
  if (entry->not_before > state->now)
    {
      entry->until = entry->not_before;
      return SQNS_WAITING_FOR_TIME;
    }
  if (entry->absent)
    {
      entry->until = entry->polled ? state->now + POLL_DEVICE_US : 0;
      return SQNS_WAITING_FOR_BOARD;
    }
  if (entry->inhibited)
    return SQNS_WAITING_FOR_INHIBITOR;
  if (state->draining)
    return SQNS_WAITING_FOR_DRAINING;
  if ((entry->use != SQNS_USE_NONE && entry->use != SQNS_USE_CONSOLE) || entry->position > 1
      || g_hash_table_contains (round->started, entry->device))
    return SQNS_WAITING_FOR_QUEUE;
  if (entry->retry_at > state->now)
    {
      entry->until = entry->retry_at;
      return entry->board_lost ? SQNS_WAITING_FOR_BOARD : SQNS_WAITING_FOR_PORT;
    }
  if (state->max_running > 0 && round->running >= state->max_running)
    return SQNS_WAITING_FOR_LIMIT;
  return SQNS_WAITING_FOR_NOTHING;
}

static void
decide (Round *round, SqnsScheduleEntry *entry)
{
  guint before = GPOINTER_TO_UINT (g_hash_table_lookup (round->queues, entry->device));

  entry->action = SQNS_SCHEDULE_WAIT;
  entry->until = 0;
  entry->position = entry->needs_resume ? 0 : before + 1;
  entry->waiting_for = find_blocker (round, entry);
  if (entry->waiting_for == SQNS_WAITING_FOR_NOTHING)
    {
      round->running++;
      if (entry->use == SQNS_USE_NONE)
        {
          entry->action = SQNS_SCHEDULE_START;
          g_hash_table_add (round->started, entry->device);
          return;
        }
      entry->action = SQNS_SCHEDULE_CLOSE_CONSOLE;
      entry->waiting_for = SQNS_WAITING_FOR_QUEUE;
    }
  if (!entry->needs_resume)
    g_hash_table_insert (round->queues, entry->device, GUINT_TO_POINTER (entry->position));
}

gint64
sqns_schedule_choose (GArray *entries, const SqnsScheduleState *state)
{
  g_autoptr (GHashTable) queues = g_hash_table_new (NULL, NULL);
  g_autoptr (GHashTable) started = g_hash_table_new (NULL, NULL);
  Round round = { state, state->running, queues, started };
  gint64 next = 0;

  g_array_sort_with_data (entries, compare, (gpointer)state);
  for (guint i = 0; i < entries->len; i++)
    {
      SqnsScheduleEntry *entry = &g_array_index (entries, SqnsScheduleEntry, i);
      if (entry->not_after != 0 && entry->not_after <= state->now)
        {
          entry->action = SQNS_SCHEDULE_EXPIRE;
          continue;
        }
      decide (&round, entry);
      next = sqns_schedule_earlier (sqns_schedule_earlier (next, entry->not_after), entry->until);
    }
  return next;
}
