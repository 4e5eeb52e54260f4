/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looks what is on the line of a port: a board's prompt, a modem, or nothing that answers. */
#pragma once

#include "link/link-search.h"

typedef enum {
  SQNS_LINE_NOTHING,
  SQNS_LINE_PROMPT,
  SQNS_LINE_MODEM, /* at the port's speed */
} SqnsLine;

/* A step of @ssm; fills in @line and @search, which says in what order (sqns_link_search_after()). Errors that @done
 * gets: TIMEOUT (a relay that was left running does not end). */
void sqns_line_search (SqnsSsm *ssm, SqnsPort *port, SqnsLinkSearch *search, SqnsLine *line, SqnsSsmDone done);
