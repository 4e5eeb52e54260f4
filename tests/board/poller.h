/* Waits for bytes on all descriptors with one epoll, because poll () would look at each of hundreds every time. */
#pragma once

#include <glib.h>

typedef void (*PollerFunc) (gpointer data);

typedef struct {
  int fd;
  gboolean waiting;
  PollerFunc ready;
  gpointer data;
} Watch;

/* The watch is the only one of @fd. Call watch_end () before closing it. */
void watch_begin (Watch *watch, int fd, PollerFunc ready, gpointer data);
void watch_end (Watch *watch);
/* Calls back once, when @fd is readable. */
void watch_wait (Watch *watch);
void watch_stop (Watch *watch);
