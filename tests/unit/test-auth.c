/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rights: every method has its row, every action its entry for polkit, and docs/security.md agrees. */
#include "bus/methods.h"

#include <gio/gio.h>
#include <string.h>

#define CALLER 1000u
#define ANOTHER 1001

static char *
read_source (const char *name)
{
  g_autofree char *path = g_build_filename (g_getenv ("SQNS_SOURCE"), name, NULL);
  g_autoptr (GError) error = NULL;
  char *text = NULL;
  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  return text;
}

static guint
check_interface (const char *name)
{
  g_autofree char *path = g_strdup_printf ("data/dbus/org.sqnsd1.%s.xml", name);
  g_autofree char *xml = read_source (path);
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusNodeInfo) node = g_dbus_node_info_new_for_xml (xml, &error);
  guint i;

  g_assert_no_error (error);
  for (i = 0; node->interfaces[0]->methods[i] != NULL; i++)
    {
      const char *method = node->interfaces[0]->methods[i]->name;
      const SqnsBusMethod *row = sqns_methods_find (node->interfaces[0]->name, method);
      if (row == NULL)
        g_error ("%s.%s has no row", name, method);
      /* only these do not need polkit */
      if (row->right.need == SQNS_AUTH_READ)
        g_assert_true (g_str_equal (method, "Inspect") || g_str_equal (method, "GetHistory")
                       || g_str_equal (method, "GetLog"));
      if (row->right.need == SQNS_AUTH_OWN || row->right.need == SQNS_AUTH_OWN_ORDER)
        g_assert_cmpstr (name, ==, "Job");
    }
  return i;
}

static void
test_every_method (void)
{
  gsize n;
  sqns_methods (&n);
  g_assert_cmpuint (check_interface ("Manager") + check_interface ("Modem") + check_interface ("Job"), ==, n);
  g_assert_null (sqns_methods_find ("org.sqnsd1.Manager", "FormatDisk"));
  g_assert_null (sqns_methods_find ("org.sqnsd1.Other", "Inspect"));
}

static void
test_needs (void)
{
  static const struct {
    const char *interface, *method;
    SqnsAuthWish wish;
    const char *needs;
  } rows[] = {
    { "org.sqnsd1.Manager", "Inspect", { -1 }, "" },
    { "org.sqnsd1.Manager", "AddPort", { -1 }, "manage " },
    { "org.sqnsd1.Manager", "UpgradeMany", { -1 }, "upgrade " },
    { "org.sqnsd1.Manager", "UpgradeMany", { -1, .force = TRUE }, "upgrade force " },
    { "org.sqnsd1.Modem", "Upgrade", { -1 }, "upgrade " },
    { "org.sqnsd1.Modem", "Upgrade", { -1, .force = TRUE }, "upgrade force " },
    { "org.sqnsd1.Modem", "Recover", { -1, .recover = TRUE }, "recover " },
    { "org.sqnsd1.Modem", "Recover", { -1, .force = TRUE, .recover = TRUE }, "recover force " },
    { "org.sqnsd1.Job", "Cancel", { CALLER, .force = TRUE }, "" },
    { "org.sqnsd1.Job", "Cancel", { ANOTHER, .force = TRUE }, "cancel-other " },
    { "org.sqnsd1.Job", "Forget", { CALLER }, "" },
    { "org.sqnsd1.Job", "Forget", { ANOTHER }, "cancel-other " },
    { "org.sqnsd1.Job", "Resume", { CALLER }, "upgrade " },
    { "org.sqnsd1.Job", "Resume", { CALLER, .force = TRUE }, "upgrade force " },
    { "org.sqnsd1.Job", "Resume", { CALLER, .recover = TRUE }, "recover " },
    { "org.sqnsd1.Job", "Resume", { CALLER, .force = TRUE, .recover = TRUE }, "recover force " },
    { "org.sqnsd1.Job", "Resume", { ANOTHER }, "upgrade cancel-other " },
    { "org.sqnsd1.Job", "Resume", { ANOTHER, .force = TRUE, .recover = TRUE }, "recover force cancel-other " },
    { "org.sqnsd1.Job", "Resume", { -1 }, "upgrade cancel-other " },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      const SqnsBusMethod *row = sqns_methods_find (rows[i].interface, rows[i].method);
      SqnsAction needs[SQNS_AUTH_MAX_NEEDS];
      guint n = sqns_auth_needs (row->right, &rows[i].wish, CALLER, needs);
      g_autoptr (GString) text = g_string_new (NULL);
      for (guint at = 0; at < n; at++)
        g_string_append_printf (text, "%s ", sqns_action_name (needs[at]) + strlen ("org.sqnsd1."));
      g_test_message ("row %" G_GSIZE_FORMAT, i);
      g_assert_cmpstr (text->str, ==, rows[i].needs);
    }
}

static void
test_polkit_knows_every_action (void)
{
  g_autofree char *policy = read_source ("data/polkit/org.sqnsd1.policy");
  guint n = 0;
  for (guint i = 0; i < SQNS_N_ACTIONS; i++)
    {
      g_autofree char *entry = g_strdup_printf ("<action id=\"%s\">", sqns_action_name ((SqnsAction)i));
      g_assert_nonnull (strstr (policy, entry));
    }
  for (const char *at = strstr (policy, "<action "); at != NULL; at = strstr (at + 1, "<action "))
    n++;
  g_assert_cmpuint (n, ==, SQNS_N_ACTIONS);
}

static char *
words (const SqnsBusMethod *row)
{
  const char *action = sqns_action_name (row->right.action) + strlen ("org.sqnsd1.");
  switch (row->right.need)
    {
    case SQNS_AUTH_READ:
      return g_strdup ("nothing");
    case SQNS_AUTH_ACTION:
      return g_strdup_printf ("`%s`", action);
    case SQNS_AUTH_ORDER:
      return g_strdup_printf ("`%s`, and `force` with the option force", action);
    case SQNS_AUTH_OWN:
      return g_strdup_printf ("nothing for the job's owner, `%s` for others", action);
    case SQNS_AUTH_OWN_ORDER:
      return g_strdup_printf ("what the job's order needed, each time; others also `%s`", action);
    }
  return NULL;
}

/* The table of docs/security.md, line by line. */
static void
test_documented (void)
{
  g_autofree char *text = read_source ("docs/security.md");
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  gsize n, documented = 0;
  const SqnsBusMethod *rows = sqns_methods (&n);

  for (gsize i = 0; i < n; i++)
    {
      g_autofree char *need = words (&rows[i]);
      g_autofree char *line
          = g_strdup_printf ("| `%s.%s` | %s |", rows[i].interface + strlen ("org.sqnsd1."), rows[i].name, need);
      if (!g_strv_contains ((const char *const *)lines, line))
        g_error ("docs/security.md lacks the line: %s", line);
    }
  for (char **line = lines; *line != NULL; line++)
    documented += g_str_has_prefix (*line, "| `Manager.") || g_str_has_prefix (*line, "| `Modem.")
                  || g_str_has_prefix (*line, "| `Job.");
  g_assert_cmpuint (documented, ==, n);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/auth/every-method", test_every_method);
  g_test_add_func ("/auth/needs", test_needs);
  g_test_add_func ("/auth/polkit-knows-every-action", test_polkit_knows_every_action);
  g_test_add_func ("/auth/documented", test_documented);
  return g_test_run ();
}
