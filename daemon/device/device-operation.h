/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Short operations on a board: each claims the device, opens a link that can be left again, works over it, closes it
 * and releases the device. All of them end early by sqns_device_interrupt(). */
#pragma once

#include "base/ssm.h"
#include "device/device.h"
#include "modem/identify.h"

/* Asks the modem what it is; the findings are in the device then. Errors: BUSY, those of link and probe. */
void sqns_device_probe_async (SqnsDevice *device, GAsyncReadyCallback callback, gpointer user_data);
gboolean sqns_device_probe_finish (SqnsDevice *device, GAsyncResult *result, GError **error);

/* Asks the modem for its IMEI and SIM numbers. The answer is the caller's alone and is not kept; numbers that the modem
 * does not tell are NULL. Errors: BUSY, those of link and identify. */
void sqns_device_identify_async (SqnsDevice *device, GAsyncReadyCallback callback, gpointer user_data);
SqnsIdentity *sqns_device_identify_finish (SqnsDevice *device, GAsyncResult *result, GError **error);

/* Resets the module; with @modem first the modem, by AT^RESET over a link until it answers again, which is all on a
 * port that is said to be the modem's own (link direct). Errors: BUSY, those of link, restart and reboot; the message
 * says when the modem had been restarted already. */
void sqns_device_reset_async (SqnsDevice *device, gboolean modem, GAsyncReadyCallback callback, gpointer user_data);
gboolean sqns_device_reset_finish (SqnsDevice *device, GAsyncResult *result, GError **error);

/* The frame, for operations that stand elsewhere. */
typedef struct _SqnsDeviceOperation SqnsDeviceOperation;

typedef struct {
  SqnsDeviceUse use;
  /* Steps, each nullable. A link is opened for the first two, of which there is one. */
  void (*ask) (SqnsLink *link, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
  gboolean (*take) (SqnsDeviceOperation *operation, GAsyncResult *result, GError **error); /* the end of ask */
  /* These are ended by sqns_ssm_next_or_fail (operation->ssm, ...). */
  void (*over_link) (SqnsDeviceOperation *operation);
  void (*after_link) (SqnsDeviceOperation *operation); /* the port is free again */
  /* The device is about to be released. NULL: the outcome is set in the device. */
  void (*ended) (SqnsDeviceOperation *operation);
} SqnsDeviceOperationClass;

struct _SqnsDeviceOperation {
  const SqnsDeviceOperationClass *klass;
  SqnsDevice *device;
  gpointer data;
  SqnsSsm *ssm;
  SqnsMonitor monitor;
  SqnsLink *link; /* while it is open */
};

/* For a device that is claimed for it. @task (taken) returns what sqns_ssm_set_result() was given, else TRUE, or the
 * first error: those of the link and of the steps. @klass: static. */
void sqns_device_operation_run (const SqnsDeviceOperationClass *klass, SqnsDevice *device, gpointer data, GTask *task);
