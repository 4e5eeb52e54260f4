/* What the modem does with an upload: checks, writes, applies, reports. */
#pragma once

#include "modem.h"

void upgrade_begin (Modem *modem, UploadKind kind);
/* Takes a block; returns for how many ms the modem is busy with it, G_MAXUINT = for ever. */
guint upgrade_take (Modem *modem, const guint8 *data, gsize len);
double upgrade_percent (Modem *modem);
/* RESET at the end. */
void upgrade_uploaded (Modem *modem);
/* Somebody began an ON_THE_FLY upload and went away: the session is open, nothing was taken in it. */
void upgrade_left_open (Modem *modem);
gboolean upgrade_is_available (Modem *modem);
void upgrade_apply (Modem *modem);
