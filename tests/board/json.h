/* A small JSON writer. */
#pragma once

#include <glib.h>

void json_begin (GString *json);
void json_string (GString *json, const char *key, const char *value);
void json_number (GString *json, const char *key, gint64 value);
void json_boolean (GString *json, const char *key, gboolean value);
void json_double (GString *json, const char *key, double value);
/* @value is JSON already. */
void json_raw (GString *json, const char *key, const char *value);
void json_end (GString *json);
