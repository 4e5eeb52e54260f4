/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON documents on stdout. */
#include "client/json.h"
#include "client/output.h"
#include "client/text.h"

#include "common/clean.h"

#include <string.h>

#define SCHEMA 1

JsonNode *
sqns_json_from_proxy (GDBusProxy *proxy)
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
  return json_node_init_object (json_node_alloc (), object);
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
  return json_node_init_object (json_node_alloc (), object);
}

JsonNode *
sqns_json_array_new (void)
{
  return json_node_init_array (json_node_alloc (), json_array_new ());
}

void
sqns_json_array_take (JsonNode *array, JsonNode *element)
{
  json_array_add_element (json_node_get_array (array), element);
}

JsonNode *
sqns_json_document_new (void)
{
  JsonObject *object = json_object_new ();
  json_object_set_int_member (object, "schema", SCHEMA);
  return json_node_init_object (json_node_alloc (), object);
}

void
sqns_json_print_object (const SqnsCtl *ctl, JsonNode *root)
{
  g_autoptr (JsonGenerator) generator = json_generator_new ();
  json_generator_set_pretty (generator, !ctl->json_stream);
  json_generator_set_root (generator, root);
  g_autofree char *text = json_generator_to_data (generator, NULL);
  g_autofree char *harmless = sqns_clean_json (text);
  sqns_out_bytes (harmless, strlen (harmless)); /* JSON is UTF-8 in every locale */
  sqns_out_bytes ("\n", 1);
  sqns_out_flush ();
  json_node_unref (root);
}

void
sqns_json_print (const SqnsCtl *ctl, const char *noun, JsonNode *content)
{
  JsonNode *root = sqns_json_document_new ();
  json_object_set_member (json_node_get_object (root), noun, content);
  sqns_json_print_object (ctl, root);
}

void
sqns_json_print_event (const SqnsCtl *ctl, const char *event, const char *noun, JsonNode *content)
{
  if (!ctl->json_stream)
    {
      json_node_unref (content);
      return;
    }
  JsonNode *root = sqns_json_document_new ();
  json_object_set_string_member (json_node_get_object (root), "event", event);
  json_object_set_member (json_node_get_object (root), noun, content);
  sqns_json_print_object (ctl, root);
}

void
sqns_json_print_error (const SqnsCtl *ctl, const char *name, const char *message, const char *advice, SqnsExit code)
{
  JsonObject *object = json_object_new ();
  g_autofree char *valid = g_utf8_make_valid (message, -1);

  json_object_set_string_member (object, "error-name", name);
  json_object_set_string_member (object, "message", valid);
  json_object_set_string_member (object, "advice", advice != NULL ? advice : "");
  json_object_set_int_member (object, "exit-code", code);
  if (ctl->left_behind != NULL)
    {
      JsonArray *jobs = json_array_new ();
      for (guint i = 0; i < ctl->left_behind->len; i++)
        json_array_add_string_element (jobs, ctl->left_behind->pdata[i]);
      json_object_set_array_member (object, "jobs", jobs);
    }
  sqns_json_print (ctl, "error", json_node_init_object (json_node_alloc (), object));
}

void
sqns_json_print_proxies (SqnsCtl *ctl, const char *key, GPtrArray *proxies)
{
  JsonNode *array = sqns_json_array_new ();
  for (guint i = 0; i < proxies->len; i++)
    sqns_json_array_take (array, sqns_json_from_proxy (proxies->pdata[i]));
  sqns_json_print (ctl, key, array);
}
