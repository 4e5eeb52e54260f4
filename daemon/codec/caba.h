/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The .dup firmware file ("caba", protocol.md §5): a sequence of packages with checksums. Pure. Sizes have 64 bits;
 * a hostile file cannot crash or hang the parser, nor make it allocate more than the file's own size. */
#pragma once

#include "common/error.h"
#include "common/names.h"
#include "common/version.h"

#define SQNS_FIRMWARE_MIN_SIZE G_GUINT64_CONSTANT (128)
#define SQNS_FIRMWARE_MAX_SIZE (G_GUINT64_CONSTANT (64) << 20)

typedef enum {
  SQNS_PACKAGE_UPGR,
  SQNS_PACKAGE_DIFF,
} SqnsPackageKind;
SQNS_DECLARE_NAMES (SqnsPackageKind, package_kind) /* "UPGR", "DIFF" */

typedef enum {
  SQNS_ROLE_OTHER,
  SQNS_ROLE_BOOTROM, /* "bootrom upgrade package", payload starts with "toob" */
  SQNS_ROLE_UPDATER,
  SQNS_ROLE_FFF,
  SQNS_ROLE_FS,
} SqnsPackageRole;
#define SQNS_N_ROLES (SQNS_ROLE_FS + 1)
SQNS_DECLARE_NAMES (SqnsPackageRole, package_role) /* "other", "bootrom", "updater", "fff", "fs" */

typedef struct {
  SqnsPackageKind kind;
  SqnsPackageRole role;
  char *description; /* valid UTF-8, control characters replaced */
  guint64 offset;    /* of the package in the file, bytes */
  guint64 size;      /* header, description, payload and checksum */
  guint64 payload_offset;
  guint64 payload_size;
  guint32 checksum;       /* Fletcher-32, as stored and verified */
  guint32 image_checksum; /* of the image inside (updater, fff), 0 without one */
} SqnsPackage;

typedef struct {
  gboolean packed;     /* one PACK around everything */
  GPtrArray *packages; /* SqnsPackage *, in file order, without the PACK */
  gboolean diff;       /* DIFF packages, or a name "A-to-B" and not a full image: needs exactly base_build */
  gboolean complete;   /* bootrom, updater, fff and fs all there: a full image */
  char *missing;       /* "updater, fff, fs", NULL when complete or a diff */
  SqnsVersion version; /* that the modem will report after the upgrade; may be unknown */
  char *version_text;  /* "6.0.0.0 [37781] by robot-soft at ...", NULL when absent */
  SqnsFamily family;
  guint base_build;       /* of a diff: the only build that it applies to; 0 = unknown */
  guint64 updater_offset; /* the updater ELF inside the file, behind an IELF index if there is one; size 0 = none that
                             sqns_elf_check_updater() finds right */
  guint64 updater_size;
  GPtrArray *warnings; /* char *: unusual but not wrong; for users */
} SqnsCaba;

/* Checks the structure and the checksums of packages and images. @name: the file's name, nullable; it tells base and
 * target of a diff ("upgdiff_38638-to-39529.dup"). Errors: INVALID_FIRMWARE with what is wrong, and at which byte
 * offset, or what kind of file it is instead (ELF, zip, HTML, empty). */
SqnsCaba *sqns_caba_parse (const guint8 *data, guint64 size, const char *name, GError **error);
void sqns_caba_free (SqnsCaba *caba);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqnsCaba, sqns_caba_free)
