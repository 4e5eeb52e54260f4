/* The control socket, on which tests act as the user of a board. */
#pragma once

#include "board.h"

typedef struct Control Control;
typedef void (*ControlQuit) (gpointer user_data);

Control *control_new (const char *path, GPtrArray *boards, ControlQuit quit, gpointer user_data, GError **error);
void control_free (Control *control);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Control, control_free)
