/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a search for the modem may try next, and the words for its failure. */
#include "link/link-search.h"

#include "codec/repl.h"

#define BOOT_LOOP 3u /* one start may be by Ctrl-F, one more by a person */

gboolean
sqns_link_search_heard_no_answer (const SqnsLinkSearch *search)
{
  return search->modem_noise == SQNS_NOISE_CRASH || search->modem_noise == SQNS_NOISE_ZEROS;
}

/* Bytes came that a modem sent, though none could be understood. */
static gboolean
modem_heard (const SqnsLinkSearch *search)
{
  return sqns_link_search_heard_no_answer (search) || search->modem_noise == SQNS_NOISE_GARBAGE;
}

SqnsContact
sqns_link_search_contact (const SqnsLinkSearch *search)
{
  /* garbage may come from anything at another speed */
  return search->relay_silent || sqns_link_search_heard_no_answer (search) ? SQNS_CONTACT_SILENT : SQNS_CONTACT_NONE;
}

SqnsLook
sqns_link_search_after (const SqnsLinkSearch *search, SqnsLook look)
{
  SqnsLinkKind kind = search->config.kind;

  switch (look)
    {
    case SQNS_LOOK_AS_TOLD:
      return kind == SQNS_LINK_DIRECT ? SQNS_LOOK_FAST : SQNS_LOOK_PROMPT;
    case SQNS_LOOK_PROMPT:
      /* text is a program that talks: it has to yield before anything else makes sense */
      return search->repl_noise == SQNS_NOISE_TEXT ? SQNS_LOOK_PROGRAM : SQNS_LOOK_STRAY;
    case SQNS_LOOK_STRAY:
      return SQNS_LOOK_FAST;
    case SQNS_LOOK_FAST:
      return kind == SQNS_LINK_PASSTHROUGH ? SQNS_LOOK_PROGRAM : SQNS_LOOK_SLOW;
    case SQNS_LOOK_SLOW:
      return kind == SQNS_LINK_DIRECT || search->program_asked ? SQNS_LOOK_FULL : SQNS_LOOK_PROGRAM;
    case SQNS_LOOK_PROGRAM:
      return search->repl_noise == SQNS_NOISE_TEXT ? SQNS_LOOK_NOWHERE : SQNS_LOOK_FULL;
    case SQNS_LOOK_FULL:
    case SQNS_LOOK_NOWHERE:
      break;
    }
  return SQNS_LOOK_NOWHERE;
}

void
sqns_link_search_interrupted (SqnsLinkSearch *search, const SqnsInterrupt *interrupt, gboolean of_program)
{
  gboolean rebooted = interrupt->rebooted && interrupt->prompt; /* else the board may not have heard Ctrl-F */

  search->program_asked |= of_program && !interrupt->prompt;
  if (interrupt->program || (rebooted && of_program))
    search->board->notes |= SQNS_BOARD_PROGRAM;
  if (rebooted)
    search->board->notes |= SQNS_BOARD_SAFE_BOOT;
  search->safe_booted |= interrupt->rebooted;
  if (!interrupt->prompt)
    {
      search->starts += interrupt->starts;
      if (interrupt->noise != SQNS_NOISE_NONE)
        search->repl_noise = interrupt->noise;
      return;
    }
  if (!search->reached)
    search->modem_noise = SQNS_NOISE_NONE; /* that was the board, just booting */
  search->reached = TRUE;
}

void
sqns_link_search_reset (SqnsLinkSearch *search)
{
  search->was_reset = search->reached = search->looked = TRUE;
  search->passthrough = FALSE;
  search->modem_noise = SQNS_NOISE_NONE; /* what was heard came through the passthrough */
}

SqnsLinkKind
sqns_link_search_kind (const SqnsLinkSearch *search)
{
  const SqnsLinkConfig *config = &search->config;

  if (config->kind == SQNS_LINK_DIRECT || (config->kind == SQNS_LINK_AUTO && !config->usb_board))
    return SQNS_LINK_DIRECT;
  return SQNS_LINK_PASSTHROUGH;
}

gboolean
sqns_link_search_wants_relay (const SqnsLinkSearch *search)
{
  const SqnsLinkConfig *config = &search->config;

  if (config->kind == SQNS_LINK_RELAY)
    return TRUE;
  if (search->relay_broken || config->leave)
    return !search->relay_broken;
  /* a board that was in a passthrough that stays silent is not brought back into it */
  return config->kind == SQNS_LINK_AUTO && (search->was_reset || !(search->board->notes & SQNS_BOARD_PASSTHROUGH));
}

gboolean
sqns_link_search_lacks_passthrough (const SqnsLinkSearch *search)
{
  return search->config.kind == SQNS_LINK_PASSTHROUGH && !(search->board->notes & SQNS_BOARD_PASSTHROUGH);
}

/* Only a reset ends passthrough: a mere probe uses it only if the PIC or a user can reset the board. */
gboolean
sqns_link_search_may_passthrough (const SqnsLinkSearch *search)
{
  const SqnsLinkConfig *config = &search->config;
  gboolean wanted = config->kind == SQNS_LINK_AUTO || config->kind == SQNS_LINK_PASSTHROUGH;
  gboolean way_back = !config->leave || config->pic || config->user_timeout_s > 0;

  return wanted && way_back && (search->board->notes & SQNS_BOARD_PASSTHROUGH) != 0 && !search->passthrough_tried
         && !modem_heard (search);
}

gboolean
sqns_link_search_may_safe_boot (const SqnsLinkSearch *search)
{
  /* a board that has just been reset does nothing but what its main.py does */
  gboolean fresh = search->was_reset && !(search->board->notes & SQNS_BOARD_MAIN);

  return !search->safe_booted && !modem_heard (search) && !fresh;
}

gboolean
sqns_link_search_distrusts_program (const SqnsLinkSearch *search)
{
  SqnsBoardFlags notes = search->board->notes;

  /* the watchdog of one that has ended goes on, and is armed anew at each start (field-failures.md row 29) */
  return (notes & SQNS_BOARD_PROGRAM) != 0 || search->relay_silent
         || (search->config.again && (notes & SQNS_BOARD_MAIN) != 0);
}

gboolean
sqns_link_search_may_reset (const SqnsLinkSearch *search)
{
  const SqnsLinkConfig *config = &search->config;

  if (config->kind == SQNS_LINK_DIRECT || search->was_reset || search->relay_silent || search->relay_broken
      || (search->passthrough_tried && config->kind == SQNS_LINK_PASSTHROUGH))
    return FALSE;
  /* garbage may come from a modem at a speed that a passthrough does not have */
  return config->pic || (config->user_timeout_s > 0 && !sqns_link_search_heard_no_answer (search));
}

const char *
sqns_link_search_pins (const SqnsLinkSearch *search)
{
  const char *board = search->config.board ? search->config.board : search->board->board;
  return board != NULL && g_ascii_strcasecmp (board, "gpy") == 0 ? "('P5','P98','P7','P99')"
                                                                 : "('P20','P18','P19','P17')";
}

static gboolean
says (const char *output, const char *name, const char *value)
{
  g_autofree char *said = sqns_repl_value (output, name);
  return g_strcmp0 (said, value) == 0;
}

void
sqns_board_info_take (SqnsBoardInfo *board, const char *output)
{
  g_autofree char *lines = sqns_repl_value (output, "main-lines");
  guint64 rank;

  g_free (board->board);
  g_free (board->firmware);
  board->board = sqns_repl_value (output, "board");
  board->firmware = sqns_repl_value (output, "firmware");
  rank = sqns_board_firmware_rank (board->firmware ? board->firmware : "");
  if (says (output, "passthrough", "yes"))
    {
      board->notes |= SQNS_BOARD_PASSTHROUGH;
      /* unknown firmware is asked for the task, too: on an older one that only costs some seconds */
      if (rank == 0 || rank >= sqns_board_firmware_rank ("1.20.2.r2"))
        board->notes |= SQNS_BOARD_NEEDS_LTE_TASK;
    }
  if (says (output, "lte-on-boot", "yes"))
    board->notes |= SQNS_BOARD_LTE_ON_BOOT;
  if (says (output, "lte", "no"))
    board->notes |= SQNS_BOARD_NO_LTE;
  if (lines != NULL && !g_str_equal (lines, "0"))
    board->notes |= SQNS_BOARD_MAIN;
}

/* --- words --- */

static const char *
heard_words (SqnsNoise noise)
{
  switch (noise)
    {
    case SQNS_NOISE_NONE:
      return "no data at 921600 or 115200 baud";
    case SQNS_NOISE_TEXT:
      return "unexpected text was received";
    case SQNS_NOISE_CRASH:
      return "it reports ^EXIT: its system keeps crashing and restarting, which an upgrade over this line cannot fix";
    case SQNS_NOISE_GARBAGE:
      return "garbage was received, as from another baud rate";
    case SQNS_NOISE_ZEROS:
      return "only zero bytes were received, as from a modem without power or in a crash loop";
    }
  return "";
}

/* A way through which no byte came says nothing of what is behind it. */
static const char *
doubt (const SqnsLinkSearch *search)
{
  return sqns_link_search_contact (search) == SQNS_CONTACT_NONE ? ", or the link to it does not work" : "";
}

static GError *
unreached (const SqnsLinkSearch *search)
{
  const char *devnode = search->config.devnode;

  if (search->starts >= BOOT_LOOP)
    return g_error_new (SQNS_ERROR, SQNS_ERROR_TIMEOUT,
                        "the board on %s keeps restarting: its power supply is too weak or its firmware is broken; the "
                        "modem was not asked",
                        devnode);
  if (search->repl_noise == SQNS_NOISE_TEXT)
    return g_error_new_literal (SQNS_ERROR, SQNS_ERROR_NEEDS_HAND,
                                "a program on the board keeps printing, and neither Ctrl-C nor a safe boot stops it");
  if (search->config.kind == SQNS_LINK_DIRECT || modem_heard (search))
    return g_error_new (SQNS_ERROR, SQNS_ERROR_TIMEOUT, "the modem does not answer on %s%s: %s", devnode,
                        doubt (search), heard_words (search->modem_noise));
  return g_error_new (
      SQNS_ERROR, SQNS_ERROR_TIMEOUT,
      "neither the board's prompt nor a modem answers on %s: %s; the cable may be loose, the board may have no power "
      "or be in a silent passthrough, or it runs a silent program that neither Ctrl-C nor a safe boot stops",
      devnode, heard_words (search->modem_noise));
}

GError *
sqns_link_search_failure (const SqnsLinkSearch *search)
{
  const char *reached = search->relay_silent && search->passthrough
                            ? "the board's relay works, and its passthrough was tried"
                        : search->relay_silent ? "the board's relay works"
                                               : "the board's passthrough was started";
  const char *stays = search->passthrough && !search->config.pic
                          ? "; the board stays in passthrough until its reset button is pressed"
                          : "";

  if (!search->reached)
    return unreached (search);
  return g_error_new (SQNS_ERROR, SQNS_ERROR_TIMEOUT, "%s, but the modem does not answer on %s%s: %s%s", reached,
                      search->config.devnode, doubt (search), heard_words (search->modem_noise), stays);
}

GError *
sqns_link_search_not_reset (const SqnsLinkSearch *search, const GError *error)
{
  const SqnsLinkConfig *config = &search->config;
  gboolean is_board = config->usb_board || config->board != NULL || config->reset || config->kind != SQNS_LINK_AUTO;

  if (!sqns_error_is_timeout (error))
    return g_error_copy (error);
  if (is_board)
    return g_error_new_literal (SQNS_ERROR, SQNS_ERROR_NEEDS_HAND, error->message);
  GError *failure = sqns_link_search_failure (search);
  g_prefix_error (&failure, "%s; ", error->message);
  return failure;
}
