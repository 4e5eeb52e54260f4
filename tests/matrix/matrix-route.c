/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The routes of the matrix. */
#include "matrix-route.h"

#include <glib/gstdio.h>
#include <string.h>

#define BOARD_OPTIONS "--time-scale 0.01 --boot-time 0.05 "
/* Allows 9 s for a boot, 16 s for an erase and 60 s for writing: enough for a board at a hundredth of its times. */
#define TIMEOUT_SCALE 0.05
/* The boot ROM has 30 s to appear, which cannot be much shorter. */
#define SLOW_TIMEOUT_SCALE 0.15

#define NB_IOT .dup = "37781.dup", .make = "--size 60000", .before = "6.0.0.0-35351", .after = "6.0.0.0-37781"

static const MatrixRoute routes[] = {
  { .name = "native",
    .board = "",
    NB_IOT,
    .machines = "bootmode install interrupt line-search link passthrough prepare probe quit-relay relay-search "
                "run-script same-modem start-relay upgrade upload wait-mode wake" },
  { .name = "relay",
    .board = "",
    .kind = SQNS_LINK_RELAY,
    NB_IOT,
    .machines = "bootmode install interrupt line-search link prepare probe quit-relay relay-search run-script "
                "same-modem start-relay upgrade upload wait-mode wake" },
  { .name = "bare",
    .board = "--start direct ",
    NB_IOT,
    .machines = "bootmode install interrupt line-search link prepare probe same-modem upgrade upload wait-mode wake" },
  { .name = "ffh",
    .board = "--modem ffh ",
    NB_IOT,
    .machines = "bootmode install interrupt line-search link load-updater prepare probe quit-relay relay-search "
                "run-script speed-relay start-relay upgrade upload wait-mode wake" },
  { .name = "factory",
    .board = "--modem-version 5.1.1.0-33080 --bootloader0 33080 ",
    .options = { .allow_family_change = TRUE },
    .dup = "37781.dup",
    .make = "--size 60000",
    .before = "5.1.1.0-33080",
    .after = "6.0.0.0-37781",
    .timeout_scale = SLOW_TIMEOUT_SCALE,
    .machines = "bootmode install interrupt line-search link load-updater prepare probe quit-relay relay-search "
                "run-script same-modem speed-relay start-relay upgrade upload wait-mode wake" },
  { .name = "diff",
    .board = "--modem-version 5.1.1.0-38638 ",
    .dup = "upgdiff_38638-to-39529.dup",
    .make = "--version 5.1.1.0 --build 39529 --diff-from 38638 --size 60000",
    .before = "5.1.1.0-38638",
    .after = "5.1.1.0-39529",
    .machines = "install interrupt line-search link passthrough prepare probe quit-relay relay-search run-script "
                "same-modem start-relay upgrade upload wake" },
  { .name = "bare-diff",
    .board = "--start direct --modem-version 5.1.1.0-38638 ",
    .dup = "upgdiff_38638-to-39529.dup",
    .make = "--version 5.1.1.0 --build 39529 --diff-from 38638 --size 60000",
    .before = "5.1.1.0-38638",
    .after = "5.1.1.0-39529",
    .machines = "install interrupt line-search link prepare probe same-modem upgrade upload wake" },
  { .name = "two-steps",
    .board = "--modem-version 5.1.1.0-41065 ",
    .dup = "CATM1-5.2-48829-2.dup",
    .make = "--version 5.2.1.0 --build 48829 --size 60000",
    .first = "CATM1-5.2-48829-1.dup",
    .make_first = "--version 5.2.1.0 --build 48829 --first-step --size 30000",
    .before = "5.1.1.0-41065",
    .after = "5.2.1.0-48829",
    .machines = "bootmode install interrupt line-search link passthrough prepare probe quit-relay relay-search "
                "run-script same-modem start-relay upgrade upload wait-mode wake" },
  /* Cases that the routes above lack: a board in passthrough before a slower boot ROM, reset by a user or its PIC; a
   * program that does not yield; old firmware; an image that has to be sent twice. */
  { .name = "button",
    .board = "--start passthrough --modem ffh ",
    NB_IOT,
    .machines = "bootmode install interrupt leave-passthrough line-search link load-updater prepare probe quit-relay "
                "relay-search run-script speed-relay start-relay upgrade upload wait-mode wake" },
  { .name = "pic",
    .board = "--start passthrough --usb pic --modem ffh ",
    .pic = TRUE,
    NB_IOT,
    .machines = "bootmode install interrupt leave-passthrough line-search link load-updater pic prepare probe "
                "quit-relay relay-search run-script speed-relay start-relay upgrade upload wait-mode wake" },
  { .name = "program",
    .board = "--main-program ignores-ctrl-c --ctrl-f-any ",
    NB_IOT,
    .machines = "bootmode install interrupt line-search link passthrough prepare probe quit-relay relay-search "
                "run-script same-modem start-relay upgrade upload wait-mode wake" },
  { .name = "trouble",
    .board = "--start direct --old-smswboot --fault error@apply ",
    NB_IOT,
    .machines = "bootmode install interrupt line-search link prepare probe same-modem upgrade upload wait-mode wake" },
};

const MatrixRoute *
matrix_route_find (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (routes); i++)
    if (strcmp (routes[i].name, name) == 0)
      return &routes[i];
  return NULL;
}

const MatrixRoute *
matrix_route_at (guint index)
{
  return index < G_N_ELEMENTS (routes) ? &routes[index] : NULL;
}

gboolean
matrix_route_has_esp32 (const MatrixRoute *route)
{
  return strstr (route->board, "--start direct") == NULL;
}

double
matrix_route_timeout_scale (const MatrixRoute *route)
{
  return route->timeout_scale > 0 ? route->timeout_scale : TIMEOUT_SCALE;
}

VirtualBoard *
matrix_route_board (const MatrixRoute *route)
{
  g_autofree char *options = g_strconcat (BOARD_OPTIONS, route->board, NULL);
  return virtual_board_new_named (options);
}

static void
make_file (const char *folder, const char *name, const char *how)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autofree char *command = g_strdup_printf ("python3 tests/board/make-dup.py %s %s", path, how);
  int status = -1;

  g_assert_true (g_spawn_command_line_sync (command, NULL, NULL, &status, &error));
  g_assert_true (g_spawn_check_wait_status (status, NULL));
}

void
matrix_route_load (const MatrixRoute *route, const char *folder, UpgradeFiles *files)
{
  g_autofree char *dup = g_build_filename (folder, route->dup, NULL);
  g_autofree char *first = route->first != NULL ? g_build_filename (folder, route->first, NULL) : NULL;

  upgrade_files_load (files, dup, first);
}

char *
matrix_route_make (const MatrixRoute *route)
{
  g_autoptr (GError) error = NULL;
  char *folder = g_dir_make_tmp ("sqns-matrix-XXXXXX", &error);

  g_assert_no_error (error);
  make_file (folder, route->dup, route->make);
  if (route->first != NULL)
    make_file (folder, route->first, route->make_first);
  return folder;
}

void
matrix_route_remove (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      g_unlink (path);
    }
  g_rmdir (folder);
}
