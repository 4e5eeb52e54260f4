/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One run of sqnsctl: the global options, the row of a command, its messages, documents and errors. */
#pragma once

#include "client/core/exit-code.h"
#include "client/ui/json.h"
#include "client/ui/output.h"

typedef struct _SqnsCtl SqnsCtl;

typedef struct {
  const char *name;
  const char *args; /* "MODEM... FILE" */
  const char *help; /* one line, lower case */
  int min, max;     /* number of arguments; max -1: no bound */

  /* @argv[0] is the program's name, the arguments follow without the options. Returns the exit code; with @error set,
   * the caller reports the error and exits with its code. */
  SqnsExit (*run) (SqnsCtl *ctl, int argc, char **argv, GError **error);
  const GOptionEntry *options, *more_options; /* nullable */
} SqnsCommand;

struct _SqnsCtl {
  gboolean json;        /* one document at the end, on stdout */
  gboolean json_stream; /* a line per event, on stdout */
  gboolean quiet;       /* errors only */
  gboolean no_ask_password;
  gboolean session;
  char *bus;
  char *host;
  int timeout; /* seconds, 0 = none */
  gboolean help;
  gboolean version;
  char **program;             /* nullable, borrowed */
  GPtrArray *detached;        /* char *: ids of jobs that continue without us; printed with an error */
  const SqnsCommand *command; /* nullable */
};

/* JSON in either form is wanted. */
gboolean sqns_ctl_wants_json (const SqnsCtl *ctl);

/* "sqnsctl: sentence" on stderr, the error document on stdout when JSON is wanted. Returns the exit code. */
SqnsExit sqns_ctl_fail (const SqnsCtl *ctl, const GError *error);
SqnsExit sqns_ctl_usage (const SqnsCtl *ctl, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* "sqnsctl: text" on stderr; the second not with --quiet. The format is a literal. */
#define sqns_complain(...) sqns_err_line ("sqnsctl: " __VA_ARGS__)
#define sqns_ctl_remark(ctl, ...) ((ctl)->quiet ? (void)0 : sqns_complain (__VA_ARGS__))

/* For people, on stdout, unless JSON is wanted. */
#define sqns_ctl_say(ctl, ...) (sqns_ctl_wants_json (ctl) ? (void)0 : sqns_out (__VA_ARGS__))

/* Prints {"schema": 1, @noun: @content}. Takes @content. */
void sqns_ctl_print (const SqnsCtl *ctl, const char *noun, JsonNode *content);

/* The same of a GDBusProxy on one line with "event": @event. Nothing without --json-stream. */
void sqns_ctl_print_event (const SqnsCtl *ctl, const char *event, const char *noun, gpointer proxy);

/* For documents with more than one noun. Takes @root, which sqns_json_document_new() made. */
void sqns_ctl_print_document (const SqnsCtl *ctl, JsonNode *root);
