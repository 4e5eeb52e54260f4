/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the operating system knows of a board. */
#include "base/board-facts.h"

gboolean
sqns_board_facts_equal (const SqnsBoardFacts *a, const SqnsBoardFacts *b)
{
  return g_strcmp0 (a->id, b->id) == 0 && g_strcmp0 (a->devnode, b->devnode) == 0
         && g_strcmp0 (a->id_path, b->id_path) == 0 && g_strcmp0 (a->product_name, b->product_name) == 0
         && g_strcmp0 (a->serial, b->serial) == 0 && a->vendor == b->vendor && a->product == b->product;
}

void
sqns_board_facts_free (SqnsBoardFacts *facts)
{
  if (facts == NULL)
    return;
  g_free (facts->id);
  g_free (facts->devnode);
  g_free (facts->id_path);
  g_free (facts->product_name);
  g_free (facts->serial);
  g_free (facts);
}
