/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Resets the module on boards with a PIC, by commands at 5 data bits.
 *
 * field-failures.md §3 names the commands and the pin (0x11 firmware version, 0x02 memory with and, or and xor; RC5 low
 * for 0.2 s, firmware 6 at least), not their bytes. Guessed: the version is a u16, little-endian; memory is 0x02,
 * address (u16, little-endian), and, or, xor, and is answered by one byte, the value before; LATC stands at 0x10e and
 * TRISC at 0x08e, as in the PIC16 with USB. */
#include "board/pic.h"

#include "base/deadlines.h"

#include <string.h>

#define LEAST_FIRMWARE 6u

#define COMMAND_MEMORY 0x02
#define COMMAND_FIRMWARE 0x11
#define LATC 0x10e
#define TRISC 0x08e
#define RC5 0x20

typedef enum {
  STATE_BITS,
  STATE_VERSION,
  STATE_LATCH_LOW,
  STATE_DRIVE,
  STATE_HOLD,
  STATE_RELEASE, /* cleanup: the module must not stay in reset, nor the port at 5 bits */
  STATE_UNDRIVE,
  STATE_BITS_BACK,
} State;
#define N_STATES (STATE_BITS_BACK + 1)
static const char *const state_names[N_STATES] = {
  "bits", "version", "latch-low", "drive", "hold", "release", "undrive", "bits-back",
};

typedef struct {
  SqnsPort *port;
  guint8 request[6];
  gsize answer_len;
  guint8 answer[2];
  guint tries;
  gboolean low; /* the module may be held in reset */
  gboolean was_input;
} Pic;

static SqnsMatch
match_answer (const guint8 *data, gsize len, gsize *consumed, gpointer user_data)
{
  Pic *pic = user_data;

  if (len < pic->answer_len)
    return SQNS_MATCH_MORE;
  memcpy (pic->answer, data, pic->answer_len);
  *consumed = len;
  return SQNS_MATCH_DONE;
}

static void
judge_version (SqnsSsm *ssm)
{
  Pic *pic = sqns_ssm_data (ssm);
  guint version = pic->answer[0] | (guint)pic->answer[1] << 8;

  sqns_port_remark (pic->port, "PIC firmware %u", version);
  if (version >= LEAST_FIRMWARE)
    sqns_ssm_next (ssm);
  else
    sqns_ssm_fail (ssm, SQNS_ERROR_NOT_SUPPORTED,
                   "the board's PIC has firmware %u, and needs %u or later to reset the module", version,
                   LEAST_FIRMWARE);
}

static void
on_answer (SqnsSsm *ssm, gpointer data, const GError *error)
{
  Pic *pic = data;
  State state = sqns_ssm_state (ssm);

  if (error != NULL && state == STATE_VERSION && --pic->tries > 0)
    sqns_ssm_goto (ssm, STATE_VERSION);
  else if (error != NULL)
    sqns_ssm_fail (ssm, SQNS_ERROR_NOT_SUPPORTED, "the board's PIC: %s", error->message);
  else if (state == STATE_VERSION)
    judge_version (ssm);
  else
    {
      if (state == STATE_DRIVE)
        pic->was_input = (pic->answer[0] & RC5) != 0;
      sqns_ssm_next (ssm);
    }
}

/* The release continues after an error; only the first error is reported. */
static void
ask (SqnsSsm *ssm, gsize request_len, gsize answer_len)
{
  Pic *pic = sqns_ssm_data (ssm);
  const SqnsExchange exchange = {
    .request = pic->request,
    .request_len = request_len,
    .match = match_answer,
    .match_data = pic,
    .timeout_ms = SQNS_PIC_ANSWER_MS,
  };

  pic->answer_len = answer_len;
  sqns_port_ask (ssm, pic->port, SQNS_PIC_QUIET_MS, &exchange, on_answer);
}

static void
set_memory (SqnsSsm *ssm, guint address, guint8 and, guint8 or)
{
  Pic *pic = sqns_ssm_data (ssm);
  const guint8 request[] = { COMMAND_MEMORY, address & 0xff, address >> 8, and, or, 0 };

  memcpy (pic->request, request, sizeof request);
  ask (ssm, sizeof request, 1);
}

static void
pic_state (SqnsSsm *ssm, guint state, gpointer data)
{
  Pic *pic = data;
  GError *error = NULL;
  gboolean ok;

  switch ((State)state)
    {
    case STATE_BITS:
      sqns_port_remark (pic->port, "asking the board's PIC to reset the module");
      ok = sqns_port_set_command_mode (pic->port, SQNS_REPL_SPEED, &error);
      sqns_ssm_next_or_fail (ssm, ok, error);
      break;
    case STATE_VERSION:
      pic->request[0] = COMMAND_FIRMWARE;
      ask (ssm, 1, 2);
      break;
    case STATE_LATCH_LOW:
      pic->low = TRUE;
      set_memory (ssm, LATC, (guint8)~RC5, 0);
      break;
    case STATE_DRIVE:
      set_memory (ssm, TRISC, (guint8)~RC5, 0);
      break;
    case STATE_HOLD:
      sqns_ssm_next_in_ms (ssm, SQNS_PIC_LOW_MS);
      break;
    case STATE_RELEASE:
      if (pic->low && !sqns_port_is_lost (pic->port))
        set_memory (ssm, LATC, 0xff, RC5);
      else
        sqns_ssm_next (ssm);
      break;
    case STATE_UNDRIVE:
      if (pic->was_input && !sqns_port_is_lost (pic->port))
        set_memory (ssm, TRISC, 0xff, RC5);
      else
        sqns_ssm_next (ssm);
      break;
    case STATE_BITS_BACK:
      ok = sqns_port_is_lost (pic->port) || sqns_port_set_speed (pic->port, SQNS_REPL_SPEED, &error);
      sqns_ssm_next_or_fail (ssm, ok, error);
      break;
    }
}

void
sqns_pic_reset (SqnsSsm *ssm, SqnsPort *port, SqnsSsmDone done)
{
  static const SqnsSsmClass klass = { "pic", state_names, N_STATES, STATE_RELEASE, pic_state };
  const Pic pic = { .port = port, .tries = SQNS_PIC_TRIES };
  sqns_ssm_run_step (ssm, &klass, g_memdup2 (&pic, sizeof pic), g_free, done);
}
