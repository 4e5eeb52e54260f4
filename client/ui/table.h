/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Columns of words on stdout. */
#pragma once

#include <glib.h>

typedef struct _SqnsTable SqnsTable;

/* @headers: NULL-terminated. */
SqnsTable *sqns_table_new (const char *const *headers);
void sqns_table_free (SqnsTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqnsTable, sqns_table_free)

/* One const char * per header; NULL and empty are shown as "-". */
void sqns_table_add (SqnsTable *table, ...);

/* Each line behind @indent. */
void sqns_table_print (SqnsTable *table, const char *indent);
