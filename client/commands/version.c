/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sqnsctl version: of this program and of the daemon. */
#include "client/commands/commands.h"
#include "client/core/connection.h"

static SqnsExit
run (SqnsCtl *ctl, int argc, char **argv, GError **error)
{
  sqns_ctl_say (ctl, "sqnsctl %s\n", SQNS_VERSION);
  g_autoptr (SqnsConnection) conn = sqns_connection_open (ctl, error);
  if (conn == NULL)
    return SQNS_EXIT_FAILED;

  sqns_ctl_say (ctl, "sqnsd %s\n", sqns_dbus_manager_get_version (conn->manager));
  if (sqns_ctl_wants_json (ctl))
    {
      JsonNode *root = sqns_json_document_new ();
      JsonObject *client = json_object_new ();
      json_object_set_string_member (client, "version", SQNS_VERSION);
      json_object_set_object_member (json_node_get_object (root), "client", client);
      json_object_set_member (json_node_get_object (root), "manager", sqns_json_from_proxy (conn->manager));
      sqns_ctl_print_document (ctl, root);
    }
  return SQNS_EXIT_DONE;
}

const SqnsCommand sqns_version_command = { "version", "", "versions of sqnsctl and of the daemon", 0, 0, run };
