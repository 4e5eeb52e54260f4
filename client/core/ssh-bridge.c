/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A byte stream to another machine's system bus. */
#include "client/core/ssh-bridge.h"

GIOStream *
sqns_ssh_bridge_open (const char *host, GError **error)
{
  if (*host == '\0' || *host == '-')
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "'%s' is no host: give [USER@]HOST", host);
      return NULL;
    }

  /* stderr stays ours: what ssh has to say and to ask is for the person. -x, -T: no X11, no terminal over there. */
  g_autoptr (GSubprocess) ssh = g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, error,
                                                  "ssh", "-xT", "--", host, "systemd-stdio-bridge", NULL);
  if (ssh == NULL)
    return NULL;
  GIOStream *stream = g_simple_io_stream_new (g_subprocess_get_stdout_pipe (ssh), g_subprocess_get_stdin_pipe (ssh));
  g_object_set_data_full (G_OBJECT (stream), "ssh", g_steal_pointer (&ssh), g_object_unref);
  return stream;
}
