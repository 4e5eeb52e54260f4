/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One run of sqnsctl: the options that all commands share, the reading of a command's own, and how it fails. */
#pragma once

#include "client/core/exit-code.h"
#include "client/ui/json.h"

typedef struct _SqnsCtl SqnsCtl;

/* @argv[0] is the program's name, the command's arguments and options follow. Returns the exit code. */
typedef SqnsExit (*SqnsCommandFunc) (SqnsCtl *ctl, int argc, char **argv);

typedef struct {
  const char *name;
  SqnsCommandFunc func; /* NULL: not built yet */
  const char *args;     /* "MODEM... FILE" */
  const char *help;     /* one line, lower case */
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
  GPtrArray *left_behind; /* char *: ids of jobs that go on without us, told with an error */
  const SqnsCommand *command;
  const GOptionEntry *globals; /* they point into this struct */
};

/* Takes @entries (nullable) and the global options out of *@argv; what remains are *@argc - 1 positional arguments.
 * FALSE when the command has to return *@code at once: help was printed, or the usage is wrong. @max -1: no bound. */
gboolean
sqns_ctl_parse (SqnsCtl *ctl, const GOptionEntry *entries, int min, int max, int *argc, char ***argv, SqnsExit *code);

/* Somebody wants JSON, in either form. */
gboolean sqns_ctl_wants_json (const SqnsCtl *ctl);

/* Remembers a job that goes on while the command ends with an error. */
void sqns_ctl_left_behind (SqnsCtl *ctl, const char *uuid);

/* "sqnsctl: sentence" on stderr, the error document on stdout when JSON is wanted. Returns the exit code. */
SqnsExit sqns_ctl_fail (SqnsCtl *ctl, const GError *error);
SqnsExit sqns_ctl_usage (SqnsCtl *ctl, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* "sqnsctl: text" on stderr; the second not with --quiet. */
void sqns_ctl_complain (const char *format, ...) G_GNUC_PRINTF (1, 2);
void sqns_ctl_remark (const SqnsCtl *ctl, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* For people, on stdout, unless JSON is wanted. */
void sqns_ctl_say (const SqnsCtl *ctl, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* Prints {"schema": 1, @noun: @content}. Takes @content. */
void sqns_ctl_print (const SqnsCtl *ctl, const char *noun, JsonNode *content);

/* The same on one line with "event": @event. Nothing without --json-stream; takes @content in any case. */
void sqns_ctl_print_event (const SqnsCtl *ctl, const char *event, const char *noun, JsonNode *content);

/* The same with an array of all of @proxies (GDBusProxy). */
void sqns_ctl_print_proxies (const SqnsCtl *ctl, const char *noun, GPtrArray *proxies);

/* For documents with more than one noun. Takes @root, which sqns_json_document_new() made. */
void sqns_ctl_print_document (const SqnsCtl *ctl, JsonNode *root);
