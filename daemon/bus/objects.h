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

/* @path is not there yet. It can be called at once; InterfacesAdded is emitted soon, a few of them in a turn of the
 * main loop, as they may come by the hundred. */
void sqns_objects_add (SqnsObjects *objects, const char *path, GDBusInterfaceSkeleton *skeleton);
/* Emits what was not emitted yet of the object at @path, before something else is told of it; nothing if it is not
 * there. */
void sqns_objects_announce (SqnsObjects *objects, const char *path);
/* Emits InterfacesRemoved. */
void sqns_objects_remove (SqnsObjects *objects, const char *path);
/* After each change of properties of the object at @path, whether told or not; nothing if it is not there. */
void sqns_objects_changed (SqnsObjects *objects, const char *path);
