/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Columns of words on stdout. */
#include "client/ui/output.h"
#include "client/ui/table.h"
#include "client/ui/text.h"

#include "common/clean.h"

struct _SqnsTable {
  guint columns;
  GPtrArray *cells; /* char *, row by row */
  GArray *widths;   /* guint */
};

static void
add_cell (SqnsTable *table, guint column, const char *text)
{
  char *cell = sqns_clean_line (text != NULL && *text != '\0' ? text : "-", -1);
  guint *width = &g_array_index (table->widths, guint, column);
  *width = MAX (*width, sqns_text_width (cell));
  g_ptr_array_add (table->cells, cell);
}

SqnsTable *
sqns_table_new (const char *const *headers)
{
  SqnsTable *table = g_new0 (SqnsTable, 1);
  table->cells = g_ptr_array_new_with_free_func (g_free);
  table->widths = g_array_new (FALSE, TRUE, sizeof (guint));
  table->columns = g_strv_length ((char **)headers);
  g_array_set_size (table->widths, table->columns);
  for (guint i = 0; i < table->columns; i++)
    add_cell (table, i, headers[i]);
  return table;
}

void
sqns_table_free (SqnsTable *table)
{
  g_ptr_array_unref (table->cells);
  g_array_unref (table->widths);
  g_free (table);
}

void
sqns_table_add (SqnsTable *table, ...)
{
  va_list args;
  va_start (args, table);
  for (guint i = 0; i < table->columns; i++)
    add_cell (table, i, va_arg (args, const char *));
  va_end (args);
}

void
sqns_table_print (SqnsTable *table, const char *indent)
{
  g_autoptr (GString) out = g_string_new (NULL);
  for (guint i = 0; i < table->cells->len; i++)
    {
      guint column = i % table->columns;
      const char *cell = table->cells->pdata[i];
      guint width = g_array_index (table->widths, guint, column);
      if (column == 0)
        g_string_append (out, indent);
      g_string_append (out, cell);
      if (column + 1 < table->columns)
        g_string_append_printf (out, "%*s", (int)(width - sqns_text_width (cell) + 2), "");
      else
        g_string_append_c (out, '\n');
    }
  sqns_out ("%s", out->str);
}
