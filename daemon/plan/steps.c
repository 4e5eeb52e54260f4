/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of steps. */
#include "plan/steps.h"

#define SAFE SQNS_TRAIT_SAFE
#define COMMITTED SQNS_TRAIT_COMMITTED
#define MODIFIES SQNS_TRAIT_MODIFIES
#define WRITES SQNS_TRAIT_WRITES
#define STORES SQNS_TRAIT_STORES
#define REPORTS SQNS_TRAIT_REPORTS
#define BOOT_ROM SQNS_TRAIT_BOOT_ROM
#define ENDS_STAGE SQNS_TRAIT_ENDS_STAGE

#define ALWAYS SQNS_RETRY_ALWAYS
#define BETWEEN SQNS_RETRY_BETWEEN
#define TIMEOUT SQNS_RETRY_TIMEOUT
#define LOST_WAY SQNS_RETRY_LOST_WAY
#define PROTOCOL SQNS_RETRY_PROTOCOL
#define REFUSED SQNS_RETRY_REFUSED

/* phase, traits, what is uploaded, what is tried again, name, message */
#define STEP(step, phase, traits, part, retry, name, message)                                                          \
  [SQNS_STEP_##step] = { SQNS_PHASE_##phase, traits, SQNS_PART_##part, retry, name, message }

/* clang-format off */
static const SqnsStepInfo steps[] = {
  STEP (PREPARE, PREPARE, SAFE, NONE, LOST_WAY,
        "prepare", "preparing the modem"),
  STEP (BOOT_RECOVERY, PREPARE, MODIFIES | ENDS_STAGE, NONE, TIMEOUT,
        "boot-recovery", "the modem is booting into recovery"),
  STEP (BOOT_FFH, BOOTROM, MODIFIES | BOOT_ROM | ENDS_STAGE, NONE, TIMEOUT,
        "boot-ffh", "the modem is booting into its boot ROM (FFH)"),
  STEP (UPLOAD_BOOTROM, BOOTROM, MODIFIES | WRITES, BOOTROM, ALWAYS,
        "upload-bootrom", "writing the new boot ROM"),
  STEP (LOAD_UPDATER, UPDATER, SAFE | MODIFIES | BOOT_ROM | ENDS_STAGE, NONE, ALWAYS,
        "load-updater", "loading the updater into the modem's memory"),
  STEP (UPLOAD_ON_THE_FLY, TRANSFER, MODIFIES | WRITES, FILE, ALWAYS,
        "upload-on-the-fly", "writing the firmware; pauses are normal"),
  STEP (APPLY, APPLY, COMMITTED | MODIFIES | WRITES | REPORTS, NONE, ALWAYS,
        "apply", "the modem is writing its flash, up to 10 min"),
  /* a refusal to store is final: some modems cannot */
  STEP (STORE_FIRST, PREPARE, MODIFIES | STORES, FIRST, LOST_WAY | PROTOCOL,
        "store-first", "storing the first of two files in the modem"),
  STEP (STORE, TRANSFER, MODIFIES | STORES, FILE, LOST_WAY | PROTOCOL,
        "store", "storing the file in the modem"),
  /* a reset may have cost what was stored; an answer without a checksum may have lied about how much was taken */
  STEP (INSTALL, APPLY, COMMITTED | MODIFIES | WRITES | REPORTS | ENDS_STAGE, NONE,
        BETWEEN | LOST_WAY | PROTOCOL | REFUSED,
        "install", "the modem is installing the stored file, up to 10 min"),
  STEP (WAIT, PREPARE, ENDS_STAGE, NONE, LOST_WAY,
        "wait", "waiting for the modem to finish an earlier upgrade"),
  /* between two files it is only looked at: the second one may still do */
  STEP (BOOT_APPLICATION, REBOOT, COMMITTED | MODIFIES | ENDS_STAGE, NONE, BETWEEN | LOST_WAY,
        "boot-application", "the modem is booting its firmware, up to 10 min"),
  STEP (CONFIRM, CONFIRM, COMMITTED | MODIFIES, NONE, 0,
        "confirm", "reading the version back"),
};
/* clang-format on */
G_STATIC_ASSERT (G_N_ELEMENTS (steps) == SQNS_N_STEPS);

const SqnsStepInfo *
sqns_step_info (SqnsStep step)
{
  return &steps[step];
}

gboolean
sqns_step_has (SqnsStep step, SqnsStepTraits traits)
{
  return (steps[step].traits & traits) == traits;
}
