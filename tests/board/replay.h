/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plays the modem's side of a recorded job, instead of the modem's own AT commands, states and times. */
#pragma once

#include "modem.h"
#include "recording.h"

typedef struct Replay Replay;

/* Takes ownership of @recording. */
Replay *replay_new (Modem *modem, Recording *recording);
void replay_free (Replay *replay);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Replay, replay_free)

void replay_receive (Replay *replay, const guint8 *data, gsize len);

/* Ends an open upload. */
void replay_stop (Replay *replay);

/* Appends to @json what was played, and how the host differed from the recording. */
void replay_status (Replay *replay, GString *json);
