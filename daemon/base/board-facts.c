/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the operating system knows of a board. */
#include "base/board-facts.h"

SqnsBoardFacts *
sqns_board_facts_copy (const SqnsBoardFacts *facts)
{
  SqnsBoardFacts *copy = g_new0 (SqnsBoardFacts, 1);
  copy->id = g_strdup (facts->id);
  copy->devnode = g_strdup (facts->devnode);
  copy->id_path = g_strdup (facts->id_path);
  copy->product_name = g_strdup (facts->product_name);
  copy->serial = g_strdup (facts->serial);
  copy->vendor = facts->vendor;
  copy->product = facts->product;
  return copy;
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
