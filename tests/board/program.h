/* What runs on the modem: its AT commands and upgrades, or a recording instead of both. */
#pragma once

#include "modem.h"
#include "recording.h"

typedef struct Program Program;

/* Starts in the state of --modem, or plays @recording, which may be NULL and which it takes. Free it before @modem. */
Program *program_new (Modem *modem, Recording *recording);
void program_free (Program *program);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Program, program_free)

/* Appends the state of the replay, if there is one, to @json. */
void program_status (Program *program, GString *json);
