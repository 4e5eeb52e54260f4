/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What may be at the path of a small file: reading never waits, and never exceeds its limit. */
#include "base/plain-file.h"
#include "common/error.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#define LIMIT 1000u

static void
make_text (const char *path)
{
  g_assert_true (g_file_set_contents (path, "text", -1, NULL));
}

static void
make_full (const char *path)
{
  g_autofree char *text = g_strnfill (LIMIT, 'x');
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

static void
make_long (const char *path)
{
  g_autofree char *text = g_strnfill (LIMIT + 1, 'x');
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

static void
make_sparse (const char *path)
{
  make_text (path);
  g_assert_cmpint (truncate (path, (off_t)3 << 30), ==, 0);
}

static void
make_fifo (const char *path)
{
  g_assert_cmpint (mkfifo (path, 0600), ==, 0);
}

static void
make_socket (const char *path)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  g_assert_cmpuint (strlen (path), <, sizeof address.sun_path);
  strcpy (address.sun_path, path);
  g_assert_cmpint (bind (fd, (struct sockaddr *)&address, sizeof address), ==, 0);
  g_close (fd, NULL);
}

static void
make_folder (const char *path)
{
  g_assert_cmpint (g_mkdir (path, 0700), ==, 0);
}

static void
make_link (const char *path)
{
  g_autofree char *target = g_strconcat (path, ".target", NULL);
  make_text (target);
  g_assert_cmpint (symlink (target, path), ==, 0);
}

static void
make_link_to_null (const char *path)
{
  g_assert_cmpint (symlink ("/dev/null", path), ==, 0);
}

static void
make_link_to_zero (const char *path)
{
  g_assert_cmpint (symlink ("/dev/zero", path), ==, 0);
}

static void
make_nothing (const char *path)
{
}

static void
test_kinds (void)
{
  static const struct {
    const char *name;
    void (*make) (const char *path);
    const char *text;       /* NULL: FAILED */
    const char *with_links; /* the same where links are followed */
    gboolean absent;        /* G_FILE_ERROR_NOENT */
  } rows[] = {
    { "text", make_text, "text", "text" },
    { "long", make_long },
    { "sparse", make_sparse },
    { "fifo", make_fifo },
    { "socket", make_socket },
    { "folder", make_folder },
    { "link", make_link, NULL, "text" },
    { "null", make_link_to_null, NULL, "" },
    { "zero", make_link_to_zero },
    { "nothing", make_nothing, .absent = TRUE },
  };
  g_autofree char *folder = g_dir_make_tmp ("sqns-file-XXXXXX", NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    for (guint links = SQNS_PLAIN_FILE_NO_LINKS; links <= SQNS_PLAIN_FILE_LINKS; links++)
      {
        g_autofree char *name = g_strdup_printf ("%s-%u", rows[i].name, links);
        g_autofree char *path = g_build_filename (folder, name, NULL), *target = g_strconcat (path, ".target", NULL);
        g_autoptr (GError) error = NULL;
        const char *want = links == SQNS_PLAIN_FILE_LINKS ? rows[i].with_links : rows[i].text;
        gsize len = 77;
        g_test_message ("%s", name);
        rows[i].make (path);
        g_autofree char *text = sqns_plain_file_read (path, LIMIT, (SqnsPlainFileLinks)links, &len, &error);
        g_assert_cmpstr (text, ==, want);
        if (want != NULL)
          g_assert_cmpuint (len, ==, strlen (want));
        else if (rows[i].absent)
          g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
        else
          g_assert_error (error, SQNS_ERROR, SQNS_ERROR_FAILED);
        g_remove (path);
        g_remove (target);
      }
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

static void
test_full (void)
{
  g_autofree char *folder = g_dir_make_tmp ("sqns-file-XXXXXX", NULL), *path = g_build_filename (folder, "full", NULL);
  g_autoptr (GError) error = NULL;
  make_full (path);
  g_autofree char *text = sqns_plain_file_read (path, LIMIT, SQNS_PLAIN_FILE_NO_LINKS, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (strlen (text), ==, LIMIT);
  g_assert_true (sqns_plain_file_is_regular (path) && !sqns_plain_file_is_regular (folder));
  g_remove (path);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/plain-file/kinds", test_kinds);
  g_test_add_func ("/plain-file/full", test_full);
  return g_test_run ();
}
