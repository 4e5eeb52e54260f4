/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON documents: an object with "schema": 1 and one noun; keys are the D-Bus names in kebab-case. */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

/* Take @object, @array. Transfer full. */
JsonNode *sqns_json_object (JsonObject *object);
JsonNode *sqns_json_array (JsonArray *array);

/* All properties of a generated proxy, in the order of the interface, and its "object-path". Transfer full. */
JsonNode *sqns_json_from_proxy (gpointer proxy);

/* An array of all of @proxies (GDBusProxy). Transfer full. */
JsonNode *sqns_json_from_proxies (GPtrArray *proxies);

/* An a{sv} with D-Bus or kebab-case names. Transfer full. */
JsonNode *sqns_json_from_dict (GVariant *dict);

/* {"schema": 1}, to be filled. Transfer full. */
JsonNode *sqns_json_document_new (void);

/* Prints @root on stdout: over several lines, or all on @one_line. */
void sqns_json_print (JsonNode *root, gboolean one_line);
