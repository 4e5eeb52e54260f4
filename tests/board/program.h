/* What runs on the modem: its AT commands and upgrades, or a recording instead of both. */
#pragma once

#include "modem.h"
#include "recording.h"

typedef struct Program Program;

/* Starts where --modem says, or plays @recording, which it takes; NULL = none. Free it before @modem. */
Program *program_new (Modem *modem, Recording *recording);
void program_free (Program *program);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Program, program_free)

/* What was played of the recording, in @json. */
void program_status (Program *program, GString *json);
