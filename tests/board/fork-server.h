/* The fork server: one python3 forks the processes of all boards, as starting it costs more than the rest of a board.
 */
#pragma once

#include <glib.h>

/* Returns once the server has loaded what its processes need. If it cannot start, fork_server_fork() reports why. */
void fork_server_prepare (const char *python);

/* Passes @socket to the new process and closes it. @number names the process; it must be new. */
gboolean fork_server_fork (const char *python, guint32 number, int socket, const char *config, GError **error);
void fork_server_kill (guint32 number);
