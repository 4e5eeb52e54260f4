/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a failure is another program's, which takes the bytes of the port. */
#include "link/blame.h"

#include "serial/port-holder.h"

typedef struct {
  SqnsSsm *ssm;
  SqnsBlamed then;
} Blame;

static gboolean
is_cancel (const GError *error)
{
  return g_error_matches (error, SQNS_ERROR, SQNS_ERROR_CANCELLED);
}

static void
on_looked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Blame *blame = user_data;
  const GError *error = sqns_ssm_error (blame->ssm);
  g_autoptr (GError) held = NULL;

  if (!sqns_port_holder_finish (result, NULL, &held) && !is_cancel (error))
    sqns_ssm_replace_error (blame->ssm,
                            g_error_new (held->domain, held->code, "%s too, which takes part of the bytes: %s",
                                         held->message, error->message));
  blame->then (blame->ssm, held != NULL);
}

static gboolean
is_explained_by_loss (const GError *error)
{
  return sqns_error_is_timeout (error) || g_error_matches (error, SQNS_ERROR, SQNS_ERROR_PROTOCOL)
         || g_error_matches (error, SQNS_ERROR, SQNS_ERROR_NEEDS_HAND);
}

void
sqns_blame_holder (SqnsSsm *ssm, const char *devnode, SqnsBlamed then)
{
  const Blame blame = { ssm, then };
  const GError *error = sqns_ssm_error (ssm);

  if (error == NULL || (!is_explained_by_loss (error) && !is_cancel (error)))
    then (ssm, FALSE);
  else
    sqns_port_holder_async (devnode, on_looked, g_memdup2 (&blame, sizeof blame));
}
