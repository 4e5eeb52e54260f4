/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is refused, and what would be allowed instead. */
#include "plan/policy.h"

#include "plan/rules.h"

#define MAX_UPDATER_LOADS 2u

SqnsFamily
sqns_plan_file_family (const SqnsCaba *caba)
{
  return caba->family != SQNS_FAMILY_UNKNOWN ? caba->family : sqns_version_family (&caba->version);
}

static gboolean
only_bootrom (const SqnsCaba *caba)
{
  const SqnsPackage *package;

  if (caba->diff || caba->packages->len != 1)
    return FALSE;
  package = g_ptr_array_index (caba->packages, 0);
  return package->role == SQNS_ROLE_BOOTROM;
}

SqnsFileKind
sqns_plan_file_kind (const SqnsPlanFiles *files, gboolean first_step_done)
{
  if (files->first_step != NULL && !first_step_done)
    return SQNS_FILE_PAIR;
  return files->caba->diff ? SQNS_FILE_DIFF : only_bootrom (files->caba) ? SQNS_FILE_BOOTROM : SQNS_FILE_FULL;
}

/* A first file goes by the FFF method, a full image is the second (field-failures.md §2.7; row 15: the vendor's page
 * once named them in the wrong order). */
static gboolean
check_first_step (const SqnsPlanFiles *files, GError **error)
{
  const SqnsCaba *first = files->first_step;

  if (first == NULL)
    return TRUE;
  if (first->complete && !files->caba->complete)
    return sqns_refuse (error, SQNS_ERROR_INCOMPATIBLE,
                        "the two files are in the wrong order: the complete firmware file goes last; swap them");
  if (first->complete)
    return sqns_refuse (error, SQNS_ERROR_INCOMPATIBLE,
                        "both files are complete firmware files; use one of them by itself, or the small file of a "
                        "pair first (the -1.dup of release 48829)");
  if (first->diff || only_bootrom (first))
    return sqns_refuse (error, SQNS_ERROR_INCOMPATIBLE,
                        "the first file is %s; use the small file of a pair there (the -1.dup of release 48829)",
                        first->diff ? "a differential file" : "only a boot ROM package");
  if (files->first_step_size > SQNS_STORE_MAX_SIZE)
    return sqns_refuse (error, SQNS_ERROR_INCOMPATIBLE,
                        "the first file is too large for the modem to store (%" G_GUINT64_FORMAT
                        " bytes, the limit is 4 MiB); use the small file of the pair",
                        files->first_step_size);
  if (!files->caba->complete)
    return sqns_refuse (error, SQNS_ERROR_INCOMPATIBLE,
                        "the second file is not a complete firmware file; use the -2.dup of the same release");
  return TRUE;
}

gboolean
sqns_plan_check_format (const SqnsPlanFiles *files, GError **error)
{
  const SqnsCaba *caba = files->caba;

  if (!check_first_step (files, error))
    return FALSE;
  if (only_bootrom (caba))
    return TRUE;
  if (!caba->diff && !caba->complete)
    return sqns_refuse (
        error, SQNS_ERROR_INVALID_FIRMWARE,
        "the file is incomplete (truncated, or one of several parts): %s missing; use a complete firmware file",
        caba->missing != NULL ? caba->missing : "packages");
  if (caba->diff && caba->base_build == 0)
    return sqns_refuse (error, SQNS_ERROR_INCOMPATIBLE,
                        "the differential file does not say which version it applies to; restore the name of its "
                        "release (upgdiff_A-to-B.dup), or use a complete firmware file");
  if (caba->diff && files->updater_given)
    return sqns_refuse (error, SQNS_ERROR_INCOMPATIBLE,
                        "an updater installs complete firmware files only, and this file is differential; omit the "
                        "updater if the modem runs %u, or use a complete firmware file",
                        caba->base_build);
  if (!sqns_version_known (&caba->version))
    return sqns_refuse (error, SQNS_ERROR_INVALID_FIRMWARE,
                        "the file does not say its version, so the result could not be verified; use a file that does");
  return TRUE;
}

void
sqns_plan_check_family (const SqnsPlanFiles *files, const SqnsPlanOptions *options, SqnsRefusals *refusals)
{
  const SqnsCaba *caba = files->caba;
  g_autofree char *to = sqns_version_format (&caba->version);

  if (options->force || only_bootrom (caba) || sqns_plan_file_family (caba) != SQNS_FAMILY_UNKNOWN)
    return;
  sqns_refusals_add (refusals, SQNS_ERROR_INCOMPATIBLE, SQNS_LIFT_FORCE, "a file of one of those",
                     "%s is neither CAT-M1 (5.x) nor NB-IoT (6.x), and no other firmware of this modem is known", to);
}

/* field-failures.md §1 rows 12 and 13 */
gboolean
sqns_plan_check_base (const SqnsPlanCase *c, GError **error)
{
  const SqnsCaba *caba = c->files->caba;
  g_autofree char *runs = sqns_version_format (&c->state->version);

  if (c->kind != SQNS_FILE_DIFF)
    return TRUE;
  if (c->state->mode != SQNS_MODE_FFF)
    return sqns_refuse (error, SQNS_ERROR_INCOMPATIBLE,
                        "the differential file applies only to a modem that runs %u, not to one in %s mode; use a "
                        "complete firmware file",
                        caba->base_build, sqns_mode_name (c->state->mode));
  if (c->state->version.build != caba->base_build)
    return sqns_refuse (error, SQNS_ERROR_INCOMPATIBLE,
                        "the differential file applies only to %u, and the modem runs %s; use a complete firmware file",
                        caba->base_build, *runs != '\0' ? runs : "an unknown version");
  return TRUE;
}

/* The chip that @files are made for. A boot ROM package without a version is the SQN3330's: no other is known. */
static SqnsChip
file_chip (const SqnsPlanCase *c)
{
  const SqnsCaba *caba = c->files->caba;

  if (caba->family != SQNS_FAMILY_UNKNOWN || !sqns_version_known (&caba->version))
    return SQNS_CHIP_SQN3330;
  return sqns_version_chip (&caba->version);
}

static SqnsChip
modem_chip (const SqnsPlanState *state)
{
  SqnsChip chip = sqns_version_chip (&state->version);

  return chip != SQNS_CHIP_UNKNOWN ? chip : sqns_version_chip (&state->bootloader0);
}

/* field-failures.md row 34: another chip is not another family, whatever is allowed there. */
static gboolean
is_other_chip (const SqnsPlanCase *c, SqnsRefusals *refusals)
{
  SqnsChip has = modem_chip (c->state), wants = file_chip (c);
  const SqnsVersion *told = sqns_version_known (&c->state->version) ? &c->state->version : &c->state->bootloader0;
  g_autofree char *runs = sqns_version_format (told);
  g_autofree char *version = sqns_version_format (&c->files->caba->version);

  if (has == SQNS_CHIP_UNKNOWN || wants == SQNS_CHIP_UNKNOWN || has == wants)
    return FALSE;
  sqns_refusals_add (refusals, SQNS_ERROR_INCOMPATIBLE, SQNS_LIFT_FORCE, "a file for the modem's chip",
                     "the modem reports %s, which is firmware for another chip (%s); the file%s%s is for %s", runs,
                     sqns_chip_name (has), *version != '\0' ? " " : "", version, sqns_chip_name (wants));
  return TRUE;
}

/* Builds are numbered across both families, releases within each: across families a file is older only if both numbers
 * are lower. */
static gboolean
is_older (const SqnsPlanCase *c)
{
  const SqnsVersion *runs = &c->state->version, *to = &c->files->caba->version;

  if (sqns_version_family (runs) != sqns_plan_file_family (c->files->caba) && to->build >= runs->build)
    return FALSE;
  return sqns_version_compare (to, runs) < 0;
}

/* A modem in recovery often cannot tell what it ran, and the file may be its only rescue: an unknown version is allowed
 * there. An application always can; one that does not is broken, which Recover is for. */
static void
check_unknown (const SqnsPlanCase *c, SqnsRefusals *refusals)
{
  const SqnsPlanOptions *options = c->options;
  g_autofree char *to = sqns_version_format (&c->files->caba->version);

  if (c->state->mode != SQNS_MODE_FFF || options->recover || (options->allow_downgrade && options->allow_family_change))
    return;
  sqns_refusals_add (refusals, SQNS_ERROR_WRONG_STATE, SQNS_LIFT_DOWNGRADE | SQNS_LIFT_FAMILY, NULL,
                     "the modem does not report its version, so %s may be a downgrade or a change of family", to);
}

void
sqns_plan_check_version (const SqnsPlanCase *c, SqnsRefusals *refusals)
{
  const SqnsPlanOptions *options = c->options;
  const SqnsVersion *runs = &c->state->version;
  SqnsFamily from_family = sqns_version_family (runs), to_family = sqns_plan_file_family (c->files->caba);
  g_autofree char *from = sqns_version_format (runs);
  g_autofree char *to = sqns_version_format (&c->files->caba->version);

  if (options->force || is_other_chip (c, refusals) || c->kind == SQNS_FILE_BOOTROM)
    return;
  if (!sqns_version_known (runs))
    {
      check_unknown (c, refusals);
      return;
    }
  if (from_family != to_family && !options->allow_family_change)
    sqns_refusals_add (refusals, SQNS_ERROR_INCOMPATIBLE, SQNS_LIFT_FAMILY, "a file of the same family",
                       "the modem %s %s (%s) and the file is %s (%s)",
                       c->state->mode == SQNS_MODE_FFF ? "runs" : "last ran", from, sqns_family_name (from_family), to,
                       sqns_family_name (to_family));
  if (is_older (c) && !options->allow_downgrade)
    sqns_refusals_add (refusals, SQNS_ERROR_DOWNGRADE, SQNS_LIFT_DOWNGRADE, "a newer file", "%s is older than %s", to,
                       from);
}

static gboolean
check_store (const SqnsPlanFiles *files, GError **error)
{
  if (files->size <= SQNS_STORE_MAX_SIZE)
    return TRUE;
  return sqns_refuse (error, SQNS_ERROR_INCOMPATIBLE,
                      "the file is too large for the modem to store (%" G_GUINT64_FORMAT
                      " bytes, the limit of the method fff is 4 MiB); use %s",
                      files->size, files->caba->diff ? "a complete firmware file" : "the method auto");
}

static gboolean
check_updater (const SqnsPlanCase *c, GError **error)
{
  if (c->kind == SQNS_FILE_DIFF || c->kind == SQNS_FILE_BOOTROM)
    return sqns_refuse (error, SQNS_ERROR_NEEDS_RECOVERY,
                        "the modem is in %s mode; only a complete firmware file and an updater lead out of it",
                        sqns_mode_name (c->state->mode));
  if (!c->files->updater_given && c->files->caba->updater_size == 0)
    return sqns_refuse (error, SQNS_ERROR_INCOMPATIBLE,
                        "this needs an updater program, and the file contains none; add the updater.elf of its release "
                        "(--updater), or use a complete firmware file that contains one");
  if (c->done->updater_loads < MAX_UPDATER_LOADS)
    return TRUE;
  return sqns_refuse (error, SQNS_ERROR_NEEDS_RECOVERY,
                      "an updater was loaded %u times, but the modem is still in %s mode; try again; if it fails "
                      "again, use the updater.elf of another release (--updater)",
                      c->done->updater_loads, sqns_mode_name (c->state->mode));
}

/* Only a modem that runs CAT-M1 still uses that boot ROM: one with NB-IoT had it replaced, whatever its first boot
 * loader says. */
static gboolean
check_bootrom (const SqnsPlanCase *c, GError **error)
{
  if (!c->done->bootrom_replaced && c->state->bootloader0.build == SQNS_FACTORY_BOOT_ROM
      && sqns_version_family (&c->state->version) == SQNS_FAMILY_CAT_M1)
    return check_updater (c, error);
  return sqns_refuse (
      error, SQNS_ERROR_INCOMPATIBLE,
      "only the factory boot ROM %u can be replaced before an upgrade, and this modem is not known to have it",
      SQNS_FACTORY_BOOT_ROM);
}

/* The first of two files is not repeated: only a running application takes it. */
static gboolean
check_two_steps (const SqnsPlanCase *c, GError **error)
{
  SqnsMode mode = c->state->mode;

  if (mode == SQNS_MODE_FFF
      || (mode == SQNS_MODE_RECOVERY && sqns_version_known (&c->state->version) && !c->done->rebooted))
    return TRUE;
  return sqns_refuse (
      error, SQNS_ERROR_WRONG_STATE,
      "the first of the two files can only be installed on a modem that runs its application, and this one is in %s "
      "mode; use another complete firmware file by itself, or both files once the application runs again",
      sqns_mode_name (mode));
}

gboolean
sqns_plan_check_route (const SqnsPlanCase *c, SqnsRoute route, GError **error)
{
  switch (route)
    {
    case SQNS_ROUTE_FFF:
      return check_store (c->files, error);
    case SQNS_ROUTE_UPDATER:
      return check_updater (c, error);
    case SQNS_ROUTE_BOOTROM:
      return check_bootrom (c, error);
    case SQNS_ROUTE_TWO_STEPS:
      return check_two_steps (c, error);
    case SQNS_ROUTE_REBOOT: /* only an updater leads out of the boot ROM */
      return c->state->mode != SQNS_MODE_FFH || check_updater (c, error);
    case SQNS_ROUTE_NOTHING:
    case SQNS_ROUTE_ON_THE_FLY:
    case SQNS_ROUTE_RESUME:
    case SQNS_ROUTE_REPORT:
    case SQNS_ROUTE_WAIT:
      return TRUE;
    }
  g_assert_not_reached ();
}

gboolean
sqns_plan_check_rules (const SqnsPlanCase *c, SqnsRoute route, gboolean force, GError **error)
{
  const SqnsCaba *caba = c->files->caba;
  const SqnsRulesQuery query = {
    .to = &caba->version,
    .to_family = sqns_plan_file_family (caba),
    .first_file = c->files->first_step != NULL,
    .state = c->state,
    .route = route,
    /* the first of two files onto an unknown version has bricked modems: no guessing here */
    .unknown_passes = c->options->recover && c->kind != SQNS_FILE_PAIR,
  };

  return sqns_rules_allow (c->rules, &query, force, error);
}
