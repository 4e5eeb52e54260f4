/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON documents give back their memory: sqnsctl --json=stream makes one for each change of each job. */
#include "client/ui/json.h"

#include <malloc.h>

#define TIMES 1000u
#define SLACK (64u * 1024u) /* bytes; a leak of one document each is above 100 KiB */

static void
test_memory (void)
{
  g_autoptr (GVariant) dict
      = g_variant_ref_sink (g_variant_new_parsed ("{'State': <'running'>, 'Progress': <0.5>, 'Jobs': <['a', 'b']>}"));
  gsize before = 0;
  for (guint i = 0; i < TIMES; i++)
    {
      JsonNode *document = sqns_json_document_new ();
      json_object_set_member (json_node_get_object (document), "job", sqns_json_from_dict (dict));
      json_object_set_member (json_node_get_object (document), "jobs", sqns_json_array (json_array_new ()));
      json_node_unref (document);
      if (i == 0)
        before = mallinfo2 ().uordblks;
    }
  g_assert_cmpuint (mallinfo2 ().uordblks, <, before + SLACK);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/json/memory", test_memory);
  return g_test_run ();
}
