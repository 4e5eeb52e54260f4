/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The routes as data: the steps of each, where each mode enters them, and the choices for each kind of file. */
#include "plan/route.h"

#define MAX_STEPS 10u

typedef struct {
  guint n;
  SqnsStep steps[MAX_STEPS];
} Way;
#define WAY(...)                                                                                                       \
  {                                                                                                                    \
    sizeof ((SqnsStep[]){ __VA_ARGS__ }) / sizeof (SqnsStep), { __VA_ARGS__ }                                          \
  }

/* The end of every sequence that writes the whole file as it arrives (protocol.md §3 steps 4 to 7). */
#define WHOLE_FILE SQNS_STEP_UPLOAD_ON_THE_FLY, SQNS_STEP_APPLY, SQNS_STEP_BOOT_APPLICATION, SQNS_STEP_CONFIRM

static const Way plain = WAY (SQNS_STEP_PREPARE, SQNS_STEP_BOOT_RECOVERY, WHOLE_FILE);
/* protocol.md §3 "FFH" */
static const Way by_updater = WAY (SQNS_STEP_PREPARE, SQNS_STEP_BOOT_FFH, SQNS_STEP_LOAD_UPDATER, WHOLE_FILE);
/* protocol.md §3 "Factory boot ROM" */
static const Way by_bootrom = WAY (SQNS_STEP_PREPARE,
                                   SQNS_STEP_BOOT_RECOVERY,
                                   SQNS_STEP_UPLOAD_BOOTROM,
                                   SQNS_STEP_APPLY,
                                   SQNS_STEP_BOOT_FFH,
                                   SQNS_STEP_LOAD_UPDATER,
                                   WHOLE_FILE);
/* protocol.md §3 "FFF method": the modem returns to its application by itself. */
static const Way stored = WAY (SQNS_STEP_PREPARE, SQNS_STEP_STORE, SQNS_STEP_INSTALL, SQNS_STEP_CONFIRM);
/* protocol.md §3 "Release 48829": between the two files the application boots once. */
static const Way two_files = WAY (SQNS_STEP_PREPARE,
                                  SQNS_STEP_STORE_FIRST,
                                  SQNS_STEP_INSTALL,
                                  SQNS_STEP_PREPARE,
                                  SQNS_STEP_BOOT_RECOVERY,
                                  WHOLE_FILE);
/* The application is booted first, and what was begun continues from there. */
static const Way back_to_two_files = WAY (SQNS_STEP_BOOT_APPLICATION,
                                          SQNS_STEP_PREPARE,
                                          SQNS_STEP_STORE_FIRST,
                                          SQNS_STEP_INSTALL,
                                          SQNS_STEP_PREPARE,
                                          SQNS_STEP_BOOT_RECOVERY,
                                          WHOLE_FILE);
static const Way booted = WAY (SQNS_STEP_BOOT_APPLICATION, SQNS_STEP_CONFIRM);
/* The file was taken, but the boot ROM alone cannot be told to boot it. */
static const Way booted_by_updater = WAY (SQNS_STEP_LOAD_UPDATER, SQNS_STEP_BOOT_APPLICATION, SQNS_STEP_CONFIRM);
static const Way waited = WAY (SQNS_STEP_WAIT);
static const Way none = { 0 };

/* Where a modem in a mode enters a route's sequence, and its description. */
typedef struct {
  SqnsRoute route;
  SqnsMode mode;
  const Way *way;
  SqnsStep first;
  const char *text;
} Entry;

static const Entry entries[] = {
  { SQNS_ROUTE_NOTHING, SQNS_MODE_FFF, &none, SQNS_STEP_CONFIRM, NULL },
  { SQNS_ROUTE_ON_THE_FLY, SQNS_MODE_FFF, &plain, SQNS_STEP_PREPARE, NULL },
  { SQNS_ROUTE_RESUME, SQNS_MODE_RECOVERY, &plain, SQNS_STEP_UPLOAD_ON_THE_FLY, "from recovery" },
  { SQNS_ROUTE_RESUME, SQNS_MODE_MTOOLS, &plain, SQNS_STEP_UPLOAD_ON_THE_FLY, "via the running updater" },
  { SQNS_ROUTE_REBOOT, SQNS_MODE_RECOVERY, &booted, SQNS_STEP_BOOT_APPLICATION,
    "by a reboot: an earlier upgrade was never booted" },
  { SQNS_ROUTE_REBOOT, SQNS_MODE_MTOOLS, &booted, SQNS_STEP_BOOT_APPLICATION,
    "by a reboot: the modem already has the file" },
  { SQNS_ROUTE_REBOOT, SQNS_MODE_FFH, &booted_by_updater, SQNS_STEP_LOAD_UPDATER,
    "via the updater and a reboot: the modem already has the file" },
  { SQNS_ROUTE_UPDATER, SQNS_MODE_FFF, &by_updater, SQNS_STEP_PREPARE, "via the boot ROM and updater" },
  { SQNS_ROUTE_UPDATER, SQNS_MODE_RECOVERY, &by_updater, SQNS_STEP_BOOT_FFH, "via the boot ROM and updater" },
  { SQNS_ROUTE_UPDATER, SQNS_MODE_FFH, &by_updater, SQNS_STEP_LOAD_UPDATER, "via the boot ROM and updater" },
  { SQNS_ROUTE_BOOTROM, SQNS_MODE_FFF, &by_bootrom, SQNS_STEP_PREPARE, "via a new boot ROM and updater" },
  { SQNS_ROUTE_BOOTROM, SQNS_MODE_RECOVERY, &by_bootrom, SQNS_STEP_UPLOAD_BOOTROM, "via a new boot ROM and updater" },
  { SQNS_ROUTE_FFF, SQNS_MODE_FFF, &stored, SQNS_STEP_PREPARE, "stored first, then installed by the application" },
  { SQNS_ROUTE_TWO_STEPS, SQNS_MODE_FFF, &two_files, SQNS_STEP_PREPARE, "in two steps, one file after the other" },
  { SQNS_ROUTE_TWO_STEPS, SQNS_MODE_RECOVERY, &back_to_two_files, SQNS_STEP_BOOT_APPLICATION,
    "in two steps, one file after the other, once the application runs again" },
  { SQNS_ROUTE_REPORT, SQNS_MODE_RECOVERY, &plain, SQNS_STEP_APPLY, "once the modem reports on the file that it has" },
  { SQNS_ROUTE_REPORT, SQNS_MODE_MTOOLS, &plain, SQNS_STEP_APPLY, "once the modem reports on the file that it has" },
  { SQNS_ROUTE_REPORT, SQNS_MODE_FFF, &stored, SQNS_STEP_INSTALL, "by installing the stored file" },
  { SQNS_ROUTE_WAIT, SQNS_MODE_UPDATER, &waited, SQNS_STEP_WAIT, "once the modem has finished applying an upgrade" },
};

/* The routes of a full image by method; other files have one each. */
#define CHOICE(kind, mode, method, ...)                                                                                \
  {                                                                                                                    \
    SQNS_FILE_##kind, SQNS_MODE_##mode, SQNS_METHOD_##method,                                                          \
        sizeof ((SqnsRoute[]){ __VA_ARGS__ }) / sizeof (SqnsRoute),                                                    \
    {                                                                                                                  \
      __VA_ARGS__                                                                                                      \
    }                                                                                                                  \
  }
static const SqnsPlanChoice choices[] = {
  CHOICE (FULL, FFF, AUTO, SQNS_ROUTE_ON_THE_FLY, SQNS_ROUTE_BOOTROM, SQNS_ROUTE_UPDATER),
  CHOICE (FULL, FFF, ON_THE_FLY, SQNS_ROUTE_ON_THE_FLY),
  CHOICE (FULL, FFF, FFF, SQNS_ROUTE_FFF),
  CHOICE (FULL, FFF, RECOVERY, SQNS_ROUTE_UPDATER, SQNS_ROUTE_BOOTROM),
  CHOICE (FULL, RECOVERY, AUTO, SQNS_ROUTE_RESUME, SQNS_ROUTE_BOOTROM),
  CHOICE (FULL, RECOVERY, ON_THE_FLY, SQNS_ROUTE_RESUME),
  CHOICE (FULL, RECOVERY, RECOVERY, SQNS_ROUTE_UPDATER, SQNS_ROUTE_BOOTROM),
  CHOICE (FULL, MTOOLS, AUTO, SQNS_ROUTE_RESUME),
  CHOICE (FULL, MTOOLS, ON_THE_FLY, SQNS_ROUTE_RESUME),
  CHOICE (FULL, MTOOLS, RECOVERY, SQNS_ROUTE_RESUME),
  CHOICE (FULL, FFH, AUTO, SQNS_ROUTE_UPDATER),
  CHOICE (FULL, FFH, RECOVERY, SQNS_ROUTE_UPDATER),
  CHOICE (DIFF, FFF, AUTO, SQNS_ROUTE_FFF),
  CHOICE (DIFF, FFF, FFF, SQNS_ROUTE_FFF),
  CHOICE (BOOTROM, FFF, AUTO, SQNS_ROUTE_FFF),
  CHOICE (BOOTROM, FFF, FFF, SQNS_ROUTE_FFF),
  CHOICE (PAIR, FFF, AUTO, SQNS_ROUTE_TWO_STEPS),
  CHOICE (PAIR, RECOVERY, AUTO, SQNS_ROUTE_TWO_STEPS),
};

const char *const sqns_route_names[] = {
  "nothing", "on-the-fly", "resume", "reboot", "updater", "bootrom", "fff", "two-steps", "report", "wait", NULL,
};
G_STATIC_ASSERT (G_N_ELEMENTS (sqns_route_names) == SQNS_N_ROUTES + 1);

const SqnsPlanChoice *
sqns_plan_choice (SqnsFileKind kind, SqnsMode mode, SqnsMethod method)
{
  for (guint i = 0; i < G_N_ELEMENTS (choices); i++)
    if (choices[i].kind == kind && choices[i].mode == mode && choices[i].method == method)
      return &choices[i];
  return NULL;
}

static const Entry *
find_entry (SqnsRoute route, SqnsMode mode)
{
  for (guint i = 0; i < G_N_ELEMENTS (entries); i++)
    if (entries[i].route == route && entries[i].mode == mode)
      return &entries[i];
  g_assert_not_reached (); /* sqns_plan_choice() names only entries that stand above */
}

/* After a boot ROM or a first file, the remaining steps are those of another route, but it is still the same one. */
static SqnsRoute
whole_route (const SqnsPlanDone *done, SqnsRoute route)
{
  if (route != SQNS_ROUTE_ON_THE_FLY && route != SQNS_ROUTE_RESUME && route != SQNS_ROUTE_UPDATER)
    return route;
  return done->first_step_done ? SQNS_ROUTE_TWO_STEPS : done->bootrom_replaced ? SQNS_ROUTE_BOOTROM : route;
}

static char *
nothing_left (const SqnsPlanCase *c)
{
  g_autofree char *version = sqns_version_format (&c->state->version);

  if (!c->done->file_taken)
    return g_strdup_printf ("the modem already runs %s", version);
  if (c->kind == SQNS_FILE_BOOTROM)
    {
      g_autofree char *boot_rom = sqns_version_format (&c->state->bootloader0);
      return g_strdup_printf ("the modem accepted the boot ROM package and runs %s; its boot ROM is %s",
                              *version != '\0' ? version : "its application", *boot_rom != '\0' ? boot_rom : "unknown");
    }
  return g_strdup_printf ("the modem now runs %s", version);
}

static char *
summarize (const SqnsPlanCase *c, const Entry *entry)
{
  g_autofree char *from = sqns_version_format (&c->state->version);
  g_autofree char *to = sqns_version_format (&c->files->caba->version);

  if (entry->route == SQNS_ROUTE_NOTHING)
    return nothing_left (c);
  return g_strdup_printf ("%s -> %s%s%s", *from != '\0' ? from : "unknown version",
                          c->kind == SQNS_FILE_BOOTROM ? "the same version with another boot ROM" : to,
                          entry->text != NULL ? " " : "", entry->text != NULL ? entry->text : "");
}

SqnsPlan *
sqns_plan_new (const SqnsPlanCase *c, SqnsRoute route)
{
  const Entry *entry = find_entry (route, c->state->mode);
  SqnsPlan *plan = g_new0 (SqnsPlan, 1);
  gboolean entered = FALSE;

  plan->route = whole_route (c->done, route);
  plan->steps = g_array_new (FALSE, FALSE, sizeof (SqnsStep));
  plan->summary = summarize (c, entry);
  for (guint i = 0; i < entry->way->n; i++)
    {
      SqnsStep step = entry->way->steps[i];

      entered |= step == entry->first;
      if (!entered)
        continue;
      g_array_append_val (plan->steps, step);
      plan->needs_boot_rom |= sqns_step_has (step, SQNS_TRAIT_BOOT_ROM);
    }
  return plan;
}

void
sqns_plan_free (SqnsPlan *plan)
{
  if (plan == NULL)
    return;
  g_array_unref (plan->steps);
  g_free (plan->summary);
  g_free (plan);
}
