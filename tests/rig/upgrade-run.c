/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One observed upgrade of a virtual board. */
#include "upgrade-run.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RUN_DEADLINE_S 300
#define HAND_S 900 /* as in a job; scaled like all long waits */

/* --- files --- */

static GBytes *
load (const char *path)
{
  g_autoptr (GError) error = NULL;
  char *data = NULL;
  gsize len = 0;

  g_file_get_contents (path, &data, &len, &error);
  g_assert_no_error (error);
  return g_bytes_new_take (data, len);
}

static SqnsCaba *
parse (GBytes *image, const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *name = g_path_get_basename (path);
  SqnsCaba *caba = sqns_caba_parse (g_bytes_get_data (image, NULL), g_bytes_get_size (image), name, &error);

  g_assert_no_error (error);
  return caba;
}

void
upgrade_files_take (UpgradeFiles *files, GBytes *image, const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  gsize len;

  g_assert_true (g_file_get_contents ("data/firmware-rules.conf", &text, &len, &error));
  *files = (UpgradeFiles){ .image = image, .caba = parse (image, name) };
  files->rules = sqns_rules_parse (text, len, &error);
  g_assert_no_error (error);
}

void
upgrade_files_load (UpgradeFiles *files, const char *dup, const char *first)
{
  upgrade_files_take (files, load (dup), dup);
  if (first == NULL)
    return;
  files->first_step = load (first);
  files->first_caba = parse (files->first_step, first);
}

void
upgrade_files_clear (UpgradeFiles *files)
{
  g_clear_pointer (&files->caba, sqns_caba_free);
  g_clear_pointer (&files->first_caba, sqns_caba_free);
  g_clear_pointer (&files->image, g_bytes_unref);
  g_clear_pointer (&files->first_step, g_bytes_unref);
  g_clear_pointer (&files->rules, sqns_rules_free);
}

/* --- notifications --- */

static void
on_phase (gpointer data, SqnsPhase phase, gboolean safe, gboolean committed, const char *message)
{
  UpgradeRun *run = data;

  run->phase = phase;
  run->safe = safe;
  run->committed = committed;
  g_assert_cmpstr (message, !=, "");
  g_string_append_printf (run->transcript, "= %s%s%s: %s\n", sqns_phase_name (phase), safe ? ", safe" : "",
                          committed ? ", committed" : "", message);
  if (safe && virtual_board_is (run->board, "writing", "true"))
    g_error ("\"safe\" while the modem writes\n%s", run->transcript->str);
  if (run->told != NULL)
    run->told (run);
}

static void
on_bytes (gpointer data, guint64 done, guint64 total)
{
  UpgradeRun *run = data;
  g_assert_cmpuint (done, <=, total);
  run->bytes = done;
}

static void
on_retries (gpointer data, guint more)
{
  UpgradeRun *run = data;
  run->retries += more;
}

static void
on_user_action (gpointer data, const char *what)
{
  UpgradeRun *run = data;

  g_string_append_printf (run->transcript, "! %s\n", what != NULL ? what : "done");
  if (what == NULL)
    return;
  run->asked++;
  if (run->person)
    g_free (virtual_board_tell (run->board, "press-reset"));
}

static void
on_trace (gpointer data, char direction, const char *line)
{
  UpgradeRun *run = data;
  g_string_append_printf (run->transcript, "%c %s\n", direction, line);
}

static void
on_checkpoint (gpointer data, const SqnsCheckpoint *checkpoint, GSourceFunc done, gpointer done_data)
{
  UpgradeRun *run = data;

  run->checkpoint = *checkpoint;
  if (run->kept != NULL)
    run->kept (run);
  g_idle_add (done, done_data);
}

static void
on_state (const SqnsSsmClass *klass, guint state, gpointer data)
{
  UpgradeRun *run = data;
  const char *name = klass->state_names[state];

  if (run->done)
    g_error ("%s: %s is entered after the end\n%s", klass->name, name, run->transcript->str);
  g_string_append_printf (run->transcript, "  %s: %s\n", klass->name, name);
  g_hash_table_add (run->machines, (gpointer)klass);
  g_hash_table_add (run->visited, g_strdup_printf ("%s/%s", klass->name, name));
  if (strcmp (klass->name, "upgrade") == 0 && (strcmp (name, "step") == 0 || strcmp (name, "relink") == 0))
    run->steps++;
  if (run->entered != NULL)
    run->entered (run, klass, state);
}

/* --- the run --- */

static void
on_done (GObject *source, GAsyncResult *result, gpointer data)
{
  UpgradeRun *run = data;
  run->result = sqns_upgrade_finish (result, &run->error);
  run->done = TRUE;
}

static gboolean
on_too_long (gpointer data)
{
  UpgradeRun *run = data;
  g_error ("no end within %d s:\n%s", RUN_DEADLINE_S, run->transcript->str);
  return G_SOURCE_REMOVE;
}

/* A machine that has not ended would still hold it. */
static void
assert_port_closed (UpgradeRun *run)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  const char *name;

  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename ("/proc/self/fd", name, NULL);
      g_autofree char *target = g_file_read_link (path, NULL);
      if (target != NULL && g_str_has_prefix (target, "/dev/pts/") && strtoul (name, NULL, 10) > STDERR_FILENO)
        g_error ("the port is open after the end\n%s", run->transcript->str);
    }
}

void
upgrade_run (UpgradeRun *run)
{
  static const SqnsMonitorFuncs funcs = {
    .phase = on_phase, .bytes = on_bytes, .retries = on_retries, .user_action = on_user_action, .trace = on_trace
  };
  const SqnsMonitor monitor = { &funcs, run };
  const SqnsUpgradeConfig config = {
    .link = { .devnode = virtual_board_port (run->board),
              .kind = run->kind,
              .pic = run->pic,
              .user_timeout_s = run->person ? HAND_S : 0 },
    .image = run->files->image,
    .first_step = run->files->first_step,
    .caba = run->files->caba,
    .first_caba = run->files->first_caba,
    .rules = run->files->rules,
    .options = run->options,
    .checkpoint = run->checkpoint,
    .save = on_checkpoint,
    .save_data = run,
  };

  run->cancellable = g_cancellable_new ();
  run->transcript = g_string_new (NULL);
  run->machines = g_hash_table_new (NULL, NULL);
  run->visited = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  run->phase = SQNS_PHASE_LINK;
  run->safe = TRUE;
  guint watchdog = g_timeout_add_seconds (RUN_DEADLINE_S, on_too_long, run);
  sqns_ssm_set_hook (on_state, run);
  sqns_upgrade_async (&config, &monitor, run->cancellable, on_done, run);
  while (!run->done)
    g_main_context_iteration (NULL, TRUE);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  sqns_ssm_set_hook (NULL, NULL);
  g_source_remove (watchdog);
  g_assert_true ((run->result == NULL) == (run->error != NULL));
  g_assert_true (run->error == NULL || *run->error->message != '\0');
  assert_port_closed (run);
}

void
upgrade_run_clear (UpgradeRun *run)
{
  g_clear_object (&run->cancellable);
  g_clear_error (&run->error);
  sqns_upgrade_result_free (run->result);
  g_string_free (run->transcript, TRUE);
  g_hash_table_unref (run->machines);
  g_hash_table_unref (run->visited);
  *run = (UpgradeRun){
    .board = run->board,
    .files = run->files,
    .kind = run->kind,
    .options = run->options,
    .pic = run->pic,
    .person = run->person,
    .checkpoint = run->checkpoint,
  };
}

void
upgrade_run_assert_version (UpgradeRun *run, const char *version)
{
  if (run->error != NULL)
    g_error ("%s\n%s", run->error->message, run->transcript->str);
  g_autofree char *after = sqns_version_format (&run->result->after);
  g_autofree char *truth = virtual_board_status (run->board, "version");
  if (strcmp (after, version) != 0 || strcmp (truth, version) != 0)
    g_error ("not %s: told %s, in truth %s\n%s", version, after, truth, run->transcript->str);
}
