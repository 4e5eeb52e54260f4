/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON documents on stdout. */
#include "client/ui/json.h"
#include "client/ui/output.h"
#include "client/ui/text.h"

#include "common/clean.h"

#include <string.h>

#define SCHEMA 1

JsonNode *
sqns_json_object (JsonObject *object)
{
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);
  json_node_take_object (node, object);
  return node;
}

JsonNode *
sqns_json_array (JsonArray *array)
{
  JsonNode *node = json_node_new (JSON_NODE_ARRAY);
  json_node_take_array (node, array);
  return node;
}

JsonNode *
sqns_json_from_proxy (gpointer proxy)
{
  JsonObject *object = json_object_new ();
  GDBusInterfaceInfo *info = g_dbus_proxy_get_interface_info (proxy);

  json_object_set_string_member (object, "object-path", g_dbus_proxy_get_object_path (proxy));
  for (guint i = 0; info != NULL && info->properties != NULL && info->properties[i] != NULL; i++)
    {
      g_autoptr (GVariant) value = g_dbus_proxy_get_cached_property (proxy, info->properties[i]->name);
      if (value == NULL)
        continue;
      g_autofree char *key = sqns_text_kebab (info->properties[i]->name);
      json_object_set_member (object, key, json_gvariant_serialize (value));
    }
  return sqns_json_object (object);
}

JsonNode *
sqns_json_from_dict (GVariant *dict)
{
  JsonObject *object = json_object_new ();
  GVariantIter iter;
  const char *name;
  GVariant *value;

  g_variant_iter_init (&iter, dict);
  while (g_variant_iter_next (&iter, "{&sv}", &name, &value))
    {
      g_autofree char *key = sqns_text_kebab (name);
      json_object_set_member (object, key, json_gvariant_serialize (value));
      g_variant_unref (value);
    }
  return sqns_json_object (object);
}

JsonNode *
sqns_json_from_proxies (GPtrArray *proxies)
{
  JsonArray *array = json_array_new ();
  for (guint i = 0; i < proxies->len; i++)
    json_array_add_element (array, sqns_json_from_proxy (proxies->pdata[i]));
  return sqns_json_array (array);
}

JsonNode *
sqns_json_document_new (void)
{
  JsonObject *object = json_object_new ();
  json_object_set_int_member (object, "schema", SCHEMA);
  return sqns_json_object (object);
}

void
sqns_json_print (JsonNode *root, gboolean one_line)
{
  g_autoptr (JsonGenerator) generator = json_generator_new ();
  json_generator_set_pretty (generator, !one_line);
  json_generator_set_root (generator, root);
  g_autofree char *text = json_generator_to_data (generator, NULL);
  g_autofree char *harmless = sqns_clean_json (text);
  sqns_out_bytes (harmless, strlen (harmless)); /* JSON is UTF-8 in every locale */
  sqns_out_bytes ("\n", 1);
  sqns_out_flush ();
}
