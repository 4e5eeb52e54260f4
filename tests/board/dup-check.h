/* Checks a .dup while it arrives, as the modem does: structure, both levels of checksums, version texts. */
#pragma once

#include <glib.h>

typedef enum {
  PART_BOOTROM = 1 << 0,
  PART_UPDATER = 1 << 1,
  PART_FFF = 1 << 2,
  PART_FS = 1 << 3,
} DupPart;

#define PARTS_FULL (PART_BOOTROM | PART_UPDATER | PART_FFF | PART_FS)

typedef struct DupCheck DupCheck;

DupCheck *dup_check_new (void);
void dup_check_free (DupCheck *dup);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DupCheck, dup_check_free)

void dup_check_feed (DupCheck *dup, const guint8 *data, gsize len);
/* What is wrong with the file; NULL if it is complete and valid. */
const char *dup_check_finish (DupCheck *dup);

guint dup_check_parts (DupCheck *dup);     /* the complete UPGR packages */
DupPart dup_check_current (DupCheck *dup); /* the current package, 0 = none */
gboolean dup_check_is_diff (DupCheck *dup);
const char *dup_check_version (DupCheck *dup); /* "6.0.0.0 [37781] by ...", or NULL */
guint dup_check_build (DupCheck *dup);         /* 37781, or 0 */
guint dup_check_base (DupCheck *dup);          /* of a diff */
guint dup_check_bootrom (DupCheck *dup);       /* build of the boot ROM package, or 0 */
guint64 dup_check_size (DupCheck *dup);        /* of the whole file, 0 = not known yet */
