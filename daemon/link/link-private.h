/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The inside of a link, for the procedure that finds it. */
#pragma once

#include "link/link.h"

struct _SqnsLink {
  GObject parent;
  SqnsLinkKind kind;
  SqnsBoardInfo board;
  SqnsPort *port;
  guint speed; /* baud on the modem's side */
  SqnsMonitor monitor;
  struct _SqnsLinkConsole *console; /* while one is open */
};
