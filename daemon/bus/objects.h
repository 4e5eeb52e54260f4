/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The objects below a path as D-Bus sees them: they are exported, and org.freedesktop.DBus.ObjectManager tells of them.
 *
 * What GDBusObjectManagerServer does, for hundreds of objects and clients that ask for all of them a thousand times a
 * second: an object is read again only when it has changed, one question is answered in a turn of the main loop, those
 * of different clients in turn, and all of them together get a part of the time only; news wait for their turn, too. */
#pragma once

#include <gio/gio.h>

#define SQNS_OBJECTS_MAX_WAITING 1024u /* questions for all objects; more are refused with LimitsExceeded */

typedef struct _SqnsObjects SqnsObjects;

/* Nothing is on the bus before it is connected. */
SqnsObjects *sqns_objects_new (const char *path);
/* Takes all of them from the bus, without a word. */
void sqns_objects_free (SqnsObjects *objects);

/* From now on they are on @connection, those that are added later, too. Errors: as g_dbus_connection_register_object().
 */
gboolean sqns_objects_connect (SqnsObjects *objects, GDBusConnection *connection, GError **error);

/* Shows @model (a device or a job, borrowed) as @skeleton at @path, which is free. It can be called at once;
 * InterfacesAdded is emitted soon, a few in a turn of the main loop, as they may come by the hundred. */
void sqns_objects_add (SqnsObjects *objects, const char *path, GDBusInterfaceSkeleton *skeleton, GObject *model);
/* Emits InterfacesRemoved. */
void sqns_objects_remove (SqnsObjects *objects, GObject *model);
/* Emits InterfacesAdded of @model now, if it is pending, before any other signal about it. */
void sqns_objects_announce (SqnsObjects *objects, GObject *model);
/* After each change of properties of @model, whether signalled or not. */
void sqns_objects_changed (SqnsObjects *objects, GObject *model);

GObject *sqns_objects_model (SqnsObjects *objects, const char *path);                 /* NULL: no such object */
const char *sqns_objects_path (SqnsObjects *objects, GObject *model);                 /* "/" when it is not there */
GDBusInterfaceSkeleton *sqns_objects_skeleton (SqnsObjects *objects, GObject *model); /* NULL when it is not there */
