/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plays the modem's side of a recorded job: instead of the modem's own AT commands, states and times. */
#pragma once

#include "modem.h"
#include "recording.h"

typedef struct Replay Replay;

/* Takes @recording. */
Replay *replay_new (Modem *modem, Recording *recording);
void replay_free (Replay *replay);

void replay_receive (Replay *replay, const guint8 *data, gsize len);

/* STP. The block that is being taken: for how many ms the modem is busy with it, G_MAXUINT = for ever. */
guint replay_take (Replay *replay);
/* Did the modem refuse something here? True once for each time that it did. */
gboolean replay_refuses (Replay *replay);
/* RESET at the end. */
void replay_uploaded (Replay *replay);

/* What of the recording was played, and what was not as recorded, in @json. */
void replay_status (Replay *replay, GString *json);
