/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON documents: an object with "schema": 1 and one noun; keys are the D-Bus names in kebab-case. */
#pragma once

#include "client/ctl.h"

#include <json-glib/json-glib.h>

/* All properties of a generated proxy, in the order of the interface, and its "object-path". Transfer full. */
JsonNode *sqns_json_from_proxy (GDBusProxy *proxy);

/* An a{sv} with D-Bus or kebab-case names. Transfer full. */
JsonNode *sqns_json_from_dict (GVariant *dict);

/* An empty array; elements are added with sqns_json_array_take(). */
JsonNode *sqns_json_array_new (void);
void sqns_json_array_take (JsonNode *array, JsonNode *element);

/* Prints {"schema": 1, @noun: @content}. Takes @content. Over several lines, or on one with --json-stream. */
void sqns_json_print (const SqnsCtl *ctl, const char *noun, JsonNode *content);

/* The same on one line with "event": @event. Nothing without --json-stream; takes @content in any case. */
void sqns_json_print_event (const SqnsCtl *ctl, const char *event, const char *noun, JsonNode *content);

/* For documents with more than one noun. Takes @root, an object. */
void sqns_json_print_object (const SqnsCtl *ctl, JsonNode *root);
JsonNode *sqns_json_document_new (void);

void
sqns_json_print_error (const SqnsCtl *ctl, const char *name, const char *message, const char *advice, SqnsExit code);

/* The document with @key for an array of all of @proxies (GDBusProxy). */
void sqns_json_print_proxies (SqnsCtl *ctl, const char *key, GPtrArray *proxies);
