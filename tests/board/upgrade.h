/* What the modem does with an upload: it checks, writes, applies and reports. */
#pragma once

#include "modem.h"

typedef struct Upgrade Upgrade;

Upgrade *upgrade_new (Modem *modem);
void upgrade_free (Upgrade *upgrade);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Upgrade, upgrade_free)

void upgrade_begin (Upgrade *upgrade, UploadKind kind);
/* As if another host had begun an ON_THE_FLY upload and left: the session is open and empty. */
void upgrade_left_open (Upgrade *upgrade);
/* TRUE while STP takes the bytes. */
gboolean upgrade_is_uploading (Upgrade *upgrade);
gsize upgrade_feed (Upgrade *upgrade, const guint8 *data, gsize len);

gboolean upgrade_is_available (Upgrade *upgrade);
void upgrade_apply (Upgrade *upgrade);
/* Does the updater answer AT now? */
gboolean upgrade_is_answering (Upgrade *upgrade);
/* Ends the upload or the upgrade, for a reset or a power cut. */
void upgrade_stop (Upgrade *upgrade);
