/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What somebody asked for with an upgrade. */
#include "model/request.h"

SqnsRequest *
sqns_request_new (void)
{
  SqnsRequest *request = g_new0 (SqnsRequest, 1);
  request->label = g_strdup ("");
  return request;
}

SqnsRequest *
sqns_request_copy (const SqnsRequest *request)
{
  SqnsRequest *copy = g_memdup2 (request, sizeof *request);
  copy->expect_sha256 = g_strdup (request->expect_sha256);
  copy->label = g_strdup (request->label);
  copy->idempotency_key = g_strdup (request->idempotency_key);
  return copy;
}

void
sqns_request_free (SqnsRequest *request)
{
  if (request == NULL)
    return;
  g_free (request->expect_sha256);
  g_free (request->label);
  g_free (request->idempotency_key);
  g_free (request);
}
