/* The faults of a board: each has a name and a place. */
#include "fault.h"

#include "at-command.h"

#include <gio/gio.h>

typedef struct {
  const char *name;
  gint64 arg; /* the default */
  const char *help;
} FaultRow;

static const FaultRow rows[N_FAULTS] = {
  [FAULT_ERROR] = { "error", 0, "AT: the answer is ERROR, nothing is done; apply: the report is failure[...]" },
  [FAULT_CME] = { "cme", 0, "AT: the answer is +CME ERROR: operation not allowed, nothing is done" },
  [FAULT_SILENCE] = { "silence", 0, "no answer, although the request is carried out (link: it is not)" },
  [FAULT_GARBAGE] = { "garbage", 16, "ARG bytes of garbage instead of the answer" },
  [FAULT_LATE] = { "late", 3000, "the answer is ARG ms late (not scaled)" },
  [FAULT_DUPLICATE] = { "duplicate", 0, "the answer is sent twice" },
  [FAULT_DROP_BYTES] = { "drop-bytes", 1, "the first ARG bytes of the answer are lost (link: of what the host sends)" },
  [FAULT_CORRUPT] = { "corrupt", 0, "one bit of the answer flips (STP: the answer has CRCs, and they are wrong)" },
  [FAULT_NOISE] = { "noise", 0, "unsolicited +CPSMS and +CEREG lines before the answer" },
  [FAULT_RESIDUE] = { "residue", 100, "STP block: the modem does not take ARG bytes of it" },
  [FAULT_REFUSE] = { "refuse", 0, "STP: the answer is request|0x40, nothing is done" },
  [FAULT_CONFUSED] = { "confused", 0, "STP: the answer is operation 0x7f, nothing is done" },
  [FAULT_WRONG_ID] = { "wrong-id", 0, "STP: the answer has another transaction id" },
  [FAULT_CRLF] = { "crlf", 0, "AT: an extra empty line before and after the answer" },
  [FAULT_IGNORE] = { "ignore", 0, "AT: the answer is OK, but nothing is done (row 3: the modem does not go to FFH)" },
  [FAULT_UNPLUG] = { "unplug", 0, "the USB cable is pulled, and plugged in again after ARG ms (0 = never)" },
  [FAULT_ESP32_RESET] = { "esp32-reset", 0, "the ESP32 resets (watchdog, button); the modem does not" },
  [FAULT_MODEM_RESET] = { "modem-reset", 0, "the modem reboots on its own" },
  [FAULT_POWER_CUT] = { "power-cut", 1000, "the board loses power for ARG ms" },
  [FAULT_HANG] = { "hang", 0, "the modem stops responding until a power cycle (link: the ESP32 does, until a reset)" },
  [FAULT_ZEROS] = { "zeros", 0, "the modem sends nothing but zeros until a power cycle" },
  [FAULT_BRICK] = { "brick", 0, "the modem is permanently dead" },
  [FAULT_PPP] = { "ppp", 0, "the modem enters data mode" },
};

static const struct {
  const char *name;
  const char *help;
} places[] = {
  { "at", "any AT command" },
  { "stp", "any STP request" },
  { "stp.reset", "RESET before OPEN_SESSION" },
  { "stp.open", "OPEN_SESSION" },
  { "stp.data-type", "TRANSFER_DATA_TYPE (version 2)" },
  { "stp.announce", "TRANSFER_BLOCK_CMD" },
  { "stp.block", "TRANSFER_BLOCK" },
  { "stp.close", "RESET at the end" },
  { "link.boot", "the ESP32 boots" },
  { "link.repl", "bytes from the host at the friendly REPL" },
  { "link.raw", "a script in the raw REPL" },
  { "link.relay", "bytes from the host for a relay script" },
  { "link.passthrough", "modem_upgrade_mode() is called" },
  { "link.data", "bytes from the host in passthrough" },
  { "apply", "the modem applies an upgrade" },
  { "reboot", "the modem comes up after a reboot" },
  { "power-cut", "the power fails while the modem writes its flash, or between the two steps of 48829" },
};

typedef struct {
  FaultKind kind;
  char *place; /* NULL = anywhere */
  gint64 index;
  double percent;
  gint64 arg;
  gint64 left; /* -1 = no limit */
} Fault;

struct FaultSet {
  GPtrArray *faults;
  FaultEvent event;
  gpointer user_data;
};

static void
fault_free (gpointer data)
{
  Fault *fault = data;

  g_free (fault->place);
  g_free (fault);
}

FaultSet *
fault_set_new (void)
{
  FaultSet *set = g_new0 (FaultSet, 1);

  set->faults = g_ptr_array_new_with_free_func (fault_free);
  return set;
}

void
fault_set_free (FaultSet *set)
{
  g_ptr_array_unref (set->faults);
  g_free (set);
}

void
fault_set_on_event (FaultSet *set, FaultEvent event, gpointer user_data)
{
  set->event = event;
  set->user_data = user_data;
}

void
fault_set_clear (FaultSet *set)
{
  g_ptr_array_set_size (set->faults, 0);
}

const char *
fault_name (FaultKind kind)
{
  return rows[kind].name;
}

static gboolean
find_kind (const char *name, FaultKind *kind)
{
  for (guint i = 0; i < N_FAULTS; i++)
    {
      if (g_strcmp0 (name, rows[i].name) == 0)
        {
          *kind = (FaultKind)i;
          return TRUE;
        }
    }
  return FALSE;
}

/* Removes =N or =P% from the end of a place that is not an AT command. */
static gboolean
split_position (Fault *fault)
{
  char *equals = strchr (fault->place, '=');
  char *end = NULL;
  double value;

  if (equals == NULL)
    return TRUE;
  value = g_ascii_strtod (equals + 1, &end);
  if (end == equals + 1 || value < 0)
    return FALSE;
  if (g_str_equal (end, "%"))
    fault->percent = value;
  else if (*end == '\0')
    fault->index = (gint64)value;
  else
    return FALSE;
  *equals = '\0';
  return TRUE;
}

static gboolean
check_place (Fault *fault)
{
  AtName name;
  AtForm form;
  const char *args;

  if (at_command_parse (fault->place, &name, &form, &args))
    return TRUE;
  if (!split_position (fault))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    {
      if (g_str_equal (fault->place, places[i].name))
        return TRUE;
    }
  return FALSE;
}

gboolean
fault_set_add (FaultSet *set, const char *spec, GError **error)
{
  g_autoptr (GRegex) regex = NULL;
  g_autoptr (GMatchInfo) match = NULL;
  g_autofree char *name = NULL;
  g_autofree char *arg = NULL;
  g_autofree char *count = NULL;
  Fault *fault;
  FaultKind kind;

  regex = g_regex_new ("^([a-z0-9-]+)(?:@(.+?))?(?::([0-9]+))?(?:x([0-9]+|\\*))?$", 0, 0, NULL);
  if (!g_regex_match (regex, spec, 0, &match) || !find_kind ((name = g_match_info_fetch (match, 1)), &kind))
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "no such fault: %s (see --help)", spec);
      return FALSE;
    }
  arg = g_match_info_fetch (match, 3);
  count = g_match_info_fetch (match, 4);
  fault = g_new0 (Fault, 1);
  fault->kind = kind;
  fault->index = -1;
  fault->percent = -1;
  fault->place = g_match_info_fetch (match, 2);
  if (fault->place != NULL && *fault->place == '\0')
    g_clear_pointer (&fault->place, g_free);
  fault->arg = arg == NULL || *arg == '\0' ? rows[kind].arg : g_ascii_strtoll (arg, NULL, 10);
  fault->left = count == NULL || *count == '\0' ? 1 : g_ascii_strtoll (count, NULL, 10);
  if (fault->left == 0)
    fault->left = -1;
  if (fault->place != NULL && !check_place (fault))
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "no such place for a fault: %s (see --help)", spec);
      fault_free (fault);
      return FALSE;
    }
  g_ptr_array_add (set->faults, fault);
  return TRUE;
}

/* "AT+SMSWBOOT" covers AT+SMSWBOOT, =..., ? and =?. "stp" covers every stp.*. */
static gboolean
place_covers (const Fault *fault, const FaultPlace *place)
{
  gsize len;

  if (fault->place == NULL)
    return TRUE;
  len = strlen (fault->place);
  if (g_str_equal (fault->place, "at"))
    return g_ascii_strncasecmp (place->name, "AT", 2) == 0;
  if (g_str_equal (fault->place, "stp"))
    return g_str_has_prefix (place->name, "stp.");
  if (g_ascii_strncasecmp (place->name, fault->place, len) != 0)
    return FALSE;
  if (place->name[len] != '\0' && strchr ("=?", place->name[len]) == NULL)
    return FALSE;
  if (fault->index >= 0 && place->index != fault->index)
    return FALSE;
  return fault->percent < 0 || place->percent >= fault->percent;
}

static Fault *
use (FaultSet *set, guint i, gint64 *arg)
{
  Fault *fault = g_ptr_array_index (set->faults, i);

  if (arg != NULL)
    *arg = fault->arg;
  if (fault->left > 0)
    fault->left--;
  return fault;
}

gboolean
fault_take (FaultSet *set, FaultKind kind, const FaultPlace *place, gint64 *arg)
{
  for (guint i = 0; i < set->faults->len; i++)
    {
      const Fault *fault = g_ptr_array_index (set->faults, i);

      if (fault->kind == kind && fault->left != 0 && place_covers (fault, place))
        {
          use (set, i, arg);
          return TRUE;
        }
    }
  return FALSE;
}

gboolean
fault_take_event (FaultSet *set, const FaultPlace *place, FaultKind *kind, gint64 *arg)
{
  for (guint i = FAULT_FIRST_EVENT; i < N_FAULTS; i++)
    {
      if (fault_take (set, (FaultKind)i, place, arg))
        {
          *kind = (FaultKind)i;
          return TRUE;
        }
    }
  return FALSE;
}

gboolean
fault_inject (FaultSet *set, const FaultPlace *place)
{
  FaultKind kind;
  gint64 arg = 0;

  if (set->event == NULL || !fault_take_event (set, place, &kind, &arg))
    return FALSE;
  set->event (set->user_data, kind, arg, place);
  return TRUE;
}

void
fault_describe (GString *text)
{
  g_string_append (text, "Faults: NAME[@PLACE][:ARG][xCOUNT]; COUNT defaults to 1, x0 or x* = no limit\n");
  for (guint i = 0; i < N_FAULTS; i++)
    g_string_append_printf (text, "  %-14s %s\n", rows[i].name, rows[i].help);
  g_string_append (text, "\nPlaces (stp.* and apply also take =N, counted from 0, or =P%, see --dup-size):\n");
  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    g_string_append_printf (text, "  %-16s %s\n", places[i].name, places[i].help);
  g_string_append (text, "  and each AT command, with or without its = or ? part:\n   ");
  at_command_describe (text);
  g_string_append (text, "\n");
}
