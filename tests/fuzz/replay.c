/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs a fuzz target as an ordinary test: with the files of its corpus, and with simple mutations of the hand-written
 * ones. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

/* Mutates every byte of files up to this size, and this many places of larger files. */
#define MAX_PLACES 2048u

static guint64 n_inputs;

/* Memory of the exact size, so that a sanitizer or valgrind notices a read past the end. */
static void
run (const guint8 *data, gsize size)
{
  guint8 *exact = calloc (1, MAX (size, 1));

  if (size > 0)
    memcpy (exact, data, size);
  LLVMFuzzerTestOneInput (exact, size);
  free (exact);
  n_inputs++;
}

static void
run_mutations (const guint8 *data, gsize size)
{
  g_autofree guint8 *copy = g_memdup2 (data, size);
  gsize stride = MAX (size / MAX_PLACES, 1);

  for (gsize at = 0; at < size; at += stride)
    {
      static const guint8 flips[] = { 0x01, 0x20, 0x80, 0xff };

      run (data, at);
      for (guint i = 0; i < G_N_ELEMENTS (flips); i++)
        {
          copy[at] = data[at] ^ flips[i];
          run (copy, size);
        }
      copy[at] = 0;
      run (copy, size);
      copy[at] = data[at];
    }
}

/* Files of a campaign have a hash as their name. They are mutations already, and there are many. */
static gboolean
is_kept_by_fuzzer (const char *name)
{
  return strlen (name) == 40 && strspn (name, "0123456789abcdef") == 40;
}

static guint
replay_dir (const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) dir = g_dir_open (path, 0, &error);
  const char *name;
  guint n_files = 0;

  if (dir == NULL)
    {
      g_printerr ("%s\n", error->message);
      return 0;
    }
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *file = g_build_filename (path, name, NULL);
      g_autofree char *data = NULL;
      gsize size;

      if (!g_file_get_contents (file, &data, &size, &error))
        {
          g_printerr ("%s\n", error->message);
          return 0;
        }
      run ((const guint8 *)data, size);
      if (!is_kept_by_fuzzer (name))
        run_mutations ((const guint8 *)data, size);
      n_files++;
    }
  return n_files;
}

int
main (int argc, char **argv)
{
  if (argc != 2)
    {
      g_printerr ("usage: %s CORPUS-DIR\n", argv[0]);
      return 2;
    }
  run (NULL, 0);
  if (replay_dir (argv[1]) == 0)
    {
      g_printerr ("no corpus in %s\n", argv[1]);
      return 1;
    }
  g_print ("%" G_GUINT64_FORMAT " inputs\n", n_inputs);
  return 0;
}
