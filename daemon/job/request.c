/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What somebody asked for with an upgrade. */
#include "job/request.h"

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
  copy->updater = request->updater != NULL ? g_object_ref (request->updater) : NULL;
  copy->first_step = request->first_step != NULL ? g_object_ref (request->first_step) : NULL;
  return copy;
}

SqnsPlanFiles
sqns_request_files (const SqnsRequest *request, SqnsFirmware *firmware)
{
  SqnsFirmware *first = request->first_step;
  return (SqnsPlanFiles){
    .caba = sqns_firmware_caba (firmware),
    .size = g_bytes_get_size (sqns_firmware_image (firmware)),
    .first_step = first != NULL ? sqns_firmware_caba (first) : NULL,
    .first_step_size = first != NULL ? g_bytes_get_size (sqns_firmware_image (first)) : 0,
    .updater_given = request->updater != NULL,
  };
}

gint64
sqns_request_begin (const SqnsRequest *request)
{
  return request->at_once ? 0 : request->not_before;
}

gint64
sqns_request_deadline (const SqnsRequest *request)
{
  return request->at_once ? 0 : request->not_after;
}

void
sqns_request_free (SqnsRequest *request)
{
  if (request == NULL)
    return;
  g_free (request->expect_sha256);
  g_free (request->label);
  g_free (request->idempotency_key);
  g_clear_object (&request->updater);
  g_clear_object (&request->first_step);
  g_free (request);
}
