/* What the modem does with an upload: it checks, writes, applies and reports. */
#pragma once

#include "modem.h"

typedef struct Upgrade Upgrade;

Upgrade *upgrade_new (Modem *modem);
void upgrade_free (Upgrade *upgrade);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Upgrade, upgrade_free)

void upgrade_begin (Upgrade *upgrade, UploadKind kind);
/* Somebody began an ON_THE_FLY upload and went away: the session is open, nothing was taken in it. */
void upgrade_left_open (Upgrade *upgrade);
/* While STP takes the bytes. */
gboolean upgrade_is_uploading (Upgrade *upgrade);
gsize upgrade_feed (Upgrade *upgrade, const guint8 *data, gsize len);

gboolean upgrade_is_available (Upgrade *upgrade);
void upgrade_apply (Upgrade *upgrade);
/* Does the updater answer AT now? */
gboolean upgrade_is_answering (Upgrade *upgrade);
/* A reset or a power cut. */
void upgrade_stop (Upgrade *upgrade);
