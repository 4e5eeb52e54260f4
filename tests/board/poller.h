/* Who waits for bytes on which descriptor: one epoll for all, as poll () looks at each of hundreds every time. */
#pragma once

#include <glib.h>

typedef void (*PollerFunc) (gpointer data);

typedef struct {
  int fd;
  gboolean waiting;
  PollerFunc ready;
  gpointer data;
} Watch;

/* @fd is nobody else's; watch_end () before it is closed. */
void watch_begin (Watch *watch, int fd, PollerFunc ready, gpointer data);
void watch_end (Watch *watch);
/* To be called once, when @fd is readable. */
void watch_wait (Watch *watch);
void watch_stop (Watch *watch);
