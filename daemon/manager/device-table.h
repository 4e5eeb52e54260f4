/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All devices: boards that udev finds and ports that users add. Nothing is opened here: that alone would move DTR. */
#pragma once

#include "device/device.h"
#include "manager/port-path.h"

#define SQNS_TYPE_DEVICE_TABLE (sqns_device_table_get_type ())
G_DECLARE_FINAL_TYPE (SqnsDeviceTable, sqns_device_table, SQNS, DEVICE_TABLE, GObject)

/* Whether a job still needs @device, which is not removed then. */
typedef gboolean (*SqnsDeviceIsNeeded) (SqnsDevice *device, gpointer user_data);

SqnsDeviceTable *sqns_device_table_new (SqnsDeviceIsNeeded is_needed, gpointer user_data);
GPtrArray *sqns_device_table_devices (SqnsDeviceTable *table); /* SqnsDevice by age, owned by the table */

/* From udev. @id as in the facts. */
void sqns_device_table_add_board (SqnsDeviceTable *table, const SqnsBoardFacts *facts);
void sqns_device_table_remove_board (SqnsDeviceTable *table, const char *id);

/* Where sqns_device_table_add_port() may look; below /dev at first. */
void sqns_device_table_set_port_places (SqnsDeviceTable *table, SqnsPortPlaces places);

/* A tty that udev does not know as a board. One that is known already, by whatever name, gives its device. Errors:
 * those of sqns_port_path_canonical() and sqns_port_path_check(). Returns a borrowed device. */
SqnsDevice *sqns_device_table_add_port (SqnsDeviceTable *table,
                                        const char *devnode,
                                        const SqnsPortOptions *options,
                                        GError **error);
/* WRONG_STATE (a board that udev found), BUSY (it is in use or needed). */
gboolean sqns_device_table_remove_port (SqnsDeviceTable *table, SqnsDevice *device, GError **error);

/* The device of a job of an earlier daemon: added as absent when it is not there. @port: of a port, which may be known
 * as a board now; NULL for a board. Borrowed. */
SqnsDevice *
sqns_device_table_restore (SqnsDeviceTable *table, const SqnsBoardFacts *facts, const SqnsPortOptions *port);

/* Signals: "added", "removed" (SqnsDevice). */
