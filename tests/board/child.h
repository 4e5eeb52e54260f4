/* The python3 process that plays the MicroPython of one ESP32, and the frames to and from it. */
#pragma once

#include <glib.h>

/* A frame: type, u32 little-endian length, payload. */
typedef enum {
  /* to the child */
  CHILD_UART0_IN = 'H',
  CHILD_UART1_IN = 'M',
  CHILD_INTERRUPT = 'C',
  CHILD_REPLY = 'R',
  /* from the child */
  CHILD_UART0_OUT = 'h',
  CHILD_UART1_OUT = 'm',
  CHILD_UART0_SET = '0',   /* "baud bits parity stop ring" */
  CHILD_UART1_SET = '1',   /* "baud bits parity stop pins-right", or "" = closed */
  CHILD_UART0_FREED = 'f', /* u32 */
  CHILD_UART1_FREED = 'g',
  CHILD_ACTION = 'X',
  CHILD_QUERY = 'Q',
  CHILD_KEEP = 'N', /* key=value; survives a reset */
  CHILD_MODE = 'S',
} ChildFrame;

typedef struct Child Child;
typedef void (*ChildFunc) (gpointer user_data, guint8 type, const guint8 *data, gsize len);
/* The process has ended. */
typedef void (*ChildGone) (gpointer user_data);

Child *child_spawn (
    const char *python, const char *config, ChildFunc func, ChildGone gone, gpointer user_data, GError **error);
void child_free (Child *child);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Child, child_free)

void child_send (Child *child, guint8 type, const void *data, gsize len);
void child_pause (Child *child, gboolean pause);
