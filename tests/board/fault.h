/* The faults of a board: each has a name and a place. */
#pragma once

#include <glib.h>

typedef enum {
  /* Change an answer. */
  FAULT_ERROR,
  FAULT_CME,
  FAULT_SILENCE,
  FAULT_GARBAGE,
  FAULT_LATE,
  FAULT_DUPLICATE,
  FAULT_DROP_BYTES,
  FAULT_CORRUPT,
  FAULT_NOISE,
  FAULT_RESIDUE,
  FAULT_REFUSE,
  FAULT_CONFUSED,
  FAULT_WRONG_ID,
  FAULT_CRLF,
  FAULT_IGNORE,
  /* Events: happen to the board or the modem. */
  FAULT_UNPLUG,
  FAULT_ESP32_RESET,
  FAULT_MODEM_RESET,
  FAULT_POWER_CUT,
  FAULT_HANG,
  FAULT_ZEROS,
  FAULT_BRICK,
  FAULT_PPP,
  N_FAULTS
} FaultKind;

#define FAULT_FIRST_EVENT FAULT_UNPLUG

typedef struct FaultSet FaultSet;

/* What is happening now. @index counts from 0; -1 = it has none. So has @percent. */
typedef struct {
  const char *name;
  gint64 index;
  double percent;
} FaultPlace;

#define FAULT_PLACE(place) ((FaultPlace){ .name = (place), .index = -1, .percent = -1 })

/* Carries out @kind, an event. */
typedef void (*FaultEvent) (gpointer user_data, FaultKind kind, gint64 arg, const FaultPlace *place);

FaultSet *fault_set_new (void);
void fault_set_free (FaultSet *set);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FaultSet, fault_set_free)

gboolean fault_set_add (FaultSet *set, const char *spec, GError **error);
void fault_set_clear (FaultSet *set);

/* No event is injected before this call. */
void fault_set_on_event (FaultSet *set, FaultEvent event, gpointer user_data);

/* Uses up one fault of @kind at @place; FALSE if there is none. */
gboolean fault_take (FaultSet *set, FaultKind kind, const FaultPlace *place, gint64 *arg);
/* The same for the next event of any kind, which the caller carries out. */
gboolean fault_take_event (FaultSet *set, const FaultPlace *place, FaultKind *kind, gint64 *arg);
/* Carries out the next event at @place; FALSE if there is none. */
gboolean fault_inject (FaultSet *set, const FaultPlace *place);

const char *fault_name (FaultKind kind);
void fault_describe (GString *text);
