/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of an enum's values, as D-Bus, files and the log have them: one table per enum. Pure, so without GEnumClass. */
#pragma once

#include <glib.h>

/* The index of @name in @names, which end with NULL; -1: it is not there. */
static inline int
sqns_names_find (const char *const *names, const char *name)
{
  for (int i = 0; names[i] != NULL; i++)
    if (g_strcmp0 (names[i], name) == 0)
      return i;
  return -1;
}

/* SQNS_DECLARE_NAMES (SqnsPhase, phase) declares the table sqns_phase_names[], which lists the names in the order of
 * the values from 0 and ends with NULL, and defines sqns_phase_name() and sqns_phase_from_name(). The latter leaves its
 * value alone and returns FALSE for a name that is not in the table. */
#define SQNS_DECLARE_NAMES(Type, type)                                                                                 \
  extern const char *const sqns_##type##_names[];                                                                      \
  static inline const char *sqns_##type##_name (Type value) { return sqns_##type##_names[value]; }                     \
  static inline gboolean sqns_##type##_from_name (const char *name, Type *value)                                       \
  {                                                                                                                    \
    int i = sqns_names_find (sqns_##type##_names, name);                                                               \
    if (i >= 0)                                                                                                        \
      *value = (Type)i;                                                                                                \
    return i >= 0;                                                                                                     \
  }
