/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Routes and refusals, row by row, with the installed rules file. */
#include "plan-files.h"
#include "plan/policy.h"

#include <string.h>

/* The request, the state, and what the job has done, as flags, so that a row fits a line. */
enum {
  DOWN = 1 << 0,
  AGAIN = 1 << 1,
  FAMILY = 1 << 2,
  FORCE = 1 << 3,
  FLY = 1 << 4, /* methods */
  STORE = 1 << 5,
  BY_FFH = 1 << 6,
  RECOVER = 1 << 7,
  GIVEN = 1 << 8,        /* an updater */
  NO_ELF = 1 << 9,       /* no updater inside */
  SMALL = 1 << 10,       /* the file fits the store */
  SUCCESS = 1 << 11,     /* the modem's report; otherwise all others */
  NEW_BOOTROM = 1 << 12, /* history */
  FIRST_DONE = 1 << 13,
  TAKEN = 1 << 14,
  REBOOTED = 1 << 15,
  TOUCHED = 1 << 16,
  LOADED = 1 << 17,
  LOADED_TWICE = 1 << 18,
  SENT_TWICE = 1 << 19,
  SENT = 1 << 20,        /* without a report yet */
  IN_STORE = 1 << 21,    /* the same by the FFF method */
  SAID_FAILED = 1 << 22, /* the modem's report, for SENT; without: every other */
};

typedef struct {
  SqnsMode mode;
  SqnsVersion from;
  guint bootloader0; /* build, 0 = not read */
  SqnsVersion to;
  FileKind kind;
  guint flags;
  int route; /* -1: refused */
  SqnsError error;
  const char *steps;
  const char *text; /* in the summary or the error; nullable */
} Row;

#define APP SQNS_MODE_FFF
#define REC SQNS_MODE_RECOVERY
#define MT SQNS_MODE_MTOOLS
#define FFH SQNS_MODE_FFH
#define BUSY SQNS_MODE_UPDATER
#define NO(code) -1, SQNS_ERROR_##code, NULL

#define WHOLE "upload-on-the-fly apply boot-application confirm"
#define ON_THE_FLY SQNS_ROUTE_ON_THE_FLY, 0, "prepare boot-recovery " WHOLE
#define RESUME SQNS_ROUTE_RESUME, 0, WHOLE
#define REBOOT SQNS_ROUTE_REBOOT, 0, "boot-application confirm"
#define UPDATER SQNS_ROUTE_UPDATER, 0, "load-updater " WHOLE
#define STORED SQNS_ROUTE_FFF, 0, "prepare store install confirm"
#define BY_BOOTROM(steps) SQNS_ROUTE_BOOTROM, 0, steps WHOLE
#define TWO(steps) SQNS_ROUTE_TWO_STEPS, 0, steps "prepare boot-recovery " WHOLE
#define WAIT SQNS_ROUTE_WAIT, 0, "wait"
#define NOTHING SQNS_ROUTE_NOTHING, 0, ""

static const Row rows[] = {
  /* routes of full images */
  { APP, NB (35351), 0, NB (37781), FULL, 0, ON_THE_FLY, "6.0.0.0-35351 -> 6.0.0.0-37781" },
  /* an engineering release (field-failures.md row 33) */
  { APP, { { 6, 0, 0, 0 }, 36571, "ER9" }, 0, NB (37781), FULL, 0, ON_THE_FLY, "6.0.0.0-ER9-36571 -> 6.0.0.0-37781" },
  { APP, CAT (38638), 33080, CAT (41065), FULL, 0, ON_THE_FLY, NULL },
  { APP, CAT (38638), 38638, CAT (41065), FULL, FLY, ON_THE_FLY, NULL },
  { APP, CAT (38638), 38638, CAT (41065), FULL, RECOVER, ON_THE_FLY, NULL },
  { APP, CAT (38638), 38638, CAT (41065), FULL, SUCCESS, ON_THE_FLY, NULL },
  { APP, { { 0 }, 38638 }, 0, CAT (41065), FULL, 0, ON_THE_FLY, "[38638] -> 5.1.1.0-41065" },
  { APP, CAT (46470), 46470, NB (41019), FULL, FAMILY, ON_THE_FLY, NULL },
  { APP, CAT (38638), 38638, CAT (41065), FULL, GIVEN, ON_THE_FLY, NULL },
  { REC, UNKNOWN, 0, NB (37781), FULL, 0, RESUME, "unknown version -> 6.0.0.0-37781 from recovery" },
  { REC, NB (35351), 0, NB (37781), FULL, 0, RESUME, NULL },
  { REC, NB (37781), 0, NB (37781), FULL, 0, RESUME, NULL },
  { REC, UNKNOWN, 0, NB (37781), FULL, FLY | RECOVER, RESUME, NULL },
  { MT, UNKNOWN, 0, CAT (41065), FULL, FLY, RESUME, "via the running updater" },
  { MT, CAT (41065), 0, CAT (41065), FULL, 0, RESUME, NULL },
  { MT, UNKNOWN, 0, CAT (41065), FULL, BY_FFH | SUCCESS, RESUME, NULL },
  { FFH, UNKNOWN, 0, NB (37781), FULL, 0, UPDATER, "via the boot ROM and updater" },
  { FFH, UNKNOWN, 0, NB (37781), FULL, BY_FFH, UPDATER, NULL },
  { FFH, NB (35351), 0, NB (37781), FULL, RECOVER | SUCCESS, UPDATER, NULL },
  { FFH, NB (37781), 0, NB (37781), FULL, LOADED, UPDATER, NULL },
  { FFH, UNKNOWN, 0, NB (37781), FULL, GIVEN | NO_ELF, UPDATER, NULL },
  { BUSY, NB (35351), 0, NB (37781), FULL, FORCE, WAIT, "has finished applying an upgrade" },
  { BUSY, UNKNOWN, 0, TWO_FILES, FULL, 0, WAIT, NULL },
  { BUSY, UNKNOWN, 0, CAT (39529), DIFF, 0, WAIT, NULL },
  { BUSY, CAT (38638), 0, CAT (41065), FULL, TAKEN | STORE, WAIT, NULL },
  { SQNS_MODE_UNKNOWN, UNKNOWN, 0, NB (37781), FULL, FORCE, NO (WRONG_STATE), "which mode" },
  { SQNS_MODE_UNKNOWN, NB (35351), 0, NB (37781), FULL, TAKEN | RECOVER, NO (WRONG_STATE), NULL },
  /* no updater to load, or it does not stay */
  { FFH, UNKNOWN, 0, NB (37781), FULL, NO_ELF, NO (INCOMPATIBLE), "--updater" },
  { FFH, UNKNOWN, 0, NB (37781), FULL, LOADED_TWICE, NO (NEEDS_RECOVERY), "2 times" },
  { FFH, UNKNOWN, 0, NB (37781), FULL, LOADED_TWICE | FORCE, NO (NEEDS_RECOVERY), NULL },
  /* finished, but not told to boot */
  { REC, UNKNOWN, 0, NB (37781), FULL, SUCCESS, REBOOT, "by a reboot" },
  { REC, UNKNOWN, 0, NB (37781), FULL, SUCCESS | RECOVER | FLY, REBOOT, NULL },
  { REC, UNKNOWN, 0, CAT (39529), DIFF, SUCCESS, REBOOT, NULL },
  { REC, UNKNOWN, 0, TWO_FILES, PAIR, SUCCESS, REBOOT, NULL },
  { REC, UNKNOWN, 0, NB (37781), FULL, SUCCESS | REBOOTED | TOUCHED, RESUME, NULL },
  { REC, NB (35351), 0, NB (37781), FULL, SUCCESS | TOUCHED, RESUME, NULL },
  { REC, UNKNOWN, 0, CAT (39529), DIFF, SUCCESS | REBOOTED | TOUCHED, NO (INCOMPATIBLE), "recovery" },
  /* files that this job has sent and the modem has taken */
  /* interrupted after the upload: not sent again, unless the modem reports a failure */
  { REC, NB (35351), 0, NB (37781), FULL, SENT | TOUCHED, SQNS_ROUTE_REPORT, 0, "apply boot-application confirm",
    NULL },
  { REC, NB (35351), 0, NB (37781), FULL, SENT | TOUCHED | SUCCESS, SQNS_ROUTE_REPORT, 0,
    "apply boot-application confirm", NULL },
  { MT, UNKNOWN, 0, NB (37781), FULL, SENT | TOUCHED | LOADED, SQNS_ROUTE_REPORT, 0, "apply boot-application confirm",
    NULL },
  { APP, CAT (38638), 0, CAT (39529), DIFF, IN_STORE | TOUCHED, SQNS_ROUTE_REPORT, 0, "install confirm", NULL },
  { APP, NB (37781), 0, NB (37781), FULL, SENT | TOUCHED | AGAIN, NOTHING, NULL },
  { APP, NB (35351), 0, NB (37781), FULL, SENT | TOUCHED, ON_THE_FLY, NULL },
  { REC, NB (35351), 0, NB (37781), FULL, SENT | TOUCHED | SAID_FAILED, RESUME, NULL },
  { REC, NB (35351), 0, NB (37781), FULL, TAKEN | TOUCHED, REBOOT, NULL },
  { REC, CAT (38638), 0, CAT (39529), DIFF, TAKEN | TOUCHED | SUCCESS, REBOOT, NULL },
  { MT, UNKNOWN, 0, NB (37781), FULL, TAKEN | TOUCHED | LOADED, REBOOT, NULL },
  { FFH, UNKNOWN, 0, NB (37781), FULL, TAKEN | TOUCHED, SQNS_ROUTE_REBOOT, 0, "load-updater boot-application confirm",
    NULL },
  { FFH, UNKNOWN, 0, NB (37781), FULL, TAKEN | TOUCHED | LOADED_TWICE, NO (NEEDS_RECOVERY), NULL },
  { FFH, CAT (38638), 0, CAT (39529), DIFF, TAKEN | TOUCHED, NO (NEEDS_RECOVERY), "complete firmware file" },
  { REC, NB (35351), 0, NB (37781), FULL, TAKEN | REBOOTED | SUCCESS, RESUME, NULL },
  { MT, NB (35351), 0, NB (37781), FULL, TAKEN | REBOOTED, RESUME, NULL },
  { FFH, NB (35351), 0, NB (37781), FULL, TAKEN | REBOOTED, UPDATER, NULL },
  { REC, NB (35351), 0, NB (37781), FULL, TAKEN | REBOOTED | SENT_TWICE, NO (NEEDS_RECOVERY), "recovery mode again" },
  { MT, NB (35351), 0, NB (37781), FULL, TAKEN | REBOOTED | SENT_TWICE | FORCE, NO (NEEDS_RECOVERY), NULL },
  { FFH, NB (35351), 0, NB (37781), FULL, TAKEN | REBOOTED | SENT_TWICE, NO (NEEDS_RECOVERY), NULL },
  { REC, CAT (38638), 0, CAT (39529), DIFF, TAKEN | REBOOTED, NO (NEEDS_RECOVERY), "another complete firmware file" },
  { REC, CAT (41065), 0, TWO_FILES, PAIR, FIRST_DONE | TAKEN | REBOOTED, SQNS_ROUTE_TWO_STEPS, 0, WHOLE, NULL },
  { APP, NB (37781), 0, NB (37781), FULL, TAKEN | REBOOTED, NOTHING, "now runs 6.0.0.0-37781" },
  { APP, NB (37781), 0, NB (37781), FULL, TAKEN | REBOOTED | AGAIN, NOTHING, NULL },
  { APP, NB (35351), 0, NB (37781), FULL, TAKEN | REBOOTED, NO (VERIFY_FAILED), "6.0.0.0-35351, not 6.0.0.0-37781" },
  { APP, NB (35351), 0, NB (37781), FULL, TAKEN | FORCE | RECOVER, NO (VERIFY_FAILED), NULL },
  { APP, UNKNOWN, 0, NB (37781), FULL, TAKEN, NO (VERIFY_FAILED), "an unknown version" },
  { APP, CAT (38638), 0, CAT (39529), DIFF, TAKEN, NO (VERIFY_FAILED), NULL },
  { APP, CAT (39529), 0, CAT (39529), DIFF, TAKEN, NOTHING, NULL },
  /* the same version */
  { APP, NB (37781), 0, NB (37781), FULL, 0, NOTHING, "already runs 6.0.0.0-37781" },
  { APP, { { 0 }, 37781 }, 0, NB (37781), FULL, 0, NOTHING, NULL },
  { APP, NB (37781), 0, NB (37781), FULL, FORCE | STORE, NOTHING, NULL },
  { APP, NB (37781), 0, NB (37781), FULL, AGAIN, ON_THE_FLY, NULL },
  { APP, LATE_FACTORY, 50523, LATE_FACTORY, FULL, 0, NOTHING, NULL },
  { APP, TWO_FILES, 0, TWO_FILES, PAIR, 0, NOTHING, NULL },
  { APP, CAT (41065), 0, CAT (41065), DIFF, 0, NOTHING, NULL },
  /* downgrade, only within a family */
  { APP, NB (41019), 0, NB (37781), FULL, 0, NO (DOWNGRADE), "allow-downgrade" },
  { APP, NB (41019), 0, NB (37781), FULL, AGAIN | FAMILY | RECOVER, NO (DOWNGRADE), NULL },
  { APP, NB (41019), 0, NB (37781), FULL, DOWN, ON_THE_FLY, NULL },
  { APP, NB (41019), 0, NB (37781), FULL, FORCE, ON_THE_FLY, NULL },
  { REC, NB (41019), 0, NB (37781), FULL, 0, NO (DOWNGRADE), NULL },
  { FFH, NB (41019), 0, NB (37781), FULL, 0, NO (DOWNGRADE), NULL },
  { APP, CAT (46470), 0, NB (37781), FULL, FAMILY, ON_THE_FLY, NULL },
  /* family */
  { APP, CAT (38638), 0, NB (37781), FULL, 0, NO (INCOMPATIBLE), "allow-family-change" },
  { APP, NB (37781), 0, CAT (41065), FULL, DOWN | AGAIN, NO (INCOMPATIBLE), "NB-IoT" },
  { APP, CAT (38638), 0, NB (37781), FULL, FORCE, ON_THE_FLY, NULL },
  { REC, CAT (38638), 0, NB (37781), FULL, 0, NO (INCOMPATIBLE), NULL },
  { APP, { { 7, 0, 0, 0 }, 30000 }, 0, NB (37781), FULL, 0, NO (INCOMPATIBLE), NULL },
  { APP, NB (35351), 0, { { 8, 0, 5, 4 }, 61488 }, FOREIGN, FAMILY, NO (INCOMPATIBLE), "neither CAT-M1" },
  /* all refusals that can be lifted, and what lifts them, in one answer */
  { APP, NB (41019), 0, CAT (38638), FULL, 0, NO (INCOMPATIBLE),
    "the modem runs 6.0.0.0-41019 (NB-IoT) and the file is 5.1.1.0-38638 (CAT-M1); and 5.1.1.0-38638 is older than "
    "6.0.0.0-41019; add --allow-family-change and --allow-downgrade to allow it" },
  { APP, NB (41019), 0, CAT (38638), FULL, FAMILY, NO (DOWNGRADE), "use a newer file, or add --allow-downgrade" },
  { APP, NB (41019), 0, CAT (38638), FULL, DOWN, NO (INCOMPATIBLE),
    "use a file of the same family, or add --allow-family-change" },
  { APP, NB (41019), 0, CAT (38638), FULL, FAMILY | DOWN, ON_THE_FLY, NULL },
  { APP, NB (37781), 0, CAT (41065), FULL, FAMILY, ON_THE_FLY, NULL }, /* released later */
  { APP, NB (41019), 0, TWO_FILES, PAIR, 0, NO (INCOMPATIBLE), "only --force overrides all of this" },
  { APP, LATE_FACTORY, 0, CAT (41065), FULL, 0, NO (INCOMPATIBLE), "is older than" },
  { APP, LATE_FACTORY, 0, CAT (41065), FULL, 0, NO (INCOMPATIBLE), "only --force overrides all of this" },
  { APP, CAT (38638), 33080, NB (37781), FULL, FLY, NO (INCOMPATIBLE), "and the file is 6.0.0.0-37781 (NB-IoT); and" },
  { REC, NB (41019), 0, NB (37781), FULL, STORE | SMALL, NO (WRONG_STATE), "is older than" },
  { APP, NB (41019), 0, NB (37781), FULL, STORE, NO (INCOMPATIBLE), "4 MiB" },
  { APP, NB (41019), 0, NB (37781), FULL, STORE, NO (INCOMPATIBLE), "is older than" },
  /* another chip (field-failures.md row 34): no matter of families */
  { APP, MONARCH2, 0, CAT (41065), FULL, 0, NO (INCOMPATIBLE), "another chip (Monarch 2)" },
  { APP, MONARCH2, 0, CAT (41065), FULL, 0, NO (INCOMPATIBLE), "only --force overrides this" },
  { APP, MONARCH2, 0, CAT (41065), FULL, FAMILY, NO (INCOMPATIBLE), "another chip" },
  { APP, MONARCH2, 0, NB (37781), FULL, FAMILY | DOWN | AGAIN, NO (INCOMPATIBLE), "another chip" },
  { APP, MONARCH2, 0, NB (37781), FULL, FAMILY | DOWN | RECOVER, NO (INCOMPATIBLE), "another chip" },
  { REC, MONARCH2, 0, CAT (41065), FULL, FAMILY | DOWN, NO (INCOMPATIBLE), "another chip" },
  { FFH, MONARCH2, 0, CAT (41065), FULL, FAMILY | DOWN, NO (INCOMPATIBLE), "another chip" },
  { APP, MONARCH2, 0, UNKNOWN, BOOTROM, FAMILY | DOWN, NO (INCOMPATIBLE), "another chip" },
  { APP, MONARCH2, 0, CAT (41065), FULL, FORCE, ON_THE_FLY, NULL },
  { APP, { { 7, 0, 0, 0 }, 30000 }, 0, NB (37781), FULL, FAMILY | DOWN, NO (INCOMPATIBLE), "another chip" },
  { APP, CAT (38638), 0, MONARCH2, FOREIGN, FAMILY | DOWN, NO (INCOMPATIBLE), "is for Monarch 2" },
  { APP, CAT (38638), 0, MONARCH2, FOREIGN, FORCE, ON_THE_FLY, NULL },
  { APP, { { 0 }, 99999 }, 0, NB (37781), FULL, FAMILY | DOWN, ON_THE_FLY, NULL },
  /* an application that does not report its version */
  { APP, UNKNOWN, 0, NB (37781), FULL, 0, NO (WRONG_STATE), "allow-family-change" },
  { APP, UNKNOWN, 0, NB (37781), FULL, DOWN, NO (WRONG_STATE), NULL },
  { APP, UNKNOWN, 0, NB (37781), FULL, DOWN | FAMILY, ON_THE_FLY, NULL },
  { APP, UNKNOWN, 0, NB (37781), FULL, FORCE, ON_THE_FLY, "unknown version ->" },
  { APP, UNKNOWN, 0, NB (37781), FULL, RECOVER, ON_THE_FLY, NULL },
  /* files that are not allowed on any modem, forced or not */
  { APP, NB (35351), 0, NB (37781), CUT, FORCE, NO (INVALID_FIRMWARE), "fff, fs missing" },
  { REC, UNKNOWN, 0, NB (37781), CUT, RECOVER, NO (INVALID_FIRMWARE), NULL },
  { APP, NB (35351), 0, UNKNOWN, FULL, FORCE, NO (INVALID_FIRMWARE), "does not say its version" },
  /* diffs */
  { APP, CAT (38638), 0, CAT (39529), DIFF, 0, STORED, "5.1.1.0-38638 -> 5.1.1.0-39529 stored first" },
  { APP, CAT (38638), 33080, CAT (39529), DIFF, STORE | RECOVER, STORED, NULL },
  { APP, { { 0 }, 38638 }, 0, CAT (39529), DIFF, 0, STORED, NULL },
  { APP, CAT (46470), 0, CAT (48000), DIFF, FORCE, NO (INCOMPATIBLE), "only to 38638" },
  { APP, UNKNOWN, 0, CAT (39529), DIFF, FORCE | RECOVER, NO (INCOMPATIBLE), "an unknown version" },
  { APP, CAT (38638), 0, CAT (39529), NO_BASE, FORCE, NO (INCOMPATIBLE), "upgdiff_A-to-B" },
  { APP, CAT (38638), 0, CAT (39529), DIFF, GIVEN | FORCE, NO (INCOMPATIBLE), "complete firmware files only" },
  { APP, CAT (38638), 0, CAT (39529), DIFF, FLY | FORCE, NO (INCOMPATIBLE), "on-the-fly; use auto or fff" },
  { APP, CAT (38638), 0, CAT (39529), DIFF, BY_FFH, NO (INCOMPATIBLE), NULL },
  { FFH, UNKNOWN, 0, CAT (39529), DIFF, FORCE, NO (INCOMPATIBLE), "ffh" },
  { MT, UNKNOWN, 0, CAT (39529), DIFF, RECOVER, NO (INCOMPATIBLE), "use a complete firmware file" },
  { REC, CAT (38638), 0, CAT (39529), DIFF, FORCE, NO (INCOMPATIBLE), "recovery" },
  /* a boot ROM package alone */
  { APP, CAT (38638), 33080, UNKNOWN, BOOTROM, 0, STORED, "the same version with another boot ROM" },
  { APP, CAT (33080), 33080, UNKNOWN, BOOTROM, STORE, STORED, NULL },
  { APP, CAT (38638), 38638, UNKNOWN, BOOTROM, TAKEN, NOTHING, "accepted the boot ROM package" },
  { APP, UNKNOWN, 0, UNKNOWN, BOOTROM, TAKEN, NOTHING, "its boot ROM is unknown" },
  { APP, CAT (38638), 33080, UNKNOWN, BOOTROM, TAKEN, NO (VERIFY_FAILED), "still has the factory boot ROM 33080" },
  { APP, CAT (38638), 33080, UNKNOWN, BOOTROM, FLY | FORCE, NO (INCOMPATIBLE), "running application" },
  { REC, CAT (38638), 33080, UNKNOWN, BOOTROM, FORCE, NO (INCOMPATIBLE), "use a complete firmware file" },
  { FFH, UNKNOWN, 0, UNKNOWN, BOOTROM, RECOVER, NO (INCOMPATIBLE), NULL },
  { REC, CAT (38638), 33080, UNKNOWN, BOOTROM, TAKEN, REBOOT, NULL },
  { APP, LATE_FACTORY, 0, UNKNOWN, BOOTROM, 0, NO (INCOMPATIBLE), "needs no upgrade" },
  /* methods */
  { APP, NB (35351), 0, NB (37781), FULL, STORE, NO (INCOMPATIBLE), "4 MiB" },
  { APP, NB (35351), 0, NB (37781), FULL, STORE | FORCE, NO (INCOMPATIBLE), "4 MiB" },
  { APP, NB (35351), 0, NB (37781), FULL, STORE | SMALL, STORED, NULL },
  { REC, NB (35351), 0, NB (37781), FULL, STORE | SMALL | FORCE, NO (WRONG_STATE), "method fff" },
  { FFH, UNKNOWN, 0, NB (37781), FULL, FLY, NO (WRONG_STATE), "use the method auto" },
  { FFH, UNKNOWN, 0, NB (37781), FULL, STORE, NO (WRONG_STATE), NULL },
  { APP, NB (35351), 0, NB (37781), FULL, BY_FFH, SQNS_ROUTE_UPDATER, 0, "prepare boot-ffh load-updater " WHOLE, NULL },
  { REC, UNKNOWN, 0, NB (37781), FULL, BY_FFH, SQNS_ROUTE_UPDATER, 0, "boot-ffh load-updater " WHOLE, NULL },
  { APP, NB (35351), 0, NB (37781), FULL, BY_FFH | NO_ELF, NO (INCOMPATIBLE), "--updater" },
  { REC, UNKNOWN, 0, NB (37781), FULL, BY_FFH | LOADED_TWICE, NO (NEEDS_RECOVERY), NULL },
  /* release 48829 */
  { APP, CAT (41065), 0, TWO_FILES, PAIR, 0, TWO ("prepare store-first install "), "one file after the other" },
  { APP, CAT (41065), 0, TWO_FILES, PAIR, RECOVER, TWO ("prepare store-first install "), NULL },
  { APP, CAT (41065), 0, TWO_FILES, FULL, 0, NO (INCOMPATIBLE), "-1.dup as the first file" },
  { APP, CAT (41065), 0, TWO_FILES, FULL, FORCE, ON_THE_FLY, NULL },
  { APP, CAT (39529), 0, TWO_FILES, PAIR, FIRST_DONE, TWO (""), NULL },
  { APP, UNKNOWN, 0, TWO_FILES, PAIR, FIRST_DONE, TWO (""), NULL },
  { REC, CAT (41065), 0, TWO_FILES, PAIR, FIRST_DONE | SUCCESS, SQNS_ROUTE_TWO_STEPS, 0, WHOLE, NULL },
  { MT, CAT (41065), 0, TWO_FILES, PAIR, FIRST_DONE, SQNS_ROUTE_TWO_STEPS, 0, WHOLE, NULL },
  { FFH, CAT (39529), 0, TWO_FILES, PAIR, FIRST_DONE, SQNS_ROUTE_TWO_STEPS, 0, "load-updater " WHOLE, NULL },
  { FFH, CAT (39529), 0, TWO_FILES, PAIR, FIRST_DONE | LOADED_TWICE, NO (NEEDS_RECOVERY), NULL },
  { REC, CAT (41065), 0, TWO_FILES, PAIR, TOUCHED, TWO ("boot-application prepare store-first install "), NULL },
  { REC, CAT (41065), 0, TWO_FILES, PAIR, TOUCHED | REBOOTED, NO (WRONG_STATE), "runs its application" },
  { MT, CAT (41065), 0, TWO_FILES, PAIR, TOUCHED, NO (WRONG_STATE), NULL },
  { FFH, UNKNOWN, 0, TWO_FILES, PAIR, RECOVER, NO (WRONG_STATE), NULL },
  { APP, CAT (38638), 0, TWO_FILES, PAIR, 0, NO (INCOMPATIBLE), "rule 48829-base; --force overrides it" },
  { APP, CAT (39529), 0, TWO_FILES, PAIR, 0, NO (INCOMPATIBLE), "it has destroyed modems" },
  { APP, CAT (33080), 33080, TWO_FILES, PAIR, 0, NO (INCOMPATIBLE), "rule 48829-base" },
  { APP, CAT (33080), 33080, TWO_FILES, FULL, 0, NO (INCOMPATIBLE), "rule 48829-base" },
  { APP, NB (41019), 0, TWO_FILES, PAIR, FAMILY, NO (INCOMPATIBLE), "rule 48829-base" },
  { APP, CAT (38638), 0, TWO_FILES, FULL, 0, NO (INCOMPATIBLE), "rule 48829-base" },
  { APP, CAT (38638), 0, TWO_FILES, FULL, FORCE, ON_THE_FLY, NULL },
  { APP, CAT (38638), 0, TWO_FILES, PAIR, FORCE, TWO ("prepare store-first install "), NULL },
  { APP, UNKNOWN, 0, TWO_FILES, PAIR, RECOVER, NO (INCOMPATIBLE), "rule 48829-base" },
  { APP, UNKNOWN, 0, TWO_FILES, PAIR, DOWN | FAMILY, NO (INCOMPATIBLE), "rule 48829-base" },
  { REC, UNKNOWN, 0, TWO_FILES, PAIR, RECOVER, NO (INCOMPATIBLE), "rule 48829-base" },
  { REC, UNKNOWN, 0, TWO_FILES, FULL, 0, NO (INCOMPATIBLE), "rule 48829-base" },
  { REC, UNKNOWN, 0, TWO_FILES, FULL, RECOVER, RESUME, NULL },
  { APP, CAT (41065), 0, TWO_FILES, PAIR, FLY, NO (INCOMPATIBLE), "method auto" },
  { APP, CAT (41065), 0, TWO_FILES, PAIR, STORE | FORCE, NO (INCOMPATIBLE), NULL },
  { APP, CAT (41065), 0, CAT (46470), PAIR, FORCE, NO (INCOMPATIBLE), "rule first-file-for-48829" },
  { APP, CAT (41065), 0, TWO_FILES, PAIR_SWAPPED, FORCE, NO (INCOMPATIBLE), "wrong order" },
  { APP, CAT (41065), 0, TWO_FILES, PAIR_FULL, FORCE, NO (INCOMPATIBLE), "both files are complete" },
  { APP, CAT (41065), 0, TWO_FILES, PAIR_DIFF, FORCE, NO (INCOMPATIBLE), "differential" },
  { APP, CAT (41065), 0, TWO_FILES, PAIR_BOOTROM, FORCE, NO (INCOMPATIBLE), "only a boot ROM package" },
  { APP, CAT (41065), 0, TWO_FILES, PAIR_HUGE, FORCE, NO (INCOMPATIBLE), "4 MiB" },
  { APP, CAT (41065), 0, TWO_FILES, PAIR_CUT, FORCE, NO (INCOMPATIBLE), "second file is not a complete" },
  /* release 50523: needs no upgrade, cannot be installed */
  { APP, LATE_FACTORY, 0, CAT (41065), FULL, DOWN, NO (INCOMPATIBLE), "needs no upgrade" },
  { APP, LATE_FACTORY, 0, NB (37781), FULL, FAMILY, NO (INCOMPATIBLE), "needs no upgrade" },
  { APP, LATE_FACTORY, 0, CAT (41065), FULL, FORCE, ON_THE_FLY, NULL },
  { APP, CAT (41065), 0, LATE_FACTORY, FULL, 0, NO (INCOMPATIBLE), "rule 50523-no-way-there" },
  /* the factory release, and the factory boot ROM */
  { APP, CAT (33080), 33080, CAT (41065), FULL, 0, ON_THE_FLY, NULL },
  { APP, CAT (33080), 33080, CAT (33080), FULL, AGAIN, ON_THE_FLY, NULL },
  { APP, CAT (33080), 33080, CAT (38638), FULL, 0,
    BY_BOOTROM ("prepare boot-recovery upload-bootrom apply boot-ffh load-updater "), "new boot ROM" },
  { APP, CAT (33080), 33080, CAT (38638), FULL, FLY, NO (INCOMPATIBLE), "41065 first" },
  { APP, CAT (33080), 0, CAT (38638), FULL, 0, NO (INCOMPATIBLE), "41065 first" },
  { APP, CAT (33080), 0, NB (37781), FULL, FAMILY, NO (INCOMPATIBLE), "41065 first" },
  { APP, CAT (33080), 38638, CAT (38638), FULL, 0, SQNS_ROUTE_UPDATER, 0, "prepare boot-ffh load-updater " WHOLE,
    NULL },
  { APP, CAT (33080), 38638, NB (37781), FULL, FAMILY, SQNS_ROUTE_UPDATER, 0, "prepare boot-ffh load-updater " WHOLE,
    NULL },
  { MT, CAT (33080), 38638, NB (37781), FULL, FAMILY | LOADED | TOUCHED, RESUME, NULL },
  { APP, CAT (33080), 38638, CAT (38638), FULL, FLY, NO (INCOMPATIBLE), "41065 first" },
  { APP, CAT (33080), 38638, CAT (38638), FULL, NO_ELF, NO (INCOMPATIBLE), "41065 first" },
  { APP, CAT (33080), 0, CAT (38638), FULL, FORCE, ON_THE_FLY, NULL },
  { APP, CAT (33080), 33080, NB (37781), FULL, FAMILY,
    BY_BOOTROM ("prepare boot-recovery upload-bootrom apply boot-ffh load-updater "), NULL },
  { APP, CAT (38638), 33080, NB (37781), FULL, FAMILY | BY_FFH,
    BY_BOOTROM ("prepare boot-recovery upload-bootrom apply boot-ffh load-updater "), NULL },
  { APP, CAT (38638), 33080, NB (37781), FULL, FAMILY | NO_ELF, NO (INCOMPATIBLE), "rule 33080-boot-rom" },
  { APP, CAT (38638), 33080, NB (37781), FULL, FAMILY | NO_ELF | GIVEN,
    BY_BOOTROM ("prepare boot-recovery upload-bootrom apply boot-ffh load-updater "), NULL },
  { APP, CAT (38638), 33080, NB (37781), FULL, 0, NO (INCOMPATIBLE), "allow-family-change" },
  { APP, CAT (38638), 33080, NB (37781), FULL, FORCE,
    BY_BOOTROM ("prepare boot-recovery upload-bootrom apply boot-ffh load-updater "), NULL },
  { APP, CAT (38638), 33080, NB (37781), FULL, FAMILY | FLY, NO (INCOMPATIBLE), "rule 33080-boot-rom" },
  { APP, CAT (38638), 33080, NB (37781), FULL, FORCE | FLY, ON_THE_FLY, NULL },
  { APP, CAT (38638), 33080, NB (37781), FULL, FAMILY | STORE | SMALL, NO (INCOMPATIBLE), "rule 33080-boot-rom" },
  { REC, CAT (38638), 33080, NB (37781), FULL, FAMILY | TOUCHED | SUCCESS,
    BY_BOOTROM ("upload-bootrom apply boot-ffh load-updater "), NULL },
  { MT, CAT (38638), 33080, NB (37781), FULL, FAMILY | TOUCHED, NO (INCOMPATIBLE), "install the CAT-M1 release 41065" },
  { REC, CAT (33080), 33080, NB (37781), FULL, NEW_BOOTROM | SUCCESS, BY_BOOTROM ("boot-ffh load-updater "), NULL },
  { REC, CAT (33080), 33080, NB (37781), FULL, NEW_BOOTROM | LOADED, BY_BOOTROM (""), NULL },
  { FFH, CAT (33080), 33080, NB (37781), FULL, NEW_BOOTROM, BY_BOOTROM ("load-updater "), NULL },
  { FFH, CAT (33080), 33080, NB (37781), FULL, NEW_BOOTROM | LOADED_TWICE, NO (NEEDS_RECOVERY), NULL },
  { MT, CAT (33080), 33080, NB (37781), FULL, NEW_BOOTROM | LOADED | SUCCESS, BY_BOOTROM (""), NULL },
  { APP, CAT (33080), 38638, NB (37781), FULL, NEW_BOOTROM, BY_BOOTROM ("prepare boot-recovery "), NULL },
  /* a modem that runs NB-IoT has the new boot ROM, whatever its first boot loader reports */
  { APP, NB (35351), 33080, NB (37781), FULL, 0, ON_THE_FLY, NULL },
  { APP, CAT (38638), 38638, NB (37781), FULL, FAMILY, ON_THE_FLY, NULL },
  { REC, UNKNOWN, 0, NB (37781), FULL, FAMILY, RESUME, NULL },
};

static SqnsRules *rules;

static SqnsPlanOptions
row_options (guint flags)
{
  return (SqnsPlanOptions){
    .method = (flags & FLY)      ? SQNS_METHOD_ON_THE_FLY
              : (flags & STORE)  ? SQNS_METHOD_FFF
              : (flags & BY_FFH) ? SQNS_METHOD_RECOVERY
                                 : SQNS_METHOD_AUTO,
    .allow_downgrade = (flags & DOWN) != 0,
    .allow_reinstall = (flags & AGAIN) != 0,
    .allow_family_change = (flags & FAMILY) != 0,
    .force = (flags & FORCE) != 0,
    .recover = (flags & RECOVER) != 0,
  };
}

static SqnsPlanDone
row_history (guint flags)
{
  return (SqnsPlanDone){
    .bootrom_replaced = (flags & NEW_BOOTROM) != 0,
    .first_step_done = (flags & FIRST_DONE) != 0,
    .file_sent = (flags & (SENT | IN_STORE | TAKEN)) != 0,
    .file_taken = (flags & TAKEN) != 0,
    .rebooted = (flags & REBOOTED) != 0,
    .modified = (flags & TOUCHED) != 0,
    .updater_loads = (flags & LOADED_TWICE) ? 2
                     : (flags & LOADED)     ? 1
                                            : 0,
    .uploads = (flags & SENT_TWICE)       ? 2
               : (flags & (TAKEN | SENT)) ? 1
                                          : 0,
  };
}

static void
row_files (const Row *row, TestFiles *files)
{
  test_files_init (files, &row->to, row->kind);
  files->files.updater_given = (row->flags & GIVEN) != 0;
  if (row->flags & NO_ELF)
    files->caba.updater_size = 0;
  if (row->flags & SMALL)
    files->files.size = SQNS_STORE_MAX_SIZE;
}

static char *
join_steps (const SqnsPlan *plan)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < plan->steps->len; i++)
    g_string_append_printf (text, "%s%s", i > 0 ? " " : "",
                            sqns_step_info (g_array_index (plan->steps, SqnsStep, i))->name);
  return g_strdup (text->str);
}

static void
assert_plan (const Row *row, const SqnsPlan *plan)
{
  g_autofree char *steps = join_steps (plan);

  g_assert_cmpint ((int)plan->route, ==, row->route);
  g_assert_cmpstr (steps, ==, row->steps);
  g_assert_cmpint (plan->needs_boot_rom, ==,
                   strstr (steps, "boot-ffh") != NULL || strstr (steps, "load-updater") != NULL);
}

static void
test_row (gconstpointer data)
{
  const Row *row = data;
  SqnsPlanOptions options = row_options (row->flags);
  SqnsPlanDone done = row_history (row->flags);
  SqnsPlanState state = { row->mode, row->from, { .build = row->bootloader0 }, SQNS_REPORT_UNKNOWN };
  TestFiles files;

  row_files (row, &files);
  for (int report = SQNS_REPORT_UNKNOWN; report <= SQNS_REPORT_FAILURE; report++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (SqnsPlan) plan = NULL;
      const char *said;

      if ((report == SQNS_REPORT_SUCCESS) != ((row->flags & SUCCESS) != 0))
        continue;
      if ((row->flags & SENT) && (report == SQNS_REPORT_FAILURE) != ((row->flags & SAID_FAILED) != 0))
        continue;
      state.report = (SqnsReport)report;
      plan = sqns_plan_make (rules, &state, &done, &files.files, &options, &error);
      g_assert_cmpint (plan == NULL, ==, error != NULL);
      said = plan != NULL ? plan->summary : error->message;
      g_test_message ("%s", said);
      if (row->route < 0)
        g_assert_error (error, SQNS_ERROR, (int)row->error);
      else
        g_assert_no_error (error);
      if (plan != NULL)
        assert_plan (row, plan);
      g_assert_true (row->text == NULL || strstr (said, row->text) != NULL);
      /* one sentence, as errors are joined: no capital, no full stop */
      g_assert_false (g_ascii_isupper (said[0]) && g_ascii_islower (said[1]));
      g_assert_false (g_str_has_suffix (said, "."));
    }
  test_files_clear (&files);
}

static void
test_check_files (void)
{
  static const struct {
    SqnsVersion version;
    FileKind kind;
    guint flags;
    int error; /* -1: allowed */
  } file_rows[] = {
    { NB (37781), FULL, 0, -1 },
    { CAT (41065), FULL, 0, -1 },
    { CAT (39529), DIFF, 0, -1 },
    { CAT (39529), DIFF, GIVEN, SQNS_ERROR_INCOMPATIBLE },
    { CAT (39529), NO_BASE, FORCE, SQNS_ERROR_INCOMPATIBLE },
    { NB (37781), CUT, FORCE, SQNS_ERROR_INVALID_FIRMWARE },
    { UNKNOWN, FULL, FORCE, SQNS_ERROR_INVALID_FIRMWARE },
    { UNKNOWN, BOOTROM, 0, -1 },
    { { { 8, 0, 5, 4 }, 61488 }, FOREIGN, 0, SQNS_ERROR_INCOMPATIBLE },
    { { { 8, 0, 5, 4 }, 61488 }, FOREIGN, FORCE, -1 },
    /* the modem has to be probed */
    { TWO_FILES, FULL, 0, -1 },
    { TWO_FILES, PAIR, 0, -1 },
    { LATE_FACTORY, FULL, 0, -1 },
    /* and not for these */
    { CAT (41065), PAIR, FORCE, SQNS_ERROR_INCOMPATIBLE },
    { TWO_FILES, PAIR_SWAPPED, FORCE, SQNS_ERROR_INCOMPATIBLE },
    { TWO_FILES, PAIR_HUGE, 0, SQNS_ERROR_INCOMPATIBLE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (file_rows); i++)
    {
      Row row = { .to = file_rows[i].version, .kind = file_rows[i].kind, .flags = file_rows[i].flags };
      SqnsPlanOptions options = row_options (row.flags);
      TestFiles files;
      g_autoptr (GError) error = NULL;

      row_files (&row, &files);
      g_assert_cmpint (sqns_plan_check_files (rules, &files.files, &options, &error), ==, file_rows[i].error == -1);
      if (file_rows[i].error != -1)
        g_assert_error (error, SQNS_ERROR, file_rows[i].error);
      test_files_clear (&files);
    }
}

/* The family of the version counts if the parser found none. */
static void
test_family_of_version (void)
{
  static const SqnsVersion version = NB (37781);
  SqnsPlanState state = { SQNS_MODE_FFF, CAT (38638), UNKNOWN, SQNS_REPORT_NONE };
  SqnsPlanDone done = { 0 };
  SqnsPlanOptions options = { 0 };
  TestFiles files;
  g_autoptr (GError) error = NULL;

  test_files_init (&files, &version, FULL);
  files.caba.family = SQNS_FAMILY_UNKNOWN;
  g_assert_null (sqns_plan_make (rules, &state, &done, &files.files, &options, &error));
  g_assert_error (error, SQNS_ERROR, SQNS_ERROR_INCOMPATIBLE);
  test_files_clear (&files);
}

static void
test_names (void)
{
  static const char *const steps[] = {
    "prepare",     "boot-recovery", "boot-ffh", "upload-bootrom", "load-updater",     "upload-on-the-fly", "apply",
    "store-first", "store",         "install",  "wait",           "boot-application", "confirm",
  };
  static const char *const routes[] = {
    "nothing", "on-the-fly", "resume", "reboot", "updater", "bootrom", "fff", "two-steps", "report", "wait",
  };
  static const char *const methods[] = { "auto", "on-the-fly", "fff", "recovery" };
  SqnsMethod method = SQNS_METHOD_AUTO;

  g_assert_cmpuint (G_N_ELEMENTS (steps), ==, SQNS_N_STEPS);
  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    g_assert_cmpstr (sqns_step_info ((SqnsStep)i)->name, ==, steps[i]);
  g_assert_cmpuint (G_N_ELEMENTS (routes), ==, SQNS_N_ROUTES);
  for (guint i = 0; i < G_N_ELEMENTS (routes); i++)
    g_assert_cmpstr (sqns_route_name ((SqnsRoute)i), ==, routes[i]);
  for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
    {
      g_assert_true (sqns_method_from_name (methods[i], &method));
      g_assert_cmpint (method, ==, i);
    }
  g_assert_false (sqns_method_from_name ("Auto", &method));
  g_assert_false (sqns_method_from_name ("", &method));
  g_assert_cmpint (method, ==, SQNS_METHOD_RECOVERY);
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  rules = test_rules_new ();
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *name = g_strdup_printf ("/plan/row/%03u", i);

      g_test_add_data_func (name, &rows[i], test_row);
    }
  g_test_add_func ("/plan/check-files", test_check_files);
  g_test_add_func ("/plan/family-of-version", test_family_of_version);
  g_test_add_func ("/plan/names", test_names);
  result = g_test_run ();
  sqns_rules_free (rules);
  return result;
}
