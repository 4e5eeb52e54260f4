/* One python3 that forks the processes of all boards: to start it takes more than all the rest of a board. */
#pragma once

#include <glib.h>

/* Comes back when it has loaded what its processes need, however long this machine takes for that; when it cannot be
 * started, nursery_fork() will say why. */
void nursery_prepare (const char *python);

/* @socket goes to the process and is closed here. @number is the process's name, never used before. */
gboolean nursery_fork (const char *python, guint32 number, int socket, const char *config, GError **error);
void nursery_kill (guint32 number);
