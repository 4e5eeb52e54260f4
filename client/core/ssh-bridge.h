/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The bus of another machine: a byte stream to its system bus through ssh and systemd-stdio-bridge. */
#pragma once

#include <gio/gio.h>

/* @host: "[USER@]HOST", handed to ssh. The stream ends when ssh does; closing it ends ssh. */
GIOStream *sqns_ssh_bridge_open (const char *host, GError **error);
