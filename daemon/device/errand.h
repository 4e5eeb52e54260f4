/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A short piece of work on a board: claims the device, opens a link that can be left, works over it, closes, releases.
 */
#pragma once

#include "base/ssm.h"
#include "device/device.h"
#include "device/backend.h"

typedef struct _SqnsErrand SqnsErrand;

/* Starts a step, which ends by sqns_ssm_next_or_fail (errand->ssm, ...). */
typedef void (*SqnsErrandStep) (SqnsErrand *errand);

typedef struct {
  SqnsDeviceUse use;
  SqnsErrandStep over_link;  /* errand->link is open; NULL: none is opened */
  SqnsErrandStep after_link; /* the port is free again; nullable */
} SqnsErrandClass;

struct _SqnsErrand {
  const SqnsErrandClass *klass;
  SqnsDevice *device;
  const SqnsBackend *backend;
  SqnsSsm *ssm;
  SqnsMonitor monitor;
  SqnsLink *link; /* during over_link */
};

/* The task returns what sqns_ssm_set_result() was given, else TRUE, or the first error: BUSY, DEVICE_LOST, those of the
 * link and of the steps. Ended by sqns_device_interrupt(). The outcome stands in the device. @klass, @backend:
 * static. */
void sqns_errand_async (const SqnsErrandClass *klass,
                        SqnsDevice *device,
                        const SqnsBackend *backend,
                        GAsyncReadyCallback callback,
                        gpointer user_data);
