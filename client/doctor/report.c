/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shows the findings of sqnsctl doctor. */
#include "client/doctor/report.h"
#include "client/ui/output.h"
#include "client/ui/terminal.h"
#include "client/ui/text.h"

#include "common/clean.h"

#include <string.h>
#include <unistd.h>

#define LABEL_WIDTH 10 /* "  PROBLEM " */
#define USUAL_COLUMNS 80
#define MOST_COLUMNS 100 /* longer lines are hard to read */
#define LEAST_COLUMNS 40

JsonNode *
sqns_doctor_json (GPtrArray *findings)
{
  JsonArray *array = json_array_new ();
  for (guint i = 0; i < findings->len; i++)
    {
      const SqnsFinding *finding = findings->pdata[i];
      JsonObject *object = json_object_new ();
      json_object_set_string_member (object, "subject", sqns_subject_name (finding->subject));
      json_object_set_string_member (object, "level", sqns_level_name (finding->level));
      json_object_set_string_member (object, "code", finding->code);
      json_object_set_string_member (object, "text", finding->text);
      json_object_set_string_member (object, "advice", finding->advice);
      json_object_set_string_member (object, "port", finding->port);
      json_array_add_object_element (array, object);
    }
  return json_node_init_array (json_node_alloc (), array);
}

/* @text after @first, further lines indented by @indent columns. */
static void
append_wrapped (GString *out, const char *first, const char *text, guint indent, guint width)
{
  g_autofree char *clean = sqns_clean_line (text, -1);
  g_auto (GStrv) words = g_strsplit (clean, " ", -1);
  guint at = indent;

  g_string_append (out, first);
  for (guint i = 0; words[i] != NULL; i++)
    {
      guint word = sqns_text_width (words[i]);
      if (i > 0 && at + 1 + word > width)
        {
          g_string_append_printf (out, "\n%*s", (int)indent, "");
          at = indent;
        }
      else if (i > 0)
        {
          g_string_append_c (out, ' ');
          at++;
        }
      g_string_append (out, words[i]);
      at += word;
    }
  g_string_append_c (out, '\n');
}

static void
append_finding (GString *out, const SqnsFinding *finding, guint width, gboolean colourful)
{
  static const char *const labels[] = {
    [SQNS_LEVEL_OK] = "ok",
    [SQNS_LEVEL_NOTE] = "note",
    [SQNS_LEVEL_PROBLEM] = "PROBLEM",
  };
  static const char *const colours[] = {
    [SQNS_LEVEL_OK] = "\033[32m",
    [SQNS_LEVEL_NOTE] = "\033[33m",
    [SQNS_LEVEL_PROBLEM] = "\033[31m",
  };
  g_autofree char *label = g_strdup_printf ("  %s%-7s%s ", colourful ? colours[finding->level] : "",
                                            labels[finding->level], colourful ? "\033[0m" : "");
  append_wrapped (out, label, finding->text, LABEL_WIDTH, width);
  if (*finding->advice != '\0')
    {
      g_autofree char *arrow = g_strdup_printf ("%*s-> ", LABEL_WIDTH, "");
      append_wrapped (out, arrow, finding->advice, LABEL_WIDTH + (guint)strlen ("-> "), width);
    }
}

/* Each board and modem has its own heading; the machine's ports share one. */
static char *
heading_of (const SqnsFinding *finding)
{
  static const char *const headings[] = { [SQNS_SUBJECT_HOST] = "This machine",
                                          [SQNS_SUBJECT_USB] = "USB",
                                          [SQNS_SUBJECT_BOARD] = "Board ",
                                          [SQNS_SUBJECT_MODEM] = "Modem " };
  return g_strconcat (headings[finding->subject], finding->subject >= SQNS_SUBJECT_BOARD ? finding->port : NULL, NULL);
}

void
sqns_doctor_print (GPtrArray *findings)
{
  g_autoptr (GString) out = g_string_new (NULL);
  g_autofree char *heading = NULL;
  gboolean colourful = sqns_terminal_wants_colour (STDOUT_FILENO);
  guint problems = 0, width, rows;

  sqns_terminal_size (STDOUT_FILENO, &width, &rows);
  width = width > 0 ? CLAMP (width, LEAST_COLUMNS, MOST_COLUMNS) : USUAL_COLUMNS;
  for (guint i = 0; i < findings->len; i++)
    {
      const SqnsFinding *finding = findings->pdata[i];
      g_autofree char *own = heading_of (finding);
      if (g_strcmp0 (heading, own) != 0)
        {
          g_autofree char *clean = sqns_clean_line (own, -1);
          g_string_append_printf (out, "%s%s\n", i > 0 ? "\n" : "", clean);
          g_free (heading);
          heading = g_steal_pointer (&own);
        }
      append_finding (out, finding, width, colourful);
      problems += finding->level == SQNS_LEVEL_PROBLEM ? 1 : 0;
    }
  if (problems == 0)
    g_string_append (out, "\nNo problem was found.\n");
  else
    g_string_append_printf (out, "\n%u problem%s found; follow the arrows (->).\n", problems,
                            problems == 1 ? " was" : "s were");
  sqns_out_screen (out->str);
}
